"""Kernels as functions of Python: what they are called and which arrays they want."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from shared.kernels.build import build

INT: Final = ctypes.c_int64
REAL: Final = ctypes.c_double
REAL32: Final = ctypes.c_float


_ANY_LENGTH: Final = ctypes.c_char * 0


class ArrayOf:
    """An argument that is a C-contiguous array of just this type; a kernel is not called with any other.

    The shape is the caller's to get right, in the one Python function that calls the kernel. What numpy has for this
    takes seven times as long, and a small kernel takes no longer than that.
    """

    def __init__(self, dtype: type) -> None:
        self._dtype: np.dtype[Any] = np.dtype(dtype)

    def from_param(self, array: Any) -> Any:
        """Where its values are, for ctypes, which keeps the array for as long as the kernel runs."""
        fits = isinstance(array, np.ndarray) and array.dtype == self._dtype and array.flags.c_contiguous
        if not fits:
            raise TypeError(f"not a C-contiguous array of {self._dtype}")
        if array.flags.writeable:
            return ctypes.byref(_ANY_LENGTH.from_buffer(array))
        return ctypes.c_void_p(array.ctypes.data)


FLOATS: Final = ArrayOf(np.float64)
FLOATS32: Final = ArrayOf(np.float32)
INTEGERS: Final = ArrayOf(np.int64)
INTEGERS32: Final = ArrayOf(np.int32)
BYTES: Final = ArrayOf(np.uint8)


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(build()))


class Kernel:
    """A kernel by name, looked up at its first call.

    Args:
        name: of the C function, which returns nothing and writes into arrays that it is given.
        arguments: its types, e.g. :data:`FLOATS32`.

    Raises:
        KernelsMissingError: at the first call, see :func:`shared.kernels.build.build`.
        ctypes.ArgumentError: an array of another type or order.
    """

    def __init__(self, name: str, *arguments: Any) -> None:
        self._name = name
        self._arguments = arguments
        self._function: Callable[..., None] | None = None

    def __call__(self, *arguments: Any) -> None:
        """Run it on these arrays and numbers. Other threads go on meanwhile."""
        if self._function is None:
            function = getattr(_library(), self._name)
            function.argtypes, function.restype = self._arguments, None
            self._function = function
        self._function(*arguments)
