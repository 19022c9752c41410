"""FHIR search text to a plan, and a reference evaluator. No I/O: PostgreSQL's side is store/search_sql.py."""
