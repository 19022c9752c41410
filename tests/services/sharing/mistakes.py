"""What vendors get wrong, as bytes: name → the body that was sent, and the rules that name the mistake."""

from collections.abc import Callable
from typing import Any

import orjson
from builders import (
    BUILDERS,
    CLINIC,
    DROP,
    HOSPITAL,
    MEMBER,
    collection,
    condition,
    lab,
    put,
    referral,
    urn,
)

from kakehashi.terms import japan

Change = tuple[str, Any]
FIRST = "entry.1.resource"  # the first finding of a collection
INSURED = "entry.0.resource.identifier.1"


def wrong(name: str, *changes: Change) -> bytes:
    """A submission with these members put in, or taken out where the value is DROP."""
    tree = BUILDERS[name]()
    for path, value in changes:
        put(tree, path, value)
    return orjson.dumps(tree)


_GOOD = wrong("conditions")


def _points_nowhere() -> bytes:
    tree = referral()
    put(tree, "entry.0.resource.section.0.entry.0.reference", urn("nobody"))
    return orjson.dumps(tree)


def _two_kinds() -> bytes:
    return orjson.dumps(collection("Condition", condition(), lab()))


def _in_text(body: bytes, old: str, new: bytes) -> bytes:
    assert old.encode() in body
    return body.replace(old.encode(), new, 1)


def huge(megabytes: int = 200) -> bytes:
    """A Bundle whose one disease has a name of so many megabytes: well-formed, and far too large."""
    return _in_text(_GOOD, '"text":"高血圧"', b'"text":"' + b"a" * (megabytes << 20) + b'"')


