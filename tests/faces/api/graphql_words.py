"""Words for tests of $graphql: a question, and what is told."""

from typing import Any

from api_words import Caller, Json


async def ask(caller: Caller, query: str, on: str = "", **variables: Any) -> Json:
    """The answer to a query about the store, or `on` a resource ("Patient/1")."""
    path = f"/fhir/{on}/$graphql" if on else "/fhir/$graphql"
    answer = await caller.post(
        path, {"query": query, "variables": variables}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    told: Json = answer.json()
    return told


async def data(caller: Caller, query: str, on: str = "", **variables: Any) -> Json:
    """What a query finds, which nothing is wrong with."""
    told = await ask(caller, query, on, **variables)
    assert "errors" not in told, told["errors"]
    found: Json = told["data"]
    return found


async def wrong(caller: Caller, query: str, **variables: Any) -> list[str]:
    """The rules that a query breaks."""
    return rules_of(await ask(caller, query, **variables))


def rules_of(told: Json) -> list[str]:
    """The rules that errors name; each error carries an OperationOutcome that says the same."""
    for one in told["errors"]:
        issue = one["extensions"]["resource"]["issue"][0]
        assert issue["details"]["coding"][0]["code"] == one["extensions"]["rule"]
        assert issue["code"] == one["extensions"]["code"]
    return [one["extensions"]["rule"] for one in told["errors"]]
