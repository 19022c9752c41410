"""What the OpenAPI description says of each interaction: in words, what it takes, what it gives. Data.

Statuses are those of a success; what goes wrong is told alike by all (openapi_parts.py).
"""

from dataclasses import dataclass

Statuses = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One interaction. `takes`, `gives`: names of bodies (openapi_parts.BODIES, SCHEMAS); `query`: names of parameters
    of the address, `headers`: those of headers; `searched`: any search parameter may stand in the address too."""

    tag: str
    ja: str
    en: str
    gives: str = "Resource"
    takes: str = ""
    ok: Statuses = (200,)
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    searched: bool = False
    written: bool = False


_PART = ("_summary", "_elements")
_ANSWERS = (*_PART, "_count", "_sort", "_total", "_include", "_revinclude")
_PERIOD = ("_count", "_since", "_at")
_WRITE = ("Prefer", "Idempotency-Key")
_CODE = ("url", "system", "code", "version", "display", "displayLanguage")
_EXPORT = ("_outputFormat", "_since", "_until", "_type", "_elements", "_typeFilter")

SAID: dict[str, Said] = {
    "capabilities": Said(
        "server", "できること (CapabilityStatement)", "What this server does", "Statement",
        ok=(200, 304), query=("mode", *_PART), headers=("If-None-Match",),
    ),
    "versions": Said("server", "話せる FHIR の版", "Releases of FHIR that are spoken", "Parameters"),
    "openapi": Said("server", "この記述", "This description", "json", ok=(200, 304), headers=("If-None-Match",)),
    "health": Said("server", "動いているか", "Whether it lives, and can work", "Health", ok=(200, 503)),
    "metrics": Said("server", "運用の数値 (Prometheus)", "Figures for the operator", "text"),
    "smart": Said("authorization", "SMART の設定", "SMART's configuration", "json"),
    "openid": Said("authorization", "OpenID の設定", "OpenID's configuration", "json"),
    "jwks": Said("authorization", "トークンの公開鍵", "Public keys of tokens", "json"),
    "token": Said("authorization", "アクセストークンを得る", "Get an access token", "Token", "Form"),
    "revoke": Said("authorization", "トークンを無効にする", "Make a token void", "", "Form"),
    "introspect": Said("authorization", "トークンを調べる", "What a token says", "json", "Form"),
    "read": Said(
        "records", "最新の版を読む", "Read the current version", "Any",
        ok=(200, 304), query=_PART, headers=("If-None-Match", "If-Modified-Since"),
    ),
    "vread": Said(
        "records", "ある版を読む", "Read one version", "Any",
        ok=(200, 304), query=_PART, headers=("If-None-Match", "If-Modified-Since"),
    ),
    "create": Said(
        "records", "登録する", "Create", "Any", "Resource",
        ok=(200, 201, 204), headers=("If-None-Exist", *_WRITE), written=True,
    ),
    "update": Said(
        "records", "更新する", "Update, or create under this id", "Any", "Resource",
        ok=(200, 201, 204), headers=("If-Match", "If-None-Match", *_WRITE), written=True,
    ),
    "patch": Said(
        "records", "一部を直す", "Patch", "Any", "Patch", headers=("If-Match", *_WRITE), written=True
    ),
    "delete": Said(
        "records", "削除する", "Delete", "", ok=(204,), headers=("If-Match", "Idempotency-Key"), written=True
    ),
    "history": Said("records", "版の履歴", "History", "Bundle", query=_PERIOD),
    "bundle": Said(
        "records", "transaction と batch", "A transaction or a batch", "Bundle", "Bundle",
        ok=(200, 201, 204), headers=_WRITE, written=True,
    ),
    "search": Said("search", "検索する", "Search", "Bundle", query=_ANSWERS, searched=True, headers=("Prefer",)),
    "everything": Said(
        "operations", "記録の全体", "The whole record", "Bundle", query=("_count", "_since", "_type", "start", "end")
    ),
    "document": Said("operations", "文書を作る", "Make the document", "Bundle", query=("persist",)),
    "validate": Said("operations", "検証する", "Validate", "OperationOutcome", "Anything", query=("mode", "profile")),
    "meta": Said("operations", "メタデータ", "Metadata", "Parameters"),
    "meta-add": Said("operations", "メタデータを足す", "Add metadata", "Parameters", "Parameters", written=True),
    "meta-delete": Said(
        "operations", "メタデータを除く", "Delete metadata", "Parameters", "Parameters", written=True
    ),
    "lastn": Said(
        "operations", "項目ごとの最新", "The last of each code", "Bundle", "Parameters?", query=("max",), searched=True
    ),
    "diff": Said(
        "operations", "版の差", "What changed", "Parameters", "Parameters?", query=("fromVersion", "from", "to")
    ),
    "match": Said("operations", "同じ人を探す", "Find matching patients", "Bundle", "Parameters"),
    "graphql": Said("operations", "GraphQL", "GraphQL", "json", "GraphQL?", query=("query",)),
    "process-message": Said(
        "operations", "メッセージを処理する", "Process a message", "Bundle", "Bundle", ok=(200, 202, 204), written=True
    ),
    "expand": Said(
        "terminology", "値集合を展開する", "Expand", "ValueSet", "Parameters?",
        query=("url", "filter", "count", "offset", "valueSetVersion", "displayLanguage"),
    ),
    "lookup": Said("terminology", "コードを調べる", "Look a code up", "Parameters", "Parameters?", query=_CODE),
    "validate-code": Said(
        "terminology", "コードを確かめる", "Validate a code", "Parameters", "Parameters?", query=_CODE
    ),
    "subsumes": Said(
        "terminology", "上位・下位を比べる", "Compare codes", "Parameters", "Parameters?",
        query=("system", "codeA", "codeB", "version"),
    ),
    "translate": Said(
        "terminology", "対応するコード", "Translate a code", "Parameters", "Parameters?",
        query=("url", "system", "code", "version", "target", "targetsystem"),
    ),
    "bulk.export": Said(
        "bulk", "一括で取り出す", "Ask for an export", "OperationOutcome", "Parameters?",
        ok=(202,), query=_EXPORT, headers=("Prefer",),
    ),
    "bulk.import": Said(
        "bulk", "一括で取り込む", "Ask for an import", "OperationOutcome", "Import", ok=(202,), headers=("Prefer",)
    ),
    "bulk.status": Said("bulk", "進み具合と結果", "How a job stands", "json", ok=(200, 202)),
    "bulk.cancel": Said("bulk", "取り消す", "Cancel", "OperationOutcome", ok=(202,)),
    "bulk.fetch": Said("bulk", "結果のファイル", "Fetch a file", "ndjson"),
    "subscription.status": Said(
        "subscriptions", "購読の状態", "Status", "Bundle", "Parameters?", query=("id", "status")
    ),
    "subscription.events": Said(
        "subscriptions", "できごと", "Events", "Bundle", "Parameters?",
        query=("eventsSinceNumber", "eventsUntilNumber", "content"),
    ),
    "subscription.get-ws-binding-token": Said(
        "subscriptions", "websocket の鍵", "A token for the websocket", "Parameters", "Parameters?", query=("id",)
    ),
    "viewdefinition-run": Said(
        "analysis", "表を作る (SQL on FHIR)", "Run a ViewDefinition", "table", "Parameters", query=("_count",)
    ),
    "sharing.push": Said(
        "sharing", "電子カルテ情報共有サービスへの登録", "Register, replace or withdraw", "OperationOutcome", "Bundle",
        ok=(200, 201, 204), query=("consent",), headers=("Idempotency-Key",), written=True,
    ),
    "sharing.inbox": Said("sharing", "自施設宛の文書", "Documents for this institution", "json"),
}  # fmt: skip
OTHERWISE = Said("others", "その他", "Others", "json")  # until it is described; a test asks for it
