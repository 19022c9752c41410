"""What a resource says in words, how words are found in it, and that marks never keep a word from being found."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.fhir import content
from kakehashi.fhir.indexing.entries import entries
from kakehashi.fhir.indexing.grams import asked, grams
from kakehashi.fhir.text import normal

_LETTERS = st.text(alphabet="胃癌ノ尿ー5a bmg\u3099é。-(", max_size=12).map(normal)
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@given(_LETTERS, _LETTERS.filter(bool))
def test_marks_find_every_text_that_holds_a_word(text: str, word: str) -> None:
    exact, some = asked(word)
    there = grams(text)
    if content.holds(text, word):
        assert there.issuperset(exact)
        assert all(there.intersection(one) for one in some)
    assert all(-(2**15) <= mark < 2**15 for mark in there)


@given(_LETTERS, _LETTERS, _LETTERS.filter(bool))
def test_a_word_is_found_in_the_middle_unless_it_is_latin(before: str, after: str, word: str) -> None:
    if word[0] not in "5abmge":
        assert content.holds(before + word + after, word)
    assert content.holds(f"{before}。{word}{after}", word)


@pytest.mark.parametrize(("text", "word", "found"), [
    ("胃癌の手術", "癌", True), ("warfarin", "war", True), ("warfarin", "farin", False),
    ("x-warfarin", "warfarin", True),
    ("錠5mg", "5", True), ("15mg", "5", False), ("15 mg 5", "5", True), ("カルテ", "ル", True), ("", "a", False),
])  # fmt: skip
def test_latin_words_are_found_from_their_beginning_and_all_others_anywhere(
    text: str, word: str, found: bool
) -> None:
    assert content.holds(normal(text), word) is found


def _said(tree: dict[str, Any]) -> set[str]:
    return set(content.texts_of(tree))


def test_what_people_read_is_read_and_what_programs_read_is_not() -> None:
    tree = {
        "resourceType": "Observation", "id": "不読", "meta": {"versionId": "不読", "tag": [{"display": "不読"}]},
        "text": {"status": "generated", "div": _DIV.format("物語")}, "status": "final",
        "code": {"coding": [{"system": "http://不読", "code": "不読", "display": "表示", "version": "不読"}],
        "text": "名前"},
        "identifier": [{"value": "不読", "type": {"text": "番号の種類"}}],
        "subject": {"reference": "Patient/1", "display": "山田"}, "valueQuantity": {"value": 1, "unit": "不読"},
        "note": [{"text": "覚書", "authorString": "書いた人"}], "component": [{"code": {"text": "部分"},
        "valueString": "文字"}],
        "contained": [{"resourceType": "Patient", "name": [{"family": "包含", "given": ["花子", None]}]}],
        "extension": [{"url": "http://不読", "valueString": "拡張", "valueCode": "不読"}],
    }  # fmt: skip
    assert _said(tree) == {
        "表示", "名前", "番号の種類", "山田", "覚書", "書いた人", "部分", "文字", "包含", "花子", "拡張",
    }  # fmt: skip
    assert content.narrative_of(tree) == "物語"


@pytest.mark.parametrize(("div", "said"), [
    ("<p>尿<b>検</b>査</p><p>血</p>", "尿検査 血"), ("a<br/>b &lt;c&gt; &#x5c3f;", "a b <c> 尿"),
    ("<!-- 隠 -->見", "見"),
    ('<img alt="x>y"/>z', 'y"/>z'), ("", ""), ("<" * 5000, "<" * 5000), ("<!--" * 2, "<!--" * 2),
])  # fmt: skip
def test_a_narrative_is_read_without_its_tags(div: str, said: str) -> None:
    assert content.narrative_of({"text": {"div": _DIV.format(div)}}) == normal(said)


def _document(kind: str, data: str) -> dict[str, Any]:
    attachment = {"contentType": kind, "data": data}
    return {"resourceType": "DocumentReference", "content": [{"attachment": attachment}]}


@pytest.mark.parametrize(("kind", "data", "said"), [
    ("text/plain", base64.b64encode("退院時 要約".encode()).decode(), {"退院時 要約"}),
    ("text/plain; charset=utf-8", base64.b64encode("要約".encode()).decode(), {"要約"}),
    ("application/pdf", base64.b64encode(b"%PDF").decode(), set()), ("text/plain", "!", set()),
    ("text/plain", base64.b64encode(b"\xff\xfe").decode(), {"\ufffd\ufffd"}),
])  # fmt: skip
def test_plain_text_in_attachments_is_read(kind: str, data: str, said: set[str]) -> None:
    assert _said(_document(kind, data)) - {""} == said


def test_of_a_long_resource_so_much_is_read_and_no_more() -> None:
    tree = {"resourceType": "Basic", "note": [{"text": "胃" * 1000 + str(n)} for n in range(500)]}
    assert sum(map(len, content.texts_of(tree))) == content.MOST
    assert len(content.narrative_of({"text": {"div": "尿" * (2 * content.MOST)}})) == content.MOST
    assert len(entries("Basic", tree).texts) < content.MOST + 1000


@pytest.mark.parametrize("kind", ["Bundle", "Binary", "Parameters"])
def test_containers_say_nothing_themselves(kind: str) -> None:
    inner = {"resourceType": "Patient", "name": [{"text": "山田"}]}
    assert (
        _said({"resourceType": kind, "entry": [{"resource": inner}], "parameter": [{"valueString": "x"}]})
        == set()
    )
