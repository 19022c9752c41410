"""FHIR's XML: `json_of` turns it into FHIR JSON, `xml_of` turns JSON into it, `indented` lays it out. Pure.

The house thinks in JSON and keeps JSON; XML is spoken at its edges. Nothing that FHIR gives a meaning is lost on the
way: decimals as written, ids and extensions of primitives, narratives byte for byte. Comments, processing
instructions and the layout between elements are not FHIR's, and go. Source: https://hl7.org/fhir/R4/xml.html
"""

from kakehashi.fhir.xml.layout import indented
from kakehashi.fhir.xml.reading import json_of
from kakehashi.fhir.xml.writing import xml_of

__all__ = ["indented", "json_of", "xml_of"]
