"""Rules for every submitted Bundle: identifier, times, addresses of entries, size, readable characters."""

import re
from collections import Counter

from kakehashi.core.errors import TooLarge
from kakehashi.services.sharing.rules import sources
from kakehashi.services.sharing.rules.checks import Found, has_milliseconds, is_zoned, needs
from kakehashi.services.sharing.rules.model import Case, Check, Finding, rule, version_of
from kakehashi.services.sharing.rules.reading import many, place_of, profiles, strings, text
from kakehashi.terms import japan

MOST_BYTES = 10 * 1024 * 1024  # 10 MB a transmission; システムベンダ向け技術解説書 (2023-11 draft, p. 34)

_BUNDLE_ID = re.compile(japan.BUNDLE_ID_FORM, re.ASCII)
_URN_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
GAIJI, MOJIBAKE, HALF_KANA = "gaiji", "mojibake", "half-kana"
ODD_TEXT = {
    GAIJI: re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]"),  # private use: 外字 of one's own system
    MOJIBAKE: re.compile("\ufffd"),
    HALF_KANA: re.compile("[\uff61-\uff9f]"),
}
_HOUSE_PROFILES = re.compile(
    re.escape(japan.JP) + r"/(clins|eCS|eReferral|eDischargeSummary|ePCS)/(?!.*eCheckup)"
)


_SIZE_JA = "1回の送信は10MBまでです。添付や画像を減らすか、報告単位で分けて送ってください。"
_SIZE_EN = "A transmission may have 10 MB at most; send fewer attachments or divide it by report."


def require_size(size: int) -> None:
    """Raise TooLarge when so many bytes are no transmission: told before anybody reads them."""
    if size > MOST_BYTES:
        raise TooLarge(
            f"{_SIZE_JA}（受け取った値: {size} bytes）", f"{_SIZE_EN} (received: {size} bytes)",
            rule="C1.bundle.size", place="Bundle",
        )  # fmt: skip


def _recognised(case: Case) -> Found:
    if case.whole.family == "unknown":
        yield Finding(".meta.profile", " ".join(url for url, _ in profiles(case.tree)))


def _known_version(case: Case) -> Found:
    for i, (url, version) in enumerate(profiles(case.tree)):
        if version and _HOUSE_PROFILES.match(url) and version_of(version) is None:
            yield Finding(f".meta.profile[{i}]", version)


def _identifier_system(case: Case) -> Found:
    given = [item for item in many(case.tree, "identifier") if item.get("system") == japan.BUNDLE_ID]
    if len(given) != 1:
        said = " ".join(text(item, "system") for item in many(case.tree, "identifier"))
        yield Finding(".identifier.system", said)


def _identifier_value(case: Case) -> Found:
    for item in many(case.tree, "identifier"):
        value = text(item, "value")
        if item.get("system") == japan.BUNDLE_ID and not _BUNDLE_ID.fullmatch(value):
            yield Finding(".identifier.value", value)


def _timestamp(case: Case) -> Found:
    said = text(case.tree, "timestamp")
    if not is_zoned(said):
        yield Finding(".timestamp", said)


def _timestamp_milliseconds(case: Case) -> Found:
    said = text(case.tree, "timestamp")
    if is_zoned(said) and not has_milliseconds(said):
        yield Finding(".timestamp", said)


def _full_urls(case: Case) -> Found:
    for member in case.whole.members:
        if not _URN_UUID.fullmatch(member.full_url.lower()):
            yield Finding(f".entry[{member.index}].fullUrl", member.full_url)


def _full_urls_once(case: Case) -> Found:
    count = Counter(member.full_url for member in case.whole.members if member.full_url)
    for member in case.whole.members:
        if count[member.full_url] > 1:
            yield Finding(f".entry[{member.index}].fullUrl", member.full_url)


def _entries_there(case: Case) -> Found:
    for i, entry in enumerate(many(case.tree, "entry")):
        if not isinstance(entry.get("resource"), dict):
            yield Finding(f".entry[{i}].resource")
    if not many(case.tree, "entry"):
        yield Finding(".entry")


def _size(case: Case) -> Found:
    if case.whole.size > MOST_BYTES:
        yield Finding("", f"{case.whole.size} bytes")


def _one_patient(case: Case) -> Found:
    people = case.whole.of_type("Patient")
    if len(people) > 1:
        for member in people[1:]:
            yield Finding(f".entry[{member.index}].resource")


def _everywhere(sign: str) -> Check:
    """Strings that hold a sign of `ODD_TEXT`."""

    def check(case: Case) -> Found:
        if sign in case.whole.odd_text:
            for link, value in strings(case.tree):
                if hit := ODD_TEXT[sign].search(value):
                    yield Finding(place_of(link), f"U+{ord(hit[0]):04X}")

    return check


def _half_kana_names(case: Case) -> Found:
    if HALF_KANA in case.whole.odd_text:
        for member in case.whole.of_type("Patient"):
            for link, value in strings({"name": member.tree.get("name")}):
                if ODD_TEXT[HALF_KANA].search(value):
                    yield Finding(f".entry[{member.index}].resource{place_of(link)}")


