"""P1 本人の閲覧と管理 (core), declared: the person, or whoever acts for them, at the portal."""

from typing import Final

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.kinds import PERSONAL_KINDS, Kind
from kakehashi.services.shape import Operation, Service

_PERSON: Final = frozenset({Role.PERSON})
_PORTAL: Final = frozenset({InstitutionType.OPERATOR})

SERVICE: Final = Service(
    name="person",
    ja="本人による閲覧・管理",
    en="The person's own pages",
    law="個人情報保護法33条 (開示), 35条 (利用停止等)",
    kinds=tuple(kind for kind in Kind if PERSONAL_KINDS & kind.bit),
    operations=(
        Operation("view", "自分の記録を見る", "See one's record", _PERSON, _PORTAL),
        Operation("log", "だれが見たかを知る", "See who looked", _PERSON, _PORTAL),
        Operation("consent", "同意する・撤回する", "Consent and withdraw", _PERSON, _PORTAL),
        Operation("withhold", "ほかの施設に見せない", "Withhold", _PERSON, _PORTAL),
        Operation("proxy", "代理人を定める", "Name a proxy", _PERSON, _PORTAL),
        Operation("download", "自分の記録を受け取る", "Download", _PERSON, _PORTAL),
    ),
    pages=("/me", "/me/log", "/me/consents", "/me/withholding", "/me/proxies", "/me/download"),
)
