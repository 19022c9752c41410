"""C3 救急時医療情報閲覧, declared: hospitals only, with the personal right, two factors and a reason."""

from typing import Final

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.kinds import Kind
from kakehashi.services.shape import Operation, Service
from kakehashi.trust.viewing_periods import EMERGENCY

_HOSPITAL: Final = frozenset({InstitutionType.HOSPITAL})
_LICENSED: Final = frozenset({Role.DOCTOR, Role.DENTIST, Role.PHARMACIST, Role.NURSE})
_WHERE_REVIEWED: Final = frozenset({InstitutionType.HOSPITAL, InstitutionType.OPERATOR})

SERVICE: Final = Service(
    name="emergency",
    ja="救急時医療情報閲覧",
    en="Emergency access",
    law="個人情報保護法27条1項2号",
    kinds=tuple(Kind(kind) for kind in EMERGENCY),
    operations=(
        Operation("open", "救急時に開く", "Open in an emergency", _LICENSED, _HOSPITAL),
        Operation("review", "事後の確認", "Review afterwards", frozenset({Role.AUDITOR}), _WHERE_REVIEWED),
    ),
    pages=("/emergency", "/emergency/{handle}", "/emergency/{handle}/summary"),
)
