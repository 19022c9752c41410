"""The commands `kakehashi openid link | unlink`: which user of the OpenID provider is which account."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import BadRequest

if TYPE_CHECKING:
    from kakehashi.engines.house import House

openid = App(name="openid", help="Sign-in by an OpenID provider of your own.")
Option = Annotated[str, Parameter(show_default=False)]


@openid.command
def link(login: str, /, *, sub: Option = "", username: Option = "") -> None:
    """Let the account LOGIN sign in by the provider: prints a code to hand over, or names the user there.

    Parameters
    ----------
    sub
        The provider's `sub` of the person: linked at once.
    username
        What the person is called there (preferred_username): linked at their first sign-in, within a week.
    """
    _said(lambda house: linked(house, login, sub, username))


@openid.command
def unlink(login: str, /) -> None:
    """End the link of the account LOGIN, and its sessions."""
    _said(lambda house: unlinked(house, login))


async def linked(house: "House", login: str, sub: str, username: str) -> str:
    """Do the one of the three, and return what to say. Raises BadRequest, NotFound, Conflict."""
    from kakehashi.trust.signin.openid import links

    issuer = house.settings.openid_issuer
    if not issuer or (sub and username):
        raise BadRequest(
            "設定 openid_issuer が必要です。--sub と --username はどちらか一つです。",
            "The setting openid_issuer is needed, and --sub or --username, not both.",
            rule="cli.openid",
        )
    account, by, at = await links.by_login(house.db, login), _by(), house.clock()
    if sub:
        await links.link(house.db, issuer, account, sub, by=by, at=at)
        return f"{login}: 結び付けました · linked"
    if username:
        await links.expect(house.db, issuer, account, username, by=by, at=at)
        return f"{login}: {username} の最初のサインインを待ちます（7日） · expected for 7 days"
    code = await links.invite(house.db, issuer, account, by=by, at=at)
    return f"{login} の連携コード（一度だけ表示、7日） · link code, shown once, good for 7 days: {code}"


async def unlinked(house: "House", login: str) -> str:
    """End the link, and return what to say. Raises NotFound."""
    from kakehashi.trust.signin.openid import links

    await links.unlink(house.db, await links.by_login(house.db, login), by=_by(), at=house.clock())
    return f"{login}: 連携を外しました · unlinked"


def _said(act: Callable[["House"], Awaitable[str]]) -> None:
    """Do it on this installation, and say what came of it."""
    from kakehashi.core.settings import load_settings
    from kakehashi.faces.cli import place

    async def work() -> None:
        async with place.opened(load_settings()) as house:
            print(await act(house), flush=True)

    place.run(work())


def _by() -> Actor:
    from kakehashi.trust.signin.setup import OPERATOR

    return Actor("openid", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS, factors=2)
