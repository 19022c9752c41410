"""The views that ship (ready/*.json), by name. Their codes are those of Japan: JLAC10, YJ, HOT9, ICD-10."""

from functools import cache
from importlib.resources import files


@cache
def shipped() -> dict[str, bytes]:
    """Return the ViewDefinitions that ship, by name."""
    found = {
        one.name.removesuffix(".json"): one.read_bytes()
        for one in files("kakehashi.engines.views.ready").iterdir()
        if one.name.endswith(".json")
    }
    return dict(sorted(found.items()))
