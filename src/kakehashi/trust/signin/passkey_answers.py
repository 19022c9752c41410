"""What a browser is asked for a passkey, and what it answers (WebAuthn). Pure.

Imports webauthn, with all the makers' certificates: what is above imports this late. Source:
https://www.w3.org/TR/webauthn-3/
"""

import json
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from kakehashi.core.errors import TooLarge
from kakehashi.trust.signin.failures import wrong_passkey

ANSWER_BYTES = 20_000  # a browser's answer is 1 to 3 kB
_VERIFIED = UserVerificationRequirement.REQUIRED
# What reading a hostile answer may raise, besides the library's own.
_BROKEN = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
)


def to_register(
    rp_id: str, site: str, challenge: bytes, *, account: str, login: str, name: str, held: Iterable[bytes]
) -> str:
    """Return the JSON for `navigator.credentials.create`. `held`: ids of the passkeys that the account has."""
    return options_to_json(
        generate_registration_options(
            rp_id=rp_id,
            rp_name=site,
            user_id=account.encode(),
            user_name=login,
            user_display_name=name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in held],
        )
    )


def to_sign_in(rp_id: str, challenge: bytes) -> str:
    """Return the JSON for `navigator.credentials.get`: any passkey of this address, user verification wanted."""
    return options_to_json(
        generate_authentication_options(rp_id=rp_id, challenge=challenge, user_verification=_VERIFIED)
    )


def registered(answer: str, challenge: bytes, origin: str, rp_id: str) -> VerifiedRegistration:
    """Return the passkey that the browser made. Raises Unauthenticated when the answer does not verify."""
    try:
        return verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except _BROKEN:
        raise wrong_passkey() from None


def verified(
    answer: str, challenge: bytes, origin: str, rp_id: str, public_key: bytes
) -> VerifiedAuthentication:
    """Verify the signature and what it covers, but the counter, which the store knows. Raises Unauthenticated."""
    try:
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _BROKEN:
        raise wrong_passkey() from None


def challenge_in(answer: str) -> bytes:
    """Return the challenge that an answer claims to answer; that it was ours is for the store to say.

    Raises Unauthenticated, TooLarge.
    """
    try:
        data = json.loads(base64url_to_bytes(_member(answer, "response", "clientDataJSON")))
        return base64url_to_bytes(data["challenge"])
    except (*_BROKEN, AttributeError, RecursionError):
        raise wrong_passkey() from None


def passkey_in(answer: str) -> bytes:
    """Return the id of the passkey that an answer claims to be made by. Raises Unauthenticated, TooLarge."""
    try:
        return base64url_to_bytes(_member(answer, "id"))
    except (*_BROKEN, AttributeError, RecursionError):
        raise wrong_passkey() from None


def _member(answer: str, *path: str) -> str:
    if len(answer) > ANSWER_BYTES:
        raise TooLarge(rule="signin.passkey.size")
    found = json.loads(answer)
    for name in path:
        found = found[name]
    if not isinstance(found, str):
        raise TypeError(path[-1])
    return found
