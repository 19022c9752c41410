"""Whether a person's records over institutions came together: what the store linked, held against who it was.

`patients.tsv` (bench/data.py) says whose each Patient is; the store says under which person it put it. Two humans in
one person is the grave fault; one human in two persons only hides something.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

Truth = Iterable[tuple[int, str]]  # number of the human, id of a Patient that an institution sent


@dataclass(frozen=True, slots=True)
class Linked:
    """What the store holds of persons. persons: keys, merged ones counted once; doubts: links that are suspended;
    candidates: pairs that wait for an operator's look.
    """

    of_patient: Mapping[str, int]  # id of a Patient -> person
    persons: int
    doubts: int
    candidates: int


@dataclass(frozen=True, slots=True)
class Links:
    """people: humans; several: those known at several institutions; together: of these, in one person; split: in more
    than one; mixed: persons that hold more than one human; lost: Patients that are not in the store.
    """

    people: int
    persons: int
    several: int
    together: int
    split: int
    mixed: int
    lost: int
    doubts: int
    candidates: int

    def lines(self) -> Iterator[str]:
        """Yield the report."""
        yield f"  {self.people:,} people became {self.persons:,} persons"
        yield f"  known at several institutions: {self.several:,}"
        yield f"  of these in one person: {self.together:,}; in more: {self.split:,}"
        yield f"  persons of more than one human: {self.mixed:,}; Patients that are not there: {self.lost:,}"
        yield f"  links in doubt: {self.doubts:,}; pairs to look at: {self.candidates:,}"

    def row(self) -> dict[str, int]:
        """Return it for JSON."""
        return asdict(self)


def links(truth: Truth, found: Linked) -> Links:
    """Hold what was linked against who it was."""
    patients, persons = dict[int, int](), dict[int, set[int]]()
    humans, lost = dict[int, set[int]](), 0
    for human, patient in truth:
        patients[human] = patients.get(human, 0) + 1
        person = found.of_patient.get(patient)
        if person is None:
            lost += 1
            continue
        persons.setdefault(human, set()).add(person)
        humans.setdefault(person, set()).add(human)
    several = [human for human, count in patients.items() if count > 1]
    split = sum(len(held) > 1 for held in persons.values())
    together = sum(len(persons.get(human, ())) == 1 for human in several)
    mixed = sum(len(held) > 1 for held in humans.values())
    counted = (len(patients), found.persons, len(several), together, split, mixed, lost)
    return Links(*counted, found.doubts, found.candidates)


def truth_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what `patients.tsv` says."""
    with path.open("r", encoding="ascii") as file:
        for line in file:
            human, _, patient = line.rstrip("\n").partition("\t")
            yield int(human), patient
