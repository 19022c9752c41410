"""How well bulk matching finds the same human again: precision and recall for each threshold.

    python bench/people_matching.py [--people 20000] [--seed 7] [--clinosim FOLDER] [--each]

Makes synthetic people, or takes clinosim's (FOLDER with Patient.ndjson and Coverage.ndjson), has institutions write
each of them down one to three times with realistic errors, and matches the writings with the shipped model. The
seed is another than the one the model was trained with. Prints the machine and the figures.

`--each`: each kind of error by itself instead, on a second writing that is otherwise as on the card; counted are the
people whose second writing it changes.
"""

import argparse
import os
import platform
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from kakehashi.people import identifiers, matching, matching_train, synthetic, synthetic_errors
from kakehashi.people.identifiers import MEMBER_SYSTEM, MemberId
from kakehashi.people.synthetic import Human, Spelt
from kakehashi.people.synthetic_errors import Change, Sighting

THRESHOLDS = (0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--clinosim", type=Path)
    parser.add_argument("--each", action="store_true")
    options = parser.parse_args()
    if options.clinosim:
        humans = list(from_clinosim(options.clinosim, options.seed))
    else:
        humans = synthetic.make(options.people, options.seed)
    if options.each:
        each_alone(humans, options.seed + 1)
        return
    begun = time.perf_counter()
    records, truth = matching_train.written_down(humans, options.seed + 1)
    read = time.perf_counter()
    found = matching.pairs(records, threshold=min(THRESHOLDS))
    matched = time.perf_counter()
    print(_machine())
    print(f"humans {len(humans):,}  records {records.num_rows:,}")
    print(f"written and folded in {read - begun:.1f} s, matched in {matched - read:.1f} s")
    report(list(zip(*(column.to_pylist() for column in found.columns), strict=True)), truth)


def _machine() -> str:
    return f"machine: {platform.machine()} {os.cpu_count()} cores, Python {platform.python_version()}"


def each_alone(humans: Sequence[Human], seed: int) -> None:
    """Print, for each kind of error, how many pairs were found again at the shipped threshold, and wrong ones."""
    print(_machine())
    print(f"{'error':<18} {'people':>7} {'found':>7} {'wrong':>6} {'recall':>8}")
    for _, change in synthetic_errors.RATES:
        changed = list(_changed(humans, seed, change))
        records, truth = matching_train.tabulated(changed)
        found = matching.pairs(records).to_pylist()
        right = sum(truth[pair["one"]] == truth[pair["other"]] for pair in found)
        there, name = len(changed) // 2, change.__name__.strip("_").replace("_", " ")
        recall = f"{right / there:8.4f}" if there else "       -"
        print(f"{name:<18} {there:>7} {right:>7} {len(found) - right:>6} {recall}", flush=True)


def _changed(humans: Sequence[Human], seed: int, change: Change) -> Iterator[Sighting]:
    """Yield both writings of everyone whose second writing the error changes."""
    seen = synthetic_errors.sightings(humans, seed, 2, ((1.0, change),))
    for _, writings in groupby(seen, key=lambda one: one.human):
        both = list(writings)
        if len(both) == 2 and _said(both[0]) != _said(both[1]):
            yield from both


def _said(sighting: Sighting) -> dict[str, Any]:
    return {name: value for name, value in sighting.patient.tree.items() if name != "id"}


def report(found: Sequence[tuple[int, int, float]], truth: dict[int, int]) -> None:
    """Print precision and recall for each threshold."""
    there = sum(count * (count - 1) // 2 for count in Counter(truth.values()).values())
    print(f"{'threshold':>10} {'pairs':>8} {'wrong':>6} {'missed':>7} {'precision':>10} {'recall':>8}")
    for threshold in THRESHOLDS:
        kept = [(one, other) for one, other, probability in found if probability >= threshold]
        right = sum(truth[one] == truth[other] for one, other in kept)
        precision, recall = (right / len(kept) if kept else 1), right / there
        mark = "  <- ships" if threshold == matching.THRESHOLD else ""
        row = f"{threshold:>10} {len(kept):>8} {len(kept) - right:>6} {there - right:>7}"
        print(f"{row} {precision:>10.5f} {recall:>8.4f}{mark}")


def from_clinosim(folder: Path, seed: int) -> Iterable[Human]:
    """Yield clinosim's patients as humans; who lacks a kana name is left out, who lacks insurance is given one."""
    rng = random.Random(seed)
    cards = {one["beneficiary"]["reference"]: _card(one) for one in _lines(folder / "Coverage.ndjson")}
    for number, tree in enumerate(_lines(folder / "Patient.ndjson")):
        names = {_representation(name): name for name in tree["name"]}
        if {"IDE", "SYL"} <= names.keys():
            kanji, kana = names["IDE"], names["SYL"]
            member = cards.get(f"Patient/{tree['id']}") or MemberId(*synthetic.draw_card(rng), branch="00")
            yield Human(
                number,
                Spelt(kanji["family"], kana["family"]),
                Spelt(kanji["given"][0], kana["given"][0]),
                tree["gender"],
                date.fromisoformat(tree["birthDate"]),
                tree["address"][0]["text"],
                next((one["value"] for one in tree.get("telecom", [])), ""),
                member,
            )


def _card(coverage: dict[str, Any]) -> MemberId | None:
    insurer, _, rest = coverage["identifier"][0]["value"].partition(":")
    if rest.count(":") == 0:
        rest = f":{rest}:"
    said = identifiers.parse(MEMBER_SYSTEM, f"{insurer.zfill(8)}:{rest}")
    return said if isinstance(said, MemberId) else None


def _representation(name: dict[str, Any]) -> str:
    return str(name["extension"][0]["valueCode"])


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from map(orjson.loads, lines)


if __name__ == "__main__":
    main()
