"""The operator's OpenID provider: whether it answers, is who the settings say, and signs by keys that we take."""

from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces.cli.finding import Finding
from kakehashi.store import openid
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import signing_keys
from kakehashi.trust.signin.openid import keys
from kakehashi.trust.signin.openid.line import NoAnswer
from kakehashi.trust.signin.openid.provider import Metadata, Provider


async def examine(house: House) -> list[Finding]:
    """Return what is found; nothing where no provider is named."""
    home = house.settings.home
    provider = Provider.of(house.settings, lambda at: signing_keys.ready(house.db, Vault.at(home), at=at))
    if provider is None:
        return []
    async with house.db.transaction() as tx:
        reserve = await openid.reserve(tx)
    return [*await _answers(house, provider), _https(house.settings), _reserve(reserve, only=provider.only)]


async def _answers(house: House, provider: Provider) -> list[Finding]:
    at = house.clock()
    try:
        said = await provider.metadata(at=at)
        signers = await provider.signers(said, at=at)
    except NoAnswer as failure:
        return [_reached(failure.problems[0].rule)]
    usable = any(keys.ALGORITHMS.intersection(one.algorithms) for one in signers)
    return [_reached(""), _algorithms(said, usable=usable), _leaving(said)]


def _reached(why: str) -> Finding:
    return Finding(
        not why,
        f"OpenID プロバイダーの説明と鍵を読める{f'（{why}）' if why else ''}",
        f"the OpenID provider's description and keys can be read{f' ({why})' if why else ''}",
        "openid_issuer が説明 (/.well-known/openid-configuration) の issuer と一字も違わないか、ここから届くか、"
        "認証局が知られているか（home/keys/openid.pem）を確かめてください。",
        "See that openid_issuer is exactly the `issuer` of /.well-known/openid-configuration, that it can be reached "
        "from here, and that its certificate authority is known (home/keys/openid.pem).",
    )


def _algorithms(said: Metadata, *, usable: bool) -> Finding:
    offered = not said.algorithms or not keys.ALGORITHMS.isdisjoint(said.algorithms)
    return Finding(
        usable and offered,
        "プロバイダーの署名の方式",
        "how the provider signs",
        "id_token の署名を RS256、PS256、ES256 のいずれかにしてください。",
        "Have it sign id_tokens by RS256, PS256 or ES256.",
    )


def _leaving(said: Metadata) -> Finding:
    return Finding(
        bool(said.leaving),
        "プロバイダーからのサインアウト",
        "signing out at the provider",
        "プロバイダーに end_session_endpoint がありません。共用端末では openid_max_age を 0 にしてください。",
        "It names no end_session_endpoint. Set openid_max_age to 0 for shared terminals.",
        unsafe=False,
    )


def _https(settings: Settings) -> Finding:
    return Finding(
        settings.openid_issuer.startswith("https:"),
        f"プロバイダー {settings.openid_issuer}",
        f"provider {settings.openid_issuer}",
        "プロバイダーを https にしてください。",
        "Have the provider speak https.",
    )


def _reserve(count: int, *, only: bool) -> Finding:
    return Finding(
        count > 0,
        f"プロバイダーと結び付いていない運用担当者（予備）: {count}",
        f"operators who are linked to no provider (the reserve): {count}",
        "プロバイダーが止まると誰も入れません。運用担当者の利用者IDを一つ、結び付けずに残してください。",
        "Nobody gets in while the provider is away. Keep one operator's account that is not linked.",
        unsafe=only,
    )
