"""The manual's table of all rules, made from the rules themselves.

Write it anew: `python -m kakehashi.services.sharing.rules.table docs/rules-sharing.md`; a test holds it up to date.
"""

import sys
from pathlib import Path

from kakehashi.services.sharing.rules import RULES
from kakehashi.services.sharing.rules.model import Rule, Version

_HEAD = """# 電子カルテ情報共有サービスの受付規則 / Rules of the sharing service

この表は `python -m kakehashi.services.sharing.rules.table docs/rules-sharing.md` が規則から作ります。
手で直さないでください。
This page is made from the rules by the command above; do not edit it.

「error」は電文全体を受け付けません (1件でも誤りがあれば全件を登録しません)。
「warning」「information」は知らせるだけです。
An error refuses the whole submission; warnings and information only tell.

版の欄は CLINS 実装ガイドの版です。R で始まる番号は公開された検証規則の番号、`C1.` は架け橋がつけた名前です。
Versions are those of the CLINS guide. Names with R are the published rule numbers; those with `C1.` are ours.
"""

_AFTER = """
## 登録のときに断るもの / Refused when it is carried out

| 規則 rule | いつ | when |
|---|---|---|"""

# What is refused beside the rules, while a submission is carried out: rule, when, in both languages.
AT_REGISTRATION = (
    ("C1.submission.key", "鍵 (Bundle.identifier と被保険者識別子) がない", "the key is missing"),
    ("C1.submission.sender", "他の医療機関の番号で送った", "another institution's number was sent"),
    ("C1.submission.role", "病院・診療所のシステムのトークンではない",
     "the token is not that of a hospital's or clinic's system"),
    ("C1.submission.new-identifier", "登録済みの記録・文書を、別の Bundle.identifier で送った",
     "a finding or document that is registered was sent under another Bundle.identifier"),
    ("C1.submission.addressee", "紹介先がこのネットワークに参加していない",
     "the addressee takes no part in this network"),
    ("C1.submission.unknown", "取り消す登録がない", "there is nothing to withdraw"),
    ("C1.file.name", "依頼ファイルの名前の形が違う", "the request file's name has another form"),
    ("C1.file.sender", "ファイル名の医療機関が、フォルダの医療機関ではない",
     "the file name's institution is not the folder's"),
)  # fmt: skip


def markdown() -> str:
    """Return the page: one row a rule, in the order of checking; then what is refused when it is carried out."""
    rows = [
        "| 規則 rule | 対象 applies to | 版 versions | 重さ severity "
        "| 内容と直し方 | What is wrong and how to mend it | 出典 source |",
        "|---|---|---|---|---|---|---|",
        *(_row(rule) for rule in RULES),
    ]
    after = [f"| `{name}` | {ja} | {en} |" for name, ja, en in AT_REGISTRATION]
    return f"{_HEAD}\n規則の数 / rules: {len(RULES)}\n\n" + "\n".join((*rows, _AFTER, *after)) + "\n"


def _row(rule: Rule) -> str:
    cells = (
        f"`{rule.id}`", ", ".join(rule.applies_to), _versions(rule.since, rule.until), rule.severity,
        rule.ja, rule.en, rule.source,
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _versions(since: Version | None, until: Version | None) -> str:
    if since is None and until is None:
        return "すべて all"
    start = ".".join(map(str, since)) if since else ""
    end = f"<{'.'.join(map(str, until))}" if until else ""
    return f"{start}– {end}".strip() if since else end


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), "utf-8")
