"""Rules for every clinical entry: meta, the resource's own identifier, the flags LTS, UNINFORMED, UNDELIVERED."""

from collections import Counter

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, needs
from kakehashi.services.sharing.rules.model import Case, Finding, Version, rule
from kakehashi.services.sharing.rules.reading import (
    Tree,
    code_in,
    identifiers,
    many,
    one,
    references,
    text,
)
from kakehashi.terms import japan, japan_labs

CLINICAL = "Condition AllergyIntolerance Laboratory MedicationRequest"
FLAGS = frozenset({"LTS", "UNINFORMED", "UNDELIVERED"})
ONLY_LTS_SINCE: Version = (1, 5, 3)  # 1.5.3: MedicationRequest has no LTS
OPEN_TAGS_SINCE: Version = (1, 6, 0)  # 1.6: meta.tag open to other systems; LTS on infections only


def shows_infection(tree: Tree) -> bool:
    """Say whether an Observation is of the five designated infections."""
    concept = one(tree, "code")
    jlac = code_in(concept, japan.JLAC10)
    return jlac in japan_labs.INFECTION_GROUP or any(code_in(concept, url) for url in japan.LAB_INFECTION)


def _allowed(case: Case) -> frozenset[str]:
    kind = case.tree.get("resourceType")
    if kind == "Condition":
        return FLAGS
    if kind == "AllergyIntolerance":
        return frozenset({"LTS"})
    if kind == "MedicationRequest":
        return frozenset({"LTS"}) if case.version < ONLY_LTS_SINCE else frozenset()
    if case.version >= OPEN_TAGS_SINCE and not shows_infection(case.tree):
        return frozenset()
    return frozenset({"LTS"})


def _tags(case: Case) -> list[tuple[str, str, str]]:
    tags = many(one(case.tree, "meta"), "tag")
    return [(f".meta.tag[{i}]", text(tag, "system"), text(tag, "code")) for i, tag in enumerate(tags)]


def _flag_allowed(case: Case) -> Found:
    for place, system, code in _tags(case):
        if system == japan.INDICATION and code not in _allowed(case):
            yield Finding(f"{place}.code", code)


def _flag_once(case: Case) -> Found:
    count = Counter(code for _, system, code in _tags(case) if system == japan.INDICATION)
    for code, times in count.items():
        if times > 1:
            yield Finding(".meta.tag", code)


def _flag_lost(case: Case) -> Found:
    """A flag in another system would be overlooked, and what must stay hidden would be shown."""
    for place, system, code in _tags(case):
        if code in FLAGS and system != japan.INDICATION:
            yield Finding(f"{place}.system", system)


def _foreign_tag(case: Case) -> Found:
    for place, system, code in _tags(case):
        if system != japan.INDICATION and code not in FLAGS:
            yield Finding(f"{place}.system", system)


def _undeliverable(case: Case) -> Found:
    """A letter goes to its addressee whole; what may be given to nobody cannot travel in it."""
    for place, system, code in _tags(case):
        if system == japan.INDICATION and code == "UNDELIVERED":
            yield Finding(f"{place}.code", code)


def _own_identifier(case: Case) -> Found:
    given = identifiers(case.tree, japan.RESOURCE_ID)
    if len(given) != 1 or not text(given[0], "value"):
        yield Finding(".identifier", str(len(given)))


def _identifier_once(case: Case) -> Found:
    seen: set[tuple[str, str]] = set()
    for member in case.whole.members:
        given = identifiers(member.tree, japan.RESOURCE_ID)
        key = (member.type, text(given[0], "value") if given else "")
        if key[1] and key in seen:
            yield Finding(f".entry[{member.index}].resource.identifier", key[1])
        seen.add(key)


def _inner_references(case: Case) -> Found:
    there = {f"#{text(inner, 'id')}" for inner in many(case.tree, "contained")}
    for place, value in references(case.tree):
        if value.startswith("#") and len(value) > 1 and value not in there:
            yield Finding(place, value)


RULES = (
    rule(
        "C1.meta.required", f"{CLINICAL} Patient Composition",
        "meta.lastUpdated と meta.profile を書いてください。",
        "meta.lastUpdated and meta.profile are needed.",
        sources.GUIDE, needs("meta.lastUpdated", "meta.profile"),
    ),
    rule(
        "C1.identifier.own", "Condition AllergyIntolerance Laboratory",
        f"リソース一意識別ID (system {japan.RESOURCE_ID}) を1つ書いてください。",
        f"The resource's own identifier (system {japan.RESOURCE_ID}) is needed, once.",
        sources.table("ConditionTable"), _own_identifier,
    ),
    rule(
        "C1.identifier.once", "Bundle/collection",
        "同じリソース一意識別IDが1つの Bundle に2回あります。リソースごとに別の値にしてください。",
        "The same resource identifier stands twice in the Bundle; give each resource its own.",
        sources.GUIDE, _identifier_once, severity="warning",
    ),
    rule(
        "C1.flag.allowed", CLINICAL,
        "この情報には使えないフラグです。LTS はアレルギー・傷病名・感染症 (1.5 までは検査、1.5.2 "
        "までは処方も)、"
        "UNINFORMED と UNDELIVERED は傷病名だけに使えます。",
        "This flag is not for this information: LTS is for allergies, conditions and infections (until 1."
        "5 for labs, "
        "until 1.5.2 for prescriptions too); UNINFORMED and UNDELIVERED are for conditions only.",
        sources.CHANGES, _flag_allowed,
    ),
    rule(
        "C1.flag.once", CLINICAL,
        "同じフラグが2回あります。1つにしてください。",
        "The same flag is there twice; once is enough.",
        "JP_Condition_eCS (CLINS 1.5.2)", _flag_once,
    ),
    rule(
        "C1.flag.system", f"{CLINICAL} Observation",
        f"フラグ LTS・UNINFORMED・UNDELIVERED の system は {japan.INDICATION} です。違う system "
        "では見落とされるため受け付けません。",
        f"The flags LTS, UNINFORMED, UNDELIVERED belong to {japan.INDICATION}; in another system they "
        "would be "
        "overlooked.",
        sources.HOUSE, _flag_lost,
    ),
    rule(
        "C1.flag.undeliverable", "Condition/REFERRAL Condition/DISCHARGE",
        "文書は宛先に全文が届くため、未提供 (UNDELIVERED) の傷病名は入れられません。傷病名を除くか、"
        "フラグを外してください。",
        "A letter reaches its addressee whole, so it cannot hold an UNDELIVERED condition; leave out the "
        "one or the other.",
        sources.HOUSE, _undeliverable,
    ),
    rule(
        "C1.tag.system", CLINICAL,
        f"1.5 では meta.tag の system は {japan.INDICATION} だけです。ほかのタグを除いてください (1.6 "
        "からは使えます)。",
        f"In 1.5 meta.tag takes {japan.INDICATION} only; remove other tags (1.6 allows them).",
        sources.CHANGES, _foreign_tag, until=OPEN_TAGS_SINCE,
    ),
    rule(
        "C1.reference.contained", "Entry",
        "「#id」の指す contained リソースがありません。id を合わせるか、contained に入れてください。",
        "No contained resource has this #id; mend the id or contain the resource.",
        sources.GUIDE, _inner_references,
    ),
)  # fmt: skip
