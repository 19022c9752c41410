"""Fixtures of this folder."""

from trust_fixtures import empty, town

__all__ = ["empty", "town"]
