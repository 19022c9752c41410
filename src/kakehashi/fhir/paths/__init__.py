"""FHIRPath over R4 JSON: an expression is parsed once and becomes a function. Reads no terminology, no store.

The subset is what R4's own invariants and search parameters are written in, and a little more; what is outside
it raises UnknownPath when the expression is compiled, never while data is looked at.
Source: FHIRPath N1 (http://hl7.org/fhirpath/N1), https://hl7.org/fhir/R4/fhirpath.html.
"""
