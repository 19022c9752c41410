"""Units as people in a ward write them, from UCUM codes as systems write them. Pure.

`10*3/uL` is 10³/µL, `{INR}` is INR, `mm[Hg]` is mmHg. What is written in words already stays as it is.
Source: UCUM (ucum.org), case sensitive codes: §6 annotations in braces, §12 square brackets, `*` for powers of ten.
"""

import re
from functools import lru_cache

_WHOLE = {
    "1": "",
    "Cel": "℃",
    "[degF]": "°F",
    "{ratio}": "",
    "{score}": "点",
    "{count}": "",
    "mo": "か月",
    "wk": "週",
}
_POWER = re.compile(r"10[*^](-?\d+)")
_EXPONENT = re.compile(r"(?<=[a-zA-Z])(-?\d)(?=$|[/.])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MICRO = re.compile(r"(?<![A-Za-zµμ\[])u(?=(?:L|g|mol|m|Eq|U|kat|s)(?![a-z]))")
_BARE = re.compile(r"(?P<annotated>.*)\{(?P<said>[^{}]*)\}$")


@lru_cache(maxsize=1024)
def unit_words(unit: str) -> str:
    """Return a unit as it is read.

    >>> [unit_words(one) for one in ("{INR}", "10*3/uL", "mm[Hg]", "m[IU]/L", "kg/m2", "mg/dL", "個")]
    ['INR', '10³/µL', 'mmHg', 'mIU/L', 'kg/m²', 'mg/dL', '個']
    """
    if unit in _WHOLE:
        return _WHOLE[unit]
    text = unit.replace("_", "")
    while found := _BARE.fullmatch(
        text
    ):  # an annotation says something only where nothing else does, or after "/"
        before = found["annotated"]
        text = before + found["said"] if not before or before.endswith("/") else before
    text = re.sub(r"[{}\[\]]", "", text)
    text = _POWER.sub(lambda power: "10" + power[1].translate(_RAISED), text)
    text = _EXPONENT.sub(lambda power: power[1].translate(_RAISED), text)
    return _MICRO.sub("µ", text)
