"""Which index entries a row of the store has: the number of the way in which resources become tokens, ranges and texts.

Search asks in the present way, so it does not find rows that were stored in another one, and nothing about the
answer shows it. The store keeps the oldest number among its rows (store/reindex.py); `kakehashi reindex` renews them.

Raise `SCHEME` by one whenever the same resource leaves other entries: a parameter added or read otherwise, another
salt, hash, mark, number or normalisation. `tests/fhir/index/test_scheme.py` notices.
"""

SCHEME = 2
BEFORE = 0  # rows stored before schemes had numbers, or by programs of several schemes
