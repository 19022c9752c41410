"""Terminology said plainly, with sets of codes: what terms/ is held against. And random worlds of it."""

import re
from collections.abc import Iterable
from random import Random
from typing import Any

from kakehashi.fhir.text import normal
from kakehashi.terms import code_system, value_set
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.value_set import ValueSet

Json = dict[str, Any]
Pair = tuple[str, str]  # system, code
SYSTEMS = ("urn:a", "urn:b")
NAMES = (
    "糖尿病",
    "２型糖尿病",
    "ｼﾝﾌｾﾞﾝ",
    "しんふぜん",
    "Heart failure",
    "type 1 diabetes",
    "Müller",
    "腎不全(慢性)",
    "",
)


def system_of(rng: Random, url: str) -> Json:
    """A code system of up to 12 concepts, some nested, some with further parents, some retired."""
    codes = [f"{url[-1]}{number}" for number in range(rng.randint(1, 12))]
    nodes = {code: {"code": code, **_said(rng)} for code in codes}
    top = []
    for place, code in enumerate(codes):
        above = rng.sample(codes[:place], min(place, rng.choice([0, 1, 1, 2])))
        home, *others = above or [None]
        if home and rng.random() < 0.6:
            nodes[home].setdefault("concept", []).append(nodes[code])
        else:
            others = [one for one in (home, *others) if one]
            top.append(nodes[code])
        said = [{"code": "parent", "valueCode": one} for one in others]
        said += [{"code": "inactive", "valueBoolean": True}] if rng.random() < 0.2 else []
        said += [{"code": "colour", "valueCode": rng.choice(["red", "blue"])}] if rng.random() < 0.5 else []
        if said:
            nodes[code]["property"] = said
    declared = [{"code": "colour", "type": "code"}]
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "content": "complete",
        "property": declared,
        "concept": top,
    }


def _said(rng: Random) -> Json:
    said: Json = {"display": rng.choice(NAMES)}
    if rng.random() < 0.3:
        said["designation"] = [{"language": "en", "value": rng.choice(NAMES[4:])}]
    return {name: value for name, value in said.items() if value}


class Naive:
    """A code system as sets."""

    def __init__(self, tree: Json) -> None:
        self.url = tree["url"]
        self.codes: list[str] = []
        self.said: dict[str, Json] = {}
        self.parents: dict[str, set[str]] = {}
        self._take(tree["concept"], None)

    def _take(self, listed: Iterable[Json], parent: str | None) -> None:
        for one in listed:
            code = one["code"]
            self.codes.append(code)
            self.said[code] = one
            above = {parent} if parent else set()
            above |= {p["valueCode"] for p in one.get("property", []) if p["code"] == "parent"}
            self.parents[code] = above
            self._take(one.get("concept", []), code)

    def above(self, code: str) -> set[str]:
        """The code and all above it."""
        found = {code}
        while more := {p for one in found for p in self.parents[one]} - found:
            found |= more
        return found

    def below(self, code: str) -> set[str]:
        """The code and all below it."""
        return {one for one in self.codes if code in self.above(one)}

    def inactive(self, code: str) -> bool:
        return any(p["code"] == "inactive" for p in self.said[code].get("property", []))

    def colours(self, code: str) -> list[str]:
        return [p["valueCode"] for p in self.said[code].get("property", []) if p["code"] == "colour"]

    def named(self, code: str, words: str) -> bool:
        """Whether every word of a filter stands in the code's names."""
        one = self.said[code]
        said = [code, one.get("display", ""), *(d["value"] for d in one.get("designation", []))]
        return all(any(stands_in(word, normal(name)) for name in said) for word in normal(words).split())


def stands_in(word: str, text: str) -> bool:
    """Latin words stand at the beginning of a word, what begins otherwise anywhere."""
    places = (at for at in range(len(text)) if text.startswith(word, at))
    latin = re.match("[a-z0-9]", word)
    return any(not latin or at == 0 or not re.match("[a-z0-9]", text[at - 1]) for at in places)


