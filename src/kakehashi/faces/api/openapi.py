"""GET /openapi.json: the API as OpenAPI 3.1, made of the table of routes, for tools that know no CapabilityStatement.

A resource type is a part of the path, not a path of its own: 146 of them would make a file that no tool reads.
"""

import hashlib
import re
from functools import lru_cache

import orjson

from kakehashi import __version__
from kakehashi.faces.api import oauth
from kakehashi.faces.api import openapi_parts as parts
from kakehashi.faces.api.answer import JSON, Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.openapi_words import OTHERWISE, SAID, Said
from kakehashi.faces.api.route import Route
from kakehashi.faces.api.run import ROUTES

_PLACE = re.compile(r"\{(\w+)\}")
_TAGS = {
    "server": "サーバー · the server itself",
    "authorization": "認可 · OAuth 2.0, SMART",
    "records": "記録 · FHIR records",
    "search": "検索 · searches",
    "operations": "操作 · FHIR operations",
    "terminology": "用語 · terminology",
    "bulk": "一括 · Bulk Data Access",
    "subscriptions": "購読 · subscriptions",
    "analysis": "分析 · SQL on FHIR",
    "sharing": "電子カルテ情報共有サービス · the sharing service",
    "others": "その他 · others",
}
Json = dict[str, object]


async def description(call: Call) -> Answer:
    """GET /openapi.json. Open to all: it tells of no person."""
    body, tag = _told(call.house.settings.public_url)
    headers = [(b"etag", tag.encode())]
    if tag in (one.strip() for one in call.header("if-none-match").split(",")):
        return Answer(304, headers=headers)
    return Answer(200, body, headers, JSON)


@lru_cache(maxsize=4)
def _told(address: str) -> tuple[bytes, str]:
    body = orjson.dumps(described(address))
    return body, f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def described(address: str) -> Json:
    """Return the description of the server at a public address."""
    paths: dict[str, Json] = {}
    for route in ROUTES.every():
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "架け橋 Kakehashi",
            "version": __version__,
            "description": "全国医療情報プラットフォームの公開実装。FHIR R4。型ごとの詳細は /fhir/metadata。 · "
            "Open implementation of Japan's medical-information platform. FHIR R4; /fhir/metadata tells of each type.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "tags": [{"name": name, "description": said} for name, said in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": parts.SCHEMAS,
            "responses": parts.RESPONSES,
            "securitySchemes": _schemes(address),
        },
    }  # fmt: skip


def _operation(route: Route) -> Json:
    said = SAID.get(route.label, OTHERWISE)
    told: Json = {
        "operationId": _name(route),
        "tags": [said.tag],
        "summary": f"{said.ja} · {said.en}",
        "parameters": _parameters(route, said),
        "responses": _responses(route, said),
        "security": [] if route.open else [{"bearer": []}, {"smart": []}],
    }
    taken = _taken(route, said)
    if taken:
        told["requestBody"] = {"required": not said.takes.endswith("?"), "content": taken}
    if route.operation:
        told["externalDocs"] = {"url": route.operation.replace("{type}", (*route.types, "Resource")[0])}
    return told


def _name(route: Route) -> str:
    """A name of its own for each method and path, of letters and digits."""
    return "_".join(filter(None, re.split(r"[^A-Za-z0-9]+", f"{route.method.lower()} {route.path}")))


def _parameters(route: Route, said: Said) -> list[Json]:
    places = [parts.of_path(name, route.types) for name in _PLACE.findall(route.path)]
    if route.path.endswith("/_search"):  # all of it may stand in the form
        return places
    own = ("_type",) if said.searched and route.path == "/fhir" else ()
    asked = [parts.of_address(name) for name in (*own, *said.query)]
    if route.fhir:
        asked += [parts.of_address(name) for name in ("_format", "_pretty")]
    where = route.method in ("PUT", "PATCH", "DELETE") and route.path == "/fhir/{type}"
    if said.searched or where:
        asked.append(parts.SEARCHED)
    return [*places, *asked, *(parts.of_header(name) for name in said.headers)]


def _taken(route: Route, said: Said) -> Json:
    if route.method not in ("POST", "PUT", "PATCH"):
        return {}
    if route.path.endswith("/_search"):
        return parts.TAKEN["Form"]
    return parts.TAKEN.get(said.takes.rstrip("?"), {})


def _responses(route: Route, said: Said) -> Json:
    content = parts.GIVEN[said.gives]
    told: Json = {}
    for status in said.ok:
        told[str(status)] = {"description": said.en}
        if content and status not in (204, 304):
            told[str(status)] = {"description": said.en, "content": content}
    wrong = list(parts.OF_ALL)
    if _taken(route, said):
        wrong += parts.OF_BODIES
    if said.written:
        wrong += parts.OF_WRITES
    shape = "OAuthError" if route.path.startswith("/oauth/") else ""
    refused = {str(one): {"$ref": f"#/components/responses/{shape or f'E{one}'}"} for one in sorted(wrong)}
    return {**refused, **told}


def _schemes(address: str) -> Json:
    smart = oauth.configured(address)
    flows: Json = {"clientCredentials": {"tokenUrl": smart["token_endpoint"], "scopes": {}}}
    if "authorization_endpoint" in smart:
        flows["authorizationCode"] = {
            "authorizationUrl": smart["authorization_endpoint"],
            "tokenUrl": smart["token_endpoint"],
            "scopes": {},
        }
    return {
        "bearer": {"type": "http", "scheme": "bearer"},
        "smart": {"type": "oauth2", "flows": flows},
    }
