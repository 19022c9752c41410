"""Codes that people read and type: recovery codes, break-glass codes, initial passwords. Pure."""

import secrets
from hashlib import sha256

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like another sign
_CODE = 16  # letters: 79 bits, so that a plain hash is enough
_GROUP = 4
RECOVERY_CODES = 10


def new_code() -> str:
    """Return a code such as `k7qm-2v9x-c4hd-8wnt`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _CODE, _GROUP))


def code_hash(account: str, code: str) -> bytes:
    """Return what the store knows an account's code by; blanks, dashes and capitals make no difference."""
    plain = "".join(one for one in code.lower() if one.isalnum())
    return sha256(f"{account}\x1f{plain}".encode("utf-8", "surrogatepass")).digest()


def new_initial_password() -> str:
    """Return a password to hand over, good for one sign-in; it meets every rule."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
    return "-".join((*groups, f"{secrets.choice('ABCDEFGHJKMNPQRSTUVWXYZ')}{secrets.randbelow(90) + 10}"))
