"""Time-based codes (TOTP, RFC 6238): secrets, their address for the telephone's app and its QR picture.
Pure.
"""

import io
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest

import pyotp

STEP = 30  # seconds
DRIFT = 1  # steps that a telephone's clock may be off, either way
DIGITS = 6
PURPOSE = "totp"  # what its seal is for


@dataclass(frozen=True, slots=True)
class Offer:
    """A new secret, shown once: as text, as an otpauth address and as an SVG picture."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    svg: str = field(repr=False)


def new_offer(login: str, issuer: str) -> Offer:
    """Return a new secret of 160 bits."""
    import segno

    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret, digits=DIGITS, interval=STEP).provisioning_uri(name=login, issuer_name=issuer)
    picture = io.BytesIO()
    segno.make_qr(uri, error="m").save(picture, kind="svg", scale=4, xmldecl=False, title="otpauth")
    return Offer(secret, uri, picture.getvalue().decode())


def step_of(secret: str, code: str, at: datetime, *, after: int = 0) -> int | None:
    """Return the time step whose code this is, or None. Steps up to `after` were used already.

    The step before and the one after the present are taken too. Each is compared, in constant time.
    """
    digits = code.strip()
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    codes = pyotp.TOTP(secret, digits=DIGITS, interval=STEP)
    now = int(at.timestamp()) // STEP
    steps = range(now - DRIFT, now + DRIFT + 1)
    found = [step for step in steps if compare_digest(codes.generate_otp(step), digits)]
    return next((step for step in found if step > after), None)
