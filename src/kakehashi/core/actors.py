"""Who acts, for whom and to what end. An `Actor` is made by trust/ from a session or a token, never by a face."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Licence or duty (資格・職務). What a role may do stands in trust/roles.py, as data."""

    DOCTOR = "doctor"  # 医師
    DENTIST = "dentist"  # 歯科医師
    PHARMACIST = "pharmacist"  # 薬剤師
    NURSE = "nurse"  # 看護師
    CLERK = "clerk"  # 医療事務 (受付)
    INSURER = "insurer"  # 保険者の担当者
    MUNICIPALITY = "municipality"  # 自治体の担当者
    AUDITOR = "auditor"  # 監査担当者
    OPERATOR = "operator"  # 運用担当者
    PERSON = "person"  # 本人・代理人
    SYSTEM = "system"  # 医療機関等のシステム (SMART Backend Services)


class InstitutionType(StrEnum):
    """Kind of institution; emergency access, for one, is for hospitals only."""

    HOSPITAL = "hospital"
    CLINIC = "clinic"
    PHARMACY = "pharmacy"
    INSURER = "insurer"
    MUNICIPALITY = "municipality"
    OPERATOR = "operator"


class Purpose(StrEnum):
    """Purpose of use. Codes: http://terminology.hl7.org/CodeSystem/v3-ActReason."""

    TREATMENT = "TREAT"
    EMERGENCY = "ETREAT"
    PATIENT_REQUEST = "PATRQT"
    PAYMENT = "HPAYMT"
    ADMINISTRATION = "PATADMIN"
    OPERATIONS = "HOPERAT"
    AUDIT = "HCOMPL"


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution that takes part. `key` is its number in the store; 0 is the operator itself."""

    key: int
    code: str  # 医療機関コード10桁, 保険者番号8桁, 自治体コード…
    name: str
    type: InstitutionType


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a natural person or a system, in one role, at one institution, for one purpose."""

    subject: str  # account id or client id; stable, not a name
    role: Role
    institution: Institution
    purpose: Purpose
    person: int | None = (
        None  # for Role.PERSON: whose record is meant; for others: the token's launch context
    )
    factors: int = 1  # authentication factors proven in this session
    scopes: tuple[str, ...] = ()  # SMART scopes; empty means "as the role allows" (web sessions)
    licence: str = ""  # licence number as registered (医籍登録番号…)
    emergency_right: bool = False  # 救急時医療情報閲覧の権限, given by the institution's administrator
    acts_for: str = ""  # for a proxy (代理人): the basis, e.g. "parent"; empty for the person themselves
    app: str = ""  # what they allowed the app by which they act now; empty on our pages, and for a system
