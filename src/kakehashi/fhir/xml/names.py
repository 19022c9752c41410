"""Names and limits that reading and writing XML share, and what stops a reading."""

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
SCHEMA_LOCATION = "http://www.w3.org/2001/XMLSchema-instance schemaLocation"
"""An attribute that many writers put on the root; it says nothing of the resource."""


class Unfit(Exception):
    """Stops a reading: `reason` is a key of says.REASONS, `name` what it is about (an element, attribute or type)."""

    def __init__(self, reason: str, name: str) -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name
