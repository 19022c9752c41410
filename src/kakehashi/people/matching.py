"""Bulk matching: which records are the same human? Tables in, pairs out; splink on DuckDB does the counting.

The model is Fellegi-Sunter: each comparison has levels, each level its share among matches (m) and among others
(u). It ships as `matching_model.json`, trained by matching_train.py on synthetic people only. Nothing is linked by
it: its pairs go to an operator's review.

A model of independent items cannot know of families: twins share all but the given name, a father and a son all but
given name and birth date. So whatever is shared by a home is one comparison, and four contradictions are never
outweighed: other given names, unlike birth dates, other branch numbers of one insurance card, other numbers of one
insurer of the late-stage elderly. A name that is not parted is compared once, as a whole, with the given name.
Sources: splink 5 documentation (comparisons, blocking, term frequencies); figures in docs/matching.md.
"""

import json
import logging
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.comparison_level_creator import ComparisonLevelCreator
from splink.internals.exceptions import SplinkException

from kakehashi.core.errors import Unavailable
from kakehashi.people.demographics import Demographics
from kakehashi.people.identifiers import MemberId

THRESHOLD = 0.999  # probability from which on a pair is proposed; docs/matching.md
MODEL = "matching_model.json"

_TEXTS = (
    "kanji_family", "kanji_given", "kanji_full", "kana_family", "kana_given", "kana_full", "birth", "sex",
    "prefecture", "municipality", "town", "household", "branch",
)  # fmt: skip
SCHEMA = pa.schema(
    [("unique_id", pa.int64()), *((name, pa.string()) for name in _TEXTS), ("phones", pa.list_(pa.string()))]
)
PAIRS = pa.schema([("one", pa.int64()), ("other", pa.int64()), ("probability", pa.float64())])
_NEAR = 0.88  # Jaro-Winkler of kana: one slip in a name of four kana or more
_HOMOPHONE_M, _HOMOPHONE_U = 0.005, 0.001  # where training begins: too rare to be met always
_ERA_GAPS = (14, 30, 63, 77, 93, 107)  # years between the first years of 大正, 昭和, 平成 and 令和


def table(records: Iterable[tuple[int, Demographics, MemberId | None]]) -> pa.Table:
    """Return records as the table that is matched: one row each, what is not known null."""
    return pa.Table.from_pylist([_row(*record) for record in records], schema=SCHEMA)


def pairs(records: pa.Table, *, threshold: float = THRESHOLD, memory: int | None = None) -> pa.Table:
    """Return pairs of records (one < other) that are the same human with at least this probability.

    The prior is set to one match for each record, so that it fits tables of any size. `memory`: bytes that it may take
    (None: most of the machine's); nothing of it is put on a disk. Raises Unavailable when they do not suffice.
    """
    if records.num_rows < 2:
        return PAIRS.empty_table()
    settings = model() | {"probability_two_random_records_match": 1 / records.num_rows}
    limit: dict[str, str | bool | int | float | list[str]] = {}
    if memory is not None:
        limit = {"memory_limit": f"{max(memory >> 20, 1)}MiB", "temp_directory": ""}
    connection = duckdb.connect(config=limit)
    try:
        found = linker(connection, records, settings).inference.predict(threshold_match_probability=threshold)
        kept = connection.sql(_NOT_CONTRADICTED.format(pairs=found.physical_name))
        return kept.to_arrow_table().cast(PAIRS)
    except (duckdb.OutOfMemoryException, SplinkException) as fault:
        if memory is None or not isinstance(fault.__cause__ or fault, duckdb.OutOfMemoryException):
            raise
        raise _too_little(memory >> 20) from None
    finally:
        connection.close()


def _too_little(megabytes: int) -> Unavailable:
    return Unavailable(
        f"照合に使えるメモリ（{megabytes:,} MB）が足りません。"
        "ほかの処理が少ない時に、またはメモリの多い計算機で行ってください。",
        f"The memory that the matching may take ({megabytes:,} MB) does not suffice. "
        "Run it when less is going on, or on a machine with more memory.",
        rule="people.matching-memory",
    )


def model() -> dict[str, Any]:
    """Return the trained model that ships, as splink's settings."""
    settings: dict[str, Any] = json.loads(files("kakehashi.people").joinpath(MODEL).read_text("utf-8"))
    return settings


def linker(
    connection: duckdb.DuckDBPyConnection, records: pa.Table, settings: dict[str, Any] | SettingsCreator
) -> Any:
    """Return a splink Linker over the records, which are also there as the table `records`."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    connection.register("given", records)
    connection.execute("CREATE TABLE records AS SELECT * FROM given")
    api = DuckDBAPI(connection=connection)
    return Linker(api.register("records", table_name="people"), settings, log_level=None)


def untrained() -> SettingsCreator:
    """Return comparisons and blocking rules, before any training."""
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_family(), _given(), _birth(), cl.ExactMatch("sex"), _home()],
        blocking_rules_to_generate_predictions=[
            block_on("birth", "kana_given"),
            block_on("birth", "kanji_given"),
            block_on("birth", "kana_full"),
            block_on("birth", "kanji_full"),
            block_on("birth", "household"),
            block_on("kana_full", "substr(birth, 1, 4)"),
            block_on("kana_full", "substr(birth, 5, 4)"),
            block_on("kanji_full", "substr(birth, 1, 4)"),
            block_on("kanji_full", "substr(birth, 5, 4)"),
            block_on("household", "kana_given"),
        ],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )


_NOT_CONTRADICTED = """
SELECT least(p.unique_id_l, p.unique_id_r) AS one, greatest(p.unique_id_l, p.unique_id_r) AS other,
       p.match_probability AS probability
  FROM {pairs} AS p
  JOIN records AS l ON l.unique_id = p.unique_id_l
  JOIN records AS r ON r.unique_id = p.unique_id_r
 WHERE p.gamma_given > 0 AND p.gamma_birth > 0
   AND NOT coalesce(l.household = r.household AND l.branch <> r.branch, false)
   AND NOT coalesce(l.household LIKE '39%' AND left(l.household, 8) = left(r.household, 8)
                    AND l.household <> r.household, false)
 ORDER BY probability DESC, one, other
