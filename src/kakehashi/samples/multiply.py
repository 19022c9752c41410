"""Make more people out of those there are: the same year lived by others, under other ids, numbers, names and dates.

clinosim takes a second for three people; this takes a second for some tens of thousands of lines. It rewrites the
finished lines of one person at a time, so memory holds one round of originals and nothing else:

* every UUID becomes another by one mask a copy (still unique, still the same wherever it stood);
* patient numbers and the insurance number grow by the copy's number, so no two people ever share one;
* family and given name, in every form that an institution wrote them in, become other names;
* every day of the sample year moves by the same −14 to 14 days, the birthday by up to 3 years.

Copy 0 is the original. What is clinical stays as it was: a copy is as sick as its original, so figures about
diseases say nothing new beyond the originals; speed and size do.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import orjson

from kakehashi.samples.build import Form, Line, lines_of
from kakehashi.samples.charts import Chart
from kakehashi.samples.cut import person_of
from kakehashi.samples.identity import Identity, local_number, to_half_width
from kakehashi.samples.region import SITES
from kakehashi.samples.trees import drawn, pick

FAMILIES = (
    "天野:アマノ 岩瀬:イワセ 内海:ウツミ 榎本:エノモト 柏木:カシワギ 桐生:キリュウ 久住:クスミ 毛利:モウリ "
    "古賀:コガ 榊:サカキ 志村:シムラ 杉浦:スギウラ 関根:セキネ 曽我:ソガ 滝沢:タキザワ 千葉:チバ 塚田:ツカダ "
    "寺島:テラシマ 土井:ドイ 永瀬:ナガセ 新田:ニッタ 沼田:ヌマタ 根岸:ネギシ 萩原:ハギワラ 氷室:ヒムロ "
    "藤代:フジシロ 別府:ベップ 堀江:ホリエ 小野寺:オノデラ 野々村:ノノムラ"
).split()
GIVENS = (
    "昭:アキラ 郁:イク 海:ウミ 恵:ケイ 香:カオリ 希:ノゾミ 邦:クニ 聖:ヒジリ 幸:ユキ 茂:シゲル 純:ジュン "
    "進:ススム 世:セイ 泰:ヤスシ 千:セン 積:ツモル 輝:テル 寿:ヒサシ 直:ナオ 仁:ヒトシ 望:ノゾム 典:ノリ "
    "晴:ハル 響:ヒビキ 歩:アユム 誠:マコト 実:ミノル 睦:ムツミ 元:ハジメ 北斗:ホクト"
).split()
_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SHORT_ID = (
    rb"(?:(?<=[A-Z]{3}-)|(?<=\d{8}-))[0-9a-f]{8}(?:-[0-9a-f]{4}-[0-9a-f]{4})?(?=[-\"])"  # a UUID's beginning
)
_DAY = rb"202[56]-[01]\d-[0-3]\d"
_COMPACT_DAY = rb"(?<=LAB-)202[56]\d{4}"
_STRING = re.compile(rb'("(?:[^"\\]|\\.)*")')  # of JSON
_PATIENT = b'{"resourceType":"Patient"'
LATEST_BIRTH = date(2026, 1, 1)


Frame = tuple[tuple[bytes, ...], tuple[int, ...]]  # fixed pieces, and the numbers of what stands between them


@dataclass(frozen=True, slots=True)
class Original:
    """One person's lines, taken apart: lines into fixed text and strings that change, those into fixed text and tokens.

    names: every form that the names were written in (IDE or SYL, family, given).
    """

    person: Identity
    names: frozenset[tuple[str, str, str]]
    tokens: tuple[bytes, ...]
    strings: tuple[Frame, ...]
    lines: tuple[tuple[str, Form, Frame], ...]  # site, form, frame


def originals(charts: Iterable[Chart]) -> list[Original]:
    """Return the people to make copies of. What they have in common, much of the text, is held once."""
    held: dict[bytes, bytes] = {}
    return [_taken_apart(chart, held) for chart in charts]


def multiply(people: list[Original], rounds: range) -> Iterator[Line]:
    """Yield the lines of copies number `rounds` of everyone, person by person; copy 0 is the original."""
    for copy in rounds:
        for original in people:
            yield from _copied(original, copy)


def _copied(original: Original, copy: int) -> Iterator[Line]:
    tokens = _tokens(original, copy) if copy else original.tokens
    strings = [_joined(frame, tokens) for frame in original.strings]
    for site, form, frame in original.lines:
        yield Line(site, form, _joined(frame, strings))


def _tokens(original: Original, copy: int) -> list[bytes]:
    words = _words_of(original.person, original.names, copy)
    days = timedelta(days=drawn(29, original.person.key, str(copy), "days") - 14)
    mask = _mask(copy)
    return [words.get(token) or _other(token.decode(), mask, days).encode() for token in original.tokens]


def _joined(frame: Frame, texts: Sequence[bytes]) -> bytes:
    pieces, slots = frame
    whole = [b""] * (2 * len(pieces) - 1)
    whole[::2], whole[1::2] = pieces, [texts[n] for n in slots]
    return b"".join(whole)


class _Numbers(dict[bytes, int]):
    """Numbers texts in the order of their first use."""

    def __missing__(self, text: bytes) -> int:
        self[text] = len(self)
        return self[text]


def _taken_apart(chart: Chart, held: dict[bytes, bytes]) -> Original:
    person, lines = person_of(chart), list(lines_of(chart))
    names = _names(lines)
    exact = set(_words_of(person, names, 0))
    within = re.compile(
        b"(" + b"|".join([_UUID, _SHORT_ID, _DAY, _COMPACT_DAY, *_numbers_within(person)]) + b")"
    )
    tokens, strings = _Numbers(), _Numbers()
    texts = {text for line in lines for text in _STRING.findall(line.body)}
    fixed = {text for text in texts if text not in exact and not within.search(text)}
    frames = tuple(
        (line.site, line.form, _frame(_STRING.split(line.body), fixed, strings, held)) for line in lines
    )
    inner = tuple(
        ((b"", b""), (tokens[text],)) if text in exact else _frame(within.split(text), set(), tokens, held)
        for text in strings
    )
    return Original(person, names, tuple(tokens), inner, frames)


def _frame(parts: list[bytes], fixed: set[bytes], numbers: _Numbers, held: dict[bytes, bytes]) -> Frame:
    """Divide alternating fixed and found parts into fixed pieces and the numbers of what stands between them."""
    pieces, slots = [parts[0]], list[int]()
    for found, after in zip(parts[1::2], parts[2::2], strict=True):
        if found in fixed:
            pieces[-1] += found + after
        else:
            slots.append(numbers[found])
            pieces.append(after)
    return tuple(held.setdefault(piece, piece) for piece in pieces), tuple(slots)


def _names(lines: Iterable[Line]) -> frozenset[tuple[str, str, str]]:
    return frozenset(
        (name["extension"][0]["valueCode"], name["family"], name["given"][0])
        for line in lines
        if line.body.startswith(_PATIENT)
        for name in orjson.loads(line.body)["name"]
    )


def _other(said: str, mask: int, days: timedelta) -> str:
    if len(said) == 10:
        return (date.fromisoformat(said) + days).isoformat()
    if len(said) == 8 and said.startswith(("2025", "2026")) and said.isdecimal():
        return f"{date.fromisoformat(said) + days:%Y%m%d}"
    digits = said.replace("-", "")
    other = f"{int(digits, 16) ^ (mask >> 4 * (32 - len(digits))):0{len(digits)}x}"
    cuts = (other[:8], other[8:12], other[12:16], other[16:20], other[20:])
    return "-".join(cut for cut in cuts if cut)


def _mask(copy: int) -> int:
    """Return a copy's 128-bit mask; where a UUID has its version and variant it has zeros, so those stay."""
    return drawn(1 << 48, "mask", str(copy)) << 80 | copy


