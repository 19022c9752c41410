"""What this machine does: `python -m bench` (docs/performance.md says what the figures mean)."""
