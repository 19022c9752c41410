"""The commands `kakehashi view run | sql | list`; what they work with is imported when they are called."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from kakehashi.core.errors import BadRequest

if TYPE_CHECKING:
    from kakehashi.engines.views.sql import Answer
    from kakehashi.faces.cli.hands import Hands
    from kakehashi.faces.cli.view_sources import Source

Option = Annotated[str, Parameter(show_default=False)]
view = App(name="view", help="Tables of records: ViewDefinitions (SQL on FHIR) and SQL over them.")
From = Annotated[tuple[Path, ...], Parameter(name="--from", negative="")]
Further = Annotated[tuple[str, ...], Parameter(name="--view", negative="")]
Store = Annotated[bool, Parameter(negative="")]
Form = Annotated[str, Parameter(name="--format", show_default=False)]


@view.command(name="run")
def view_run(
    *views: str, to: Path, source: From = (), store: Store = False, institution: Option = "", form: Form = ""
) -> None:
    """Make tables: run VIEWS (files of ViewDefinitions, or names of `view list`) over files or the store.

    Parameters
    ----------
    to
        The file for one view (its ending is the format), or a folder for several.
    source
        Files or folders of FHIR JSON and NDJSON.
    store
        Over the store: an institution's own records, each of them logged as looked at.
    institution
        Official code of the institution, with --store.
    form
        parquet, arrow, csv, ndjson or json; else by the file's ending, else parquet.
    """
    from kakehashi.engines.views.shipped import shipped
    from kakehashi.faces.cli import views as over

    wanted = over.targets([over.named(one) for one in views or shipped()], to, form)

    async def work(source: "Source | None", helpers: "Hands | None") -> None:
        if source is None:
            raise over.no_source(wanted[0][0].name)
        for one, file, kind in wanted:
            await over.run(one, source, file, kind, helpers, say)

    _over(source, institution, work, store=store)


@view.command(name="sql")
def view_sql(
    text: str,
    /,
    *,
    views: Further = (),
    source: From = (),
    store: Store = False,
    institution: Option = "",
    to: Path | None = None,
) -> None:
    """Ask TEXT, one SELECT (DuckDB's), of the tables that it names: views made now, or Parquet files made before.

    Parameters
    ----------
    views
        Further views (files of ViewDefinitions) besides those that ship.
    source
        Files or folders of FHIR JSON and NDJSON; Parquet files are tables under their own names.
    store
        Over the store: an institution's own records, each of them logged as looked at.
    institution
        Official code of the institution, with --store.
    to
        A file for the answer (.parquet, .csv, .ndjson); else it is shown here.
    """
    from kakehashi.engines.views.shipped import shipped
    from kakehashi.faces.cli import view_answers, view_sources
    from kakehashi.faces.cli import views as over

    known = [over.named(one) for one in (*views, *shipped())]

    def shown(answer: "Answer") -> None:
        if to is None:
            view_answers.show(answer, say)
        else:
            say(f"{to}: {view_answers.write(answer, to):,} 行 · rows")

    async def work(source_of: "Source | None", helpers: "Hands | None") -> None:
        await over.ask(text, known, source_of, view_sources.parquet_in(source), helpers, say, shown)

    _over(source, institution, work, store=store)


@view.command(name="list")
def view_list() -> None:
    """List the views that ship, with their columns."""
    from kakehashi.faces.cli import views as over

    for line in over.listed():
        say(line)


def _over(
    paths: tuple[Path, ...],
    institution: str,
    work: "Callable[[Source | None, Hands | None], Awaitable[None]]",
    *,
    store: bool,
) -> None:
    """Do some work over files or the store, with processes at hand where there are cores."""
    import kakehashi.engines.views.pieces  # noqa: F401 - read once here, not once in each hand
    from kakehashi.core.settings import load_settings
    from kakehashi.faces.cli import hands, place, view_sources
    from kakehashi.faces.cli.files import find

    if store is not bool(institution) or (store and paths):
        raise _one_source()
    found = list(find([path for path in paths if path.suffix != ".parquet"]))

    async def over_store(helpers: "Hands | None") -> None:
        async with place.opened(load_settings()) as house:
            by = await place.system_of(house, institution, "view")
            await work(view_sources.of_store(house, by), helpers)

    async def over_files(helpers: "Hands | None") -> None:
        await work(view_sources.of_files(found) if found else None, helpers)

    with hands.ready() as helpers:
        place.run(over_store(helpers) if store else over_files(helpers))


def _one_source() -> BadRequest:
    return BadRequest(
        "--from (ファイル) か、--store と --institution のどちらかを指定してください。",
        "Name either --from (files), or --store with --institution.",
        rule="view.source",
    )


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)
