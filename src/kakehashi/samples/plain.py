"""What is left to send as plain FHIR when a share's 5情報 and prescriptions have gone by the sharing service."""

from kakehashi.samples.cut import Share
from kakehashi.samples.rewrite import rewrite
from kakehashi.samples.trees import Tree, name_of, references


def without(share: Share, sent: frozenset[str]) -> list[Tree]:
    """Return the share's records less those sent (ids), with no reference to them; a report left empty goes too."""
    gone = {name_of(record) for record in share.records if record["id"] in sent}
    kept = []
    for record in share.records:
        if record["id"] in sent:
            continue
        if gone.isdisjoint(references(record)):
            kept.append(record)
        elif (less := _less(record, gone)) is not None:
            kept.append(less)
    return kept


def _less(record: Tree, gone: set[str]) -> Tree | None:
    less = rewrite(record, lambda target: None if target in gone else {"reference": target})
    if record["resourceType"] == "DiagnosticReport" and "result" in record and "result" not in less:
        return None
    return less
