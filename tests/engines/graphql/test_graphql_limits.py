"""What a query may ask for: measured without spreading its fragments, refused beyond the limits whatever its shape."""

import random
from typing import Any

import pytest
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, OperationDefinitionNode, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.core.errors import Failure
from kakehashi.engines.graphql import answering, limits


def _selection(chance: random.Random, fragments: int, depth: int = 0) -> str:
    """Some fields, fragments and objects, up to five levels deep."""
    kinds = ["leaf", "alias", "leaf"] + ["spread"] * bool(fragments) + ["object", "inline"] * (depth < 5)
    parts = []
    for kind in chance.choices(kinds, k=chance.randint(1, 3)):
        inner = _selection(chance, fragments, depth + 1) if kind in ("object", "inline") else ""
        parts.append(
            {
                "leaf": "id",
                "alias": "a: status",
                "spread": f"...F{chance.randrange(fragments or 1)}",
                "object": f"x {{ {inner} }}",
                "inline": f"... on T {{ {inner} }}",
            }[kind]
        )
    return " ".join(parts)


def document(seed: int) -> str:
    """A query whose fragments spread fragments before them, so never themselves."""
    chance = random.Random(seed)
    count = chance.randrange(5)
    parts = [f"fragment F{n} on T {{ {_selection(chance, n)} }}" for n in range(count)]
    return "\n".join([f"{{ {_selection(chance, count)} }}", *parts])


def spread(text: str) -> tuple[int, int, int]:
    """Depth, fields and aliases of a query by spreading every fragment."""
    document = parse(text)
    named = {
        one.name.value: one for one in document.definitions if not isinstance(one, OperationDefinitionNode)
    }

    def of(selections: Any) -> tuple[int, int, int]:
        depth = fields = aliases = 0
        for one in selections.selections if selections else ():
            match one:
                case FieldNode():
                    inner = of(one.selection_set)
                    inner = (inner[0] + 1, inner[1] + 1, inner[2] + bool(one.alias))
                case FragmentSpreadNode():
                    inner = of(named[one.name.value].selection_set)
                case InlineFragmentNode():
                    inner = of(one.selection_set)
            depth, fields, aliases = max(depth, inner[0]), fields + inner[1], aliases + inner[2]
        return depth, fields, aliases

    [operation] = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return of(operation.selection_set)


def refusal(text: str) -> str:
    """The rule by which a query is refused, "" for none."""
    try:
        limits.require_modest(limits.parsed(text))
    except Failure as failure:
        return failure.problems[0].rule
    return ""


@given(st.integers(0, 1_000_000))
def test_a_query_is_refused_exactly_when_spreading_it_goes_beyond_a_limit(seed: int) -> None:
    text = document(seed)
    depth, fields, aliases = spread(text)
    with pytest.MonkeyPatch.context() as patch:  # limits that random queries reach
        patch.setattr(limits, "DEPTH", 4)
        patch.setattr(limits, "FIELDS", 20)
        patch.setattr(limits, "ALIASES", 5)
        wanted = "graphql.depth" if depth > 4 else "graphql.fields" if fields > 20 else ""
        assert refusal(text) == (wanted or ("graphql.aliases" if aliases > 5 else ""))


def test_fragments_that_double_forty_times_are_measured_at_once() -> None:
    parts = [f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40)]
    assert refusal("\n".join(["{ ...F0 }", *parts, "fragment F40 on T { id }"])) == "graphql.fields"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{" + "x{" * 21 + "id" + "}" * 22, "graphql.depth"),
        ("{" + "x{" * 20_000, "graphql.length"),
        ("{" + "x{" * 1_900 + "id" + "}" * 1_901, "graphql.depth"),
        ("{" + "id " * 1_001 + "}", "graphql.fields"),
        ("{" + " ".join(f"a{n}: id" for n in range(51)) + "}", "graphql.aliases"),
        ("{" + "id," * 4_001 + "}", "graphql.length"),
        ('{ x(a: "' + "y" * 20_000 + '") }', "graphql.length"),
        ("mutation { PatientDelete(id: 1) { id } }", "graphql.read-only"),
        ("subscription { Patient { id } }", "graphql.read-only"),
        ("{ id } mutation M { x }", "graphql.read-only"),
        ("{ ...A } fragment A on T { ...A }", ""),  # the validation says where
    ],
)
def test_each_limit_has_its_refusal(text: str, rule: str) -> None:
    assert refusal(text) == rule


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("{ __schema { types { name } } }", True),
        (
            '{ ...A } fragment A on Query { ...B __type(name: "X") { name } } fragment B on Query { __typename }',
            True,
        ),
        ("{ __typename PatientList { id } }", False),
        ("{ __typename }", False),
        ("{ ...A ...A } fragment A on T { ...A ...A }", False),
    ],
)
def test_a_question_about_the_schema_is_told_from_one_about_records(text: str, schema: bool) -> None:
    assert limits.asks_for_schema(parse(text)) is schema


_WORDS = st.sampled_from(
    ["{", "}", "(", ")", "...", "on", "@flatten", "@slice", "$a", ":", "!", "[", "]", "query", "fragment", "F", "name",
     "id", "__typename", "Patient", "PatientList", "resource", '"x"', '"""', "1", "-1.5e9", "null", "true", "#", ",",
     "subject", "_count", "fhirpath", "&", "=", "\\", "\ufeff", "見本"]
)  # fmt: skip


@given(st.text() | st.lists(_WORDS, max_size=40).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_is_answered_or_refused_with_a_rule(text: str) -> None:
    try:
        answering._document("", text)
    except answering._Refused as refused:
        assert all(one.problem.rule in ("graphql.syntax", "graphql.validation") for one in refused.told)
        assert refused.told
    except Failure as failure:
        assert failure.status < 500
