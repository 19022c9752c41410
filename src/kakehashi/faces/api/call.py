"""One request to the API: what it stands on (`Api`), and what was sent, as handlers want to see it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import parse_qsl

from kakehashi.core.actors import Actor
from kakehashi.core.errors import BadRequest, Unauthenticated
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.records.sizes import require_size
from kakehashi.engines.records.submit import Sent
from kakehashi.faces.api import formats
from kakehashi.faces.api import headers as said
from kakehashi.faces.api.figures import Figures
from kakehashi.faces.api.figures_shared import Shared
from kakehashi.faces.api.formats import Format, Wish
from kakehashi.faces.api.headers import Prefer
from kakehashi.faces.api.pages import Pairs, Seals
from kakehashi.fhir.large import LARGE
from kakehashi.fhir.parse import Resource, parse, parsing
from kakehashi.fhir.releases import require_r4
from kakehashi.fhir.turns import in_turns
from kakehashi.fhir.xml import json_of
from kakehashi.trust.oauth.jwks import Published
from kakehashi.trust.oauth.tokens import Tokens

_FIELDS = 200  # parameters in an address or a form
_LARGE = 200_000  # bytes of XML that are worth a thread


@dataclass(frozen=True, slots=True)
class Api:
    """What the API stands on."""

    house: House
    tokens: Tokens
    published: Published
    seals: Seals
    figures: Figures
    shared: Shared = field(default_factory=Shared)
    one_large: asyncio.Lock = field(
        default_factory=asyncio.Lock
    )  # large bodies are decoded one after another

    @property
    def base(self) -> str:
        """The FHIR base URL, without a slash at its end."""
        return f"{self.house.settings.public_url}/fhir"


async def _no_body() -> bytes:
    return b""


@dataclass
class Call:
    """One request. `headers` have lower-case names; `names` are what the address's placeholders stand for."""

    api: Api
    method: str
    path: str
    at: datetime
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body_of: Callable[[], Awaitable[bytes]] = _no_body
    request: str = ""
    peer: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    signed: Actor | None = None

    @property
    def house(self) -> House:
        """The installation."""
        return self.api.house

    @property
    def actor(self) -> Actor:
        """Who acts. Raises Unauthenticated where nobody is signed in."""
        if self.signed is None:
            raise Unauthenticated
        return self.signed

    @property
    def asked(self) -> Asked:
        """Who asks, for the engine."""
        return Asked(self.actor, self.at, self.request)

    @property
    def caller(self) -> str:
        """What tells callers apart, for what is bound to one of them."""
        return f"{self.actor.subject}\x1f{self.actor.institution.key}"

    @cached_property
    def pairs(self) -> Pairs:
        """The parameters of the address, in order. Raises BadRequest."""
        return read_pairs(self.query)

    @cached_property
    def wish(self) -> Wish:
        """How the answer shall be written. Raises NotAcceptable, BadRequest."""
        return self._wish_of(self.pairs if self.query else [])

    def wish_also(self, pairs: Pairs) -> None:
        """Let a form's `_format` and `_pretty` count as the address's do. Raises NotAcceptable."""
        self.wish = self._wish_of([*self.pairs, *pairs])

    def _wish_of(self, pairs: Pairs) -> Wish:
        asked = dict(pairs)
        return formats.wished(self.header("accept"), asked.get("_format", ""), asked.get("_pretty", ""))

    @cached_property
    def prefer(self) -> Prefer:
        """What the caller prefers."""
        return said.prefer(self.header("prefer"))

    def header(self, name: str) -> str:
        """Return a header, "" when it was not sent."""
        return self.headers.get(name, "")

    def parameter(self, name: str) -> str:
        """Return a parameter of the address, "" when it is not there."""
        return next((value for key, value in self.pairs if key == name), "")

    async def resource(self) -> Resource:
        """Return the resource in the body; of XML, its JSON. Raises Malformed, UnsupportedMedia, TooLarge."""
        form = formats.of_body(self.header("content-type"))
        body = await self.body_of()
        require_size(body, self.api.house.settings)
        if form is Format.XML:
            body = await _as_json(body)
        resource = await self._parsed(body)
        require_r4(resource)
        return resource

    async def _parsed(self, body: bytes) -> Resource:
        if len(body) < LARGE:
            return parse(body)
        async with self.api.one_large:
            return await in_turns(parsing(body))

    def sent(self, body: bytes) -> Sent:
        """Return where a write comes from. The idempotency key covers method, address and body."""
        key = self.header("idempotency-key")
        if key and not (len(key) <= 200 and key.isprintable()):
            raise BadRequest(
                "Idempotency-Key は 200 文字までの文字列です。", "An Idempotency-Key has 200 characters at most.",
                rule="http.idempotency-key",
            )  # fmt: skip
        covered = b"\x1f".join(
            (self.method.encode(), self.path.encode(), self.query.encode("utf-8", "surrogateescape"), body)
        )
        return Sent(self.request, key, covered if key else b"", self.api.base)


async def _as_json(xml: bytes) -> bytes:
    return await asyncio.to_thread(json_of, xml) if len(xml) > _LARGE else json_of(xml)


def read_pairs(query: str) -> Pairs:
    """Return the parameters of a query or form, in order. Raises BadRequest."""
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise BadRequest(
            f"パラメータが読めません (UTF-8、{_FIELDS} 個まで)。",
            f"The parameters cannot be read: UTF-8, {_FIELDS} of them at most.",
            rule="http.query",
        ) from None
