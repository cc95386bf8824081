"""A body's bytes under caps: nothing is ever decompressed past the limit."""

import zlib
from collections.abc import Iterable, Iterator

MAX_BYTES = 5_000_000
"""Of a body, before and after decoding."""


def decoded(chunks: Iterable[bytes], encoding: str) -> bytes:
    """The body. Raises ValueError when it is too large or its encoding was not asked for.

    Encodings are not nested: `gzip, gzip` turns 64 kB into gigabytes before a cap can see it.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return b"".join(_capped(chunks))
        case "gzip" | "x-gzip":
            return gunzip(_capped(chunks))
        case other:
            raise ValueError(f"is encoded as “{other}”, which was not asked for")


def gunzip(chunks: Iterable[bytes], *, limit: int = MAX_BYTES) -> bytes:
    """The content of gzip data, never decompressing more than `limit` bytes.

    Raises ValueError when it is larger, damaged, or ends too early.
    """
    content = bytearray()
    engine, inside = _gzip_member(), False
    for chunk in chunks:
        rest = chunk
        while rest:
            if not inside and not (rest := rest.lstrip(b"\0")):  # padding between members
                break
            inside = True
            try:
                content += engine.decompress(rest, limit + 1 - len(content))
            except zlib.error as error:
                raise ValueError("is not the gzip data that it claims to be") from error
            if len(content) > limit:
                raise ValueError(_too_large(limit))
            rest = engine.unconsumed_tail
            if engine.eof:
                rest = engine.unused_data
                engine, inside = _gzip_member(), False
    if inside:
        raise ValueError("ends in the middle of its gzip data")
    return bytes(content)


def _gzip_member() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=31)


def _capped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_BYTES:
            raise ValueError(_too_large(MAX_BYTES))
        yield chunk


def _too_large(limit: int) -> str:
    return f"is larger than {limit / 1e6:g} MB"
