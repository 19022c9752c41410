"""Train the matching model anew on synthetic people: `python -m kakehashi.people.matching_train [FILE]`.

u comes from random pairs, m from expectation maximisation over two blockings, so that each comparison is estimated
in one where it does not hold by definition. The same seed gives the same model but for the last digits.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from splink import block_on

from kakehashi.people import demographics, identifiers, matching, synthetic, synthetic_errors
from kakehashi.people.identifiers import MemberId
from kakehashi.people.synthetic import Human
from kakehashi.people.synthetic_errors import Sighting

PEOPLE, SEED = 20_000, 20261121
_PAIRS = 4e6  # random pairs for u
_DIGITS = 6  # of a probability that is kept


def sample(count: int, seed: int) -> tuple[pa.Table, dict[int, int]]:
    """Return sightings of synthetic people as the table that is matched, and the human behind each row."""
    return written_down(synthetic.make(count, seed), seed + 1)


def written_down(humans: Sequence[Human], seed: int) -> tuple[pa.Table, dict[int, int]]:
    """Return these humans as institutions wrote them down, and the human behind each row."""
    return tabulated(list(synthetic_errors.sightings(humans, seed)))


def tabulated(seen: Sequence[Sighting]) -> tuple[pa.Table, dict[int, int]]:
    """Return sightings as the table that is matched, and the human behind each row."""
    rows = []
    for number, sighting in enumerate(seen):
        said, _ = identifiers.of_patient(sighting.patient)
        member = next((one for one in said if isinstance(one, MemberId)), None)
        rows.append((number, demographics.of_patient(sighting.patient), member))
    return matching.table(rows), {number: sighting.human for number, sighting in enumerate(seen)}


def train(records: pa.Table, *, seed: int = SEED) -> dict[str, Any]:
    """Return a trained model as splink's settings."""
    connection = duckdb.connect()
    linker = matching.linker(connection, records, matching.untrained())
    training = linker.training
    sure = [
        block_on("birth", "kana_full", "household"),
        block_on("birth", "kanji_full", "municipality", "town"),
    ]
    training.estimate_probability_two_random_records_match(sure, recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=seed)
    training.estimate_parameters_using_expectation_maximisation(block_on("birth"))
    training.estimate_parameters_using_expectation_maximisation(block_on("kana_given", "kana_family"))
    settings: dict[str, Any] = linker.misc.save_model_to_json()
    connection.close()
    rounded: dict[str, Any] = _rounded(settings)
    return rounded


def main(arguments: list[str]) -> None:
    """Train on 20,000 synthetic people and write the model."""
    target = Path(arguments[0]) if arguments else Path(__file__).with_name(matching.MODEL)
    records, _ = sample(PEOPLE, SEED)
    text = json.dumps(train(records), ensure_ascii=False, indent=1, sort_keys=True)
    target.write_text(text + "\n", "utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items() if key != "linker_uid"}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main(sys.argv[1:])
