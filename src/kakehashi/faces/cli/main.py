"""The command `kakehashi`. Each command reads the settings, does one thing, and says what came of it.

Each imports what it works with when it is called, so that `--help` and a small command do not wait for the server's
modules.
"""

import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

import kakehashi
from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Conflict, Failure
from kakehashi.core.settings import Settings, load_settings
from kakehashi.faces.cli import client_commands, openid_commands, view_commands

if TYPE_CHECKING:
    from kakehashi.engines.house import House
    from kakehashi.faces.cli.profiles import Line
    from kakehashi_verify.verify import Verdict

app = App(
    name="kakehashi",
    version=kakehashi.__version__,
    help="架け橋: a person's health record across institutions.",
)
_INTERRUPTED = 130  # exit code after SIGINT, as shells have it
Option = Annotated[str, Parameter(show_default=False)]


@app.command
def init(login: str = "operator", name: str = "運用担当者") -> None:
    """Prepare an installation (database, keys, the first operator's account), or upgrade its database."""
    from kakehashi.trust.signin import setup

    async def work() -> None:
        async with _opened() as house:
            _say("データベースはこの版の形です · the database is in this version's form")
            try:
                made = await setup.first_operator(house.db, login, name, at=house.clock())
            except Conflict as known:
                if known.problems[0].rule != setup.KNOWN:
                    raise
                _say(f"{known.problems[0].ja} · {known.problems[0].en}")
                return
            print(f"運用担当者 {login} の最初のパスワード（一度だけ表示）: {made.initial_password}")
            print(f"The first operator's initial password, shown once: {made.initial_password}")

    _run(work)


@app.command
def serve() -> None:
    """Serve /fhir and the pages until stopped."""
    from kakehashi.faces.cli import serving

    serving.serve(_settings())


@app.command
def demo(*, serve: bool = True) -> None:
    """Make the sample region (the first time), and serve it."""
    from kakehashi.faces.cli import demo as sample_region
    from kakehashi.faces.cli import serving

    quiet = replace(_settings(), demo=True)
    settings = replace(quiet, log_level="warning" if quiet.log_level == "info" else quiet.log_level)

    async def work() -> None:
        async with _opened(settings) as house:
            await sample_region.prepare(house, _say)

    _run(work)
    _introduce(settings)
    if serve:
        serving.serve_anew(settings)


@app.command
def load(*paths: Path, institution: str, agreed_orally: bool = False, again: bool = False) -> None:
    """Load FHIR resources (JSON, NDJSON, XML, Bundles) and Bundles of the sharing service; go on where it stopped.

    Parameters
    ----------
    institution
        Official code of the institution whose records these are.
    agreed_orally
        The persons agreed at the sender that the addressees of their referrals may fetch them.
    again
        Load from the beginning what was loaded before.
    """
    from kakehashi.faces.cli import files, hands
    from kakehashi.faces.cli.load import load as load_file

    async def work(helpers: hands.Hands | None) -> None:
        async with _opened() as house:
            by = await _system_of(house, institution, "load")
            stored = refused = 0
            for found in recognised:
                _say(f"{found.path}: {found.form}")
                done = await load_file(
                    house, found, by=by, say=_say, agreed_orally=agreed_orally, hands=helpers, again=again
                )
                stored, refused = stored + done.stored, refused + done.refused
                if done.refused:
                    _say(f"  理由 · reasons: {done.refusals}")
            _say(f"登録 {stored:,} 件、不可 {refused:,} 件 · {stored:,} stored, {refused:,} refused")

    recognised = list(files.find(list(paths)))
    with hands.for_files(recognised) as helpers:
        _run(lambda: work(helpers))


@app.command
def exchange(root: Path, /, *, institution: str, agreed_orally: bool = False, once: bool = False) -> None:
    """Take requests from ROOT/req and put results into ROOT/res (電子カルテ情報共有サービス by files), until stopped.

    Parameters
    ----------
    institution
        Official code of the institution whose folder this is.
    agreed_orally
        The persons agreed at the sender that the addressees of their referrals may fetch them.
    once
        Handle what is there, and end.
    """
    from kakehashi.faces.cli.exchange import folder_of, watch

    async def work() -> None:
        async with _opened() as house:
            by = await _system_of(house, institution, "exchange")
            folder = folder_of(house, root, by, agreed_orally=agreed_orally)
            if once:
                _say(f"{await folder.sweep()} 件に結果を返しました · results written")
            else:
                _say(f"{root}/req を見ています · watching")
                await watch(folder)

    _run(work)


