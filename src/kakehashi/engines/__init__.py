"""Mechanisms that services share. `records` is the one way in and out for FHIR records."""
