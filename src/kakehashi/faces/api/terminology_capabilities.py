"""TerminologyCapabilities: what the terminology service does. Source: https://hl7.org/fhir/R4/terminologycapabilities.html

It is open to all, so it names no code system that was loaded: who may see them finds them by `GET CodeSystem`.
"""

from functools import lru_cache

import orjson

from kakehashi import __version__
from kakehashi.faces.api.built import built_at

PARAMETERS = (
    (
        "filter",
        "コード・表示名・別名の語 (かな・全半角を問わない); words of codes, displays and designations",
    ),
    ("count", "一度に返すコードの数; codes of one page"),
    ("offset", "飛ばすコードの数; codes to skip"),
    ("activeOnly", "使用中のコードだけ; active codes only"),
    ("includeDesignations", "別名も返す; with designations"),
    ("designation", "返す別名の用途か言語; uses or languages of designations"),
    ("includeDefinition", "compose も返す; with the value set's rules"),
    ("excludeNested", "既定は true; false で階層のまま; default true"),
    ("excludeNotForUI", "選べないコードを除く; without abstract codes"),
    ("excludePostCoordinated", "後置連結のコードはない; there are no post-coordinated codes"),
    ("displayLanguage", "表示名の言語; language of displays"),
    ("exclude-system", "除くコード体系; code systems to leave out"),
    ("system-version", "版の既定; version where the value set says none"),
    ("check-system-version", "版の確認; version that must be used"),
    ("force-system-version", "版の指定; version in any case"),
    ("valueSetVersion", "value set の版; version of the value set"),
)


@lru_cache(maxsize=4)
def statement(address: str) -> bytes:
    """Return the TerminologyCapabilities of the server at a public address."""
    return orjson.dumps(
        {
            "resourceType": "TerminologyCapabilities",
            "name": "KakehashiTerminology",
            "status": "active",
            "meta": {"lastUpdated": built_at()},
            "date": built_at(),
            "publisher": "Kakehashi (架け橋)",
            "kind": "instance",
            "software": {"name": "Kakehashi", "version": __version__},
            "implementation": {
                "description": "登録された CodeSystem・ValueSet・ConceptMap についての用語サービス · terminology "
                "service over the CodeSystems, ValueSets and ConceptMaps that were loaded",
                "url": f"{address}/fhir",
            },
            "expansion": {
                "hierarchical": True,
                "paging": True,
                "incomplete": False,
                "parameter": [{"name": name, "documentation": said} for name, said in PARAMETERS],
                "textFilter": "語ごとに照合する。英数字は語頭から、かな・漢字はどこでも。 Each word is looked for: "
                "Latin letters and digits from the beginning of a word, kana and kanji anywhere.",
            },
            "codeSearch": "all",
            "validateCode": {"translations": True},
            "translation": {"needsMap": False},
            "closure": {"translation": False},
        }
    )