@app.command
def reindex(*, again: bool = False) -> None:
    """Index every record anew after an upgrade that needs it, so that searches find them; go on where it stopped.

    Parameters
    ----------
    again
        Go over all records even if they are of the present scheme.
    """
    from kakehashi.faces.cli import hands
    from kakehashi.faces.cli.reindex import reindex as index_anew

    whole = True

    async def work(helpers: hands.Hands | None) -> None:
        nonlocal whole
        async with _opened() as house:
            whole = await index_anew(house, _say, hands=helpers, again=again)

    with hands.ready() as helpers:
        _run(lambda: work(helpers))
    sys.exit(0 if whole else 1)


@app.command
def export(folder: Path, /, *, institution: str) -> None:
    """Write an institution's own records into an empty FOLDER, as NDJSON by resource type.

    Parameters
    ----------
    institution
        Official code of the institution.
    """
    from kakehashi.faces.cli.export import export as export_records

    async def work() -> None:
        async with _opened() as house:
            counts = await export_records(house, folder, by=await _system_of(house, institution, "export"))
            for kind, count in sorted(counts.items()):
                _say(f"{kind}: {count:,}")

    _run(work)


@app.command
def token(
    *,
    institution: str,
    role: Role = Role.SYSTEM,
    person: Option = "",
    purpose: Purpose | None = None,
    scope: Option = "",
) -> None:
    """Print a bearer token for a system or a person of the sample region.

    Parameters
    ----------
    institution
        Official code, or "operator" for a person's own token.
    person
        Member id (保険者番号:記号:番号:枝番) of the person it is bound to.
    """
    from kakehashi.store import institutions
    from kakehashi.trust.keys import Vault
    from kakehashi.trust.oauth import demo as demo_tokens
    from kakehashi.trust.oauth.tokens import Tokens
    from kakehashi.trust.signin.setup import OPERATOR

    settings = replace(_settings(), demo=True)

    async def work() -> None:
        async with _opened(settings) as house:
            site = OPERATOR
            if institution != "operator":
                async with house.db.transaction() as db:
                    site = await institutions.by_code(db, institution)
            whose = await _person_of(house, person) if person else None
            tokens = Tokens(house.db, Vault.at(settings.home), settings.public_url)
            print(
                await demo_tokens.mint(
                    tokens,
                    settings,
                    institution=site,
                    role=role,
                    purpose=purpose,
                    scope=scope,
                    person=whose,
                    at=house.clock(),
                )
            )

    _run(work)


@app.command
def doctor() -> None:
    """Say what is set up, what is unsafe, and what to do. Ends with 1 when something is unsafe."""
    from kakehashi.faces.cli.doctor import examine

    unsafe = 0

    async def work() -> None:
        nonlocal unsafe
        async with _opened() as house:
            for finding in await examine(house):
                unsafe += not finding.good and finding.unsafe
                for line in finding.lines():
                    _say(line)

    _run(work)
    sys.exit(1 if unsafe else 0)


profiles = App(name="profiles", help="FHIR profile packages that resources are held against.")
app.command(profiles)


@profiles.command(name="add")
def profiles_add(package: Path, /) -> None:
    """Install a profile PACKAGE (package.tgz, or a folder of them); a newer one takes the former's place."""
    from kakehashi.faces.cli import profiles as profile_packages

    for line in profile_packages.add(_settings().home, package):
        _package(line)


@profiles.command(name="list")
def profiles_list() -> None:
    """List the installed profile packages."""
    from kakehashi.faces.cli import profiles as profile_packages

    for line in profile_packages.listed(_settings().home):
        _package(line)


app.command(view_commands.view)
app.command(client_commands.client)
app.command(openid_commands.openid)

audit = App(name="audit", help="The log and its proof.")
app.command(audit)


@audit.command
def verify(*, export: Path | None = None) -> None:
    """Verify the log with the independent verifier; keep what was exported in EXPORT if it is given."""
    from kakehashi.faces.cli.audit import verify as verify_log

    async def work() -> "Verdict":
        async with _opened() as house:
            return await verify_log(house, export)

    _prove(work)


