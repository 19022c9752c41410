"""Narrative: what XHTML may hold (txt-1, txt-2). Parsed by expat as a stream: no tree, no entities, no DOCTYPE.

Source: https://hl7.org/fhir/R4/narrative.html#xhtml ("basic html formatting elements … no scripts, forms, …").
"""

from xml.parsers import expat

XHTML = "http://www.w3.org/1999/xhtml"

_TAGS = frozenset(
    "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img"
    " li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var ins del address bdo"
    " center font kbd map area s strike u".split()
)
_ATTRIBUTES = frozenset(
    "title style class id lang dir accesskey tabindex xml:lang xml:space align valign width height border cellspacing"
    " cellpadding colspan rowspan span scope headers abbr axis char charoff frame rules summary href name rel rev"
    " type charset hreflang coords shape src alt longdesc usemap ismap cite start value compact clear noshade nowrap"
    " size color face bgcolor background hspace vspace datetime nohref target".split()
)
_LINKS = frozenset({"href", "src", "cite", "longdesc", "background"})
_SCRIPT = ("javascript:", "vbscript:", "data:text/html")
_SHOWN = frozenset({"img"})  # content without text


class _Unfit(Exception):
    """Stops the parser; carries the reason in Japanese and English."""


def wrong(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a narrative's `div` (Japanese, English), or None."""
    watch = _Watch()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = watch.start
    parser.CharacterDataHandler = watch.text
    parser.StartDoctypeDeclHandler = watch.doctype
    parser.ProcessingInstructionHandler = watch.instruction
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        return (
            f"XHTML として読めません ({error.lineno} 行目)。タグを閉じ、実体参照は文字で書いてください。",
            f"This is not well-formed XHTML (line {error.lineno}); close every tag and write entities as characters.",
        )
    except _Unfit as unfit:
        ja, en = unfit.args
        return ja, en
    return None if watch.shown else ("中身がありません。", "It shows nothing.")


class _Watch:
    def __init__(self) -> None:
        self.shown = False
        self._first = True

    def start(self, name: str, attributes: list[str]) -> None:
        space, _, tag = name.rpartition(" ")
        if space != XHTML:
            raise _Unfit(
                f'<div xmlns="{XHTML}"> で始まる XHTML が必要です。',
                f'XHTML is needed, starting <div xmlns="{XHTML}">.',
            )
        if self._first and tag != "div":
            raise _Unfit("最も外側は <div> です。", "The outermost element is <div>.")
        self._first = False
        if tag not in _TAGS:
            raise _Unfit(f"<{tag}> は使えません。", f"<{tag}> may not stand in a narrative.")
        self.shown = self.shown or tag in _SHOWN
        for one, value in zip(attributes[::2], attributes[1::2], strict=True):
            _require_attribute(one, value)

    def text(self, data: str) -> None:
        self.shown = self.shown or bool(data.strip())

    def doctype(self, *_: object) -> None:
        raise _Unfit("DOCTYPE は使えません。", "A DOCTYPE may not stand in a narrative.")

    def instruction(self, *_: object) -> None:
        raise _Unfit(
            "処理命令 (<?…?>) は使えません。", "A processing instruction may not stand in a narrative."
        )


def _require_attribute(name: str, value: str) -> None:
    plain = name.replace("http://www.w3.org/XML/1998/namespace ", "xml:")
    if plain not in _ATTRIBUTES:
        raise _Unfit(f"属性 {plain} は使えません。", f"The attribute {plain} may not stand in a narrative.")
    if plain in _LINKS and "".join(value.split()).lower().startswith(_SCRIPT):
        raise _Unfit(f"{plain} にスクリプトは書けません。", f"{plain} may not hold a script.")
