"""Synthetic patients and results for the clients' suites; a number makes each a person of their own."""

from itertools import count
from typing import Any

SYSTEM = "urn:oid:1.2.392.100495.20.3.51.11311234567"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_NUMBERS = count(1)
Json = dict[str, Any]


def patient(family: str = "適合", **more: Any) -> Json:
    """A synthetic patient under a hospital number of their own."""
    number = next(_NUMBERS)
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": f"C{number:06}"}],
        "active": True,
        "name": [{"use": "official", "family": family, "given": [f"試{number}"]}],
        "gender": "female",
        "birthDate": f"19{number % 80 + 10}-02-03",
        **more,
    }


def observation(subject: str, value: float = 72, code: str = "8867-4", **more: Any) -> Json:
    """A synthetic result of a patient."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": subject},
        "effectiveDateTime": "2026-11-01T09:00:00+09:00",
        "valueQuantity": {"value": value, "unit": "/min", "system": UCUM, "code": "/min"},
        **more,
    }
