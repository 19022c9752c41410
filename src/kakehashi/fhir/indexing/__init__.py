"""From a resource to what search knows of it. Nothing here does I/O; `kakehashi.fhir.index` is the door.

expressions.py   the FHIRPath of search parameters, parsed (the small part of the language that they use)
routes.py        an expression on R4's structures: which JSON members lead to values, and of which data type
parameters.py    the search parameters of each resource type, with their routes
values.py        a data type's JSON to values (codes, references, texts, intervals), the same for every engine
program.py       the routes of a resource type as one generated Python function
coarse.py        units of time and size that let an index narrow a range
grams.py         marks of the letters of texts, for `_text` and `_content`
words.py         the texts of a row, and what those two need of them
entries.py       values to tokens, ranges and texts: the entries that the store keeps
"""
