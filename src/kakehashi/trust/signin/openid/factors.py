"""What a provider says of how somebody proved themselves (`acr`, `amr`), and what of it counts here. Pure.

Nothing counts that the operator did not name. Sources: OpenID Connect Core 1.0, section 2; RFC 8176 (values of `amr`).
"""

from kakehashi.trust.oauth.jose import Claims


def are_two(rule: str, claims: Claims) -> bool:
    """Say whether an id_token's claims are two factors by the setting `openid_factor`.

    >>> are_two("acr:2 amr:pwd+otp", {"acr": "1", "amr": ["otp", "pwd"]}), are_two("", {"acr": "2"})
    (True, False)
    """
    said = claims.get("amr")
    methods = {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()
    for one in rule.split():
        sort, _, value = one.partition(":")
        if sort == "acr" and claims.get("acr") == value:
            return True
        if sort == "amr" and methods.issuperset(value.split("+")):
            return True
    return False


def levels(rule: str) -> str:
    """Return what to ask for (`acr_values`), the best first; "" for nothing in particular.

    >>> levels("amr:mfa acr:2 acr:gold")
    '2 gold'
    """
    return " ".join(one.removeprefix("acr:") for one in rule.split() if one.startswith("acr:"))
