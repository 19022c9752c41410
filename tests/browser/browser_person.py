"""A person at a browser: what they do, in the words of the pages, and what the browser complains of."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pyotp
from playwright.async_api import Browser, Page
from web_region import NOW, PASSWORD


@dataclass
class Person:
    """Somebody in front of a screen. `complaints`: script errors and broken policies, as the browser tells them."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def sitting(
        cls, browser: Browser, base: str, *, width: int = 1280, script: bool = True
    ) -> AsyncIterator["Person"]:
        """Open a fresh browser window."""
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, locale="ja-JP", java_script_enabled=script
        )
        context.set_default_timeout(15_000)
        one = cls(await context.new_page(), base)
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("console", lambda said: one._heard(said.type, said.text))
        yield one
        await context.close()

    async def go(self, path: str) -> None:
        """Open a page by its address."""
        await self.page.goto(f"{self.base}{path}")

    async def sign_in(self, login: str) -> None:
        """Sign in with the password."""
        await self.go("/signin")
        await self.page.fill("#login", login)
        await self.page.fill("#password", PASSWORD)
        await self.press("サインイン")

    async def press(self, words: str, within: str = "main") -> None:
        """Press the first button or link of the page that says this."""
        await (
            self.page.locator(f"{within} button, {within} a").filter(has_text=re.compile(words)).first.click()
        )

    async def find_hanako(self) -> None:
        """Find Hanako at reception by name, birth date and sex, and open her page there."""
        await self.go("/reception")
        await self.page.fill("#items-name", "架橋 花子")
        await self.page.fill("#items-birth", "1962-05-14")
        await self.page.select_option("#items-sex", "female")
        await self.press("探す", "section[aria-labelledby=by-items]")
        await self.press("この人で進む")

    async def consent(self) -> None:
        """At reception: tick every kind that the person agreed to, say that they used the reader, and record it."""
        for box in await self.page.locator("input[name=items]").all():
            await box.check()
        await self.page.check("input[name=evidence][value=card]")
        await self.press("同意を記録する")

    async def enrol(self) -> None:
        """Enrol the authenticator app that the open page offers."""
        secret = (await self.page.text_content("main code") or "").strip()
        await self.page.fill("#code", pyotp.TOTP(secret).at(NOW))
        await self.press("登録する")

    async def words(self) -> str:
        """What the page says to a reader."""
        return await self.page.inner_text("main")

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and "status of" not in text:  # a refusal's status is the page's own business
            self.complaints.append(text)
