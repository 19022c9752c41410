"""Who may be meant by a description: candidates for `$match`, by identifiers and by whole name with birth date.

Exact and indexed, as find.py is; nothing is logged and nothing decided here, and what is in doubt is left out. What
may be shown of whom is the window's business.
"""

from collections.abc import Sequence
from datetime import date

from kakehashi.people.demographics import Demographics
from kakehashi.people.identifiers import Identifier, LocalNumber, OtherId
from kakehashi.store import people_find
from kakehashi.store.database import Connection


async def candidates(
    db: Connection, who: Demographics, said: Sequence[Identifier], *, most: int
) -> list[str]:
    """Return the Patients ("Patient/…") that describe whoever may be meant; none where more than `most` may be."""
    roots: set[int] = set()
    for one in said:
        if asked := _asked(one, who):
            roots |= {row["root"] for row in await people_find.by_identifier(db, *asked, most + 1)}
    if who.birth and (who.kana.full or who.kanji.full):
        found = await people_find.by_items(db, who.birth, who.kana.full, who.kanji.full, "", most + 1)
        roots |= {row["root"] for row in found}
    return await people_find.patients(db, roots) if 0 < len(roots) <= most else []


def _asked(one: Identifier, who: Demographics) -> tuple[str, str, date | None] | None:
    """What an identifier is looked up by. One that names a household needs the birth date."""
    if one.names_one or isinstance(one, LocalNumber | OtherId):
        return one.system, one.value, None
    return (one.system, one.value, who.birth) if who.birth else None
