"""The FHIR face: /fhir, /oauth, /sharing, /.well-known, /health and /metrics. Requests in, answers out; no decisions.

`table.py` lists every route; `door.py` is the ASGI edge in front of all of them (and of the web face).
"""
