"""Why a body is not FHIR JSON, where it goes wrong, and what to do about it. Called only once something is wrong.

What is sought by a walk in Python is sought in at most CLOSELY bytes; of more the reason is told and a rougher place.
"""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

import orjson

from kakehashi.core.errors import Malformed
from kakehashi.fhir.types import OTHER_RELEASES

CLOSELY = 5 << 20  # bytes, half a second's work
DEEPEST = 254  # levels; orjson's limit for writing
_MARKS = {codecs.BOM_UTF8: "UTF-8 BOM", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_LEGACY = ("cp932", "euc_jp", "iso2022_jp")  # what Japanese systems send when they do not send UTF-8
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ESCAPED_CONTROL = re.compile(rb"\\(?:u00(?:0[0-8bcefBCEF]|1[0-9a-fA-F])|[bf])")


def broken(text: bytes, error: orjson.JSONDecodeError, body: bytes) -> Malformed:
    """Say what is wrong with a text that does not decode; `body` is what it is a part of, or itself."""
    return not_utf8(body, "json") or _syntax(body, error, body.find(text))


def not_utf8(body: bytes, form: str) -> Malformed | None:
    """Return the refusal of bytes that are not UTF-8, or begin with a mark. `form`: "json" or "xml", for the rule."""
    for mark, name in _MARKS.items():
        if body.startswith(mark):
            return Malformed(
                f"先頭に BOM ({name}) があります。BOM なしの UTF-8 で送ってください。",
                f"The body starts with a byte order mark ({name}); send UTF-8 without one.",
                rule=f"{form}.encoding",
            )
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return _encoding(body, wrong, form)
    return None


def too_deep(place: str) -> Malformed:
    """Say that the JSON nests too deep."""
    return Malformed(
        f"JSON の入れ子が深すぎます ({DEEPEST} 段まで)。",
        f"The JSON nests deeper than {DEEPEST} levels.",
        rule="json.depth",
        place=place,
    )


def too_dense(least: int) -> Malformed:
    """Say that a large body consists of signs rather than of values."""
    return Malformed(
        f"大きな本文に , [ {{ が多すぎます (平均して {least} バイトに 1 つまで)。"
        "分けて送るか、表や波形のような値は Binary か Attachment (base64) に入れてください。",
        f"A large body holds too many of the signs , [ {{ (at most one in {least} bytes on average). "
        "Send it in parts, or put tables and wave forms into a Binary or an Attachment (base64).",
        rule="json.dense",
    )


def control_character(tree: object, text: bytes, place: str) -> Malformed:
    """Say which string holds a control character; of a very large text, in which line it stands."""
    if len(text) <= CLOSELY:
        place, code = next(_controls(tree, place), (place, 0))
    else:
        place, code = _control_in(text)
    name = "NUL" if code == 0 else f"U+{code:04X}"
    return Malformed(
        f"文字列に制御文字 ({name}) があります。取り除いてください (改行とタブは使えます)。",
        f"A string holds the control character {name}; remove it (line breaks and tabs are fine).",
        rule="json.control",
        place=place,
    )


def name_twice(text: bytes, place: str) -> Malformed:
    """Say which name stands twice in one object of a text that is known to hold one; of a very large text, that."""
    if len(text) <= CLOSELY:
        try:
            json.loads(text, object_pairs_hook=partial(_pairs, place), parse_int=len, parse_float=len)
        except Malformed as found:
            return found
    return Malformed(
        "同じ名前が 1 つのオブジェクトに 2 回あります。どちらかを取り除いてください。",
        "A name stands twice in one object; remove one of them.",
        rule="json.duplicate-key",
        place=place,
    )


def not_an_object(place: str) -> Malformed:
    """Say that a resource must be a JSON object."""
    return Malformed(
        'リソースは {"resourceType": …} の形の JSON オブジェクトです。',
        'A resource is a JSON object of the form {"resourceType": …}.',
        rule="fhir.resource-type",
        place=place,
    )


def unknown_type(name: object, place: str) -> Malformed:
    """Say that resourceType is missing or not one of R4's."""
    at = f"{place}.resourceType" if place else "resourceType"
    if not isinstance(name, str) or not name:
        return Malformed(
            'resourceType がありません。例: "resourceType": "Observation"。',
            'There is no resourceType, such as "resourceType": "Observation".',
            rule="fhir.resource-type",
            place=at,
        )
    shown = name[:64]
    if release := OTHER_RELEASES.get(name):
        return Malformed(
            f"{shown} は FHIR {release} のリソースで、R4 (4.0.1) にはありません。",
            f"{shown} belongs to FHIR {release}, not to R4 (4.0.1).",
            rule="fhir.resource-type",
            place=at,
        )
    return Malformed(
        f"{shown} という型のリソースは FHIR R4 にありません。",
        f"FHIR R4 has no resource type {shown}.",
        rule="fhir.resource-type",
        place=at,
    )


def _encoding(body: bytes, wrong: UnicodeDecodeError, form: str) -> Malformed:
    guess = next((name for name in _LEGACY if _decodes(body, name)), "")
    names = {"cp932": "Shift_JIS (CP932)", "euc_jp": "EUC-JP", "iso2022_jp": "ISO-2022-JP"}
    ja = f"{names[guess]} のようです。" if guess else ""
    en = f" It looks like {names[guess]}." if guess else ""
    line = body.count(b"\n", 0, wrong.start) + 1
    return Malformed(
        f"UTF-8 ではありません ({wrong.start + 1} バイト目)。{ja}UTF-8 で送ってください。",
        f"The body is not UTF-8 (byte {wrong.start + 1}).{en} UTF-8 is needed.",
        rule=f"{form}.encoding",
        place=f"line {line}",
    )


def _decodes(body: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(body[:1_000_000])  # bytes; enough for a guess
    except UnicodeDecodeError:
        return False
    return True


_SYNTAX = {
    "surrogate": (
        "対になっていないサロゲート (\\uD800–\\uDFFF) があります。",
        "A lone surrogate (\\uD800 to \\uDFFF) is not a character.",
    ),
    "number": ("数値が大きすぎるか、数値の書き方ではありません。", "A number is too large or miswritten."),
    "control character": (
        "文字列に制御文字がそのまま入っています。",
        "A string holds a raw control character.",
    ),
    "zero-length": ("本文が空です。", "The body is empty."),
    "end of data": ("途中で終わっています。", "It ends too early."),
    "after document": ("JSON の後に余分なものがあります。", "Something follows the JSON."),
    "comma": ("余分なコンマがあります。", "There is a comma too many."),
    "escape": ("文字列のエスケープが正しくありません。", "A string holds an escape that JSON does not have."),
}


def _syntax(body: bytes, error: orjson.JSONDecodeError, offset: int) -> Malformed:
    if "depth limit" in error.msg:
        return too_deep("")
    line, column = _line_and_column(body, error, offset)
    place = f"line {line}, column {column}"
    around = error.doc[max(error.pos - 1, 0) : error.pos + 8]
    if "NaN" in around or "Inf" in around:
        ja, en = "NaN や Infinity は JSON の数値ではありません。", "NaN and Infinity are not JSON numbers."
    elif body[:100].lstrip().startswith(b"<"):
        ja, en = (
            "XML のようです。Content-Type を application/fhir+xml にしてください。",
            "It looks like XML; say application/fhir+xml in Content-Type.",
        )
    else:
        ja, en = next((said for mark, said in _SYNTAX.items() if mark in error.msg), ("", ""))
    return Malformed(
        f"JSON として読めません ({line} 行 {column} 文字目)。{ja}",
        f"The body is not JSON at {place}. {en}".rstrip(),
        rule="json.syntax",
        place=place,
    )


def _line_and_column(body: bytes, error: orjson.JSONDecodeError, offset: int) -> tuple[int, int]:
    """Where in the body an error stands that was found in the part beginning at `offset`."""
    before = body[: max(offset, 0)].decode()
    line, column = before.count("\n") + error.lineno, error.colno
    return line, column + len(before) - before.rfind("\n") - 1 if error.lineno == 1 else column


def _pairs(place: str, pairs: list[tuple[str, object]]) -> None:
    """Look at one object and let it go."""
    if len({name for name, _ in pairs}) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0][:64]
        raise Malformed(
            f'同じ名前 "{twice}" が 1 つのオブジェクトに 2 回あります。どちらかを取り除いてください。',
            f'The name "{twice}" stands twice in one object; remove one of them.',
            rule="json.duplicate-key",
            place=place or twice,
        )


def _controls(value: object, place: str) -> Iterator[tuple[str, int]]:
    """Yield the place and code of each control character in the strings and keys of decoded JSON."""
    if isinstance(value, str):
        if found := _CONTROL.search(value):
            yield place, ord(found[0])
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _controls(item, f"{place}[{number}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _controls(name, place)
            yield from _controls(item, f"{place}.{name}" if place else name)


def _control_in(text: bytes) -> tuple[str, int]:
    """The line and code of the first control character that a text escapes, by its bytes."""
    found = _ESCAPED_CONTROL.search(text.replace(b"\\\\", b"--"))
    if found is None:
        return "", 0
    codes = {b"\\b": 8, b"\\f": 12}
    line = text.count(b"\n", 0, found.start()) + 1
    return f"line {line}", codes.get(found[0]) or int(found[0][2:], 16)
