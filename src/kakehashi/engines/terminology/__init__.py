"""Terminology: `$expand`, `$lookup`, `$validate-code`, `$translate`, `$subsumes`, and codes for searches.

Resources are found through the caller's window and logged as used; what they were compiled to (terms/) is kept beside
them and cached within a bound (docs/adr/0014).
"""
