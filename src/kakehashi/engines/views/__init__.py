"""Views at work: ViewDefinitions over the store and over NDJSON, to Arrow, Parquet, CSV and JSON, and SQL over them.

Rows are made by fhir/views; here they become tables, in parts of some thousand resources, so that memory stays flat.
"""
