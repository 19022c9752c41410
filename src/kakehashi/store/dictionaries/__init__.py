"""zstd dictionaries, `<number>.zdict`: FHIR's member names, official URLs and codes; nothing of a person."""
