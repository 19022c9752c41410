"""The TLS client's certificate, as a proxy passes it on (RFC 9440). Without a trusted proxy there is none."""

from kakehashi.faces.api.call import Call
from kakehashi.trust.oauth import certificates


def thumbprint(call: Call) -> str | None:
    """Return the certificate's thumbprint, None where none was passed on. Raises Refused, Unauthenticated."""
    header = call.header("client-cert")
    if not header:
        return None
    settings = call.house.settings
    certificate = certificates.from_proxy(
        header,
        peer=call.peer,
        secret=call.header("x-proxy-secret"),
        expected_secret=settings.proxy_secret,
        proxies=frozenset(settings.proxies.split()),
    )
    return certificates.thumbprint_of(certificate)
