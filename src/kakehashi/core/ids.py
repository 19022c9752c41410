"""Identifiers that tell nothing: neither order nor count can be inferred from them (test catalogue X5)."""

import re
import secrets
import uuid

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)  # https://hl7.org/fhir/R4/datatypes.html#id


def new_id() -> str:
    """Return a fresh FHIR id: a random UUID, 122 bits."""
    return str(uuid.uuid4())


def derived_id(*parts: str) -> str:
    """Return the one FHIR id that these parts always lead to, so that a resend finds what it replaces."""
    return str(uuid.uuid5(_DERIVED, "\x1f".join(parts)))


def new_person_key() -> int:
    """Return a fresh person key: random, 1 to 2**62, never 0 (0 means "no person")."""
    return secrets.randbelow(2**62 - 1) + 1


_DERIVED = uuid.UUID("6f0c6d0e-6a8a-5b62-9d0b-2f8a3f6f8b51")
