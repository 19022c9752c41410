"""Invariants that stand on hot paths, written by hand for speed. A test holds each to its FHIRPath.

An answer other than True means "look closer", so a function may be stricter than its invariant, never laxer.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]

_SECONDS = 19  # characters of a time down to its seconds
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/{}"


def _extension(value: Object) -> bool:
    """ext-1. The structure is known to be sound, so what is neither url nor extension is a value or an id."""
    if len(value) == 2:
        return "url" in value and "id" not in value
    return False


def _period(value: Object) -> bool:
    """per-1, where both ends have the same offset, or are dates of the same length: then they order as texts."""
    start, end = value.get("start"), value.get("end")
    if start is None or end is None:
        return True
    if len(start) == len(end) and start[19:] == end[19:]:
        return bool(start <= end)
    return len(start) > _SECONDS and start[-6:] == end[-6:] and bool(start[:_SECONDS] < end[:_SECONDS])


def _range(value: Object) -> bool:
    """rng-2, where both sides are in the same unit."""
    low, high = value.get("low"), value.get("high")
    if low is None or high is None:
        return True
    same = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    return bool(same and "value" in low and "value" in high and low["value"] <= high["value"])


def _coded(concept: Object | None, system: str, codes: tuple[str, ...]) -> bool:
    held = concept.get("coding", ()) if concept else ()
    return any(one.get("system") == system and one.get("code") in codes for one in held)


def _requests(value: Object) -> bool:
    """bdl-3."""
    wanted = value.get("type") in ("batch", "transaction", "history")
    return all(("request" in one) is wanted for one in value.get("entry", ()))


def _responses(value: Object) -> bool:
    """bdl-4."""
    wanted = value.get("type") in ("batch-response", "transaction-response", "history")
    return all(("response" in one) is wanted for one in value.get("entry", ()))


def _distinct_urls(value: Object) -> bool:
    """bdl-7, without looking at versions."""
    urls = [one["fullUrl"] for one in value.get("entry", ()) if "fullUrl" in one]
    return value.get("type") == "history" or len(set(urls)) == len(urls)


def _no_search(value: Object) -> bool:
    """bdl-2."""
    return value.get("type") == "searchset" or not any("search" in one for one in value.get("entry", ()))


def _bare_url(value: Object) -> bool:
    """bdl-8."""
    return "/_history/" not in value.get("fullUrl", "")


def _not_entered_in_error(system: str) -> Callable[[Object], bool]:
    url = _VERIFICATION.format(system)
    return lambda value: (
        "clinicalStatus" not in value
        or not _coded(value.get("verificationStatus"), url, ("entered-in-error",))
    )


def _ended(value: Object) -> bool:
    """con-4."""
    url = _VERIFICATION.format("condition-clinical")
    return not any(name.startswith(("abatement", "_abatement")) for name in value) or _coded(
        value.get("clinicalStatus"), url, ("resolved", "remission", "inactive")
    )


def _status_unless_error(value: Object) -> bool:
    """ait-1."""
    return "clinicalStatus" in value


def _no_component_twice(value: Object) -> bool:
    """obs-7, where no component has a coding of the whole's."""
    if "component" not in value:
        return True
    whole = _codings_of(value)
    return not any(one in whole for part in value["component"] for one in _codings_of(part))


def _codings_of(value: Object) -> list[tuple[object, object]]:
    code = value.get("code", {})
    return [(one.get("system"), one.get("code")) for one in code.get("coding", ())]


SWIFT: dict[str, Callable[[Object], bool]] = {
    "ext-1": _extension,
    "per-1": _period,
    "rng-2": _range,
    "bdl-2": _no_search,
    "bdl-3": _requests,
    "bdl-4": _responses,
    "bdl-7": _distinct_urls,
    "bdl-8": _bare_url,
    "con-4": _ended,
    "con-5": _not_entered_in_error("condition-ver-status"),
    "ait-1": _status_unless_error,
    "ait-2": _not_entered_in_error("allergyintolerance-verification"),
    "obs-7": _no_component_twice,
}
