"""FHIR XML laid out for people: an element a line, indented. Narratives stay as they are."""

from xml.parsers import expat

from kakehashi.fhir.xml.names import XHTML

_STEP = "  "


def indented(xml: bytes) -> bytes:
    """Return what xml_of made, with line breaks and blanks between its elements."""
    places = _Places()
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = lambda name, _: places.start(name, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda _: places.end(parser.CurrentByteIndex)
    parser.Parse(xml, True)
    parts, done = [], 0
    for at, depth in places.breaks:
        parts += [xml[done:at], b"\n" + _STEP.encode() * depth]
        done = at
    return b"".join([*parts, xml[done:], b"\n"]).replace(b"?>\n\n", b"?>\n", 1)


class _Places:
    """Where lines begin: before every element of FHIR's, and before the end of one that has children."""

    def __init__(self) -> None:
        self.breaks: list[tuple[int, int]] = []  # byte, depth
        self._depth = 0
        self._narrative = 0  # depth inside of one
        self._childless = True

    def start(self, name: str, at: int) -> None:
        if self._narrative or name.startswith(XHTML):
            self._narrative += 1
        if self._narrative < 2:  # the div itself begins a line
            self.breaks.append((at, self._depth))
        self._depth += 1
        self._childless = True

    def end(self, at: int) -> None:
        self._depth -= 1
        if self._narrative:
            self._narrative -= 1
        elif not self._childless:
            self.breaks.append((at, self._depth))
        self._childless = False
