"""A vendor's system signs in to Kakehashi: SMART Backend Services, client_credentials with private_key_jwt.

    python examples/backend_service.py keys system.key              makes the key (once) and prints its public JWK set
    python examples/backend_service.py token system.key ID BASE     prints an access token, good for five minutes

Needs joserfc and Python's own library. Keep the key file where only the system can read it, or better in an HSM.
Source: https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
"""

import json
import os
import sys
import time
import uuid
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def private_key(path: Path) -> ECKey:
    """Return the key in a file, making it the first time, readable by its owner only."""
    if not path.exists():
        made = ECKey.generate_key("P-384").as_pem(private=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made)
    return ECKey.import_key(path.read_bytes())


def public_keys(key: ECKey) -> str:
    """Return the JWK set to register: the public half only, under the key's thumbprint."""
    return json.dumps({"keys": [{**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "ES384"}]})


def access_token(key: ECKey, client: str, base: str, scope: str = "system/*.cruds") -> str:
    """Return an access token. The assertion is good once, for a minute, at this token endpoint only."""
    endpoint = f"{base}/oauth/token"
    claims = {
        "iss": client,
        "sub": client,
        "aud": endpoint,
        "exp": int(time.time()) + 60,
        "jti": str(uuid.uuid4()),
    }
    header = {"alg": "ES384", "typ": "JWT", "kid": key.thumbprint()}
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": ASSERTION,
        "client_assertion": jwt.encode(header, claims, key, algorithms=["ES384"]),
    }
    with urlopen(endpoint, urlencode(form).encode()) as answer:  # noqa: S310 - the address that the caller gave
        token: str = json.load(answer)["access_token"]
    return token


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["keys", path]:
            sys.stdout.write(public_keys(private_key(Path(path))) + "\n")
        case ["token", path, client, base]:
            try:
                token = access_token(private_key(Path(path)), client, base.rstrip("/"))
            except HTTPError as refused:
                sys.exit(refused.read().decode())
            sys.stdout.write(token + "\n")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
