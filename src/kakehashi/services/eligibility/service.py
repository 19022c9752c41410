"""C4 オンライン資格確認 (core), declared: what it shows, on what law it stands, who may do what."""

from typing import Final

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.kinds import Kind
from kakehashi.services.shape import Operation, Service

_CARE: Final = frozenset({InstitutionType.HOSPITAL, InstitutionType.CLINIC, InstitutionType.PHARMACY})
_PAYERS: Final = frozenset({InstitutionType.INSURER, InstitutionType.MUNICIPALITY})
_DESK: Final = frozenset({Role.CLERK, Role.DOCTOR, Role.DENTIST, Role.PHARMACIST, Role.NURSE})
_OFFICES: Final = frozenset({Role.INSURER, Role.MUNICIPALITY})

SERVICE: Final = Service(
    name="eligibility",
    ja="オンライン資格確認",
    en="Online eligibility",
    law="健康保険法3条13項 (電子資格確認)",
    kinds=(Kind.PATIENT, Kind.COVERAGE, Kind.CONSENT),
    operations=(
        Operation("find", "本人を探す", "Find the person", _DESK | _OFFICES, _CARE | _PAYERS),
        Operation("check", "資格を確かめる", "Check the coverage", _DESK | _OFFICES, _CARE | _PAYERS),
        Operation("consent", "同意を受ける・撤回を受ける", "Take or end a consent", _DESK, _CARE),
    ),
    pages=("/reception", "/reception/{handle}"),
)
