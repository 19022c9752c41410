"""Kakehashi (架け橋): a person's health record across institutions, and one window on it."""

__version__ = "0.1.0"
