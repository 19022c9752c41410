"""What was sent, seen as a whole: whether it is meant for the service, its family, its document, its entries.

Never raises.
"""

import re
from typing import Final

import orjson

from kakehashi.core.kinds import Kind
from kakehashi.fhir.facts_kinds import DOCUMENTS
from kakehashi.fhir.parse import Resource
from kakehashi.services.sharing.rules.bundle import MOST_BYTES, ODD_TEXT
from kakehashi.services.sharing.rules.collection import BUNDLE_PROFILE
from kakehashi.services.sharing.rules.document import BUNDLE_PROFILES
from kakehashi.services.sharing.rules.model import Member, Whole
from kakehashi.services.sharing.rules.reading import (
    Tree,
    claims,
    code_in,
    identifiers,
    many,
    one,
    profiles,
    text,
)
from kakehashi.terms import japan

_ANY_ODD: Final = re.compile("[" + "".join(one.pattern.strip("[]") for one in ODD_TEXT.values()) + "]")
_SHARED_DOCUMENTS: Final = frozenset(BUNDLE_PROFILES)
_BY_PROFILE: Final = {url: kind for kind, url in BUNDLE_PROFILES.items()}


def is_submission(resource: Resource) -> bool:
    """Say whether a resource is a Bundle for this service: by its identifier's system, or a profile that it claims.

    Either will do, so that a sender who got the other wrong is told of it, and not taken for somebody else's Bundle.
    """
    if resource.type != "Bundle":
        return False
    return bool(identifiers(resource.tree, japan.BUNDLE_ID)) or claims(
        resource.tree, BUNDLE_PROFILE, *BUNDLE_PROFILES.values()
    )


def whole_of(tree: Tree, size: int, *, attached: bool = False) -> Whole:
    """Return the submission that a resource is; one that is no Bundle stands alone (family "single").

    size: bytes as received; 0 for a Bundle inside another.
    """
    if tree.get("resourceType") != "Bundle":
        alone = Member(0, "", text(tree, "resourceType"), tree, text(tree, "resourceType"))
        return Whole(
            "single",
            None,
            tree,
            size,
            (alone,),
            {},
            _by_type((alone,)),
            attached,
            False,
            frozenset(),
            frozenset(),
            "",
        )
    if size > MOST_BYTES:
        return Whole("unknown", None, tree, size, (), {}, {}, attached, False, frozenset(), frozenset(), "")
    members = _members(tree)
    family = _family(tree, members)
    kind = _kind(tree, members) if family == "document" else None
    by_url = {f"{member.type}/{member.tree.get('id')}": member for member in members}
    by_url |= {member.full_url: member for member in members if member.full_url}
    deletes = bool(members) and all(member.type == "Patient" for member in members)
    by_type = _by_type(members)
    odd = _odd(tree) if size else frozenset[str]()  # a nested Bundle (size 0) is read with the whole
    people = _member_ids(by_type.get("Patient", []))
    return Whole(
        family, kind, tree, size, members, by_url, by_type, attached, deletes, odd, people, _sender(tree)
    )


def _member_ids(patients: list[Member]) -> frozenset[tuple[str, str]]:
    systems = (japan.MEMBER_ID, japan.PUBLIC_PAYER_ID)
    given = many(patients[0].tree, "identifier") if patients else []
    return frozenset(
        (system, text(item, "value")) for item in given for system in systems if item.get("system") == system
    )


def _sender(tree: Tree) -> str:
    given = identifiers(tree, japan.BUNDLE_ID)
    return text(given[0], "value").partition("^")[0] if given else ""


def _by_type(members: tuple[Member, ...]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member in members:
        found.setdefault(member.type, []).append(member)
    return found


def _odd(tree: Tree) -> frozenset[str]:
    """One quick search over all text, so that the ordinary submission is not walked for each rule."""
    written = orjson.dumps(tree).decode()
    if not _ANY_ODD.search(written):
        return frozenset()
    return frozenset(sign for sign, pattern in ODD_TEXT.items() if pattern.search(written))


def _members(tree: Tree) -> tuple[Member, ...]:
    return tuple(
        Member(i, text(entry, "fullUrl"), text(inner, "resourceType"), inner, f"Bundle.entry[{i}].resource")
        for i, entry in enumerate(many(tree, "entry"))
        if (inner := one(entry, "resource"))
    )


def _family(tree: Tree, members: tuple[Member, ...]) -> str:
    claimed = {url for url, _ in profiles(tree)}
    tagged = any(tag.get("system") == japan.BUNDLE_RESOURCE_TYPE for tag in many(one(tree, "meta"), "tag"))
    if claimed & set(_BY_PROFILE) or tree.get("type") == "document":
        return "document"
    if BUNDLE_PROFILE in claimed or tagged or tree.get("type") == "collection":
        return "collection"
    return "document" if members and members[0].type == "Composition" else "unknown"


def _kind(tree: Tree, members: tuple[Member, ...]) -> Kind | None:
    """The document is what its Composition says; without one, what the Bundle's profile says."""
    composition = next((member.tree for member in members if member.type == "Composition"), None)
    if composition is not None:
        said = DOCUMENTS.get(code_in(one(composition, "type"), japan.DOCUMENT_TYPE))
        return said if said in _SHARED_DOCUMENTS else None
    return next((_BY_PROFILE[url] for url, _ in profiles(tree) if url in _BY_PROFILE), None)
