"""`kakehashi view`: tables from files and from the store, and SQL over them. All persons are synthetic."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from kakehashi.core.actors import Institution, InstitutionType
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import BadRequest, Failure, NotSupported
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.engines.views.formats import Format
from kakehashi.faces.cli import files, hands, place, view_answers, view_commands, view_sources, views
from kakehashi.faces.cli.view_sources import Source
from kakehashi.fhir.views.columns import BadRow, BadView
from kakehashi.store import institutions
from kakehashi.store.database import Database

CHUO = Institution(1, "4910100017", "架橋中央病院（架空）", InstitutionType.HOSPITAL)


def patient(identity: str, **more: Any) -> bytes:
    return orjson.dumps(
        {"resourceType": "Patient", "id": identity, "name": [{"text": f"見本 {identity}"}], **more}
    )


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A folder of what exports and other programs leave: lines, a Bundle, a single resource, something else."""
    folder = tmp_path / "records"
    folder.mkdir()
    lines = [patient(f"p{number}", gender="female") for number in range(300)]
    (folder / "Patient.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": orjson.loads(patient("b"))}],
    }
    (folder / "bundle.json").write_bytes(orjson.dumps(bundle))
    (folder / "one.json").write_bytes(patient("one"))
    (folder / "notes.json").write_text('{"no": "FHIR"}', "utf-8")
    return folder


def source_of(folder: Path) -> Source:
    return view_sources.of_files(list(files.find([folder])))


def quiet(_line: str) -> None:
    pass


def endings_in(folder: Path) -> set[str]:
    return {one.suffix for one in folder.iterdir()}


async def test_files_of_every_form_are_one_table(records: Path, tmp_path: Path) -> None:
    one = views.named("jp_patients")
    count = await views.run(one, source_of(records), tmp_path / "out.parquet", Format.PARQUET, None, quiet)
    table = pq.read_table(tmp_path / "out.parquet")
    assert (count, table.num_rows) == (302, 302)
    assert {"Patient/p0", "Patient/p299", "Patient/b", "Patient/one"} <= set(table["key"].to_pylist())


async def test_an_institutions_own_records_become_a_table(db: Database, tmp_path: Path) -> None:
    house = House(db, Settings(home=tmp_path), system_clock)
    async with db.transaction() as tx:
        await institutions.put(tx, CHUO)
    by = await place.system_of(house, CHUO.code, "view")
    await bulk.take(house, list(enumerate([patient("a"), patient("b")], 1)), by=by, at=house.clock())
    source = view_sources.of_store(house, by)
    assert (
        await views.run(views.named("jp_patients"), source, tmp_path / "o.csv", Format.CSV, None, quiet) == 2
    )
    with hands.ready() as helpers:
        await views.run(views.named("jp_patients"), source, tmp_path / "p.csv", Format.CSV, helpers, quiet)
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "p.csv").read_bytes()


