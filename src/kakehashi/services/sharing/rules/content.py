"""Rules for the sections of the letters: which there must be, how they nest, and that they point somewhere."""

from collections import Counter
from collections.abc import Iterator

from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found
from kakehashi.services.sharing.rules.model import Case, Finding, rule
from kakehashi.services.sharing.rules.reading import Tree, many, one, text
from kakehashi.services.sharing.rules.sections import CDA, STRUCTURED, Section, sections_of
from kakehashi.terms import japan

LETTERS = "Composition/REFERRAL Composition/DISCHARGE Composition/CARE_PLAN"
DOCUMENTS = f"{LETTERS} Composition/CHECKUP"


def code_of(section: Tree) -> str:
    """Return the code of a section, in whatever system, else ""."""
    codings = many(one(section, "code"), "coding")
    return text(codings[0], "code") if codings else ""


def all_sections(tree: Tree) -> Iterator[tuple[str, bool, Tree]]:
    """Yield (place, inside another, section) of the two levels that documents have."""
    for i, section in enumerate(many(tree, "section")):
        yield f".section[{i}]", False, section
        for j, inner in enumerate(many(section, "section")):
            yield f".section[{i}].section[{j}]", True, inner


def _known(case: Case) -> dict[str, Section]:
    return sections_of(case.whole.kind, case.version)


def _one_body(case: Case) -> Found:
    top = [code_of(section) for section in many(case.tree, "section")]
    if (CDA in top) == (STRUCTURED in top):
        yield Finding(".section", " ".join(top))


def _system(case: Case) -> Found:
    for place, _, section in all_sections(case.tree):
        codings = many(one(section, "code"), "coding")
        if len(codings) != 1 or codings[0].get("system") != japan.DOCUMENT_SECTION:
            yield Finding(f"{place}.code.coding", " ".join(text(coding, "system") for coding in codings))


def _allowed(case: Case) -> Found:
    for place, _, section in all_sections(case.tree):
        if code_of(section) not in _known(case):
            yield Finding(f"{place}.code", code_of(section))


def _level(case: Case) -> Found:
    for place, inside, section in all_sections(case.tree):
        spec = _known(case).get(code_of(section))
        if spec and spec.inside is not inside:
            yield Finding(place, code_of(section))
    for i, section in enumerate(many(case.tree, "section")):
        if many(section, "section") and code_of(section) != STRUCTURED:
            yield Finding(f".section[{i}].section", code_of(section))
        for j, inner in enumerate(many(section, "section")):
            if many(inner, "section"):
                yield Finding(f".section[{i}].section[{j}].section", code_of(inner))


def _needed(case: Case) -> Found:
    there = {code_of(section) for _, _, section in all_sections(case.tree)}
    for spec in _known(case).values():
        if spec.needed and spec.code not in there and (not spec.inside or STRUCTURED in there):
            yield Finding(".section", f"{spec.code} {spec.title}")


def _once(case: Case) -> Found:
    count = Counter(code_of(section) for _, _, section in all_sections(case.tree))
    for code, spec in _known(case).items():
        if count[code] > 1 and not spec.many:
            yield Finding(".section", f"{code} {spec.title}")


def _title(case: Case) -> Found:
    for place, _, section in all_sections(case.tree):
        spec = _known(case).get(code_of(section))
        if spec and text(section, "title") != spec.title:
            yield Finding(f"{place}.title", f"{text(section, 'title')}; {spec.title}")


def _entry_count(case: Case) -> Found:
    for place, _, section in all_sections(case.tree):
        spec = _known(case).get(code_of(section))
        there = len(many(section, "entry"))
        if spec and (there < spec.entries[0] or (spec.entries[1] and there > spec.entries[1])):
            yield Finding(f"{place}.entry", f"{spec.code} {spec.title}: {there}")


def _targets(case: Case) -> Iterator[tuple[str, str, str, str]]:
    """Yield (place, section code, reference, type of what it points at or "") of each section's entries."""
    for place, _, section in all_sections(case.tree):
        for i, entry in enumerate(many(section, "entry")):
            reference = text(entry, "reference")
            found = case.whole.by_url.get(reference)
            yield f"{place}.entry[{i}]", code_of(section), reference, found.type if found else ""


def _nowhere(case: Case) -> Found:
    for place, _, reference, kind in _targets(case):
        if not kind:
            yield Finding(f"{place}.reference", reference)