RULES = (
    rule(
        "C1.bundle.recognised", "Bundle",
        "どの情報の送信か判別できません。meta.profile に JP_Bundle_CLINS、JP_Bundle_eReferral、"
        "JP_Bundle_eDischargeSummary、"
        "JP_Bundle_ePCS、JP_Bundle_eCheckupGeneral のいずれかを書いてください。",
        "It cannot be told what this Bundle carries; name one of the service's Bundle profiles in meta."
        "profile.",
        sources.GUIDE, _recognised,
    ),
    rule(
        "C1.version.known", "Bundle Entry",
        "meta.profile の版 (|の後) が知られていません。1.5.0 から 1.11.0 の版を書くか、"
        "版を省いてください。受付時の版で検査しました。",
        "The version after | in meta.profile is not known; write 1.5.0 to 1.11.0 or leave it out. "
        "The version current here was applied.",
        sources.CHANGES, _known_version, severity="warning",
    ),
    rule(
        "C1.bundle.lastUpdated", "Bundle",
        "meta.lastUpdated がありません。この電文を作った日時を書いてください。",
        "meta.lastUpdated is missing; write when this Bundle was made.",
        sources.table("BundleTable"), needs("meta.lastUpdated"),
    ),
    rule(
        "R02151", "Bundle",
        f"Bundle.identifier は1つで、system は {japan.BUNDLE_ID} としてください。",
        f"Bundle.identifier must be there once, with the system {japan.BUNDLE_ID}.",
        sources.invariant("valid-system-bundleIdenfifier", "JP_Bundle_CLINS"), _identifier_system,
    ),
    rule(
        "R2152", "Bundle",
        "Bundle.identifier.value は「医療機関10桁^西暦4桁^36字以内の半角英数字とハイフン」で書いてくださ"
        "い (例 1311234567^2026^00123456)。",
        "Write Bundle.identifier.value as 10-digit institution^year^up to 36 letters, digits or hyphens "
        "(e.g. 1311234567^2026^00123456).",
        sources.invariant("valid-value-bundleIdenfifier", "JP_Bundle_CLINS"), _identifier_value,
    ),
    rule(
        "C1.bundle.timestamp", "Bundle",
        "Bundle.timestamp に、秒 (できればミリ秒) までの作成日時を時差つきで書いてください (例 "
        "2026-11-21T09:00:00.000+09:00)。",
        "Write Bundle.timestamp to the second (better: millisecond) with its time zone, "
        "e.g. 2026-11-21T09:00:00.000+09:00.",
        sources.table("BundleTable"), _timestamp,
    ),
    rule(
        "C1.bundle.timestamp-milliseconds", "Bundle",
        "Bundle.timestamp はミリ秒まで書くことになっています (例 …T09:00:00.000+09:00)。",
        "Bundle.timestamp should go to the millisecond (e.g. …T09:00:00.000+09:00).",
        sources.table("BundleTable"), _timestamp_milliseconds, severity="warning",
    ),
    rule(
        "C1.bundle.entries", "Bundle",
        "entry またはその resource がありません。entry ごとに resource を1つ入れてください。",
        "An entry, or its resource, is missing; put one resource into every entry.",
        sources.table("BundleTable"), _entries_there,
    ),
    rule(
        "C1.bundle.fullUrl", "Bundle",
        "entry.fullUrl は「urn:uuid:」に続く小文字のUUIDで書いてください。",
        "Write entry.fullUrl as urn:uuid: and a lower-case UUID.",
        sources.GUIDE, _full_urls,
    ),
    rule(
        "C1.bundle.fullUrl-once", "Bundle",
        "同じ fullUrl が2つ以上の entry にあります。entry ごとに別のUUIDにしてください。",
        "The same fullUrl stands on more than one entry; give each entry a UUID of its own.",
        sources.GUIDE, _full_urls_once,
    ),
    rule(
        "C1.bundle.size", "Bundle/size",
        _SIZE_JA, _SIZE_EN, sources.VENDOR, _size,
    ),
    rule(
        "C1.bundle.one-patient", "Bundle",
        "Patient が2人以上あります。1つの Bundle は1人の患者だけにしてください。",
        "There is more than one Patient; a Bundle is about one person.",
        sources.GUIDE, _one_patient,
    ),
    rule(
        "C1.text.gaiji", "Bundle",
        "外字 (私用領域の文字) があります。他の施設では表示できません。JIS の文字か、"
        "かな・〓等に置き換えてください。",
        "A private use character (gaiji) is there, which no other institution can show; use a standard "
        "character.",
        sources.HOUSE, _everywhere(GAIJI),
    ),
    rule(
        "C1.text.mojibake", "Bundle",
        "文字化けの印 (U+FFFD) があります。送る前の文字コード変換 (Shift_JIS から UTF-8 など) "
        "を直してください。",
        "A replacement character (U+FFFD) is there; mend the conversion (e.g. Shift_JIS to UTF-8) before "
        "sending.",
        sources.HOUSE, _everywhere(MOJIBAKE),
    ),
    rule(
        "C1.text.half-kana-name", "Bundle",
        "患者氏名に半角カナがあります。カナ氏名は全角カタカナで書いてください (例 マキノ ランマン)。",
        "The patient's name has half-width kana; write it in full-width katakana.",
        sources.JP_CORE, _half_kana_names,
    ),
    rule(
        "C1.text.half-kana", "Bundle",
        "半角カナがあります。全角に直すことをお勧めします。",
        "There is half-width kana; full-width is recommended.",
        sources.HOUSE, _everywhere(HALF_KANA), severity="information",
    ),
)  # fmt: skip
