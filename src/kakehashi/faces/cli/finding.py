"""What `kakehashi doctor` finds: one thing looked at, in two languages, with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `unsafe` counts; what is merely worth knowing does not."""

    good: bool
    ja: str
    en: str
    todo_ja: str = ""
    todo_en: str = ""
    unsafe: bool = True

    def lines(self) -> Iterator[str]:
        """Yield the lines to print."""
        mark = "✓" if self.good else "✗" if self.unsafe else "·"
        yield f"{mark} {self.ja} · {self.en}"
        if not self.good and self.todo_ja:
            yield f"    → {self.todo_ja}"
            yield f"      {self.todo_en}"
