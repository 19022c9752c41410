"""Whatever R4 lets a resource say, GraphQL tells as it stands: random resources, every member asked for."""

import asyncio
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import orjson
from graphql import ExecutionResult, execute, parse, validate
from graphql.type.validate import validate_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kakehashi.engines.graphql import elements, schema
from kakehashi.engines.graphql.shaping import ShapingExecutor
from kakehashi.engines.graphql.spending import TURN, VALUES, Spending
from kakehashi.fhir.types import NUMBER

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2] / "fhir")]
from graphql_selecting import said, selected, without_resources
from r4_making import make


@given(st.sampled_from(sorted(NUMBER)), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_member_is_told_as_it_stands(kind: str, seed: int) -> None:
    tree = without_resources(make(random.Random(seed), kind), kind)
    if kind == "OperationDefinition":
        tree.pop("system", None)  # a boolean, of which r4_making makes a URI
    query = parse(f"{{ {selected([tree])} }}")
    made = schema.schema_of(kind)
    assert validate(made, query) == []
    context = SimpleNamespace(spending=Spending(), looks=None)
    told = execute(made, query, elements.resource(tree), context, executor_class=ShapingExecutor)
    assert isinstance(told, ExecutionResult)
    assert told.errors is None
    assert orjson.loads(orjson.dumps(said(told.data))) == said(tree)


def test_the_schema_is_one_that_graphql_allows() -> None:
    made = schema.schema_of("")
    made._validation_errors = None
    assert validate_schema(made) == []
    shapes = {schema._type_name(name) for name in schema._made().objects}
    assert len(shapes) == len(schema._made().objects), "two shapes have one name"


def test_what_may_refer_to_a_type_can_be_listed_in_it() -> None:
    patient = schema.schema_of("").type_map["Patient"].fields
    assert {"ConditionList", "ConditionConnection", "ProvenanceList", "ListList"} <= patient.keys()
    assert "clinical_status" in patient["ConditionList"].args
    assert set(patient["BasicList"].args) == {"_reference", *schema.arguments_of("Basic"), "_count"} or set(
        patient["BasicList"].args
    ) == {"_reference", "_sort", "_count"}
    assert "PatientList" not in schema.schema_of("").type_map["ValueSet"].fields


async def test_others_are_served_while_much_is_told() -> None:
    names = [{"use": "usual", "period": {"start": "2026"}, "given": ["a"] * 3}] * 4
    tree = {"resourceType": "Patient", "contact": [{"telecom": names}] * 500}
    query = parse("{ contact { telecom { use period { start } } } }")
    context = SimpleNamespace(spending=Spending(), looks=None)
    turns = 0

    async def somebody_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    made = schema.schema_of("Patient")
    told = await execute(made, query, elements.resource(tree), context, executor_class=ShapingExecutor)
    other.cancel()
    assert told.errors is None
    assert said(told.data) == {
        "contact": [{"telecom": [{k: v for k, v in one.items() if k != "given"} for one in names]}] * 500
    }
    assert turns >= (VALUES - context.spending.values) // TURN
