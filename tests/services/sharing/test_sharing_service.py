"""The declaration of the service, and that the doors do what it declares."""

import sys
from itertools import product
from pathlib import Path

import orjson
import pytest
from builders import HOSPITAL, conditions, put, referral

sys.path.append(str(Path(__file__).parents[2] / "faces" / "api"))
from api_words import NOON, SAKURA

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import NotFound, Refused
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.services.sharing.register import register
from kakehashi.services.sharing.service import SERVICE
from kakehashi.services.sharing.submission import Operation
from kakehashi.store import institutions
from kakehashi.store.database import Database


def test_the_institutions_system_registers_and_withdraws_and_nobody_else() -> None:
    for name in Operation:
        declared = SERVICE.operation(name)
        assert declared.roles == {Role.SYSTEM}
        assert declared.institutions == {InstitutionType.HOSPITAL, InstitutionType.CLINIC}
    assert {"register", "withdraw", "fetch", "view"} == {one.name for one in SERVICE.operations}


async def test_a_submission_is_carried_out_for_whom_the_declaration_names_and_refused_for_all_others(
    db: Database, tmp_path: Path
) -> None:
    """Whoever they are and however good the Bundle: the declaration and the door say the same."""
    house = House(db, Settings(home=tmp_path), system_clock)
    async with db.transaction() as tx:
        await institutions.put(tx, SAKURA)
    for role, kind in product(Role, InstitutionType):
        site = Institution(SAKURA.key, HOSPITAL, "架空", kind)
        by = Actor("somebody", role, site, Purpose.TREATMENT, scopes=("system/*.cruds", "user/*.cruds"))
        for make in (conditions, referral):
            tree = make()
            put(tree, "identifier.value", f"{HOSPITAL}^2026^{role}-{kind}".replace(".", "-"))
            if SERVICE.operation("register").open_to(by):
                continue
            with pytest.raises(Refused) as caught:
                await register(house, orjson.dumps(tree), by=by, at=NOON)
            assert caught.value.problems[0].rule == "C1.submission.role"
    system = Actor("karte", Role.SYSTEM, SAKURA, Purpose.TREATMENT, scopes=("system/*.cruds",))
    assert not (await register(house, orjson.dumps(conditions()), by=system, at=NOON)).replaced
    with pytest.raises(NotFound):
        await register(house, orjson.dumps(_withdrawal()), by=system, at=NOON)


def _withdrawal() -> dict[str, object]:
    tree = conditions()
    put(tree, "identifier.value", f"{HOSPITAL}^2026^never-sent")
    tree["entry"] = tree["entry"][:1]
    return tree
