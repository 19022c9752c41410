"""What the workers of a server have in common, made once by the process that they are forked from: the application's
modules, and what a first write or search would have to make of FHIR's definitions. They share its memory.

Nothing is opened here that a fork must not copy: no loop, connection, thread or file (docs/adr/0027-start-up.md).
"""

from kakehashi.faces import app, signals
from kakehashi.fhir.index import index
from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate

# The commonest of types, with what most others are made of too: reading these makes what all of them need.
_COMMON = (
    b'{"resourceType":"Patient","name":[{"text":"-"}],"gender":"unknown","birthDate":"2000-01-01"}',
    b'{"resourceType":"Observation","status":"final","code":{"text":"-"},"subject":{"reference":"Patient/-"},'
    b'"effectiveDateTime":"2000-01-01","valueQuantity":{"value":1}}',
)


def make_ready() -> None:
    """Make what is needed by every worker, and often."""
    for body in _COMMON:
        resource = parse(body)
        validate(resource)
        index(resource)


def worker() -> app.Application:
    """Return a worker's application, with settings from the environment."""
    signals.hold_back()
    return app.create(worker=True)
