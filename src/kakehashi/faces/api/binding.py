"""What lets a websocket be bound to subscriptions: a sealed token that says whose it is and when it is over. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadSearchValue, NotFound
from kakehashi.faces.api.pages import Seals

PATH = "/fhir/websocket"
LIVES = 300  # seconds, as an access token's
_CONTEXT, _BETWEEN = "websocket", "\x1f"


@dataclass(frozen=True, slots=True)
class Bound:
    """Who bound what."""

    subject: str
    institution: int
    names: tuple[str, ...]


def address(public_url: str) -> str:
    """Return the address of the websocket.

    >>> address("https://kakehashi.example")
    'wss://kakehashi.example/fhir/websocket'
    """
    return "ws" + public_url.removeprefix("http") + PATH


def token(seals: Seals, actor: Actor, names: Sequence[str], *, at: datetime) -> tuple[str, int]:
    """Return a token, and the second since 1970 at which it is over."""
    over = int(at.timestamp()) + LIVES
    said = _BETWEEN.join((str(over), str(actor.institution.key), actor.subject, *names))
    return seals.seal(said, _CONTEXT), over


def opened(seals: Seals, text: str, *, at: datetime) -> Bound:
    """Return what a token binds. Raises NotFound for one that is not ours, or is over."""
    try:
        over, institution, subject, *names = seals.open(text, _CONTEXT).split(_BETWEEN)
    except (BadSearchValue, ValueError):
        raise NotFound from None
    if int(over) <= at.timestamp():
        raise NotFound
    return Bound(subject, int(institution), tuple(names))
