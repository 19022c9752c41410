"""監査, declared: reads the log, reviews emergency access, proves the log; sees no record."""

from typing import Final

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.services.shape import Operation, Service

_AUDITOR: Final = frozenset({Role.AUDITOR})
_ANYWHERE: Final = frozenset(InstitutionType)

SERVICE: Final = Service(
    name="audit",
    ja="監査",
    en="Audit",
    law="医療情報システムの安全管理に関するガイドライン 6.0 運用編17; 個人情報保護法23条 (安全管理措置)",
    kinds=(),
    operations=(
        Operation("search", "記録を調べる", "Search the log", _AUDITOR, _ANYWHERE),
        Operation("review", "救急閲覧を確認する", "Review emergency access", _AUDITOR, _ANYWHERE),
        Operation("prove", "記録の完全性を確かめる", "Prove the log", _AUDITOR | {Role.OPERATOR}, _ANYWHERE),
    ),
    pages=("/audit", "/audit/log", "/audit/emergencies", "/audit/unusual", "/audit/proof"),
)
