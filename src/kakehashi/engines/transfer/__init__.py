"""Bulk export and import: jobs that go on after the answer, page by page (docs/adr/0016-bulk-transfers.md)."""
