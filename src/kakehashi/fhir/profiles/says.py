"""The problems that profiles find, in words. Each says what is wrong and how to mend it, in both languages."""

import re
from typing import Any

import orjson

from kakehashi.core.errors import Problem
from kakehashi.fhir.definitions import Constraint
from kakehashi.fhir.profiles.codes import codings_of
from kakehashi.fhir.profiles.model import Json

SHOWN = 200  # characters of a wanted value that a message repeats
_JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def too_few(place: str, least: int, count: int, url: str) -> Problem:
    """An element that the profile requires."""
    return Problem(
        "profile.cardinality",
        place,
        f"プロファイルでは {least} 個以上必要ですが、{count} 個です。追加してください。",
        f"The profile needs at least {least} of this, there are {count}; add what is missing.",
        "required",
        source=url,
    )


def too_many(place: str, most: int, count: int, url: str) -> Problem:
    """An element that the profile allows less often, or not at all."""
    ja, en = "プロファイルでは使えない要素です", "The profile does not allow this"
    if most:
        ja = f"プロファイルでは {most} 個までですが、{count} 個あります"
        en = f"The profile allows {most} of this, there are {count}"
    return Problem(
        "profile.cardinality",
        place,
        f"{ja}。取り除いてください。",
        f"{en}; take out what is too much.",
        "structure",
        source=url,
    )


def wrong_type(place: str, given: str, allowed: tuple[str, ...], url: str) -> Problem:
    """A type that the profile leaves out."""
    listed = ", ".join(allowed)
    return Problem(
        "profile.type",
        place,
        f"{given} 型は使えません。このプロファイルで使えるのは {listed} です。",
        f"The type {given} may not stand here; the profile allows {listed}.",
        "structure",
        source=url,
    )


def not_fixed(place: str, wanted: Json, url: str) -> Problem:
    """A value that is not the fixed one."""
    return Problem(
        "profile.fixed",
        place,
        f"値は「{_shown(wanted)}」と決められています。そのとおりに書いてください。",
        f"The value is fixed; write exactly: {_shown(wanted)}",
        "value",
        source=url,
    )


def not_pattern(place: str, wanted: Json, url: str) -> Problem:
    """A value that lacks what the pattern holds."""
    return Problem(
        "profile.pattern",
        place,
        f"値には「{_shown(wanted)}」が含まれていなければなりません。",
        f"The value must hold: {_shown(wanted)}",
        "value",
        source=url,
    )


def too_long(place: str, longest: int, url: str) -> Problem:
    """Too many characters."""
    return Problem(
        "profile.length",
        place,
        f"{longest} 文字以内で書いてください。",
        f"Write at most {longest} characters.",
        "too-long",
        source=url,
    )


def out_of_span(place: str, low: Json, high: Json, url: str) -> Problem:
    """A value below the least or above the greatest."""
    least = "" if low is None else _shown(low)
    most = "" if high is None else _shown(high)
    return Problem(
        "profile.value",
        place,
        f"値は {least}〜{most} の範囲で書いてください。",
        f"Write a value from {least or '…'} to {most or '…'}.",
        "value",
        source=url,
    )


def not_in_set(place: str, value: Any, value_set: str, some: str, strength: str, url: str) -> Problem:
    """A code outside its value set; with an extensible binding a warning."""
    required = strength == "required"
    shown = f" {_code_of(value)}" if _code_of(value) else ""
    return Problem(
        "profile.binding",
        place,
        f"コード{shown} は値セット {value_set} にありません。"
        + (f"使えるもの: {some}。" if required else f"当てはまるものがあれば使ってください: {some}。"),
        f"The code{shown} is not in the value set {value_set}; "
        + (f"use one of: {some}." if required else f"use one of these if one fits: {some}."),
        "code-invalid",
        "error" if required else "warning",
        source=url,
    )


def _code_of(value: Any) -> str:
    if isinstance(value, dict):
        coding = next(iter(codings_of(value)), value)
        return "|".join(str(coding[name])[:64] for name in ("system", "code") if name in coding)
    return str(value)[:64]


def invariant(place: str, constraint: Constraint, url: str) -> Problem:
    """A constraint that does not hold. The author's sentence, in the language it is in, and the rule."""
    human = constraint.human.strip().rstrip(".。")
    plain = f"プロファイルの制約 {constraint.key} を満たしていません: {constraint.expression[:SHOWN]}"
    rule = f"The profile's constraint {constraint.key} does not hold: {constraint.expression[:SHOWN]}"
    japanese = bool(_JAPANESE.search(human))
    return Problem(
        constraint.key,
        place,
        f"{human} ({constraint.key})。" if japanese else plain,
        rule if japanese or not human else f"{human} ({constraint.key}).",
        "invariant",
        "error" if constraint.severity == "error" else "warning",
        source=url,
    )


