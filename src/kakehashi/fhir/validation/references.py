"""References: how they may be written, and what they may point at. Source: https://hl7.org/fhir/R4/references.html."""

import re

from kakehashi.fhir.types import NUMBER

_RELATIVE = re.compile(
    r"(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII
)
_CONDITIONAL = re.compile(
    r"(?P<type>[A-Z][A-Za-z]+)\?\S+", re.ASCII
)  # in transactions only; the writer resolves it
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+", re.ASCII)
_REST_TAIL = re.compile(
    r"https?://\S+/(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII
)
_URN_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_LOCAL = re.compile(r"#[A-Za-z0-9\-.]{0,64}", re.ASCII)


def syntax(reference: str) -> bool:
    """Say whether the text is a reference at all: `Type/id`, `#id`, `Type?search`, or an absolute URI."""
    if reference.startswith("#"):
        return bool(_LOCAL.fullmatch(reference))
    if reference.startswith("urn:uuid:"):
        return bool(_URN_UUID.fullmatch(reference))
    if match := _RELATIVE.fullmatch(reference) or _CONDITIONAL.fullmatch(reference):
        return match["type"] in NUMBER
    return bool(_ABSOLUTE.fullmatch(reference))


def target_type(reference: str) -> str:
    """Return the resource type that a well-formed reference names, or "" where it does not tell."""
    match = (
        _RELATIVE.fullmatch(reference) or _CONDITIONAL.fullmatch(reference) or _REST_TAIL.fullmatch(reference)
    )
    return match["type"] if match and match["type"] in NUMBER else ""


def points_well(reference: str, targets: tuple[str, ...]) -> bool:
    """Say whether a reference that is not local is well-formed and of a type that is allowed (none named: any)."""
    if not syntax(reference):
        return False
    kind = target_type(reference)
    return not targets or not kind or kind in targets


def states_well(kind: str, targets: tuple[str, ...]) -> bool:
    """Say whether Reference.type agrees with the allowed targets; logical models' URLs are not judged."""
    return not targets or kind in targets or kind not in NUMBER