async def test_several_processes_make_the_same_file_as_one(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kakehashi.engines.views.pieces.RANGE", 1_000)
    one = views.named("jp_patients")
    await views.run(one, source_of(records), tmp_path / "alone.csv", Format.CSV, None, quiet)
    with hands.ready() as helpers:
        await views.run(one, source_of(records), tmp_path / "many.csv", Format.CSV, helpers, quiet)
    assert (tmp_path / "many.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


async def test_a_table_that_fails_leaves_no_half_and_the_former_as_it_was(
    records: Path, tmp_path: Path
) -> None:
    file = tmp_path / "view.json"
    file.write_bytes(
        orjson.dumps({"resource": "Patient", "select": [{"column": [{"name": "n", "path": "name.text"}]}]})
    )
    with (records / "Patient.ndjson").open("ab") as more:
        more.write(patient("two", name=[{"text": "a"}, {"text": "b"}]))
    out = tmp_path / "out.csv"
    out.write_text("former", "utf-8")
    with pytest.raises(BadRow) as refused:
        await views.run(views.named(str(file)), source_of(records), out, Format.CSV, None, quiet)
    assert "Patient.ndjson:301" in str(refused.value)
    assert out.read_text("utf-8") == "former"
    assert ".part" not in endings_in(tmp_path)


async def test_a_path_that_finds_nothing_is_said(records: Path, tmp_path: Path) -> None:
    file = tmp_path / "slip.json"
    file.write_bytes(
        orjson.dumps({"resource": "Patient", "select": [{"column": [{"name": "n", "path": "nmae.text"}]}]})
    )
    said: list[str] = []
    await views.run(
        views.named(str(file)), source_of(records), tmp_path / "o.csv", Format.CSV, None, said.append
    )
    assert any("Patient.nmae" in line for line in said)
    assert any("302" in line for line in said[-1:])


def test_a_view_is_a_file_or_one_that_ships(tmp_path: Path) -> None:
    assert views.named("jp_lab_results").view.resource == "Observation"
    with pytest.raises(BadRequest):
        views.named(str(tmp_path / "none.json"))
    (tmp_path / "bad.json").write_bytes(b'{"resource":"Patient"}')
    with pytest.raises(BadView):
        views.named(str(tmp_path / "bad.json"))


def test_where_tables_go(tmp_path: Path) -> None:
    labs, people = views.named("jp_lab_results"), views.named("jp_patients")

    def files_of(*given: Any) -> list[tuple[str, str]]:
        return [
            (file.relative_to(tmp_path).as_posix(), form.value) for _, file, form in views.targets(*given)
        ]

    assert files_of([labs], tmp_path / "a.csv", "") == [("a.csv", "csv")]
    assert files_of([labs], tmp_path / "a.txt", "ndjson") == [("a.txt", "ndjson")]
    assert files_of([labs], tmp_path / "lake", "") == [("lake/jp_lab_results.parquet", "parquet")]
    assert files_of([labs, people], tmp_path / "lake", "arrow") == [
        ("lake/jp_lab_results.arrow", "arrow"),
        ("lake/jp_patients.arrow", "arrow"),
    ]
    with pytest.raises(NotSupported):
        views.targets([labs], tmp_path / "a.xlsx", "")
    with pytest.raises(BadRequest):
        views.targets([labs, labs], tmp_path / "lake", "")


async def ask(text: str, source: Source | None, lent: dict[str, Path]) -> list[str]:
    said: list[str] = []
    known = [views.named("jp_patients"), views.named("jp_conditions")]
    await views.ask(
        text, known, source, lent, None, quiet, lambda answer: view_answers.show(answer, said.append)
    )
    return said


async def test_sql_is_asked_of_views_and_shown_in_columns(records: Path) -> None:
    [head, line, row, rows] = await ask(
        "SELECT gender, count(*) AS 人数 FROM jp_patients GROUP BY gender ORDER BY 2 DESC LIMIT 1",
        source_of(records),
        {},
    )
    assert head.split() == ["gender", "人数"] and set(line) == {"─", " "}
    assert row.split() == ["female", "300"] and rows.startswith("1 ")


async def test_sql_is_asked_of_parquet_files_that_are_there(records: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    await views.run(
        views.named("jp_patients"),
        source_of(records),
        lake / "jp_patients.parquet",
        Format.PARQUET,
        None,
        quiet,
    )
    lent = view_sources.parquet_in([lake])
    assert list(lent) == ["jp_patients"]
    assert "302" in (await ask("SELECT count(*) FROM jp_patients", None, lent))[2]
    with pytest.raises(NotSupported):
        await ask("SELECT count(*) FROM jp_conditions", None, lent)


@pytest.mark.parametrize("ending", [".csv", ".ndjson", ".parquet"])
async def test_an_answer_goes_into_a_file(records: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"answer{ending}"
    await views.ask(
        "SELECT key, stored_at FROM jp_patients", [views.named("jp_patients")], source_of(records), {}, None, quiet,
        lambda answer: view_answers.write(answer, out),
    )  # fmt: skip
    rows = (
        pq.read_table(out).num_rows
        if ending == ".parquet"
        else out.read_bytes().count(b"\n") - (ending == ".csv")
    )
    assert rows == 302
    with pytest.raises(NotSupported):
        await views.ask(
            "SELECT 1",
            [],
            None,
            {},
            None,
            quiet,
            lambda answer: view_answers.write(answer, tmp_path / "a.xlsx"),
        )


async def test_only_the_first_rows_are_shown_and_all_are_counted(records: Path) -> None:
    said = await ask("SELECT key FROM jp_patients", source_of(records), {})
    assert len(said) == 2 + view_answers.SHOWN + 1
    assert said[-1].startswith("302 ")


def test_the_commands_do_it(records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view_commands.view_run("jp_patients", to=tmp_path / "lake", source=(records,))
    view_commands.view_sql("SELECT count(*) AS n FROM jp_patients", source=(tmp_path / "lake",))
    view_commands.view_list()
    said = capsys.readouterr().out
    assert "302 件 → 302 行" in said and "jp_lab_results: 検査結果" in said


@pytest.mark.parametrize(
    "given",
    [
        {"store": True},
        {"institution": "4910100017"},
        {"store": True, "institution": "1", "source": (Path(),)},
    ],
)
def test_either_files_or_the_store(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as refused:
        view_commands.view_run("jp_patients", to=tmp_path / "o.csv", **given)
    assert refused.value.problems[0].rule == "view.source"


def test_files_have_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        view_commands.view_run("jp_patients", to=tmp_path / "o.csv")