"""


def _row(number: int, who: Demographics, member: MemberId | None) -> dict[str, object]:
    household, _, branch = member.value.rpartition(":") if member else ("", "", "")
    row: dict[str, object] = {
        **{f"kanji_{part}": getattr(who.kanji, part) or None for part in ("family", "given", "full")},
        **{f"kana_{part}": getattr(who.kana, part) or None for part in ("family", "given", "full")},
        **{part: getattr(who.address, part) or None for part in ("prefecture", "municipality", "town")},
        "birth": who.birth.strftime("%Y%m%d") if who.birth else None,
        "sex": who.sex or None,
        "household": household or None,
        "branch": branch or None,
    }
    return row | {"unique_id": number, "phones": list(who.phones) or None}


def _family() -> cl.CustomComparison:
    """The surname; nothing to compare where it is not parted from the given name."""
    unparted = " AND ".join(
        f"({one}_l IS NULL OR {one}_r IS NULL)" for one in ("kana_family", "kanji_family")
    )
    levels = [
        cll.CustomLevel(unparted, "nothing to compare").configure(is_null_level=True),
        *_spellings("family"),
    ]
    return cl.CustomComparison(output_column_name="family", comparison_levels=[*levels, cll.ElseLevel()])


def _given() -> cl.CustomComparison:
    """The given name, or the whole name where it is not parted."""
    nothing = " AND ".join(f"({one}_l IS NULL OR {one}_r IS NULL)" for one in ("kana_full", "kanji_full"))
    whole = "kana_full_l = kana_full_r OR kanji_full_l = kanji_full_r"
    levels = [
        cll.CustomLevel(nothing, "nothing to compare").configure(is_null_level=True),
        *_spellings("given"),
    ]
    levels += [cll.CustomLevel(whole, "whole name the same, parted differently"), cll.ElseLevel()]
    return cl.CustomComparison(output_column_name="given", comparison_levels=levels)


def _spellings(part: str) -> list[ComparisonLevelCreator | dict[str, Any]]:
    """A part of the name in kana or in kanji; rare ones count more than common ones.

    Kana that are only near count where there is no kanji to tell 翔太 from 翔平.
    """
    kana, kanji = f"kana_{part}", f"kanji_{part}"
    near = (
        f"jaro_winkler_similarity({kana}_l, {kana}_r) >= {_NEAR} AND ({kanji}_l IS NULL OR {kanji}_r IS NULL)"
    )
    homophone = cll.CustomLevel(f"{kana}_l = {kana}_r AND {kanji}_l <> {kanji}_r", "kana the same, kanji not")
    return [
        homophone.configure(m_probability=_HOMOPHONE_M, u_probability=_HOMOPHONE_U),
        cll.ExactMatchLevel(kana).configure(tf_adjustment_column=kana),
        cll.ExactMatchLevel(kanji).configure(tf_adjustment_column=kanji),
        cll.CustomLevel(near, "kana near, no kanji"),
    ]


def _birth() -> cl.CustomComparison:
    """Birth date: the same, day and month swapped, one slip, the era mistaken, another day."""
    swapped = "birth_l = substr(birth_r, 1, 4) || substr(birth_r, 7, 2) || substr(birth_r, 5, 2)"
    gaps = ", ".join(map(str, _ERA_GAPS))
    years = "abs(CAST(substr(birth_l, 1, 4) AS integer) - CAST(substr(birth_r, 1, 4) AS integer))"
    return cl.CustomComparison(
        output_column_name="birth",
        comparison_levels=[
            cll.NullLevel("birth"),
            cll.ExactMatchLevel("birth"),
            cll.CustomLevel(swapped, "day and month swapped"),
            cll.DamerauLevenshteinLevel("birth", 1),
            cll.CustomLevel(
                f"substr(birth_l, 5, 4) = substr(birth_r, 5, 4) AND {years} IN ({gaps})", "era mistaken"
            ),
            cll.ElseLevel(),
        ],
    )


def _home() -> cl.CustomComparison:
    """All that a home shares, as one: insurance card, address, telephone. People move, so it weighs little against."""
    place = "prefecture_l = prefecture_r AND municipality_l = municipality_r"
    nothing = " AND ".join(
        f"({one}_l IS NULL OR {one}_r IS NULL)" for one in ("household", "prefecture", "phones")
    )
    return cl.CustomComparison(
        output_column_name="home",
        comparison_levels=[
            cll.CustomLevel(nothing, "nothing to compare").configure(is_null_level=True),
            cll.CustomLevel("household_l = household_r", "one insurance card"),
            cll.CustomLevel("list_has_any(phones_l, phones_r)", "a telephone in common"),
            cll.CustomLevel(f"{place} AND town_l = town_r", "one address"),
            cll.CustomLevel(place, "one municipality"),
            cll.ElseLevel(),
        ],
    )
