"""The TLS client's certificate, as a proxy passes it on (RFC 9440). Without a trusted proxy there is none."""

from kakehashi.faces.api.call import Call
from kakehashi.trust import peers
from kakehashi.trust.oauth import certificates


def thumbprint(call: Call) -> str | None:
    """Return the certificate's thumbprint, None where none was passed on. Raises Refused, Unauthenticated."""
    header = call.header("client-cert")
    if not header:
        return None
    certificate = certificates.from_proxy(
        header, peer=call.peer, secret=call.header(peers.SECRET_HEADER), settings=call.house.settings
    )
    return certificates.thumbprint_of(certificate)
