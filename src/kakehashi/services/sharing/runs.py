"""Which submissions of a list may be carried out in one transaction: those that are not about one another. Pure.

What two of them would say of each other (a resend, a withdrawal, a finding under another Bundle.identifier, a Patient
described anew) is then seen in the store, as if each had come alone.
"""

from collections.abc import Iterator, Sequence

from kakehashi.fhir.parse import Tree
from kakehashi.services.sharing.carrying import Ready
from kakehashi.services.sharing.submission import Operation

Numbered = tuple[int, Ready]  # number of its line
Mark = tuple[str, ...]


def runs(some: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """Yield the submissions in their order, cut where one is about another of the same run."""
    run: list[Numbered] = []
    marks: set[Mark] = set()
    patients: dict[str, Tree] = {}
    for line, one in some:
        own, name, said = marks_of(one), one.plan.patient_id, _said(one)
        anew = patients.get(name, said) != said
        if run and (anew or _withdraws(one) or _withdraws(run[0][1]) or not marks.isdisjoint(own)):
            yield run
            run, marks, patients = [], set(), {}
        run.append((line, one))
        marks |= own
        patients[name] = said
    if run:
        yield run


def marks_of(one: Ready) -> set[Mark]:
    """Return what a submission is known by: its Bundle, and of its patient each finding and the document."""
    plan = one.plan
    findings = {(plan.patient_id, row.type, row.own_id) for row in plan.rows if row.own_id}
    return {("Bundle", plan.bundle_id), (plan.patient_id, "", plan.document or plan.bundle_id), *findings}


def _withdraws(one: Ready) -> bool:
    return one.plan.operation is Operation.WITHDRAW


def _said(one: Ready) -> Tree:
    """Return what a submission says of its patient, without the times at which it was written down."""
    return {name: value for name, value in one.plan.patient.items() if name not in ("id", "meta")}