def _large(*last: bytes) -> bytes:
    """A Bundle of six megabytes of diseases, which is no mistake, with these entries behind."""
    head, entry, tail = _parts(_GOOD)
    return head + b",".join([*[entry] * (6 * _MEGABYTE // len(entry)), *last]) + tail


def _parts(body: bytes) -> tuple[bytes, bytes, bytes]:
    """A Bundle's text before its last entry, that entry, and what follows."""
    entry = orjson.dumps(orjson.loads(body)["entry"][-1])
    head, found, tail = body.partition(entry)
    assert found
    return head, entry, tail


_MEGABYTE = 1 << 20
_DEEP = b'{"resourceType":"Bundle","extension":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

# The body, and the rules that must be told. A rule that begins with "json." is about the bytes, before any FHIR.
MISTAKES: dict[str, tuple[Callable[[], bytes], frozenset[str]]] = {
    "no branch number": (
        lambda: wrong("conditions", (f"{INSURED}.value", MEMBER.rpartition(":")[0])),
        frozenset({"R1013"}),
    ),
    "a branch number of one digit": (
        lambda: wrong("conditions", (f"{INSURED}.value", MEMBER[:-2] + "5")),
        frozenset({"R1013"}),
    ),
    "a branch number in full width": (
        lambda: wrong("conditions", (f"{INSURED}.value", MEMBER[:-2] + "０５")),
        frozenset({"R1013"}),
    ),
    "an insurer of six digits": (
        lambda: wrong("conditions", (f"{INSURED}.value", MEMBER.removeprefix("00"))),
        frozenset({"R1013"}),
    ),
    "the member id in a system of another spelling": (
        lambda: wrong("conditions", (f"{INSURED}.system", japan.MEMBER_ID.replace("Idsystem", "IdSystem"))),
        frozenset({"R1012"}),
    ),
    "the Bundle's identifier in another system": (
        lambda: wrong("conditions", ("identifier.system", "urn:oid:1.2.3")),
        frozenset({"R02151"}),
    ),
    "no Bundle identifier": (lambda: wrong("conditions", ("identifier", DROP)), frozenset({"R02151"})),
    "a disease in ICD-10 alone": (
        lambda: wrong("conditions", (f"{FIRST}.code.coding.0.system", min(japan.ICD10))),
        frozenset({"C1.condition.key"}),
    ),
    "no institution number": (
        lambda: wrong("conditions", (f"{FIRST}.extension.0", DROP)),
        frozenset({"R9011"}),
    ),
    "an institution number of seven digits": (
        lambda: wrong("conditions", (f"{FIRST}.extension.0.valueIdentifier.value", HOSPITAL[3:])),
        frozenset({"R9012"}),
    ),
    "another institution's number": (
        lambda: wrong("conditions", (f"{FIRST}.extension.0.valueIdentifier.value", CLINIC)),
        frozenset({"C1.submission.sender"}),
    ),
    "two kinds in one Bundle": (_two_kinds, frozenset({"C1.collection.one-kind"})),
    "two persons in one Bundle": (
        lambda: wrong(
            "conditions",
            ("entry.+", {"fullUrl": urn("other"), "resource": BUILDERS["deletion"]()["entry"][0]["resource"]}),
        ),
        frozenset({"C1.bundle.one-patient"}),
    ),
    "a document whose section points nowhere": (_points_nowhere, frozenset({"C1.section.nowhere"})),
    "an addressee that takes no part": (
        lambda: wrong("referral"),
        frozenset({"C1.submission.addressee"}),
    ),
    "a withdrawal of what was never sent": (
        lambda: wrong("deletion"),
        frozenset({"C1.submission.unknown"}),
    ),
    "half-width kana in the name": (
        lambda: wrong("conditions", ("entry.0.resource.name.1.text", "ｶｸｳ ﾊﾅｺ")),
        frozenset({"C1.text.half-kana-name"}),
    ),
    "外字": (
        lambda: wrong("conditions", ("entry.0.resource.name.0.text", "架空 花\ue001")),
        frozenset({"C1.text.gaiji"}),
    ),
    "a conversion that lost characters": (
        lambda: wrong("conditions", (f"{FIRST}.code.text", "高\ufffd圧")),
        frozenset({"C1.text.mojibake"}),
    ),
    "Shift_JIS": (lambda: _GOOD.decode().encode("cp932"), frozenset({"json.encoding"})),
    "EUC-JP": (lambda: _GOOD.decode().encode("euc_jp"), frozenset({"json.encoding"})),
    "UTF-16": (lambda: _GOOD.decode().encode("utf-16"), frozenset({"json.encoding"})),
    "a byte order mark": (lambda: b"\xef\xbb\xbf" + _GOOD, frozenset({"json.encoding"})),
    "100,000 deep": (lambda: _DEEP, frozenset({"json.depth"})),
    "members that never close": (lambda: b'{"resourceType":' * 100_000, frozenset({"json.depth"})),
    "six megabytes of brackets": (
        lambda: _in_text(_GOOD, '"type":"collection"', b'"x":' + b"[" * (6 * _MEGABYTE)),
        frozenset({"json.dense"}),
    ),
    "six megabytes of commas": (
        lambda: _in_text(_GOOD, '"type":"collection"', b'"x":[' + b"0," * (3 * _MEGABYTE) + b"0]"),
        frozenset({"json.dense"}),
    ),
    "a key twice": (
        lambda: _in_text(_GOOD, '"type":"collection"', b'"type":"collection","type":"document"'),
        frozenset({"json.duplicate-key"}),
    ),
    "a key twice in the last of many entries": (
        lambda: _large(b'{"fullUrl":"urn:uuid:1","fullUrl":"urn:uuid:2"}'),
        frozenset({"json.duplicate-key"}),
    ),
    "a key twice behind many entries": (
        lambda: _large()[:-1] + b',"type":"document"}',
        frozenset({"json.duplicate-key"}),
    ),
    "a key twice behind escaped quotes": (
        lambda: _in_text(_GOOD, "高血圧", b"\\u0022" * 200_000 + b'","display":"'),
        frozenset({"json.duplicate-key"}),
    ),
    "NUL": (lambda: _in_text(_GOOD, "高血圧", rb"\u0000"), frozenset({"json.control"})),
    "a control character in the last of many entries": (
        lambda: _large(rb'{"fullUrl":"urn:uuid:\u001b"}'),
        frozenset({"json.control"}),
    ),
    "a raw control character": (lambda: _in_text(_GOOD, "高血圧", b"\x1b"), frozenset({"json.syntax"})),
    "a number beyond all numbers": (lambda: _in_text(_GOOD, '"高血圧"', b"1e400"), frozenset({"json.syntax"})),
    "NaN in the last of many entries": (lambda: _large(b"NaN"), frozenset({"json.syntax"})),
    "NaN": (lambda: _in_text(_GOOD, '"高血圧"', b"NaN"), frozenset({"json.syntax"})),
    "a lone surrogate": (lambda: _in_text(_GOOD, "高血圧", rb"\ud842"), frozenset({"json.syntax"})),
    "half a body": (lambda: _GOOD[: len(_GOOD) // 2], frozenset({"json.syntax"})),
    "no body": (lambda: b"", frozenset({"json.syntax"})),
    "XML": (lambda: b"<Bundle xmlns='http://hl7.org/fhir'/>", frozenset({"json.syntax"})),
    "11 MB": (lambda: huge(11), frozenset({"C1.bundle.size"})),
}  # fmt: skip
