"""Pages from templates: everything escaped, narrative cleaned, and headers that keep a page to itself."""

import re
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import nh3
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse

JAPAN = ZoneInfo("Asia/Tokyo")
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
# The XHTML that FHIR allows in a narrative (txt-1), less what could load or run something.
_NARRATIVE_TAGS = set(
    "p div h1 h2 h3 h4 h5 h6 span br hr b i u em strong small big sub sup tt pre code blockquote q "
    "ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td a".split()
)
_NARRATIVE_ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_USED = "contexts in use"  # no name that a template could say
_HEADING = re.compile(r"<(/?)h[1-6]>")


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return the page of a template with the security headers of every page."""
    return HTMLResponse(render(template, **values), status, headers=HEADERS)


def render(template: str, **values: Any) -> str:
    """Return the text of a template. What it was made from is let go at once."""
    used: list[Context] = []
    try:
        return _environment().get_template(template).render({**values, _USED: used})
    finally:
        for one in used:
            one.parent.clear()


class _Emptied(Context):
    """What the names in a template stand for, once for each file that takes part.

    Macros and contexts hold one another, so that a record with all its sheets would wait for the garbage collector:
    thousands of objects a page, and a hold-up of a tenth of a second every other second. Modules that are imported
    without context live on, and are not among `used`.
    """

    def __init__(self, environment: Environment, parent: dict[str, Any], *rest: Any, **named: Any) -> None:
        super().__init__(environment, parent, *rest, **named)
        if (used := parent.get(_USED)) is not None:
            used.append(self)


def narrative(xhtml: str) -> Markup:
    """Return a FHIR narrative with only harmless markup left. Its headings are not the page's headings."""
    clean = nh3.clean(xhtml, tags=_NARRATIVE_TAGS, attributes=_NARRATIVE_ATTRIBUTES, link_rel=None)
    plain = _HEADING.sub(lambda tag: "</p>" if tag[1] else '<p class="narrative-head">', clean)
    return Markup(plain)  # noqa: S704 - cleaned above; tags in it have no attributes


def when(at: datetime) -> str:
    """Write a moment as people in Japan read it."""
    return at.astimezone(JAPAN).isoformat(" ", "minutes")[:16]


def day(at: datetime) -> str:
    """Write the day in Japan of a moment."""
    return at.astimezone(JAPAN).date().isoformat()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("kakehashi.faces.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        auto_reload=False,  # a page is made of ten templates: none is looked up in the file system again
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.context_class = _Emptied
    environment.filters.update(when=when, day=day, narrative=narrative)
    return environment
