"""What a search is refused with: always the parameter's name, what is wrong, and an example that would do."""

from kakehashi.core.errors import BadSearchValue, NotSupported, TooCostly

EXAMPLES = {
    "number": "0.8", "date": "ge2024-02-01", "string": "山田", "token": "http://loinc.org|718-7",
    "reference": "Patient/123", "composite": "http://loinc.org|8480-6$gt140", "quantity": "5.4|http://unitsofmeasure.org|mg",
    "uri": "http://example.org/fhir/ValueSet/1", "special": "35.68|139.76|10|km",
}  # fmt: skip


def bad_value(name: str, kind: str, *, example: str | None = None) -> BadSearchValue:
    """The value of a parameter cannot be read."""
    shown = example or EXAMPLES[kind]
    return BadSearchValue(
        f"検索パラメータ {name} の値が読めません。例: {shown}",
        f"The value of the search parameter {name} cannot be read. Example: {shown}",
        rule="search.value",
        place=name,
    )


def bad_modifier(name: str, modifier: str, allowed: tuple[str, ...]) -> BadSearchValue:
    """The parameter has no such modifier."""
    known = ", ".join(f":{one}" for one in allowed)
    return BadSearchValue(
        f"検索パラメータ {name} に修飾子 :{modifier} は使えません。使えるもの: {known}",
        f"The search parameter {name} has no modifier :{modifier}. It has: {known}",
        rule="search.modifier",
        place=name,
    )


def unknown(resource_type: str, name: str, known: tuple[str, ...]) -> BadSearchValue:
    """The resource type has no such parameter."""
    listed = ", ".join(known)
    return BadSearchValue(
        f"{resource_type} に検索パラメータ {name} はありません。あるもの: {listed}",
        f"{resource_type} has no search parameter {name}. It has: {listed}",
        rule="search.parameter",
        place=name,
    )


def unsupported(name: str, ja: str, en: str) -> NotSupported:
    """FHIR knows it, this server does not."""
    return NotSupported(f"{name}: {ja}", f"{name}: {en}", rule="search.not-supported", place=name)


def too_costly(name: str, ja: str, en: str) -> TooCostly:
    """One request may not ask for so much."""
    return TooCostly(f"{name}: {ja}", f"{name}: {en}", rule="search.cost", place=name)
