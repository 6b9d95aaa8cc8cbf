"""CRC-64 as in ECMA-182, which OSS returns as x-oss-hash-crc64ecma, and how two of them combine."""

from __future__ import annotations

from functools import lru_cache, reduce

import crcmod

crc64_ecma = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)
"""Computes the CRC of bytes, starting from the CRC of what came before."""

_REFLECTED = 0xC96C5795D7870F42
"""The polynomial, its highest power in the lowest bit."""


def combine(first: int, second: int, size: int) -> int:
    """Returns the CRC of two pieces in a row, given the CRC of each and the size of the second in bytes.

    It works as zlib's crc32_combine: the first CRC is extended by as many zero bytes as the second piece has.
    """
    return _apply(_append_zeros(size), first) ^ second


@lru_cache(maxsize=64)
def _append_zeros(size: int) -> tuple[int, ...]:
    """Returns the matrix that extends a CRC by `size` zero bytes, as its columns."""
    one_bit = (_REFLECTED, *(1 << bit for bit in range(63)))
    one_byte = reduce(lambda matrix, _: _square(matrix), range(3), one_bit)
    powers = (1 << bit for bit in range(64))
    matrix = tuple(powers)
    while size:
        if size & 1:
            matrix = tuple(_apply(one_byte, column) for column in matrix)
        one_byte = _square(one_byte)
        size >>= 1
    return matrix


def _square(matrix: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_apply(matrix, column) for column in matrix)


def _apply(matrix: tuple[int, ...], crc: int) -> int:
    result = 0
    for column in matrix:
        if crc & 1:
            result ^= column
        crc >>= 1
    return result