def cannot_tell(place: str, constraint: Constraint, url: str) -> Problem:
    """A constraint that fails to run on this value."""
    return Problem(
        "profile.not-evaluated",
        place,
        f"制約 {constraint.key} は、この値では計算できませんでした。",
        f"The constraint {constraint.key} could not be worked out on this value.",
        "not-supported",
        "warning",
        source=url,
    )


def slice_few(place: str, name: str, least: int, count: int, url: str) -> Problem:
    """A slice that is there too seldom."""
    return Problem(
        "profile.slice",
        place,
        f"「{name}」に当たる要素が {least} 個以上必要ですが、{count} 個です。",
        f"At least {least} of the slice {name} are needed, there are {count}.",
        "required",
        source=url,
    )


def slice_many(place: str, name: str, most: int, count: int, url: str) -> Problem:
    """A slice that is there too often."""
    return Problem(
        "profile.slice",
        place,
        f"「{name}」に当たる要素は {most} 個までですが、{count} 個あります。",
        f"At most {most} of the slice {name} are allowed, there are {count}.",
        "structure",
        source=url,
    )


def slice_none(place: str, names: list[str], url: str) -> Problem:
    """An item of a closed list that is none of its slices."""
    listed = ", ".join(names[:12])
    return Problem(
        "profile.slice-closed",
        place,
        f"このリストに入れられるのは {listed} のどれかに当たる要素だけです。",
        f"Only items of these slices may stand in this list: {listed}.",
        "structure",
        source=url,
    )


def slice_order(place: str, name: str, url: str) -> Problem:
    """A slice at the wrong place of its list."""
    ja, en = "決められた要素の後に置いてください。", "Put this after the slices."
    if name:
        ja = f"「{name}」の位置が違います。プロファイルの順に並べてください。"
        en = f"The slice {name} is out of order; follow the profile's order."
    return Problem(
        "profile.slice-order",
        place,
        ja,
        en,
        "structure",
        source=url,
    )


def target(place: str, kind: str, allowed: tuple[str, ...], url: str) -> Problem:
    """A reference to a type that the profile leaves out."""
    listed = ", ".join(allowed)
    return Problem(
        "profile.target",
        place,
        f"{kind} は参照できません。参照できるのは {listed} です。",
        f"{kind} may not be referred to here; these may: {listed}.",
        "structure",
        source=url,
    )


def not_conforming(place: str, profiles: tuple[str, ...], why: Problem, rule: str, url: str) -> Problem:
    """A value, or what it refers to, that keeps none of the profiles it might."""
    listed = ", ".join(one.rpartition("/")[2] for one in profiles)
    what_ja, what_en = ("参照先", "What this refers to") if rule == "profile.target" else ("この要素", "This")
    return Problem(
        rule,
        place,
        f"{what_ja}が {listed} に合っていません。{why.place}: {why.ja}",
        f"{what_en} does not conform to {listed}. {why.place}: {why.en}",
        "structure",
        source=url,
    )


def context(place: str, allowed: tuple[str, ...], url: str) -> Problem:
    """An extension where it may not stand."""
    listed = ", ".join(allowed)
    return Problem(
        "profile.extension-context",
        place,
        f"この拡張を使えるのは {listed} だけです。",
        f"This extension may stand only on: {listed}.",
        "structure",
        source=url,
    )


def unknown_profile(place: str, url: str) -> Problem:
    """A profile that is claimed but not installed."""
    return Problem(
        "profile.unknown",
        place,
        f"プロファイル {url[:SHOWN]} は導入されていないので、照合していません (導入: kakehashi profiles add)。",
        f"The profile {url[:SHOWN]} is not installed, so it was not checked (kakehashi profiles add installs it).",
        "not-found",
        "information",
        source=url[:SHOWN],
    )


def other_version(place: str, asked: str, used: str) -> Problem:
    """A profile's version that is not installed; another was used."""
    return Problem(
        "profile.version",
        place,
        f"プロファイル {asked[:SHOWN]} のこの版は導入されていないので、{used or '版の記載がないもの'} で照合しました。",
        f"This version of {asked[:SHOWN]} is not installed; it was checked with {used or 'one without a version'}.",
        "not-found",
        "information",
        source=asked[:SHOWN],
    )


def too_costly(place: str) -> Problem:
    """The run was broken off."""
    return Problem(
        "profile.too-costly",
        place,
        "プロファイルとの照合に手間がかかりすぎるため、途中で止めました。リソースを分けて送ってください。",
        "Checking against the profiles takes too much work and was broken off; send the resource in parts.",
        "too-costly",
    )


def unchecked(url: str, place: str, ja: str, en: str) -> Problem:
    """Something that a profile asks for and nobody here checks."""
    return Problem("profile.unchecked", place, ja, en, "not-supported", "information", source=url)
