"""Refusals of the token endpoint, each with its OAuth name in `error` (RFC 6749 5.2)."""

from kakehashi.core.errors import BadRequest, Failure, Unauthenticated


class InvalidClient(Unauthenticated):
    """The client is unknown, suspended, or did not prove itself. Which of them is not told."""

    error = "invalid_client"
    default_ja = "クライアントを確認できませんでした。鍵・aud・exp・jti を確かめてください。"
    default_en = "The client could not be verified. Check key, aud, exp and jti of the assertion."


class InvalidScope(BadRequest):
    """Nothing of what was asked for is allowed to this client."""

    error = "invalid_scope"
    default_ja = "求められたスコープは、このクライアントに許可されていません。"
    default_en = "None of the scopes asked for is allowed to this client."


class InvalidRequest(BadRequest):
    """A parameter is missing, given twice, or not what it should be."""

    error = "invalid_request"


class UnsupportedGrant(BadRequest):
    """Another grant than those that there are."""

    error = "unsupported_grant_type"
    default_ja = "grant_type は authorization_code、refresh_token、client_credentials です。"
    default_en = "grant_type is authorization_code, refresh_token or client_credentials."


class InvalidGrant(BadRequest):
    """The code or refresh token is not, or no longer, good, or another's. Which of them is not told."""

    error = "invalid_grant"
    default_ja = (
        "コードまたはリフレッシュトークンが無効か、期限切れか、使用済みです。認可からやり直してください。"
    )
    default_en = (
        "The code or refresh token is not valid, has expired or was used. Begin the authorization anew."
    )


class InvalidToken(Unauthenticated):
    """The access token is not, or no longer, good. Why is not told."""

    error = "invalid_token"
    default_ja = "アクセストークンが無効か、期限が切れています。"
    default_en = "The access token is not valid, or has expired."


def oauth_error(failure: Failure) -> str:
    """Return the OAuth name of a failure: its own, else the general one for its status."""
    return str(getattr(failure, "error", "server_error" if failure.status >= 500 else "invalid_request"))