@app.command
def backup(folder: Path, /) -> None:
    """Copy the whole installation (embedded database, keys, checkpoints) into an empty FOLDER, while it works."""
    from kakehashi.faces.cli.backup import back_up

    _prove(lambda: back_up(_settings(), folder, _say))


@app.command
def restore(folder: Path, /) -> None:
    """Put a copy that `kakehashi backup` made in FOLDER into the empty home folder, and verify its log."""
    from kakehashi.faces.cli.backup import restore as put_back

    _prove(lambda: put_back(_settings(), folder, _say))


@app.command
def quarantine(institution: str, /, *, reason: Option = "", lift: bool = False) -> None:
    """Shut an INSTITUTION out at once (its systems, certificates, people and loads), or let it in again.

    Parameters
    ----------
    institution
        Official code of the institution.
    reason
        Why; it stands in the log.
    lift
        Let it in again.
    """
    from kakehashi.faces.cli.quarantine import place_or_lift

    async def work() -> None:
        async with _opened() as house:
            _say(await place_or_lift(house, institution, reason, lift=lift))

    _run(work)


people = App(name="people", help="Who is who.")
app.command(people)


@people.command
def match() -> None:
    """Compare everyone with everyone and put likely pairs before the operator (console, 照合). Links nobody."""
    from kakehashi.faces.cli.people import match as match_everyone

    good = True

    async def work() -> None:
        nonlocal good
        async with _opened() as house:
            good = await match_everyone(house, _say)

    _run(work)
    sys.exit(0 if good else 1)


def _prove(work: "Callable[[], Coroutine[Any, Any, Verdict]]") -> None:
    """Run what ends with a verdict on the log; its exit code is the command's."""
    code = 0

    async def proving() -> None:
        nonlocal code
        verdict = await work()
        _say(str(verdict))
        code = verdict.exit_code

    _run(proving)
    sys.exit(code)


def _opened(settings: Settings | None = None) -> "AbstractAsyncContextManager[House]":
    """Open the installation that the settings name."""
    from kakehashi.faces.cli.place import opened

    return opened(settings or _settings())


async def _person_of(house: "House", member: str) -> int:
    from kakehashi.faces.cli.demo import person_of

    return await person_of(house, member)


async def _system_of(house: "House", code: str, name: str) -> Actor:
    """The actor that stands for an institution's own system at the command line."""
    from kakehashi.faces.cli.place import system_of

    return await system_of(house, code, name)


def _settings() -> Settings:
    return load_settings()


def _say(line: str) -> None:
    print(line, flush=True)


def _package(line: "Line") -> None:
    former = f" ({line.replaced} →)" if line.replaced else ""
    _say(
        f"{line.name}{former} {line.version}: プロファイル · profiles {line.profiles:,}, "
        f"値集合 · value sets {line.value_sets:,}, コード · code systems {line.code_systems:,}"
    )
    for passed in line.passed_over:
        _say(f"  · {passed}")


def _introduce(settings: Settings) -> None:
    from kakehashi.faces.cli import demo as sample_region
    from kakehashi.samples import guide

    _say("")
    _say(f"架け橋 {settings.public_url}")
    _say(f"パスワード（全員共通）· password of all: {sample_region.password_of(settings.home)}")
    _say("サインインできる人 · who can sign in:")
    for line in guide.sign_in_lines():
        _say(f"  {line}")
    _say("はじめに試すこと · what to try first:")
    for line in guide.first_step_lines():
        _say(f"  {line}")


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    from kakehashi.faces.cli.place import run

    run(work())


def _stop(*_: object) -> None:
    """End as Ctrl-C does, even where a shell that began this in the background has it take no notice of Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def main() -> None:
    """Run the command line; a Failure becomes its message and exit code 1. SIGTERM ends it as Ctrl-C does, in order."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except Failure as failure:
        for problem in failure.problems:
            print(f"{problem.ja}\n{problem.en}", file=sys.stderr)
        sys.exit(1)
    except OSError as fault:
        print(
            f"読み書きできません · cannot be read or written: {fault.filename}: {fault.strerror}",
            file=sys.stderr,
        )
        sys.exit(1)
    except KeyboardInterrupt:
        print("中断しました。\nStopped.", file=sys.stderr)
        sys.exit(_INTERRUPTED)
