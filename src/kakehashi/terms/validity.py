"""Whether a code is of a code system, or in a value set, and is called what the caller calls it. Pure.

Sources: https://hl7.org/fhir/R4/codesystem-operation-validate-code.html, valueset-operation-validate-code.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kakehashi.terms.code_system import PARTIAL, CodeSystem
from kakehashi.terms.columns import Detail
from kakehashi.terms.compose import Composed, Part
from kakehashi.terms.display import called, display_of
from kakehashi.terms.expansion import detail_of
from kakehashi.terms.packing import Fold, Json
from kakehashi.terms.refusals import not_here


@dataclass(frozen=True, slots=True)
class Code:
    """A code as a request gives it; "" for what it does not say."""

    code: str
    system: str = ""
    version: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a code is judged. abstract: whether headings are valid. language: of the display that is told."""

    fold: Fold
    abstract: bool = True
    language: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a code is valid, what is to be said of it, and what it is called."""

    result: bool
    message: str = ""
    display: str = ""

    def parameters(self) -> Json:
        """Return it as Parameters."""
        said: list[Json] = [{"name": "result", "valueBoolean": self.result}]
        for name, value in (("message", self.message), ("display", self.display)):
            if value:
                said.append({"name": name, "valueString": value})
        return {"resourceType": "Parameters", "parameter": said}


def best(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a CodeableConcept, one of whose codings must be valid."""
    good = next((one for one in verdicts if one.result), None)
    if good or len(verdicts) == 1:
        return good or verdicts[0]
    return Verdict(False, " ".join(one.message for one in verdicts))


def in_system(system: CodeSystem, asked: Code, rules: Rules) -> Verdict:
    """Return the verdict on a code of a code system. Raises Invalid where its codes are not here."""
    require_codes(system)
    if asked.system and asked.system != system.url:
        return _no(f"{asked.system} は {system.url} ではありません。", f"{asked.system} is not {system.url}.")
    if asked.version and system.version and asked.version != system.version:
        return _no(f"ここにある版は {system.version} です。", f"The version here is {system.version}.")
    place = system.concepts.find(asked.code)
    if place is None:
        if system.content in PARTIAL:
            return _no(
                f"{system.url} は一部だけ登録されており、{asked.code} はその中にありません。",
                f"Only a part of {system.url} is here, and {asked.code} is not in it.",
            )
        return _no(
            f"コード {asked.code} は {system.url} にありません。",
            f"There is no {asked.code} in {system.url}.",
        )
    heading = bool(system.concepts.abstract[place])
    return _named(system.concepts.detail(place), system.language, asked, rules, heading=heading)


def in_set(composed: Composed, url: str, asked: Code, rules: Rules) -> Verdict:
    """Return the verdict on a code of a value set. Raises Invalid where that hangs on a system that is not here."""
    found = _places(composed, asked)
    if not found:
        if asked.system in composed.absent or (composed.absent and not asked.system):
            raise not_here([asked.system] if asked.system else list(composed.absent))
        shown = f"{asked.system}#{asked.code}" if asked.system else asked.code
        return _no(f"{shown} は値セット {url} にありません。", f"{shown} is not in the value set {url}.")
    if len({part.system for part, _ in found}) > 1:
        return _no(
            f"{asked.code} は複数のコード体系にあります。system を指定してください。",
            f"{asked.code} is of several code systems; say which.",
        )
    part, place = found[0]
    language = part.source.language if part.source else ""
    heading = bool(part.held.abstract[place])
    return _named(detail_of(part, place, []), language, asked, rules, heading=heading)


def require_codes(system: CodeSystem) -> None:
    """Raise Invalid unless the codes of the system are here: a supplement has none, nor has one without content."""
    if system.content in ("not-present", "supplement"):
        raise not_here([system.url])


def _places(composed: Composed, asked: Code) -> list[tuple[Part, int]]:
    found = []
    for part in composed.parts:
        if asked.system in ("", part.system) and (not asked.version or part.version in ("", asked.version)):
            place = part.find(asked.code)
            if place is not None:
                found.append((part, place))
    return found


def _named(detail: Detail, language: str, asked: Code, rules: Rules, *, heading: bool) -> Verdict:
    shown = display_of(detail, language, rules.language)
    if heading and not rules.abstract:
        said = _no(
            f"{asked.code} は見出しで、選べません。", f"{asked.code} is abstract and cannot be chosen."
        )
        return Verdict(False, said.message, shown)
    names = called(detail)
    if asked.display and names and rules.fold(asked.display) not in map(rules.fold, names):
        said = _no(
            f"{asked.code} の表示名は「{asked.display}」ではなく「{shown}」です。",
            f"{asked.code} is called {shown!r}, not {asked.display!r}.",
        )
        return Verdict(False, said.message, shown)
    return Verdict(True, "", shown)


def _no(ja: str, en: str) -> Verdict:
    return Verdict(False, f"{ja} {en}")
