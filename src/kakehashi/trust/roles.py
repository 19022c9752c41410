"""What each role may do, as data: rights by licence, duty and kind of information.

A role's rights name interactions, kinds of information, types of institution and purposes. What they do not
name is refused; `NEVER` says so for each, so that a new role or interaction cannot ship undecided. Whose
record it is, and what consent says, is the Window's business: both must say yes.

Sources: 医療情報システムの安全管理に関するガイドライン 6.0 運用編14.2; オンライン資格確認 (薬剤情報:
医師・歯科医師・薬剤師等, 健診: 医師・歯科医師等); 救急時医療情報閲覧 (病院のみ).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import Refused
from kakehashi.core.kinds import PERSONAL_KINDS, Kind, kinds
from kakehashi.trust.oauth.scopes import allows


class Interaction(StrEnum):
    """Everything that somebody may be allowed to do."""

    READ = "read"
    SEARCH = "search"
    HISTORY = "history"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    EXPORT = "export"
    VALIDATE = "validate"
    PERSON_FIND = "person.find"  # 本人を探す (reception)
    PERSON_SETTLE = "person.settle"  # 名寄せの確認・解消
    PERSON_IDENTIFY = "person.identify"  # 書類により一人を特定する (operator)
    PERSON_ENROL = "person.enrol"  # 本人確認をして、本人の口座を作る
    CONSENT_TAKE = "consent.take"  # 窓口で同意を受ける
    WITHHOLD_TAKE = "withhold.take"  # 書面の申出により、ほかの施設に見せない設定をする
    DISCLOSURE_STOP = "disclosure.stop"  # 自己情報提供不可 (保険者)
    CONSENT_GIVE = "consent.give"  # 本人が同意・撤回する
    WITHHOLD = "withhold"  # 本人が提供しないと決める
    PROXY_NAME = "proxy.name"  # 本人が代理人を定める
    EMERGENCY_OPEN = "emergency.open"  # 救急時医療情報閲覧
    LOG_OWN = "log.own"  # 自分の記録を誰が見たか
    LOG_READ = "log.read"  # 監査
    EMERGENCY_REVIEW = "emergency.review"  # 救急閲覧の事後確認
    BREAK_GLASS_REVIEW = "break-glass.review"  # 緊急コードの事後確認
    CONSOLE_INSTITUTIONS = "console.institutions"
    CONSOLE_ACCOUNTS = "console.accounts"
    CONSOLE_KEYS = "console.keys"
    CONSOLE_LOADS = "console.loads"
    CONSOLE_LOG = "console.log"  # the log's proof, not its content
    CONSOLE_RETENTION = "console.retention"


@dataclass(frozen=True, slots=True)
class Right:
    """Under which conditions a role may do something. `kinds` 0: it is not about kinds of information."""

    kinds: int
    types: frozenset[InstitutionType]
    purposes: frozenset[Purpose]
    emergency_right: bool = False  # only with the right given by the institution, and two factors

    def covers(self, actor: Actor, kind: Kind | None) -> bool:
        """Say whether this right covers the actor, and the kind where one is named."""
        return (
            actor.institution.type in self.types
            and actor.purpose in self.purposes
            and (kind is None or bool(self.kinds >> kind & 1))
            and (not self.emergency_right or (actor.emergency_right and actor.factors >= 2))
        )


_I, _T, _P = Interaction, InstitutionType, Purpose

_HOSPITALS = frozenset({_T.HOSPITAL})
_CARE = frozenset({_T.HOSPITAL, _T.CLINIC})
_PHARMACY = frozenset({_T.PHARMACY})
_OPERATOR = frozenset({_T.OPERATOR})
_AT_CARE = frozenset({_P.TREATMENT, _P.EMERGENCY})
_AT_DESK = frozenset({_P.ADMINISTRATION, _P.PAYMENT, _P.TREATMENT})

_SHARED = kinds(Kind.SHARED)
_DESK = kinds(Kind.SHARED, Kind.PATIENT, Kind.COVERAGE, Kind.CONSENT)
_EVERY = PERSONAL_KINDS | _SHARED
# What searches and writes may ask to be told of changes: told is only what it may see then (ADR 17).
_TOLD = kinds(Kind.SUBSCRIPTION)
_MEDICINES = _DESK | kinds(
    Kind.CONDITION,
    Kind.ALLERGY,
    Kind.CONTRAINDICATION,
    Kind.INFECTION,
    Kind.LAB,
    Kind.PRESCRIPTION,
    Kind.DISPENSE,
)
_NURSING = _EVERY & ~kinds(Kind.CHECKUP)
_INSURED = kinds(Kind.SHARED, Kind.PATIENT, Kind.COVERAGE, Kind.CHECKUP)
_MUNICIPAL = kinds(Kind.SHARED, Kind.PATIENT, Kind.COVERAGE, Kind.CHECKUP, Kind.IMMUNIZATION)
_DIAGNOSED = _EVERY & ~kinds(Kind.SHARED, Kind.COVERAGE, Kind.CONSENT)
_NURSED = kinds(Kind.VITAL, Kind.NOTE, Kind.IMMUNIZATION, Kind.LAB, Kind.DISPENSE)

_LOOK = (_I.READ, _I.SEARCH, _I.HISTORY)
_WRITE = (_I.CREATE, _I.UPDATE, _I.DELETE)
Rights = dict[Interaction, tuple[Right, ...]]


def _each(interactions: tuple[Interaction, ...], *rights: Right) -> Rights:
    return dict.fromkeys(interactions, rights)


def _clinician() -> Rights:
    look = Right(_EVERY | _TOLD, _CARE, _AT_CARE)
    return {
        **_each((*_LOOK, _I.VALIDATE), look),
        **_each(_WRITE, Right(_DIAGNOSED | _TOLD, _CARE, _AT_CARE)),
        **_each((_I.PERSON_FIND, _I.CONSENT_TAKE), Right(_DESK, _CARE, _AT_CARE)),
        _I.EMERGENCY_OPEN: (Right(_EVERY, _HOSPITALS, _AT_CARE, emergency_right=True),),
    }


def _pharmacist() -> Rights:
    at_pharmacy = Right(_MEDICINES | _TOLD, _PHARMACY, frozenset({_P.TREATMENT}))
    at_hospital = Right(_MEDICINES | _TOLD, _CARE, _AT_CARE)
    dispense = kinds(Kind.DISPENSE) | _TOLD
    return {
        **_each((*_LOOK, _I.VALIDATE), at_pharmacy, at_hospital),
        **_each(_WRITE, Right(dispense, _PHARMACY | _CARE, frozenset({_P.TREATMENT}))),
        **_each(
            (_I.PERSON_FIND, _I.CONSENT_TAKE), Right(_DESK, _PHARMACY | _CARE, frozenset({_P.TREATMENT}))
        ),
        _I.EMERGENCY_OPEN: (Right(_MEDICINES, _HOSPITALS, _AT_CARE, emergency_right=True),),
    }


def _nurse() -> Rights:
    return {
        **_each((*_LOOK, _I.VALIDATE), Right(_NURSING | _TOLD, _CARE, _AT_CARE)),
        **_each((_I.CREATE, _I.UPDATE), Right(_NURSED | _TOLD, _CARE, _AT_CARE)),
        **_each((_I.PERSON_FIND, _I.CONSENT_TAKE), Right(_DESK, _CARE, _AT_CARE)),
        _I.EMERGENCY_OPEN: (Right(_NURSING, _HOSPITALS, _AT_CARE, emergency_right=True),),
    }


def _clerk() -> Rights:
    desk = Right(_DESK, _CARE | _PHARMACY, _AT_DESK)
    counter = Right(0, _CARE | _PHARMACY, _AT_DESK)
    return {
        **_each((_I.READ, _I.SEARCH, _I.PERSON_FIND, _I.CONSENT_TAKE), desk),
        **_each((_I.PERSON_ENROL, _I.WITHHOLD_TAKE), counter),
    }


def _insurer() -> Rights:
    at, why = frozenset({_T.INSURER}), frozenset({_P.PAYMENT, _P.ADMINISTRATION, _P.OPERATIONS})
    return {
        **_each(_LOOK, Right(_INSURED, at, why)),
        _I.PERSON_FIND: (Right(_DESK, at, why),),
        _I.DISCLOSURE_STOP: (Right(0, at, why),),
    }


def _municipality() -> Rights:
    at, why = frozenset({_T.MUNICIPALITY}), frozenset({_P.ADMINISTRATION, _P.OPERATIONS})
    return {
        **_each(_LOOK, Right(_MUNICIPAL, at, why)),
        _I.PERSON_FIND: (Right(_DESK, at, why),),
        _I.PERSON_ENROL: (Right(0, at, why),),
    }


def _auditor() -> Rights:
    audit = Right(_SHARED, frozenset(InstitutionType), frozenset({_P.AUDIT}))
    reviews = (_I.EMERGENCY_REVIEW, _I.BREAK_GLASS_REVIEW)
    return _each((_I.READ, _I.SEARCH, _I.LOG_READ, *reviews, _I.CONSOLE_LOG), audit)


def _operator() -> Rights:
    run = Right(_SHARED | _TOLD, _OPERATOR, frozenset({_P.OPERATIONS}))
    consoles = tuple(one for one in Interaction if one.value.startswith("console."))
    papers = Right(0, _OPERATOR, frozenset({_P.OPERATIONS}))
    procedures = (_I.PERSON_SETTLE, _I.PERSON_IDENTIFY, _I.PERSON_ENROL, _I.WITHHOLD_TAKE)
    return {**_each((*_LOOK, *_WRITE, *consoles), run), **_each(procedures, papers)}


def _person() -> Rights:
    # A person's account stands at the operator, the only place that is no care institution.
    own = Right(_EVERY, _OPERATOR, frozenset({_P.PATIENT_REQUEST}))
    acts = (_I.CONSENT_GIVE, _I.WITHHOLD, _I.PROXY_NAME, _I.LOG_OWN)
    return _each((*_LOOK, _I.EXPORT, *acts), own)


def _system() -> Rights:
    care = Right(_EVERY | _TOLD | kinds(Kind.SUBMISSION), _CARE, _AT_CARE | _AT_DESK)
    pharmacy = Right(_MEDICINES | _TOLD | kinds(Kind.SUBMISSION), _PHARMACY, _AT_DESK)
    insurer = Right(
        _INSURED | _TOLD, frozenset({_T.INSURER}), frozenset({_P.PAYMENT, _P.ADMINISTRATION, _P.OPERATIONS})
    )
    town = Right(
        _MUNICIPAL | _TOLD, frozenset({_T.MUNICIPALITY}), frozenset({_P.ADMINISTRATION, _P.OPERATIONS})
    )
    desk = Right(_DESK, _CARE | _PHARMACY, _AT_DESK)
    everyone = (care, pharmacy, insurer, town)
    return {
        **_each((*_LOOK, *_WRITE, _I.EXPORT, _I.VALIDATE), *everyone),
        **_each((_I.PERSON_FIND, _I.CONSENT_TAKE), desk),
    }


MAY: Mapping[Role, Mapping[Interaction, tuple[Right, ...]]] = {
    Role.DOCTOR: _clinician(),
    Role.DENTIST: _clinician(),
    Role.PHARMACIST: _pharmacist(),
    Role.NURSE: _nurse(),
    Role.CLERK: _clerk(),
    Role.INSURER: _insurer(),
    Role.MUNICIPALITY: _municipality(),
    Role.AUDITOR: _auditor(),
    Role.OPERATOR: _operator(),
    Role.PERSON: _person(),
    Role.SYSTEM: _system(),
}

_RECORDS = frozenset({*_LOOK, *_WRITE, _I.VALIDATE})
_OWN_ACTS = frozenset({_I.CONSENT_GIVE, _I.WITHHOLD, _I.PROXY_NAME, _I.LOG_OWN})
_AUDITS = frozenset({_I.LOG_READ, _I.EMERGENCY_REVIEW, _I.BREAK_GLASS_REVIEW})
_PAPERS = frozenset({_I.PERSON_IDENTIFY, _I.PERSON_ENROL, _I.WITHHOLD_TAKE, _I.DISCLOSURE_STOP})
_CONSOLE = frozenset(one for one in Interaction if one.value.startswith("console."))
_AT_PLATFORM = _OWN_ACTS | _AUDITS | _CONSOLE | {_I.PERSON_SETTLE}

# What a role is refused, said aloud: MAY and NEVER together name every interaction (a test sees to it).
NEVER: Mapping[Role, frozenset[Interaction]] = {
    Role.DOCTOR: _AT_PLATFORM | _PAPERS | {_I.EXPORT},
    Role.DENTIST: _AT_PLATFORM | _PAPERS | {_I.EXPORT},
    Role.PHARMACIST: _AT_PLATFORM | _PAPERS | {_I.EXPORT},
    Role.NURSE: _AT_PLATFORM | _PAPERS | {_I.EXPORT, _I.DELETE},
    Role.CLERK: _AT_PLATFORM
    | set(_WRITE)
    | (_PAPERS - {_I.PERSON_ENROL, _I.WITHHOLD_TAKE})
    | {_I.EXPORT, _I.HISTORY, _I.VALIDATE, _I.EMERGENCY_OPEN},
    Role.INSURER: _AT_PLATFORM
    | set(_WRITE)
    | (_PAPERS - {_I.DISCLOSURE_STOP})
    | {_I.EXPORT, _I.VALIDATE, _I.CONSENT_TAKE, _I.EMERGENCY_OPEN},
    Role.MUNICIPALITY: _AT_PLATFORM
    | set(_WRITE)
    | (_PAPERS - {_I.PERSON_ENROL})
    | {_I.EXPORT, _I.VALIDATE, _I.CONSENT_TAKE, _I.EMERGENCY_OPEN},
    Role.AUDITOR: (_RECORDS - {_I.READ, _I.SEARCH})
    | _OWN_ACTS
    | _PAPERS
    | (_CONSOLE - {_I.CONSOLE_LOG})
    | {_I.EXPORT, _I.PERSON_FIND, _I.PERSON_SETTLE, _I.CONSENT_TAKE, _I.EMERGENCY_OPEN},
    Role.OPERATOR: _OWN_ACTS
    | _AUDITS
    | {_I.EXPORT, _I.VALIDATE, _I.PERSON_FIND, _I.CONSENT_TAKE, _I.EMERGENCY_OPEN, _I.DISCLOSURE_STOP},
    Role.PERSON: frozenset(_WRITE)
    | _AUDITS
    | _CONSOLE
    | _PAPERS
    | {_I.VALIDATE, _I.PERSON_FIND, _I.PERSON_SETTLE, _I.CONSENT_TAKE, _I.EMERGENCY_OPEN},
    Role.SYSTEM: _AT_PLATFORM | _PAPERS | {_I.EMERGENCY_OPEN},
}

PURPOSES: Mapping[Role, frozenset[Purpose]] = {
    role: frozenset(purpose for rights in lines.values() for right in rights for purpose in right.purposes)
    for role, lines in MAY.items()
}
TYPES: Mapping[Role, frozenset[InstitutionType]] = {
    role: frozenset(kind for rights in lines.values() for right in rights for kind in right.types)
    for role, lines in MAY.items()
}
LICENSED = frozenset({Role.DOCTOR, Role.DENTIST, Role.PHARMACIST, Role.NURSE})  # these need a licence number

# What a token's scopes must hold for acts that are no FHIR interaction; what is not here, no token may do.
_SCOPED: Mapping[Interaction, tuple[str, str]] = {
    _I.PERSON_FIND: ("Patient", "search"),
    _I.CONSENT_TAKE: ("Consent", "create"),
    _I.CONSENT_GIVE: ("Consent", "create"),
    _I.LOG_OWN: ("AuditEvent", "read"),
}
_FHIR = frozenset({*_LOOK, *_WRITE, _I.EXPORT})


def usual_purpose(institution: Institution) -> Purpose:
    """Return to what end an institution's own system handles its records."""
    return {_T.INSURER: _P.PAYMENT, _T.MUNICIPALITY: _P.ADMINISTRATION, _T.OPERATOR: _P.OPERATIONS}.get(
        institution.type, _P.TREATMENT
    )


