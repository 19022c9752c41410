"""What a narrative may hold: text and its marks, nothing that acts."""

import pytest

from kakehashi.fhir.validation.narrative import wrong


def div(inner: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'


@pytest.mark.parametrize(
    "text",
    [
        div("本文"),
        div(
            '<p class="x" style="color:red">a</p><br/><table border="1"><tr><td>&lt;1&#160;</td></tr></table>'
        ),
        div('<img src="#a" alt="図"/>'),
        div('<a href="https://example.org">x</a><a name="n"/>'),
        div('<span xml:lang="ja" lang="ja">あ</span>'),
        div("<!-- note -->x"),
    ],
)
def test_a_plain_narrative_is_taken(text):
    assert wrong(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (div("<script>alert(1)</script>x"), "<script>"),
        (div('<p onclick="x()">a</p>'), "onclick"),
        (div('<a href=" JavaScript:x()">a</a>'), "script"),
        (div('<img src="data:text/html,x"/>'), "script"),
        (div("<form>a</form>"), "<form>"),
        (div("<iframe>a</iframe>"), "<iframe>"),
        (div('<link href="x"/>a'), "<link>"),
        (div('<svg xmlns="http://www.w3.org/2000/svg">x</svg>'), "XHTML"),
        (div("a&nbsp;b"), "well-formed"),
        (div("<p>a"), "well-formed"),
        (div("   "), "nothing"),
        (div("<br/>"), "nothing"),
        ("<div>no namespace</div>", "XHTML"),
        ('<p xmlns="http://www.w3.org/1999/xhtml">a</p>', "outermost"),
        ("just text", "well-formed"),
        ('<!DOCTYPE div [<!ENTITY a "b">]>' + div("&a;"), "DOCTYPE"),
        (div("<?php x ?>a"), "processing"),
        (div("a") + div("b"), "well-formed"),
    ],
)
def test_what_acts_or_is_not_xhtml_is_refused(text, words):
    said = wrong(text)
    assert said and words in said[1]


def test_a_bomb_of_entities_is_refused_before_it_goes_off():
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
    )
    assert "DOCTYPE" in wrong(bomb + "]>" + div("&j;"))[1]