def filter_of(rng: Random, naive: Naive) -> tuple[Json, set[str]]:
    """A filter, and the codes that it chooses."""
    code, every = rng.choice(naive.codes), set(naive.codes)
    some = rng.sample(naive.codes, rng.randint(1, len(naive.codes)))
    below, above = naive.below(code), naive.above(code)
    red = {one for one in naive.codes if "red" in naive.colours(one)}
    coloured = {one for one in naive.codes if naive.colours(one)}
    property_, op, value, chosen = rng.choice(
        [
            ("concept", "is-a", code, below),
            ("concept", "descendent-of", code, below - {code}),
            ("concept", "is-not-a", code, every - below),
            ("concept", "generalizes", code, above),
            ("code", "in", ",".join(some), set(some)),
            ("code", "not-in", ",".join(some), every - set(some)),
            ("code", "=", code, {code}),
            ("code", "regex", ".[0-4]", {one for one in naive.codes if re.fullmatch(".[0-4]", one)}),
            ("colour", "=", "red", red),
            ("colour", "not-in", "red", every - red),
            ("colour", "exists", "true", coloured),
            ("colour", "exists", "false", every - coloured),
            ("parent", "=", code, {one for one in naive.codes if code in naive.parents[one]}),
            ("child", "=", code, naive.parents[code]),
        ]
    )
    return {"property": property_, "op": op, "value": value}, chosen


class World:
    """Some code systems and value sets; a value set includes earlier ones only."""

    def __init__(self, rng: Random) -> None:
        trees = [system_of(rng, url) for url in SYSTEMS]
        self.naive = {tree["url"]: Naive(tree) for tree in trees}
        self.systems = {t["url"]: CodeSystem.of(code_system.compiled(t, normal)) for t in trees}
        self.sets: dict[str, ValueSet] = {}
        self.meant: dict[str, set[Pair]] = {}
        for number in range(4):
            self._add(rng, f"urn:vs:{number}")

    def code_system(self, canonical: str) -> CodeSystem | None:
        return self.systems.get(canonical)

    def value_set(self, canonical: str) -> ValueSet | None:
        return self.sets.get(canonical)

    def _add(self, rng: Random, url: str) -> None:
        include = [self._rule(rng) for _ in range(rng.randint(1, 3))]
        exclude = [self._rule(rng) for _ in range(rng.choice([0, 0, 1, 2]))]
        inactive = rng.random() < 0.8
        compose = {"include": [one for one, _ in include], "exclude": [one for one, _ in exclude]}
        tree = {"resourceType": "ValueSet", "url": url, "compose": {**compose, "inactive": inactive}}
        meant = set[Pair]().union(*(codes for _, codes in include)) - set[Pair]().union(
            *(codes for _, codes in exclude)
        )
        if not inactive:
            meant = {(system, code) for system, code in meant if not self.naive[system].inactive(code)}
        self.meant[url] = meant
        self.sets[url] = ValueSet.of(value_set.compiled(tree, normal))

    def _rule(self, rng: Random) -> tuple[Json, set[Pair]]:
        rule: Json = {}
        agreed: list[set[Pair]] = []
        for url in rng.sample(sorted(self.sets), min(len(self.sets), rng.choice([0, 0, 1, 2]))):
            rule.setdefault("valueSet", []).append(url)
            agreed.append(self.meant[url])
        if not agreed or rng.random() < 0.6:
            naive = self.naive[rng.choice(SYSTEMS)]
            rule["system"] = naive.url
            codes = set(naive.codes)
            match rng.choice(["all", "listed", "filtered", "filtered"]):
                case "listed":
                    codes = set(rng.sample(naive.codes, rng.randint(1, len(naive.codes))))
                    rule["concept"] = [{"code": code} for code in [*sorted(codes), "nothing"]]
                case "filtered":
                    chosen = [filter_of(rng, naive) for _ in range(rng.randint(1, 2))]
                    rule["filter"] = [one for one, _ in chosen]
                    codes = set.intersection(*(codes for _, codes in chosen))
            agreed.append({(naive.url, code) for code in codes})
        return rule, set.intersection(*agreed)
