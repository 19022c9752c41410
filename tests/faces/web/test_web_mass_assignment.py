"""No page takes more from a form than its own fields (A7): whatever else is sent, what is the server's stays so."""

import re

import pytest
from matrix_web import ACCOUNTS, MATRIX
from web_region import NOW, Region
from web_visitor import Visitor, application

from kakehashi.store import reach
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust.consents import LONGEST

# Names that a form's maker might have bound without thinking, with values that would count.
WISHES: dict[str, str | list[str]] = {
    "role": "operator", "new_role": "operator", "institution": "0", "account": "operator", "person": "1",
    "subject": "x",
    "manages": "1", "emergency_right": "1", "rights": ["manages", "emergency"], "factors": "2", "acts_for": "x",
    "licence": "999999", "state": "enable", "is_admin": "1", "admin": "1", "scope": "system/*.cruds", "by": "operator",
    "at": "2020-01-01T00:00:00Z", "now": "2020-01-01T00:00:00Z", "hours": "9999", "until": "2099-01-01", "flags": "0",
    "ends": "2099-01-01", "kinds": "-1", "custodian": "0", "purpose": "HOPERAT", "evidence": "portal", "demo": "1",
    "actor.role": "operator", "actor[role]": "operator", "__class__": "x", "password_hash": "x", "session": "x",
}  # fmt: skip
RIGHTS = (
    "SELECT a.login, a.name, a.person, a.disabled_at, m.*, l.role, l.number FROM account AS a"
    " LEFT JOIN membership AS m ON m.account = a.id LEFT JOIN account_licence AS l ON l.account = a.id"
    " ORDER BY a.login, m.institution, m.role, l.role"
)
NOT_TRIED = {"/signout", "/account/sessions"}  # they end the session that tries
POSTS = [path for method, path in sorted(MATRIX) if method == "POST" and path not in NOT_TRIED]


async def standing(region: Region) -> list[str]:
    """Who is who, and may what, as the database has it."""
    async with region.house.db.connection() as db:
        return [str(tuple(row)) for row in await db.fetch(RIGHTS)]


@pytest.mark.parametrize("who", sorted(set(ACCOUNTS) - {"operator", "manager"}))
async def test_nobody_rises_by_fields_that_a_form_does_not_have(region: Region, who: str) -> None:
    async with Visitor.on(application(region)) as visitor:
        await visitor.sign_in(ACCOUNTS[who])
        before = await standing(region)
        for path in POSTS:
            await visitor.go("/account")
            await visitor.send(re.sub(r"{\w+}", "nobodys", path), **WISHES)
            assert visitor.status < 500, path
        assert await standing(region) == before


async def test_who_manages_accounts_of_one_institution_makes_none_elsewhere_and_no_operator(
    region: Region,
) -> None:
    async with Visitor.on(application(region)) as manager:
        await manager.sign_in(ACCOUNTS["manager"])
        before = await standing(region)
        await manager.prove_second()
        for role in ("operator", "auditor", "person", "system"):
            await manager.go("/staff")
            await manager.send(
                "/staff", **(WISHES | {"login": f"risen-{role}", "name": "昇格", "role": role})
            )
        await manager.go("/staff")
        await manager.send("/staff", **(WISHES | {"login": "colleague", "name": "同僚", "role": "clerk"}))
        async with region.house.db.connection() as db:
            made = await db.fetch(
                "SELECT a.login, r.role, r.institution, r.manages, r.emergency_right FROM account AS a"
                " JOIN membership AS r ON r.account = a.id WHERE a.login LIKE 'risen-%' OR a.login = 'colleague'"
            )
        own = region.sites["chuo"].key
        assert "colleague" in {row["login"] for row in made}
        for row in made:
            assert row["institution"] == own
            assert row["role"] not in ("operator", "person", "system")
        assert [one for one in before if "operator" in one] == [
            one for one in await standing(region) if "operator" in one
        ]


async def test_a_consent_is_for_the_desk_that_took_it_and_for_a_day_whatever_the_form_says(
    region: Region,
) -> None:
    async with Visitor.on(application(region)) as clerk, Visitor.on(application(region)) as hanako:
        await clerk.sign_in(ACCOUNTS["clerk"])
        await clerk.go("/reception")
        await clerk.send("/reception", way="items", name="架橋 花子", birth="1962-05-14", sex="female")
        desk = clerk.link("/reception/")
        await clerk.go(desk)
        fields = WISHES | {
            "items": ["care"],
            "institution": str(region.sites["minato"].key),
            "evidence": "card",
        }
        await clerk.send(f"/reception/{desk.rpartition('/')[2]}/consent", **fields)
        await hanako.sign_in("hanako")
        await hanako.go("/me/consents")
        await hanako.send("/me/consents", **(fields | {"person": str(region.persons["isamu"])}))
    async with region.house.db.connection() as db, db.transaction():
        await reach.open_on(db, Reach((Matter.CONSENT,)))
        rows = await db.fetch("SELECT * FROM consent WHERE given_at = $1", NOW)
    at_desk = [row for row in rows if row["evidence"] != "portal"]
    assert {row["institution"] for row in at_desk} <= {region.sites["sakura"].key}
    assert at_desk and len(rows) > len(at_desk), "both forms were really taken"
    for row in rows:
        assert row["person"] == region.persons["hanako"]
        assert (row["ends_at"] - row["given_at"]).total_seconds() <= LONGEST * 3600
