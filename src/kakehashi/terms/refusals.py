"""What a terminology question is refused with: what is wrong, where, and what would do."""

from kakehashi.core.errors import Invalid, NotFound, NotSupported, Problem, TooCostly


class Missing(Exception):
    """A resource that was not looked for yet is needed. The engine fetches it and asks again; nobody else sees it."""

    def __init__(self, kind: str, canonical: str) -> None:
        self.kind, self.canonical = kind, canonical
        super().__init__(kind)


def unknown(kind: str, canonical: str) -> NotFound:
    """No such resource was loaded, or none that the caller may see."""
    return NotFound(
        f"{kind} {canonical} は登録されていません。先に登録するか、url と version を確かめてください。",
        f"There is no {kind} {canonical} here. Load it first, or check its url and version.",
        rule="terminology.unknown",
        place=kind,
    )


def not_here(systems: list[str]) -> Invalid:
    """Codes of a system are needed that are not here."""
    named = ", ".join(systems)
    return Invalid(
        problems=[
            Problem(
                "terminology.system", "ValueSet.compose.include.system",
                f"コード体系 {named} の内容が登録されていないため、答えられません。CodeSystem を登録してください。",
                f"The codes of {named} are not here, so this cannot be answered. Load the CodeSystem.",
                "not-found",
            )
        ]
    )  # fmt: skip


def cyclic(canonical: str) -> Invalid:
    """A value set includes itself, if by way of others."""
    return Invalid(
        f"ValueSet {canonical} が自分自身を (間接的に) 含んでいます。compose.include.valueSet を直してください。",
        f"ValueSet {canonical} includes itself, perhaps by way of others. Mend compose.include.valueSet.",
        rule="terminology.cycle",
        place="ValueSet.compose.include.valueSet",
    )


def cyclic_codes(system: str, codes: list[str]) -> Invalid:
    """The hierarchy of a code system runs in a circle."""
    named = ", ".join(codes)
    return Invalid(
        f"コード体系 {system} の階層が循環しています ({named})。parent / child を直して登録し直してください。",
        f"The hierarchy of {system} runs in a circle ({named}). Mend parent and child, and load it again.",
        rule="terminology.cycle",
        place="CodeSystem.concept.property",
    )


def bad_filter(system: str, property_: str, op: str, ja: str, en: str) -> Invalid:
    """A filter of a value set cannot be applied."""
    return Invalid(
        f"{system} の filter (property={property_}, op={op}) は使えません: {ja}",
        f"The filter on {system} (property={property_}, op={op}) cannot be applied: {en}",
        rule="terminology.filter",
        place="ValueSet.compose.include.filter",
    )


def wrong_version(system: str, found: str, wanted: str) -> Invalid:
    """`check-system-version` wants another version than the value set uses."""
    return Invalid(
        f"コード体系 {system} の版は {found or '(なし)'} で、check-system-version の {wanted} ではありません。",
        f"The version of {system} is {found or '(none)'}, not {wanted} as check-system-version says.",
        rule="terminology.version",
        place="check-system-version",
    )


def too_costly(total: int, most: int) -> TooCostly:
    """More codes than one answer has."""
    return TooCostly(
        f"コードが {total} 件で、一度に返せる {most} 件を超えます。filter で絞るか count と offset で分けてください。",
        f"There are {total} codes, more than the {most} of one answer. Narrow by filter, or page by count and offset.",
        rule="terminology.size",
        place="count",
    )


def too_much_work() -> TooCostly:
    """A value set whose codes take too long to work out."""
    return TooCostly(
        "value set の計算量が多すぎます。include や regex・property の filter を減らすか、分けてください。",
        "The value set takes too much work. Use fewer includes and fewer filters by regex or property, or split it.",
        rule="terminology.work",
        place="ValueSet.compose",
    )


def unsupported(name: str, ja: str, en: str) -> NotSupported:
    """R4 knows it, this server does not."""
    return NotSupported(f"{name}: {ja}", f"{name}: {en}", rule="terminology.not-supported", place=name)
