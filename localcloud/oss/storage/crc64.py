"""CRC-64 as in ECMA-182, which OSS returns as x-oss-hash-crc64ecma."""

from __future__ import annotations

from functools import lru_cache, reduce

import crcmod

crc64_ecma = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)
"""Of bytes, going on from the CRC of what came before."""

_REFLECTED = 0xC96C5795D7870F42
"""The polynomial, its highest power in the lowest bit."""


def combined(first: int, second: int, size: int) -> int:
    """The CRC of two pieces one after the other, from the CRC of each and the size of the second in bytes.

    As zlib's crc32_combine does it: the first CRC is carried over as many zero bytes as the second piece has.
    """
    return _carried(_over_zeros(size), first) ^ second


@lru_cache(maxsize=64)
def _over_zeros(size: int) -> tuple[int, ...]:
    """What `size` zero bytes make of each bit of a CRC."""
    one_bit = (_REFLECTED, *(1 << bit for bit in range(63)))
    one_byte = reduce(lambda step, _: _twice(step), range(3), one_bit)
    powers = (1 << bit for bit in range(64))
    carried = tuple(powers)
    while size:
        if size & 1:
            carried = tuple(_carried(one_byte, column) for column in carried)
        one_byte = _twice(one_byte)
        size >>= 1
    return carried


def _twice(step: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_carried(step, column) for column in step)


def _carried(step: tuple[int, ...], crc: int) -> int:
    result = 0
    for column in step:
        if crc & 1:
            result ^= column
        crc >>= 1
    return result
