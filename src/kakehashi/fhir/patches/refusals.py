"""What is said of a patch that cannot be read (400) or does not fit the resource (422)."""

from kakehashi.core.errors import Invalid, Malformed, TooCostly

MOST = 1_000  # operations in one patch


def unreadable(place: str, ja: str, en: str) -> Malformed:
    """Return the refusal of something that is no patch."""
    return Malformed(ja, en, rule="patch.form", place=place)


def nowhere(path: str) -> Invalid:
    """Return the refusal of a path that leads nowhere in this resource."""
    return Invalid(
        "パッチの path が示す場所がリソースにありません。現在の版を読み直してください。",
        "The patch's path leads nowhere in this resource; read its current version again.",
        rule="patch.path",
        place=path,
    )


def misfit(rule: str, path: str, ja: str, en: str) -> Invalid:
    """Return the refusal of an operation that can be read, but not carried out."""
    return Invalid(ja, en, rule=rule, place=path)


def too_many() -> TooCostly:
    """Return the refusal of a patch with too many operations."""
    return TooCostly(
        f"パッチの操作は {MOST} 個までです。PUT で送るか、分けてください。",
        f"A patch has {MOST} operations at most; use PUT, or send it in parts.",
        rule="patch.size",
    )


def too_large() -> TooCostly:
    """Return the refusal of a patch that takes too much work on a resource of this size."""
    return TooCostly(
        "このリソースに対してパッチの手間がかかりすぎます。PUT で送ってください。",
        "The patch takes too much work on a resource of this size; use PUT.",
        rule="patch.cost",
    )
