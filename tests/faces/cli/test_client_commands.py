"""`kakehashi client`: an app is registered from the prompt, seen, suspended and resumed."""

from pathlib import Path

import pytest

from kakehashi.core.errors import Invalid, NotFound
from kakehashi.faces.cli import client_commands as commands
from kakehashi.store import clients, institutions
from kakehashi.store.database import Database
from kakehashi.trust.oauth.apps import secret_hash
from kakehashi.trust.signin import setup


@pytest.fixture
async def prompt(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prompt whose settings name this database."""
    async with db.transaction() as tx:
        await institutions.put(tx, setup.OPERATOR)
    monkeypatch.setenv("KAKEHASHI_DATABASE_URL", db.url)
    monkeypatch.setenv("KAKEHASHI_HOME", str(tmp_path))


async def test_an_app_is_registered_seen_suspended_and_resumed(
    prompt: None, db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    def do(work: object, *words: object, **options: object) -> str:
        work(*words, **options)  # type: ignore[operator]
        return capsys.readouterr().out

    at = asyncio.to_thread
    said = await at(
        do, commands.register, "mieru", name="見える記録", redirect=("https://app.example/cb",),
        scope="launch/patient patient/*.rs", proof="secret",
    )  # fmt: skip
    async with db.transaction() as tx:
        kept = await clients.by_id(tx, "mieru")
    assert kept is not None and kept.secret == secret_hash(said.split()[-1])
    assert kept.origins == ("https://app.example",)
    assert "app/secret" in await at(do, commands.show)
    await at(do, commands.suspend, "mieru")
    assert "suspended" in await at(do, commands.show)
    await at(do, commands.resume, "mieru")
    assert " active" in await at(do, commands.show)
    with pytest.raises(NotFound):
        await at(do, commands.suspend, "nobody")
    with pytest.raises(Invalid):
        await at(
            do, commands.register, "other", name="x", redirect=("http://app.example/",), scope="system/*.rs"
        )
