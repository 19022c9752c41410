"""How well a resource answers `_text` and `_content`: from 0 to below 1, higher the more often the words are in it.

A word that is there n times counts n / (n + 1); the score is the average over the words asked for. Words that must not
be there, and those asked of other resources (chains), do not count. Source: https://hl7.org/fhir/R4/search.html#score
"""

from collections.abc import Iterable, Iterator

from kakehashi.fhir import content
from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.fhir.indexing.program import program
from kakehashi.fhir.parse import Resource
from kakehashi.fhir.text import normal
from kakehashi.search.plan import And, Condition, Content, Or

SCORE = "_score"


def words_of(where: Condition) -> tuple[str, ...]:
    """Return the words that a condition asks for, each once, in their order."""
    return tuple(dict.fromkeys(_words(where)))


def _words(where: Condition) -> Iterator[str]:
    match where:
        case Content(text):
            yield text
        case And(parts) | Or(parts):
            for part in parts:
                yield from _words(part)


def score(words: tuple[str, ...], texts: Iterable[str]) -> float:
    """Return the score of all texts of a resource, in their normal form."""
    known = set(texts)
    total = 0.0
    for word in words:
        times = sum(text.count(word) for text in known)
        total += times / (times + 1)
    return total / len(words) if words else 0.0


def texts_in(resource: Resource) -> list[str]:
    """Return all texts of a resource in normal form: the narrative first, then what people and parameters read."""
    written = content.texts_of(resource.tree)
    compiled = program(resource.type)
    for place, values in compiled.extract(resource.tree).items():
        parameter = compiled.parameters[place]
        if parameter.kind == "string":
            written += values
        elif parameter.kind == "token":
            written += [value[2] for value in values if value[2]]
    return [content.narrative_of(resource.tree), *map(normal, written)]


def key_of(resource_type: str) -> Parameter:
    """Return what stands for the score as a key of the order."""
    return Parameter(resource_type, SCORE, "number")
