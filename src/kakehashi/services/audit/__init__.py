"""監査: who looked at whom, what was unusual about it, and whether the log is whole."""