def _words_of(person: Identity, names: Iterable[tuple[str, str, str]], copy: int) -> dict[bytes, bytes]:
    """Return what is written of a person and becomes other: numbers, names, birthday; with the quotes of JSON."""
    parts, end = (person.key, str(copy)), f"{copy:04d}"
    born = date.fromisoformat(person.birth) + timedelta(days=drawn(2191, *parts, "birth") - 1095)
    words = {
        f'"{person.number}"': f'"{person.number}{end}"',
        f'"{person.symbol}:{person.number}"': f'"{person.symbol}:{person.number}{end}"',
        f":{person.number}:": f":{person.number}{end}:",
        f'"{person.birth}"': f'"{min(born, LATEST_BIRTH)}"',
    }
    for site in SITES:
        own = local_number(person, site)
        words |= {f'"{own}"': f'"{own}{end}"', f"-{own}": f"-{own}{end}"}
    others = [pick(known, *parts).split(":") for known in (FAMILIES, GIVENS)]
    for form, family, given in names:
        first, second = (other[0 if form == "IDE" else 1] for other in others)
        if form == "SYL" and family == to_half_width(family):
            first, second = to_half_width(first), to_half_width(second)
        words |= {
            f'"{family}"': f'"{first}"',
            f'"{given}"': f'"{second}"',
            f'"{family} {given}"': f'"{first} {second}"',
        }
    return {old.encode(): new.encode() for old, new in words.items()}


def _numbers_within(person: Identity) -> list[bytes]:
    """Return the patterns of a person's numbers inside longer texts: the member id, in-house ids."""
    locals_ = "|".join(local_number(person, site) for site in SITES)
    return [re.escape(f":{person.number}:".encode()), f"-(?:{locals_})".encode()]
