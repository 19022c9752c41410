"""The commands `kakehashi client app | list | suspend | resume`: apps that people use (SMART App Launch).

Systems (SMART Backend Services) are registered in the console, with their keys.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from kakehashi.core.actors import Actor, Purpose, Role

if TYPE_CHECKING:
    from kakehashi.engines.house import House

Option = Annotated[str, Parameter(show_default=False)]
Several = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]
client = App(name="client", help="Clients: apps that people use (SMART App Launch), and systems.")


@client.command(name="app")
def register(
    client_id: str, /, *, name: str, redirect: Annotated[tuple[str, ...], Parameter(negative="")], scope: str,
    institution: Option = "", proof: str = "none", launch_url: Option = "", origin: Several = (),
    jwks: Path | None = None, jwks_url: Option = "",
) -> None:  # fmt: skip
    """Register an app under CLIENT_ID; its secret, where it has one, is printed once.

    Parameters
    ----------
    name
        The name that people see when they are asked.
    redirect
        Where the app is answered: https, or http on 127.0.0.1, [::1] or localhost. May be given several times.
    scope
        What the app may ask for, separated by blanks.
    institution
        Official code of the institution that answers for the app; else the operator.
    proof
        none (a public app), secret, or key (with --jwks or --jwks-url).
    launch_url
        What opens the app from within a record.
    origin
        Further origins from which its pages call, beside those of its redirects. May be given several times.
    jwks
        File with the app's public keys (a JWK set).
    jwks_url
        Address at which the app publishes its keys.
    """
    from kakehashi.store import institutions
    from kakehashi.trust.oauth import apps

    keys = jwks.read_text("utf-8") if jwks else ""

    async def work(house: "House", by: Actor) -> None:
        async with house.db.transaction() as tx:
            place = await institutions.by_code(tx, institution) if institution else by.institution
        new = apps.NewApp(
            client_id, name, place, redirect, tuple(scope.split()), proof, launch_url, origin, keys, jwks_url
        )
        made = await apps.register(house.db, new, by=by, at=house.clock())
        _say(f"{client_id} を登録しました · registered: {' '.join(made.client.scopes)}")
        if made.secret:
            print(f"クライアントシークレット（一度だけ表示） · client secret, shown once: {made.secret}")

    _run(work)


@client.command(name="list")
def show() -> None:
    """List all clients: id, state, what they prove themselves by, institution, name."""
    from kakehashi.trust.oauth import clients

    async def work(house: "House", by: Actor) -> None:
        for one in await clients.every(house.db, by=by):
            sort = f"app/{one.proof}" if one.redirects else "system"
            print(f"{one.id:<24} {one.status:<10} {sort:<11} {one.institution.name} {one.name}")

    _run(work)


@client.command
def suspend(client_id: str, /) -> None:
    """Suspend a client at once: its tokens are void, and what people allowed it is over."""
    from kakehashi.trust.oauth import clients

    async def work(house: "House", by: Actor) -> None:
        await clients.suspend(house.db, client_id, by=by, at=house.clock())
        _say(f"{client_id} を停止しました · suspended")

    _run(work)


@client.command
def resume(client_id: str, /) -> None:
    """Let a suspended client have tokens again; people allow an app anew."""
    from kakehashi.trust.oauth import clients

    async def work(house: "House", by: Actor) -> None:
        await clients.resume(house.db, client_id, by=by, at=house.clock())
        _say(f"{client_id} を再開しました · resumed")

    _run(work)


def _run(work: Callable[["House", Actor], Awaitable[None]]) -> None:
    from kakehashi.core.settings import load_settings
    from kakehashi.faces.cli.place import opened, run
    from kakehashi.trust.signin.setup import OPERATOR

    async def inside() -> None:
        async with opened(load_settings()) as house:
            await work(house, Actor("client", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS, factors=2))

    run(inside())


def _say(text: str) -> None:
    print(text, flush=True)
