"""Bodies as zstd frames with a trained dictionary; a resource of a kilobyte shrinks to a fifth.

A frame names its dictionary, so dictionaries can be added: the newest packs, all unpack. Dictionaries lie in
`dictionaries/<number>.zdict` and are made by `python -m kakehashi.store.compression_training`. Never remove one
that any database was written with.
"""

import threading
from functools import cache
from importlib.resources import files

import zstandard

from kakehashi.core.errors import Failure

_LEVEL = 3  # level 9 saves 3 % more and costs four times the time (docs/adr/0002-write-path.md)
_LARGEST = 1 << 30  # bytes; no door takes more


class Unreadable(Failure):
    """A stored body cannot be unpacked: its dictionary is missing or its bytes are damaged."""

    default_ja = "保存された記録を読み出せません。運用担当者に連絡してください。"
    default_en = "A stored record cannot be read. Please tell the operator."


class _Local(threading.local):
    """Compressors are not for sharing between threads."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionaries()[newest()])
        self.unpack: dict[int, zstandard.ZstdDecompressor] = {
            number: zstandard.ZstdDecompressor(dict_data=data) for number, data in dictionaries().items()
        }
        self.unpack[0] = zstandard.ZstdDecompressor()


def pack(body: bytes) -> bytes:
    """Return the frame of a body."""
    return _local().pack.compress(body)


def unpack(frame: bytes) -> bytes:
    """Return the body of a frame. Raises Unreadable."""
    try:
        number = zstandard.get_frame_parameters(frame).dict_id
        return _local().unpack[number].decompress(frame, max_output_size=_LARGEST)
    except (KeyError, zstandard.ZstdError) as fault:
        raise Unreadable from fault


@cache
def dictionaries() -> dict[int, zstandard.ZstdCompressionDict]:
    """Return every shipped dictionary by its number."""
    found: dict[int, zstandard.ZstdCompressionDict] = {}
    for entry in files("kakehashi.store.dictionaries").iterdir():
        if entry.name.endswith(".zdict"):
            data = zstandard.ZstdCompressionDict(entry.read_bytes(), dict_type=zstandard.DICT_TYPE_FULLDICT)
            data.precompute_compress(level=_LEVEL)
            found[data.dict_id()] = data
    return found


def newest() -> int:
    """Return the number of the dictionary that new bodies are packed with."""
    return max(dictionaries())


@cache
def _local() -> _Local:
    return _Local()
