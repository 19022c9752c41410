"""Sets of concepts: one byte for each place, 0 or 1, so that C does the work. Pure."""

from collections.abc import Iterable, Iterator

Mask = bytes


def every(length: int) -> Mask:
    """Return the set of all."""
    return b"\x01" * length


def of_places(places: Iterable[int], length: int) -> Mask:
    """Return the set of these places."""
    mask = bytearray(length)
    for one in places:
        mask[one] = 1
    return bytes(mask)


def both(one: Mask, other: Mask) -> Mask:
    """Return what is in both sets."""
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def either(one: Mask, other: Mask) -> Mask:
    """Return what is in one of the sets."""
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(len(one), "little")


def less(one: Mask, other: Mask) -> Mask:
    """Return what is in the first set and not in the other."""
    whole = int.from_bytes(one, "little")
    return (whole ^ (whole & int.from_bytes(other, "little"))).to_bytes(len(one), "little")


def places(mask: Mask, skip: int = 0) -> Iterator[int]:
    """Yield the places of a set in order, but for the first `skip`."""
    at = _nth(mask, skip) if skip else mask.find(1)
    while at >= 0:
        yield at
        at = mask.find(1, at + 1)


def _nth(mask: Mask, skip: int) -> int:
    """Return the place before which `skip` others are in the set, -1 when there is none: by halves, counted in C."""
    if mask.count(1) <= skip:
        return -1
    low, high, before = 0, len(mask), 0  # `before`: how many stand in front of low
    while high - low > 1:
        middle = (low + high) // 2
        found = mask.count(1, low, middle)
        if before + found > skip:
            high = middle
        else:
            low, before = middle, before + found
    return low
