"""Why XML is refused, where, and how to mend it. Names of elements are said again, values never."""

from collections.abc import Sequence
from xml.parsers import expat
from xml.parsers.expat import errors

from kakehashi.core.errors import Malformed
from kakehashi.fhir import malformed, releases
from kakehashi.fhir.malformed import DEEPEST
from kakehashi.fhir.xml.names import FHIR, XHTML, Unfit

_LONGEST = 80  # characters of a name that are said again

REASONS: dict[str, tuple[str, str]] = {
    "element": (
        "<{name}> という要素は R4 のここにはありません。取り除くか、名前を確かめてください。",
        "R4 has no element <{name}> here; remove it, or check its name.",
    ),
    "order": (
        "<{name}> の順序が違うか、1 回だけの要素が 2 回あります。R4 の定義の順に並べてください。",
        "<{name}> is out of order, or twice where one may be; put elements in the order that R4 gives them.",
    ),
    "attribute": (
        "属性 {name} は FHIR にありません (value、id、Extension の url だけです)。取り除いてください。",
        "FHIR has no attribute {name} here (value, id, and url of an Extension only); remove it.",
    ),
    "text": (
        "要素の間に文字があります。値は value 属性に書いてください。",
        "There is text between elements; write values in the attribute value.",
    ),
    "value": (
        "value 属性が {name} の書き方ではありません。",
        "The attribute value is not written as {name} is.",
    ),
    "deep": (
        f"XML の入れ子が深すぎます ({DEEPEST} 段まで)。",
        f"The XML nests deeper than {DEEPEST} levels.",
    ),
    "doctype": (
        "DOCTYPE (DTD、実体の宣言) は使えません。取り除いてください。",
        "A DOCTYPE (DTD, entity declarations) is not taken; remove it.",
    ),
    "encoding": (
        "文字コードが {name} です。UTF-8 で送ってください。",
        "The encoding is {name}; send UTF-8.",
    ),
    "namespace": (
        f'<{{name}}> の名前空間が違います。xmlns="{FHIR}" が必要です。',
        f'<{{name}}> is in another namespace; xmlns="{FHIR}" is needed.',
    ),
    "narrative": (
        f'text.div は <div xmlns="{XHTML}"> の要素ひとつです。',
        f'text.div is one element, <div xmlns="{XHTML}">.',
    ),
    "character": (
        "XML に書けない文字 (U+FFFE、U+FFFF など) があります。JSON で受け取ってください。",
        "It holds a character that XML cannot write, such as U+FFFF; ask for JSON.",
    ),
    "structure": (
        "R4 の定義にない形のため、XML にできません。",
        "It cannot be written as XML: it is not of the shape that R4 defines.",
    ),
}
"""Reason -> what is said of it (Japanese, English); its rule is `xml.` and the reason."""

_SYNTAX: dict[int, tuple[str, str]] = {
    errors.codes[errors.XML_ERROR_UNDEFINED_ENTITY]: (
        "定義されていない実体参照があります (&nbsp; などは &#160; のように文字番号で書きます)。",
        "It refers to an entity that is not defined; write &nbsp; as &#160;, and others likewise.",
    ),
    errors.codes[errors.XML_ERROR_MISPLACED_XML_PI]: (
        "XML 宣言 (<?xml …?>) の前に空白や改行などがあります。", "Something stands before the XML declaration.",
    ),
    errors.codes[errors.XML_ERROR_TAG_MISMATCH]: (
        "開始タグと終了タグが合いません。", "A start tag and an end tag do not match.",
    ),
    errors.codes[errors.XML_ERROR_NO_ELEMENTS]: ("途中で終わっています。", "It ends too early."),
    errors.codes[errors.XML_ERROR_UNCLOSED_TOKEN]: ("途中で終わっています。", "It ends too early."),
    errors.codes[errors.XML_ERROR_DUPLICATE_ATTRIBUTE]: (
        "同じ属性が 2 回あります。", "An attribute stands twice.",
    ),
    errors.codes[errors.XML_ERROR_UNBOUND_PREFIX]: (
        "宣言されていない名前空間の接頭辞があります。", "A namespace prefix is not declared.",
    ),
    errors.codes[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]: (
        "最初の要素の後に余分なものがあります。", "Something follows the one outermost element.",
    ),
    errors.codes[errors.XML_ERROR_BAD_CHAR_REF]: (
        "XML に書けない文字番号があります。", "A character reference names what XML cannot hold.",
    ),
}  # fmt: skip


def refusal(unfit: Unfit, steps: Sequence[str] = (), line: int = 0) -> Malformed:
    """Return the refusal of a document.

    `steps`: the way to where it stopped, a step of a resource inside with its type ("entry[0]", "resource:Patient");
    `line`: 0 where there is none.
    """
    space, _, name = unfit.name.rpartition(" ")
    place = (
        ".".join(step.partition(":")[0] for step in steps) if unfit.reason != "deep" else "".join(steps[:1])
    )
    if unfit.reason in ("element", "resource"):
        if space != FHIR:
            return _namespace(space, name, place, line)
        if unfit.reason == "resource":
            return malformed.unknown_type(name, place)
        if release := releases.of_path([*steps, name]):
            return releases.refusal(release, f"{place}.{name[:_LONGEST]}")
    at = f"{place}.{name[:_LONGEST]}" if unfit.reason in ("element", "order") else place
    ja, en = (text.format(name=name[:_LONGEST]) for text in REASONS[unfit.reason])
    return _said(unfit.reason, ja, en, at, line)


def _namespace(space: str, name: str, place: str, line: int) -> Malformed:
    ja, en = (text.format(name=name[:_LONGEST]) for text in REASONS["namespace"])
    shown = space[:_LONGEST]
    ja += f"今の名前空間は {shown} です。" if space else "今は名前空間がありません。"
    return _said("namespace", ja, f"{en} It is in {shown or 'none'}.", place, line)


def _said(reason: str, ja: str, en: str, place: str, line: int) -> Malformed:
    if line:
        ja, en = f"{ja} ({line} 行目)", f"{en} (line {line})"
    return Malformed(ja, en, rule=f"xml.{reason}", place=place)


def broken(body: bytes, error: expat.ExpatError) -> Malformed:
    """Return the refusal of bytes that are not well-formed XML."""
    if wrong := malformed.not_utf8(body, "xml"):
        return wrong
    place = f"line {error.lineno}, column {error.offset + 1}"
    if body.lstrip()[:1] in (b"{", b"["):
        ja, en = (
            "JSON のようです。Content-Type を application/fhir+json にしてください。",
            ("It looks like JSON; say application/fhir+json in Content-Type."),
        )
    else:
        ja, en = _SYNTAX.get(error.code, ("", ""))
    return Malformed(
        f"XML として読めません ({error.lineno} 行 {error.offset + 1} 文字目)。{ja}",
        f"The body is not well-formed XML at {place}. {en}".rstrip(),
        rule="xml.syntax",
        place=place,
    )
