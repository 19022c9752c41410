"""Institutions (施設): who takes part, added by the operator under its official number.

Lengths of the numbers: 医療機関コード 10桁 (都道府県・点数表・医療機関番号), 保険者番号 8桁 (国民健康保険は6桁に00を
付す), 全国地方公共団体コード 5桁か検査数字つき6桁.
"""

from collections.abc import Mapping
from datetime import datetime

from kakehashi.core.actors import Actor, Institution, InstitutionType
from kakehashi.core.errors import BadRequest, Conflict
from kakehashi.store import desk_console
from kakehashi.store import institutions as rows
from kakehashi.store.database import Database
from kakehashi.trust import log_note
from kakehashi.trust.roles import Interaction, require

DIGITS: Mapping[InstitutionType, tuple[int, ...]] = {
    InstitutionType.HOSPITAL: (10,),
    InstitutionType.CLINIC: (10,),
    InstitutionType.PHARMACY: (10,),
    InstitutionType.INSURER: (8,),
    InstitutionType.MUNICIPALITY: (5, 6),
}
_LONGEST_NAME = 100  # characters


async def add(db: Database, code: str, name: str, kind: str, *, by: Actor, at: datetime) -> Institution:
    """Let an institution take part; return it with its key. Raises Refused, BadRequest, Conflict (code taken)."""
    require(by, Interaction.CONSOLE_INSTITUTIONS)
    sort = _sort(kind)
    _require_sound(code, name, sort)
    async with db.transaction() as tx:
        new = Institution(await desk_console.next_institution(tx), code, name, sort)
        if any(one.code == code for one in await rows.every(tx)):
            raise Conflict(
                "このコードは登録済みです。", "This code is registered already.", rule="institution.taken",
                place="official",
            )  # fmt: skip
        await rows.put(tx, new)
        await log_note.record(tx, "institution.added", f"Institution/{new.key}", person=0, by=by, at=at)
    return new


def _sort(kind: str) -> InstitutionType:
    for one in DIGITS:
        if one.value == kind:
            return one
    raise BadRequest("種類を選んでください。", "Choose the type.", rule="institution.type", place="type")


def _require_sound(code: str, name: str, kind: InstitutionType) -> None:
    if not (code.isascii() and code.isdigit() and len(code) in DIGITS[kind]):
        digits = [str(one) for one in DIGITS[kind]]
        raise BadRequest(
            f"コードは半角数字{'か'.join(digits)}桁です。", f"The code has {' or '.join(digits)} digits.",
            rule="institution.code", place="official",
        )  # fmt: skip
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise BadRequest(
            f"名称を入れてください（{_LONGEST_NAME}文字以内）。", f"Give a name of {_LONGEST_NAME} characters at most.",
            rule="institution.name", place="name",
        )  # fmt: skip
