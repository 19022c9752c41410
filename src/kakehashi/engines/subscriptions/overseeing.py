"""What whoever is responsible for an institution's systems, or for all, sees of subscriptions; and turning one off.

Addresses are told by their host alone: the rest of one, and the headers, may hold keys of the subscriber's server. Of
a search the names of its parameters are told and not the values, which may say who somebody's patient is.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound, VersionMismatch
from kakehashi.engines.house import House
from kakehashi.engines.subscriptions import states
from kakehashi.fhir.parse import parse
from kakehashi.fhir.types import NUMBER
from kakehashi.store import subscriptions
from kakehashi.store.reach import EVERY_SUBSCRIPTION, Reach
from kakehashi.store.subscriptions import Held

MOST = 200  # of one list, those in error first
TURNED_OFF = "turned off by whoever is responsible"  # in Subscription.error
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Overview:
    """One. `about`: a search as `Type?names`, or a topic's canonical; `host`: where it is told, "" for a websocket."""

    held: Held
    about: str
    host: str

    @property
    def waiting(self) -> int:
        """Events that the other side has not taken."""
        return self.held.events - self.held.sent


async def listed(house: House, institution: int | None) -> list[Overview]:
    """Return subscriptions of an institution, or of all (None): those in error first, then by when they were told."""
    async with subscriptions.reaching(house.db, _reach(institution)) as tx:
        return [_overview(one) for one in await subscriptions.of_place(tx, institution, MOST)]


async def turn_off(house: House, name: str, institution: int | None, *, by: Actor, at: datetime) -> None:
    """Turn a subscription off, of an institution or of any (None); its owner may request it again.

    Raises NotFound for one that is not there or not theirs, VersionMismatch where its owner keeps changing it.
    """
    for _ in range(_TRIES):
        async with subscriptions.reaching(house.db, _reach(institution)) as tx:
            held = await subscriptions.one(tx, name)
        if held is None:
            raise NotFound
        if await states.become(house, held, "off", at=at, error=TURNED_OFF, by=by) is not None:
            return
    raise VersionMismatch


def _reach(institution: int | None) -> Reach:
    return EVERY_SUBSCRIPTION if institution is None else subscriptions.of_institution(institution)


def _overview(held: Held) -> Overview:
    tree = parse(held.definition).tree
    endpoint = str(tree["channel"].get("endpoint", "")) if held.channel == "rest-hook" else ""
    return Overview(held, _about(str(tree["criteria"])), urlsplit(endpoint).hostname or "")


def _about(criteria: str) -> str:
    """Return a search without its values.

    >>> _about("Observation?patient=Patient/1&code=718-7")
    'Observation?patient&code'
    """
    kind, _, text = criteria.strip().partition("?")
    if kind not in NUMBER:
        return criteria
    names = dict.fromkeys(name for name, _ in parse_qsl(text, keep_blank_values=True))
    return f"{kind}?{'&'.join(names)}" if names else kind
