"""C1 電子カルテ情報共有サービス, declared: what it takes, on what law it stands, who may do what."""

from typing import Final

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.kinds import Kind
from kakehashi.services.shape import Operation, Service

_CLINICAL: Final = frozenset({InstitutionType.HOSPITAL, InstitutionType.CLINIC})  # pharmacies do not register
_SENDERS: Final = frozenset(
    {Role.SYSTEM}
)  # the institution's own system sends, by file or Web API; no person does
_READERS: Final = frozenset({Role.DOCTOR, Role.DENTIST, Role.PHARMACIST, Role.NURSE})

SERVICE: Final = Service(
    name="sharing",
    ja="電子カルテ情報共有サービス",
    en="Sharing of records (3 documents, 6 informations)",
    law="医療法等の一部を改正する法律 (令和7年法律第87号)",
    kinds=(
        Kind.REFERRAL,
        Kind.DISCHARGE,
        Kind.CHECKUP,
        Kind.CARE_PLAN,
        Kind.CONDITION,
        Kind.ALLERGY,
        Kind.CONTRAINDICATION,
        Kind.INFECTION,
        Kind.LAB,
        Kind.PRESCRIPTION,
    ),
    operations=(
        Operation("register", "登録・変更", "Register or replace", _SENDERS, _CLINICAL),
        Operation("withdraw", "取消", "Withdraw", _SENDERS, _CLINICAL),
        Operation(
            "fetch",
            "自施設宛文書の取得",
            "Fetch a referral addressed here",
            _READERS | {Role.SYSTEM},
            _CLINICAL,
        ),
        Operation(
            "view",
            "閲覧 (本人の同意のもと)",
            "View under consent",
            _READERS,
            _CLINICAL | {InstitutionType.PHARMACY},
        ),
    ),
    pages=(),
)
