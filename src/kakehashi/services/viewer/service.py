"""C2 保健医療情報の閲覧, declared: one person's record over institutions, as far as the window opens."""

from typing import Final

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.kinds import PERSONAL_KINDS, Kind
from kakehashi.services.shape import Operation, Service

_CARE: Final = frozenset({InstitutionType.HOSPITAL, InstitutionType.CLINIC, InstitutionType.PHARMACY})
_LICENSED: Final = frozenset({Role.DOCTOR, Role.DENTIST, Role.PHARMACIST, Role.NURSE})

SERVICE: Final = Service(
    name="viewer",
    ja="診療情報等の閲覧",
    en="The viewer",
    law="高齢者の医療の確保に関する法律・健康保険法に基づくオンライン資格確認等システム; 本人の同意",
    kinds=tuple(kind for kind in Kind if PERSONAL_KINDS & kind.bit),
    operations=(
        Operation("view", "記録を見る", "View the record", _LICENSED, _CARE),
        Operation(
            "own",
            "自分の記録を見る",
            "View one's own",
            frozenset({Role.PERSON}),
            frozenset({InstitutionType.OPERATOR}),
        ),
    ),
    pages=("/viewer/{handle}",),
)