def _wrong_type(case: Case) -> Found:
    for place, code, _, kind in _targets(case):
        spec = _known(case).get(code)
        if kind and spec and spec.types and kind not in spec.types:
            yield Finding(place, f"{code}: {kind}")


def _only_pdf(case: Case) -> Found:
    for i, section in enumerate(many(case.tree, "section")):
        if code_of(section) != CDA:
            continue
        for entry in many(section, "entry"):
            member = case.whole.by_url.get(text(entry, "reference"))
            attached = (
                [one(content, "attachment") for content in many(member.tree, "content")] if member else []
            )
            if any(text(given, "contentType") == "application/pdf" for given in attached):
                yield Finding(f".section[{i}]", "application/pdf")


def _empty(case: Case) -> Found:
    for place, _, section in all_sections(case.tree):
        if not any(section.get(name) for name in ("text", "entry", "section")):
            yield Finding(place, code_of(section))


RULES = (
    rule(
        "checkExist-CDASection", "Composition/REFERRAL Composition/DISCHARGE",
        "本文は CDA参照 (200) か構造情報 (300) のどちらか一方だけにしてください。",
        "The body is either the CDA section (200) or the structured section (300), one and not both.",
        sources.invariant("checkExist-CDASection-or-CompositionSection", "JP_Composition_eReferral"), _one_body,
    ),
    rule(
        "C1.section.system", LETTERS,
        f"セクションのコードは1つで、system は {japan.DOCUMENT_SECTION} としてください。",
        f"A section has one code, of {japan.DOCUMENT_SECTION}.",
        sources.REFERRAL, _system,
    ),
    rule(
        "C1.section.allowed", LETTERS,
        "この文書にはないセクションのコードです。文書の種類と版を確かめてください (退院時サマリーの "
        "362・372・552・642 は 1.5.4 から 360・370・550・640)。",
        "The document has no section with this code; check its kind and version (in discharge summaries "
        "362, 372, 552, "
        "642 became 360, 370, 550, 640 in 1.5.4).",
        sources.CHANGES, _allowed,
    ),
    rule(
        "C1.section.level", LETTERS,
        "セクションの階層が違います。診療内容のセクションは構造情報 (300) の中に、"
        "紹介元・紹介先・添付・PDF などは最上位に置いてください。",
        "The section stands on the wrong level: clinical sections belong inside 300, the others at the "
        "top.",
        sources.REFERRAL, _level,
    ),
    rule(
        "C1.section.needed", LETTERS,
        "必須のセクションがありません。内容がなくても、理由を text に書いて置いてください。",
        "A required section is missing; put it there, saying in text why when it is empty.",
        sources.REFERRAL, _needed,
    ),
    rule(
        "C1.section.once", LETTERS,
        "1回だけのセクションが2回以上あります。まとめてください。",
        "A section that may stand once stands twice or more; join them.",
        sources.REFERRAL, _once,
    ),
    rule(
        "C1.section.title", LETTERS,
        "セクションの title が決まった題と違います。",
        "The section's title is fixed.",
        sources.REFERRAL, _title,
    ),
    rule(
        "C1.section.entries", LETTERS,
        "セクションの entry の数が合いません。",
        "The number of the section's entries does not fit.",
        sources.REFERRAL, _entry_count,
    ),
    rule(
        "C1.section.nowhere", DOCUMENTS,
        "セクションの参照先がこの Bundle にありません。参照先を entry に入れるか、参照を fullUrl "
        "と合わせてください。",
        "The section points at nothing in this Bundle; add the resource, or mend the reference.",
        sources.REFERRAL, _nowhere,
    ),
    rule(
        "C1.section.target", LETTERS,
        "セクションの参照先の種別が違います。",
        "The section points at a resource of the wrong type.",
        sources.REFERRAL, _wrong_type,
    ),
    rule(
        "C1.section.only-pdf", "Composition/REFERRAL Composition/DISCHARGE",
        "本文が PDF だけの文書です。受け取った施設で項目として読めません。構造情報 (300) で書き、PDF は 230 に添えて"
        "ください。",
        "The body is nothing but a PDF, which the receiver cannot read item by item; write it as section 300 and put "
        "the PDF into 230.",
        sources.VENDOR, _only_pdf, severity="warning",
    ),
    rule(
        "cmp-1", DOCUMENTS,
        "空のセクションです。text、entry、下位の section のいずれかを書いてください。",
        "The section is empty; give it text, entries or sections.",
        sources.invariant("cmp-1", "Composition"), _empty,
    ),
)  # fmt: skip
