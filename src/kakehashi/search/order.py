"""What stands for a missing value when results are sorted: it comes last in either direction."""

LAST_TEXT = "\U0010ffff"  # after every text, as code points compare


def endless(descending: bool) -> float:
    """Return the number that comes after all others."""
    return float("-inf") if descending else float("inf")