def require(
    actor: Actor,
    interaction: str,
    kind: Kind | None = None,
    *,
    resource_type: str = "",
    filtered: bool = False,
) -> None:
    """Let the actor do this, or raise Refused. Unknown interactions are refused.

    `kind`: the kind of information, where one is meant. `resource_type`: the FHIR type, where one is meant; a
    token's scopes are held against it ("" for a FHIR interaction means: against every type). What a scope with a
    search filter lets be read, windows narrow; what it lets be written, only who says `filtered` may do: they hold
    each resource against `scopes.narrowed`.
    """
    if not permits(actor, interaction, kind, resource_type=resource_type, filtered=filtered):
        raise Refused(rule="roles.may")


def permits(
    actor: Actor,
    interaction: str,
    kind: Kind | None = None,
    *,
    resource_type: str = "",
    filtered: bool = False,
) -> bool:
    """Say whether the role, and a token's scopes, let the actor do this; `filtered` as in `require`."""
    return any(right.covers(actor, kind) for right in _rights(actor.role, interaction)) and _in_scope(
        actor, interaction, resource_type, filtered
    )


def kinds_of(actor: Actor, interaction: str) -> int:
    """Return the kinds of information (bit set) on which the role may do this; 0 when none."""
    covered = 0
    for right in _rights(actor.role, interaction):
        if right.covers(actor, None):
            covered |= right.kinds
    return covered


def _rights(role: Role, interaction: str) -> tuple[Right, ...]:
    if interaction not in _NAMES:
        return ()
    return MAY.get(role, {}).get(Interaction(interaction), ())


_NAMES = frozenset(one.value for one in Interaction)


def _in_scope(actor: Actor, interaction: str, resource_type: str, filtered: bool) -> bool:
    """A token without scopes is a web session's actor only; a system always needs them."""
    if not actor.scopes:
        return actor.role is not Role.SYSTEM
    one = Interaction(interaction)
    if one is Interaction.VALIDATE:  # tells nothing that the caller did not send
        return True
    if one in _FHIR:
        whole = one in _WRITE and not filtered
        return allows(actor.scopes, resource_type or "*", interaction, whole=whole)
    if (needed := _SCOPED.get(one)) is None:
        return False
    return allows(actor.scopes, *needed, whole=True)
