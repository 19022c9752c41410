"""Who can sign in to the demo as what, and what to try first: data, and the lines that the command line prints."""

from collections.abc import Iterator
from dataclasses import dataclass

from kakehashi.core.actors import Role
from kakehashi.samples.region import BY_SLUG, SITES
from kakehashi.samples.story import BY_STORY, STORIES, Story

ROLE_WORDS = {
    Role.DOCTOR: ("医師", "doctor"),
    Role.NURSE: ("看護師", "nurse"),
    Role.PHARMACIST: ("薬剤師", "pharmacist"),
    Role.CLERK: ("医療事務（受付）", "reception"),
    Role.INSURER: ("保険者", "insurer"),
    Role.MUNICIPALITY: ("自治体", "municipality"),
    Role.AUDITOR: ("監査担当", "auditor"),
    Role.OPERATOR: ("運用担当", "operator"),
    Role.PERSON: ("本人", "person"),
}


MANAGERS = frozenset({"chuo.clerk", "daigaku.clerk"})  # who manage the accounts of their hospital


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who can sign in to the demo. `site` is a slug; `member_id` says which person a PERSON is."""

    login: str
    name: str
    role: Role
    site: str
    licence: str = ""
    emergency_right: bool = False
    member_id: str = ""
    manages: bool = False  # the accounts of the institution


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try: as whom (login), with which person (story slug), and what happens."""

    login: str
    person: str
    ja: str
    en: str


STEPS = (
    Step(
        "sakura.clerk", "hanako",
        "受付で花子さんを探し、同意を取る。", "At reception, find Hanako and take her consent.",
    ),
    Step(
        "sakura.doctor", "hanako",
        "ビューアで3つの医療機関の記録を一本の時間軸で見る。痛み止めの重複に注目。",
        "See three institutions on one time line in the viewer; mark the doubled painkillers.",
    ),
    Step(
        "hanako", "hanako",
        "本人として、誰がなぜ見たかを確かめる。", "As Hanako, see who looked at her record, and why.",
    ),
    Step(
        "daigaku.er", "isamu", "意識不明の勇さんの救急閲覧を、理由を書いて開く（認証アプリの登録を求められます）。",
        "Open emergency access to unconscious Isamu, stating a reason (an authenticator app is asked for).",
    ),
    Step("isamu", "isamu", "救急閲覧が本人に知らされている。", "The emergency access has been told to him."),
    Step(
        "chuo.doctor", "makoto", "未告知の病名は医師に印つきで見える。", "The doctor sees the untold diagnosis, marked."
    ),
    Step("makoto", "makoto", "本人の画面には、その跡もない。", "On his own pages there is no trace of it."),
    Step("aya", "sora", "代理人として娘の記録を見る。", "See the daughter's record as her proxy."),
    Step(
        "operator", "sho", "運用画面で、同姓同名・同じ生年月日の二人の照合候補を見比べて決める。",
        "In the console, compare two people of one name and birth date who might be one, and decide.",
    ),
    Step("auditor", "", "ログの証明を検証する。", "Verify the proof of the log."),
)  # fmt: skip


def accounts() -> list[Account]:
    """Return everyone who can sign in: staff by institution, then the told persons."""
    staff = [
        Account(
            one.login,
            one.name,
            one.role,
            site.slug,
            one.licence,
            one.emergency_right,
            manages=one.login in MANAGERS,
        )
        for site in SITES
        for one in site.staff
    ]
    return staff + [
        _own_account(story) for story in STORIES if story.slug != "sora"
    ]  # a child of two has none


def _own_account(story: Story) -> Account:
    person = story.identity
    name = f"{person.family} {person.given}"
    return Account(story.slug, name, Role.PERSON, "operator", member_id=person.member_id)


def sign_in_lines() -> Iterator[str]:
    """Yield a line for each account: login, name, role, institution."""
    for one in accounts():
        ja, en = ROLE_WORDS[one.role]
        site = BY_SLUG[one.site]
        where = "" if one.role is Role.PERSON else f" · {site.name} {site.code}".rstrip()
        right = " · 救急閲覧可 emergency access" if one.emergency_right else ""
        duty = " · 施設管理者 manages accounts" if one.manages else ""
        yield f"{one.login:<20} {one.name} · {ja} {en}{where}{right}{duty}"


def first_step_lines() -> Iterator[str]:
    """Yield what to try first, numbered, in Japanese with English beneath, and how to find the person meant."""
    for number, step in enumerate(STEPS, 1):
        yield f"{number:>2}. [{step.login}] {step.ja}"
        yield f"    {step.en}"
        if step.person and step.person != step.login:
            yield f"    → {_found_by(BY_STORY[step.person])}"


def _found_by(story: Story) -> str:
    person = story.identity
    insurer, symbol, number, branch = person.member_id.split(":")
    card = f"保険者番号 {insurer} 記号 {symbol or '（なし）'} 番号 {number} 枝番 {branch}"
    return f"{person.family} {person.given}・{person.kana}・{person.birth}・{person.address}・{card}"
