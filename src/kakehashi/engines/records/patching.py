"""PATCH: what is stored now with a patch applied, inside the transaction that writes; from then on it is an update.

The row is locked before it is read, so that nothing comes between. Who may not see it gets what they would get if there
were nothing. Source: https://hl7.org/fhir/R4/http.html#patch
"""

from collections.abc import Sequence
from dataclasses import replace

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Gone, NotFound, Refused
from kakehashi.core.kinds import Kind
from kakehashi.core.window import Window
from kakehashi.engines.house import House
from kakehashi.engines.records import guards
from kakehashi.engines.records.asked import Asked, window_now
from kakehashi.engines.records.check import Checked, check
from kakehashi.engines.records.wanted import Method, Patch, Wanted
from kakehashi.fhir.parse import parse
from kakehashi.store.rows import Row
from kakehashi.store.write import Writing, require_version
from kakehashi.trust import roles


async def patched(house: House, work: Writing, checked: Sequence[Checked], *, by: Actor) -> list[Checked]:
    """Return the wishes with each patch turned into the update that it means, read and validated.

    Raises NotFound, Gone, Refused, VersionMismatch, Invalid, TooCostly.
    """
    result = list(checked)
    numbers = [number for number, one in enumerate(checked) if one.wanted.patch is not None]
    if not numbers:
        return result
    window = await window_now(work.connection, Asked(by, work.at))
    for number in sorted(numbers, key=lambda one: (checked[one].wanted.type, checked[one].wanted.id or "")):
        wanted = checked[number].wanted
        row = await _current(work, wanted, window, by)
        if wanted.patch is not None:
            result[number] = _as_update(house, wanted, wanted.patch, row, by)
    return result


async def _current(work: Writing, wanted: Wanted, window: Window, by: Actor) -> Row:
    if wanted.id is None:  # a condition that nothing meets
        raise NotFound
    row = await work.current(wanted.type, wanted.id)
    if row is None:
        await guards.require_own_grave(work, wanted, by)
        raise Gone
    if not window.sees(row):
        raise NotFound
    if row.custodian != by.institution.key:
        raise Refused(rule="record.not-own")
    roles.require(by, "update", Kind(row.kind), resource_type=row.type, filtered=True)
    roles.require(
        by, "read", Kind(row.kind), resource_type=row.type
    )  # a test, and the answer, tell what is there
    require_version(row.version, wanted.if_match)
    return row


def _as_update(house: House, wanted: Wanted, patch: Patch, row: Row, by: Actor) -> Checked:
    resource = patch(parse(row.body))
    update = replace(
        wanted, method=Method.UPDATE, patch=None, body=resource.body, resource=resource, if_match=row.version
    )
    [checked] = check([update], house.profiles, most=house.settings.max_resource_bytes)
    guards.require_rights([checked], by)
    return checked
