"""The words and fixtures of ../consent."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "consent"))
from trust_fixtures import empty, town

__all__ = ["empty", "town"]
