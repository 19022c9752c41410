"""The short way in for one resource that is new: most of what institutions' systems send is a result at a time.

What it may do, it does exactly as `submit` would; whatever is not plain goes the long way.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.ids import new_id
from kakehashi.core.logentry import Note
from kakehashi.engines.records.check import Checked
from kakehashi.engines.records.drafts import draft_of, named, names_of
from kakehashi.engines.records.references import conditional, rewritten
from kakehashi.engines.records.wanted import Method, Outcome
from kakehashi.engines.terminology.making import has_terms
from kakehashi.fhir.facts import subject_of
from kakehashi.store.database import Database
from kakehashi.store.write_once import write_once
from kakehashi.trust.oauth import scopes

_PATIENT = re.compile(r"Patient/([A-Za-z0-9\-.]{1,64})", re.ASCII)
_OTHERWISE = frozenset({"Patient", "Bundle", "Subscription"})  # more comes of them than a row


def plain(checked: Sequence[Checked], by: Actor) -> Checked | None:
    """Return the one wish of a batch that asks for nothing but that its resource be there; None for any other batch."""
    if len(checked) != 1:
        return None
    [one] = checked
    wanted = one.wanted
    if wanted.method not in (Method.CREATE, Method.UPDATE) or one.resource is None:
        return None
    if wanted.condition is not None or wanted.if_none_exist is not None or wanted.if_match is not None:
        return None
    if wanted.type in _OTHERWISE or has_terms(wanted.type) or conditional(one.resource):
        return None
    interaction = "create" if wanted.method is Method.CREATE else "update"
    narrowed = scopes.narrowed(by.scopes, interaction).of(wanted.type) is not None
    return None if narrowed else one


async def added(
    db: Database, checked: Sequence[Checked], note: Note, *, by: Actor, at: datetime
) -> Outcome | None:
    """Store the one resource of a plain batch as its first version; None, and nothing done, for anything else.

    Raises Unavailable.
    """
    one = plain(checked, by)
    if one is None or one.resource is None:
        return None
    name = one.wanted.id or new_id()
    resource = named(rewritten(one.resource, names_of([(one.wanted, name)])), name)
    subject = subject_of(resource)
    patient = _PATIENT.fullmatch(subject) if subject else None
    if subject and patient is None:
        return None
    draft = draft_of(resource, 0, by, at, kind=one.kind)
    stored = await write_once(db, draft, note, patient=patient[1] if patient else None, at=at)
    if stored is None:
        return None
    return Outcome(201, stored.type, stored.id, 1, at, stored.body)
