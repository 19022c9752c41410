"""What must hold before a resource is changed: the role's right, whose it is, and that it stays whose it was."""

from collections.abc import Sequence
from contextlib import suppress

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Conflict, Failure, Gone, NotFound, Refused
from kakehashi.core.kinds import Kind
from kakehashi.core.narrowing import Entries
from kakehashi.engines.records.asked import Asked, window_now
from kakehashi.engines.records.check import Checked
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import parse
from kakehashi.store.read import Reading
from kakehashi.store.rows import Draft
from kakehashi.store.whereabouts import Place
from kakehashi.store.write import Writing
from kakehashi.terms import japan
from kakehashi.trust import roles
from kakehashi.trust.oauth import scopes

_INTERACTIONS = {
    Method.CREATE: "create",
    Method.UPDATE: "update",
    Method.DELETE: "delete",
    Method.PATCH: "update",
}


def require_rights(batch: Sequence[Checked], by: Actor) -> None:
    """Raise Refused unless the actor's role, and its token's scopes, let it do all of this."""
    for method, kind, resource_type in {(one.wanted.method, one.kind, one.wanted.type) for one in batch}:
        roles.require(by, _INTERACTIONS[method], kind, resource_type=resource_type, filtered=True)


def require_in_scope(by: Actor, wanted: Wanted, resource_type: str, entries: Entries) -> None:
    """Raise Refused unless the filters of the token's scopes leave what is to be written, or changed."""
    if not scopes.narrowed(by.scopes, _INTERACTIONS[wanted.method]).leave(resource_type, entries):
        raise Refused(rule="record.scope")


async def require_reach(work: Writing, wanted: Wanted, name: str, by: Actor) -> None:
    """Raise unless the filters of the token's scopes leave what is stored under this name now.

    What they may see is refused, anything else is as if it were another institution's.
    """
    if scopes.narrowed(by.scopes, _INTERACTIONS[wanted.method]).of(wanted.type) is None:
        return
    row = await work.current(wanted.type, name)
    if row is None:
        return
    if not (await window_now(work.connection, Asked(by, work.at))).sees(row):
        raise _anothers(wanted)
    require_in_scope(by, wanted, row.type, row.entries())


def require_once(named: Sequence[tuple[Wanted, str]]) -> None:
    """Raise Conflict when two wishes are about one resource (https://hl7.org/fhir/R4/http.html#trules)."""
    if len({(wanted.type, name) for wanted, name in named}) < len(named):
        raise Conflict(
            "同じリソースが一度に二回送られています。一つにしてください。",
            "The same resource was sent twice at once. Send it once.",
            rule="store.twice",
        )


def require_own(place: Place | None, wanted: Wanted, by: Actor) -> None:
    """Raise unless the resource is new or this institution's. To others a deletion looks as if there were nothing."""
    if place is None:
        return
    if place.custodian == by.institution.key:
        if place.origin:
            raise _of_submission()
        return
    raise _anothers(wanted)


def _anothers(wanted: Wanted) -> Failure:
    if wanted.condition is not None:
        return Refused(rule="record.not-own")
    if wanted.method is Method.DELETE:
        return NotFound()
    return Conflict(
        "この id は使えません。UUID など、ほかと重ならない id を付けるか、id なしの POST で登録してください。",
        "This id cannot be used. Choose one that nobody else has, such as a UUID, or POST without an id.",
        rule="record.id-taken",
    )


async def require_own_grave(work: Writing, wanted: Wanted, by: Actor) -> None:
    """Raise NotFound unless the resource was this institution's and is deleted: deleting again changes nothing."""
    window = await window_now(work.connection, Asked(by, work.at))
    with suppress(Gone):
        await Reading(work.connection, window).one(wanted.type, wanted.id or "")


async def require_right_to_delete(work: Writing, wanted: Wanted, by: Actor) -> None:
    """Raise Refused unless the role may delete what is stored there: only the row says of what kind it is."""
    row = await work.current(wanted.type, wanted.id or "")
    if row is not None:
        roles.require(by, "delete", Kind(row.kind), resource_type=wanted.type, filtered=True)


async def require_no_submission(work: Writing, bundle: str) -> None:
    """Raise Conflict when a stored Bundle came by the sharing service, which replaces and withdraws it as a whole."""
    row = await work.current("Bundle", bundle)
    if row is None:
        return
    identifier = parse(row.body).tree.get("identifier")
    if isinstance(identifier, dict) and identifier.get("system") == japan.BUNDLE_ID:
        raise _of_submission()


def require_same_person(place: Place | None, draft: Draft) -> None:
    """A record does not change hands: what was about one person never becomes another's by an update."""
    if place is not None and place.person != draft.person:
        raise Conflict(
            "登録済みの記録の患者は変更できません。記録を削除してから、正しい患者で登録し直してください。",
            "The patient of a stored record cannot change. Delete it and register it for the right patient.",
            rule="record.person-changed",
        )


def _of_submission() -> Conflict:
    return Conflict(
        "電子カルテ情報共有サービスで登録された記録です。訂正は同じ Bundle.identifier の再送で、"
        "取消は Patient だけの Bundle で行ってください。",
        "This record came by the sharing service. Correct it by resending under the same Bundle.identifier; "
        "withdraw it by a Bundle with the Patient alone.",
        rule="record.of-submission",
    )
