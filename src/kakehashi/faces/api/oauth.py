"""OAuth at the edge: token, revocation, introspection, keys, and SMART's configuration.

Sources: https://hl7.org/fhir/smart-app-launch/STU2.2/, RFC 6749 5.2, RFC 7009, RFC 7662.
"""

from collections.abc import Mapping

import orjson

from kakehashi.core.errors import Failure
from kakehashi.faces.api.answer import JSON, Answer
from kakehashi.faces.api.call import Call, read_pairs
from kakehashi.faces.api.certificate import thumbprint
from kakehashi.faces.api.headers import media_of
from kakehashi.trust.oauth import grants, proving
from kakehashi.trust.oauth.apps import WORDS
from kakehashi.trust.oauth.failures import InvalidRequest, oauth_error
from kakehashi.trust.oauth.proving import Caller
from kakehashi.trust.oauth.signing_keys import FOR_IDS
from kakehashi.trust.signin.policy import Policy

_LONGEST = 32_768  # bytes of a form
# Members: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#styling; values: static/style.css
_STYLE = {
    "color_background": "#ffffff",
    "color_error": "#a3171f",
    "color_highlight": "#0b5a8a",
    "color_modal_backdrop": "",
    "color_success": "#17633a",
    "color_text": "#1b2733",
    "dim_border_radius": "6px",
    "dim_font_size": "16px",
    "dim_spacing_size": "16px",
    "font_family_body": "'Hiragino Sans', 'Noto Sans JP', sans-serif",
    "font_family_heading": "'Hiragino Sans', 'Noto Sans JP', sans-serif",
}


async def token(call: Call) -> Answer:
    """POST /oauth/token: a system for itself, an app with its code or refresh token."""
    try:
        policy = Policy.of(call.house.settings)
        granted = await grants.token(
            call.api.tokens, call.api.published, await _caller(call), at=call.at, policy=policy
        )
    except Failure as failure:
        return _refused(failure)
    return _json(granted.body())


async def revoke(call: Call) -> Answer:
    """POST /oauth/revoke: a client makes its own token void; it proves itself as at the token endpoint."""
    try:
        caller = await _caller(call)
        client = await proving.client_of(call.api.tokens, call.api.published, caller, at=call.at)
        await grants.revoke(call.api.tokens, caller.form.get("token", ""), by=client, at=call.at)
    except Failure as failure:
        return _refused(failure)
    return Answer(200)


async def introspect(call: Call) -> Answer:
    """POST /oauth/introspect: what a token of the client's own, or of its institution, says."""
    try:
        caller = await _caller(call)
        client = await proving.client_of(call.api.tokens, call.api.published, caller, at=call.at)
        said = await grants.introspect(call.api.tokens, caller.form.get("token", ""), by=client, at=call.at)
    except Failure as failure:
        return _refused(failure)
    return _json(said)


async def jwks(call: Call) -> Answer:
    """GET /oauth/jwks: the public keys that access tokens are signed with."""
    return _json(await call.api.tokens.jwks(at=call.at))


async def configuration(call: Call) -> Answer:
    """GET /.well-known/smart-configuration."""
    return _json(configured(call.house.settings.public_url))


async def openid(call: Call) -> Answer:
    """GET /.well-known/openid-configuration: what an app that asks for `openid` needs to know."""
    address = call.house.settings.public_url
    smart = configured(address)
    same = (
        "issuer", "jwks_uri", "authorization_endpoint", "token_endpoint", "revocation_endpoint",
        "introspection_endpoint", "grant_types_supported", "response_types_supported", "scopes_supported",
        "code_challenge_methods_supported", "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
    )  # fmt: skip
    own = {
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [FOR_IDS],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "name", "fhirUser"],
        "prompt_values_supported": ["none", "login", "consent"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
    return _json({name: smart[name] for name in same} | own)


async def style(call: Call) -> Answer:
    """GET /oauth/smart-style.json: colours of our pages, so that an app can look like a part of them."""
    return _json(_STYLE)


def configured(address: str) -> dict[str, object]:
    """Return SMART's configuration; CapabilityStatement and OpenAPI description take their addresses from it."""
    return {
        "issuer": address,
        "jwks_uri": f"{address}/oauth/jwks",
        "authorization_endpoint": f"{address}/oauth/authorize",
        "token_endpoint": f"{address}/oauth/token",
        "revocation_endpoint": f"{address}/oauth/revoke",
        "introspection_endpoint": f"{address}/oauth/introspect",
        "management_endpoint": f"{address}/apps",
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [
            "none", "client_secret_basic", "client_secret_post", "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "RS384"],
        "scopes_supported": [
            *WORDS, "patient/*.rs", "patient/*.cruds", "user/*.rs", "user/*.cruds", "system/*.rs", "system/*.cruds",
        ],
        "capabilities": [
            "launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric",
            "client-confidential-asymmetric", "sso-openid-connect", "context-banner", "context-style",
            "context-ehr-patient", "context-standalone-patient", "permission-offline", "permission-online",
            "permission-patient", "permission-user", "permission-v1", "permission-v2",
        ],
    }  # fmt: skip


async def _form(call: Call) -> dict[str, str]:
    """Read the form; a parameter that comes twice is refused (RFC 6749 3.2)."""
    body = await call.body_of()
    if media_of(call.header("content-type")) != "application/x-www-form-urlencoded" or len(body) > _LONGEST:
        raise InvalidRequest(
            "application/x-www-form-urlencoded で送ってください。", "Send application/x-www-form-urlencoded.",
            rule="oauth.request.form",
        )  # fmt: skip
    pairs = read_pairs(body.decode("utf-8", "surrogateescape"))
    form = dict(pairs)
    if len(form) < len(pairs):
        raise InvalidRequest(
            "同じパラメータが二回あります。", "A parameter comes twice.", rule="oauth.request.twice"
        )
    return form


async def _caller(call: Call) -> Caller:
    return Caller(await _form(call), call.header("authorization"), thumbprint(call))


def _refused(failure: Failure) -> Answer:
    said = {"error": oauth_error(failure), "error_description": failure.problems[0].en}
    headers = [(b"www-authenticate", b'Bearer realm="kakehashi"')] if failure.status == 401 else []
    return Answer(failure.status, orjson.dumps(said), headers, JSON)


def _json(said: Mapping[str, object]) -> Answer:
    return Answer(200, orjson.dumps(said), [(b"pragma", b"no-cache")], JSON)
