"""Who may look through which window: a pure function of facts, actor and time.

Each rule below opens panes for one reason and names its source; what no rule opens stays shut. A rule never
reaches beyond the kinds that trust/roles.py gives the role at such an institution for such a purpose. Refusals
(withholding, doubt about a link, 未提供, 自己情報提供不可) are worked into every pane that a rule opens, so that
no permission passes them by.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from kakehashi.core.actors import Actor, InstitutionType, Role
from kakehashi.core.kinds import PERSONAL_KINDS, Flag, Kind, kinds
from kakehashi.core.window import NOTHING, Pane, Window
from kakehashi.trust import viewing_periods
from kakehashi.trust.oauth import scopes
from kakehashi.trust.roles import LICENSED, Interaction, kinds_of
from kakehashi.trust.viewing_periods import Groups

DOCUMENTS = kinds(Kind.REFERRAL, Kind.DISCHARGE)  # for their addressee only (WG 10970 p.23, 13100 p.15)
WHOLE = kinds(*Kind) & PERSONAL_KINDS  # a person's whole record
CARE = frozenset({InstitutionType.HOSPITAL, InstitutionType.CLINIC, InstitutionType.PHARMACY})
# 患者サマリー is for the person alone (WG 11819 p.10); whom they consented to elsewhere is nobody's business.
NOT_FOR_OTHERS = DOCUMENTS | kinds(Kind.CARE_PLAN, Kind.CONSENT)

# 未提供 goes to nobody, 本人が止めた記録 to no other institution, a doubtful link (紐付け誤り) to nobody.
_HIDDEN_FROM_OTHERS = int(Flag.UNDELIVERED | Flag.WITHHELD | Flag.SUSPENDED)
# 未告知 leaves no trace on the person's side (WG 15060 p.22); what they withheld themselves, they still see.
HIDDEN_FROM_PERSON = int(Flag.UNINFORMED | Flag.UNDELIVERED | Flag.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's word to one institution for some kinds of information, valid from `given` up to `ends`."""

    id: str
    institution: int
    kinds: int
    given: datetime
    ends: datetime
    withdrawn: datetime | None = None

    def live(self, at: datetime) -> bool:
        """Say whether it holds at `at`; at the moment `ends` it no longer does."""
        return self.given <= at < self.ends and (self.withdrawn is None or at < self.withdrawn)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A 代理人's grant: an account may see some kinds of the person's record from `start` up to `end`."""

    id: str
    account: str
    kinds: int
    start: datetime
    end: datetime
    withdrawn: datetime | None = None

    def live(self, at: datetime) -> bool:
        """Say whether it holds at `at`; at the moment `end` it no longer does."""
        return self.start <= at < self.end and (self.withdrawn is None or at < self.withdrawn)


@dataclass(frozen=True, slots=True)
class Emergency:
    """An opening of one person's record to one account at one hospital, from `opened` up to `ends`."""

    id: str
    institution: int
    account: str
    opened: datetime
    ends: datetime

    def live(self, at: datetime) -> bool:
        """Say whether it is open at `at`; at the moment `ends` it no longer is."""
        return self.opened <= at < self.ends


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """All that a decision rests on. `persons`: every key of the one person asked for; empty: no person asked."""

    persons: frozenset[int] = frozenset()
    consents: tuple[Consent, ...] = ()
    withheld_custodians: frozenset[int] = frozenset()
    withheld_kinds: int = 0
    referrers: frozenset[int] = frozenset()  # senders whose referral the asking institution may fetch
    emergencies: tuple[Emergency, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    disclosure_stopped: bool = False  # 自己情報提供不可フラグ
    insurers: frozenset[int] = frozenset()  # institution keys of the insurers the person is a member of now
    suspended: frozenset[int] = frozenset()  # custodians whose link to this person is in doubt
    suspended_all: bool = False  # the doubt is about the person, not about one institution's link


def decide(facts: WindowFacts, actor: Actor, at: datetime) -> Window:
    """Return the window that opens at `at`: the union of what each rule opens, or one without panes."""
    if _bound_elsewhere(facts, actor):
        return NOTHING
    opened = [window for window in _rules(facts, actor, at) if window.panes]
    return _in_scope(reduce(Window.joined, opened), actor) if opened else NOTHING


def _in_scope(window: Window, actor: Actor) -> Window:
    """Return what the scopes of the actor's token leave of a window (docs/adr/0020)."""
    narrowing = scopes.narrowing(actor.scopes)
    return window if narrowing is None else replace(window, narrowing=narrowing)


def _rules(facts: WindowFacts, actor: Actor, at: datetime) -> Iterator[Window]:
    yield _shared()
    if actor.role is Role.PERSON:
        yield _person(facts, actor, at)
        return
    yield _own(facts, actor)
    if actor.institution.type in CARE:
        yield _addressed(facts, actor)
        yield _consented(facts, actor, at)
        yield _emergency(facts, actor, at)
    if actor.role is Role.INSURER and actor.institution.type is InstitutionType.INSURER:
        yield _insurer(facts, actor, at)


def _bound_elsewhere(facts: WindowFacts, actor: Actor) -> bool:
    """An actor bound to one person (a token's launch context, the person) is shut out from every other."""
    return actor.person is not None and bool(facts.persons) and actor.person not in facts.persons


def _shared() -> Window:
    """Institutions, practitioners and terminology are open to everybody who is signed in: they tell of no person."""
    return Window((Pane(Kind.SHARED.bit, persons=frozenset({0})),), "shared")


def _own(facts: WindowFacts, actor: Actor) -> Window:
    """What the institution wrote, as its role may see it, whatever its flags: it is its own record (診療録).

    Its subscriptions too, which are nobody else's and tell of no person.
    Source: 医師法24条; 安全管理ガイドライン 6.0 運用編14 (rights by licence and duty).
    """
    seen = kinds_of(actor, Interaction.READ) & (WHOLE | Kind.SUBSCRIPTION.bit)
    if actor.person is not None and not facts.persons:
        return NOTHING
    own = Pane(seen, persons=facts.persons or None, custodians=frozenset({actor.institution.key}))
    return Window((own,) if seen else (), "own")


def _addressed(facts: WindowFacts, actor: Actor) -> Window:
    """Referrals, and the discharge summaries that travel with them, for their addressee alone.

    A document's row carries an addressee only once the person's consent to it is on record
    (trust/consents_referral.py), by one of three ways: at the sender, later by the person, or at the receiver's reader.
    Source: WG 10970 pp.23, 43, 45; 11822 p.25 (R-A8).
    """
    seen = kinds_of(actor, Interaction.READ) & DOCUMENTS & ~facts.withheld_kinds
    if not seen or facts.suspended_all or (actor.person is not None and not facts.persons):
        return NOTHING
    senders = facts.referrers - facts.suspended - facts.withheld_custodians if facts.persons else None
    if senders is not None and not senders:
        return NOTHING
    pane = Pane(
        seen, persons=facts.persons or None, custodians=senders,
        addressees=frozenset({actor.institution.key}), hidden=_HIDDEN_FROM_OTHERS,
    )  # fmt: skip
    return Window((pane,), "addressed")


def _consented(facts: WindowFacts, actor: Actor, at: datetime) -> Window:
    """Other institutions' records of one person, for care, under a live consent to this institution.

    Source: consent at the card reader, by kind, 24 hours (オンライン資格確認 FAQ; WG 19402 p.6); the viewer
    holds a licence (医師・歯科医師・薬剤師等), so neither a clerk nor a system looks by itself (R-A2).
    """
    live = _live_consents(facts, actor, at)
    if not live or not facts.persons or actor.role not in LICENSED:
        return NOTHING
    seen = consented(facts, actor, at) & kinds_of(actor, Interaction.READ)
    panes = _others(facts, seen, viewing_periods.FOR_OTHERS, at)
    because = "+".join(f"consent:{one.id}" for one in live)
    return Window(panes, because, min(one.ends for one in live))


def consented(facts: WindowFacts, actor: Actor, at: datetime) -> int:
    """Return the kinds that the person's live consents to the actor's institution name, as a bit set."""
    return reduce(int.__or__, (one.kinds for one in _live_consents(facts, actor, at)), 0)


def _live_consents(facts: WindowFacts, actor: Actor, at: datetime) -> list[Consent]:
    return [one for one in facts.consents if one.institution == actor.institution.key and one.live(at)]


def _emergency(facts: WindowFacts, actor: Actor, at: datetime) -> Window:
    """The emergency summary of one person, without consent: hospitals only, with right, two factors and a reason.

    What the person withheld stays shut here too. The exemption is for when consent is hard to obtain
    (個人情報保護法27条1項2号); a withholding is an answer already given, and whoever withholds is told so.
    Source: WG 10966 p.10, 6680 p.12, 18002 p.18 (R-A4).
    """
    open_now = [
        one for one in facts.emergencies
        if one.live(at) and one.institution == actor.institution.key and one.account == actor.subject
    ]  # fmt: skip
    seen = kinds_of(actor, Interaction.EMERGENCY_OPEN)  # hospital, licence, personal right, two factors
    if not open_now or not facts.persons or not seen:
        return NOTHING
    panes = _others(facts, seen, viewing_periods.FOR_EMERGENCY, at)
    because = "+".join(f"emergency:{one.id}" for one in open_now)
    return Window(panes, because, max(one.ends for one in open_now))


def kinds_in_hand(facts: WindowFacts, actor: Actor, at: datetime) -> int:
    """Return the kinds of the record that the actor holds as the person, or as a proxy with a live grant; 0: none.

    自己情報提供不可 (DV and abuse) takes it out of the hands of the person and every proxy. Source: R-A10, R-A11.
    """
    if actor.role is not Role.PERSON or actor.person not in facts.persons or facts.disclosure_stopped:
        return 0
    if not actor.acts_for:
        return WHOLE
    return reduce(int.__or__, (one.kinds for one in _live_proxies(facts, actor, at)), 0) & WHOLE


def _live_proxies(facts: WindowFacts, actor: Actor, at: datetime) -> list[Proxy]:
    return [one for one in facts.proxies if one.account == actor.subject and one.live(at)]


def _person(facts: WindowFacts, actor: Actor, at: datetime) -> Window:
    """The person's own record from every institution, or the part of it that a proxy was given.

    Source: WG 8698 p.15; what was not told (未告知) or is not given (未提供) leaves no trace (WG 15060 p.22).
    """
    seen = kinds_in_hand(facts, actor, at) & kinds_of(actor, Interaction.READ)
    if not seen or facts.suspended_all:
        return NOTHING
    panes = tuple(
        Pane(
            part,
            persons=facts.persons,
            not_custodians=facts.suspended,
            hidden=HIDDEN_FROM_PERSON,
            since=start,
        )
        for part, start in viewing_periods.by_start(seen, viewing_periods.FOR_PERSON, at)
    )
    if not actor.acts_for:
        return Window(panes, "self")
    grants = _live_proxies(facts, actor, at)
    return Window(panes, "+".join(f"proxy:{one.id}" for one in grants), min(one.end for one in grants))


def _insurer(facts: WindowFacts, actor: Actor, at: datetime) -> Window:
    """Check-up reports of the insurer's present members. Source: WG 15060 p.17; 高齢者医療確保法 (特定健診)."""
    if actor.institution.key not in facts.insurers:
        return NOTHING
    seen = kinds_of(actor, Interaction.READ) & Kind.CHECKUP.bit
    return Window(_others(facts, seen, viewing_periods.FOR_OTHERS, at), "member")


def decide_coverage(facts: WindowFacts, actor: Actor, insurers: frozenset[int]) -> Window:
    """Return the window on where a person is insured: the insurers' own rows of the coverage, and nothing else.

    For whoever finds persons at a desk: checking it is every reception's duty and needs no consent. A link in doubt
    stays shut here too. `insurers`: institution keys of all insurers. Source: 健康保険法3条13項 (電子資格確認).
    """
    asked = kinds_of(actor, Interaction.PERSON_FIND) & Kind.COVERAGE.bit
    if (
        not asked
        or facts.suspended_all
        or not facts.persons
        or not insurers
        or _bound_elsewhere(facts, actor)
    ):
        return NOTHING
    pane = Pane(
        asked,
        persons=facts.persons,
        custodians=insurers - facts.suspended,
        hidden=int(Flag.UNDELIVERED | Flag.SUSPENDED),
    )
    return _in_scope(Window((pane,), "eligibility"), actor)


def _others(facts: WindowFacts, seen: int, periods: Groups, at: datetime) -> tuple[Pane, ...]:
    """Return panes on other institutions' rows of the person, with every refusal worked in."""
    if facts.suspended_all:
        return ()
    shut = facts.suspended | facts.withheld_custodians
    split = viewing_periods.by_start(
        seen & PERSONAL_KINDS & ~NOT_FOR_OTHERS & ~facts.withheld_kinds, periods, at
    )
    return tuple(
        Pane(part, persons=facts.persons, not_custodians=shut, hidden=_HIDDEN_FROM_OTHERS, since=start)
        for part, start in split
    )
