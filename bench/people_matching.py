"""How well bulk matching finds the same human again: precision and recall for each threshold.

    python bench/people_matching.py [--people 20000] [--seed 7] [--clinosim FOLDER]

Makes synthetic people, or takes clinosim's (FOLDER with Patient.ndjson and Coverage.ndjson), has institutions write
each of them down one to three times with realistic errors, and matches the writings with the shipped model. The
seed is another than the one the model was trained with. Prints the machine, the figures and the hardest errors.
"""

import argparse
import os
import platform
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from kakehashi.people import identifiers, matching, matching_train, synthetic
from kakehashi.people.identifiers import MEMBER_SYSTEM, MemberId
from kakehashi.people.synthetic import Human, Spelt

THRESHOLDS = (0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--clinosim", type=Path)
    options = parser.parse_args()
    if options.clinosim:
        humans = list(from_clinosim(options.clinosim, options.seed))
    else:
        humans = synthetic.make(options.people, options.seed)
    begun = time.perf_counter()
    records, truth = matching_train.written_down(humans, options.seed + 1)
    read = time.perf_counter()
    found = matching.pairs(records, threshold=min(THRESHOLDS))
    matched = time.perf_counter()
    print(
        f"machine: {platform.node()} {platform.machine()} {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(f"humans {len(humans):,}  records {records.num_rows:,}")
    print(f"written and folded in {read - begun:.1f} s, matched in {matched - read:.1f} s")
    report(list(zip(*(column.to_pylist() for column in found.columns), strict=True)), truth)


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
