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
from kakehashi.store.clients import Client
from kakehashi.trust.oauth import assertions, grants
from kakehashi.trust.oauth.failures import InvalidRequest, oauth_error

_LONGEST = 32_768  # bytes of a form


async def token(call: Call) -> Answer:
    """POST /oauth/token: client_credentials with private_key_jwt."""
    try:
        form = await _form(call)
        granted = await grants.token(
            call.api.tokens, call.api.published, form, at=call.at, client_cert_thumbprint=thumbprint(call)
        )
    except Failure as failure:
        return _refused(failure)
    return _json(granted.body())


async def revoke(call: Call) -> Answer:
    """POST /oauth/revoke: a client makes its own token void; it proves itself as at the token endpoint."""
    try:
        form = await _form(call)
        client = await _client(call, form)
        await grants.revoke(call.api.tokens, form.get("token", ""), by=client, at=call.at)
    except Failure as failure:
        return _refused(failure)
    return Answer(200)


async def introspect(call: Call) -> Answer:
    """POST /oauth/introspect: what a token of the client's own institution says."""
    try:
        form = await _form(call)
        client = await _client(call, form)
        said = await grants.introspect(call.api.tokens, form.get("token", ""), by=client, at=call.at)
    except Failure as failure:
        return _refused(failure)
    return _json(said)


async def jwks(call: Call) -> Answer:
    """GET /oauth/jwks: the public keys that access tokens are signed with."""
    return _json(await call.api.tokens.jwks(at=call.at))


async def configuration(call: Call) -> Answer:
    """GET /.well-known/smart-configuration."""
    address = call.house.settings.public_url
    return _json(
        {
            "issuer": address,
            "jwks_uri": f"{address}/oauth/jwks",
            "token_endpoint": f"{address}/oauth/token",
            "revocation_endpoint": f"{address}/oauth/revoke",
            "introspection_endpoint": f"{address}/oauth/introspect",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384", "RS384"],
            "scopes_supported": ["system/*.rs", "system/*.cruds"],
            "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
        }
    )


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


async def _client(call: Call, form: Mapping[str, str]) -> Client:
    if form.get("client_assertion_type") != assertions.TYPE:
        raise InvalidRequest(
            "client_assertion が必要です。", "A client_assertion is needed.", rule="oauth.request.assertion"
        )
    tokens = call.api.tokens
    return await assertions.client_of(
        tokens.db,
        form.get("client_assertion", ""),
        audience=tokens.endpoint,
        published=call.api.published,
        at=call.at,
    )


def _refused(failure: Failure) -> Answer:
    said = {"error": oauth_error(failure), "error_description": failure.problems[0].en}
    headers = [(b"www-authenticate", b'Bearer realm="kakehashi"')] if failure.status == 401 else []
    return Answer(failure.status, orjson.dumps(said), headers, JSON)


def _json(said: Mapping[str, object]) -> Answer:
    return Answer(200, orjson.dumps(said), [(b"pragma", b"no-cache")], JSON)
