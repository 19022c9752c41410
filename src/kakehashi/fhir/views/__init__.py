"""ViewDefinitions of SQL on FHIR v2 over R4: a definition is compiled once and then makes rows of resources.

Pure: no files, no store. Rows are tuples in the order of the columns; engines/views makes tables of them.
Source: https://sql-on-fhir.org (SQL on FHIR v2), its ViewDefinition and its "Processing Algorithm".
"""
