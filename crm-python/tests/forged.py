"""Arrow streams that are not what they should be: pyarrow's own, with parts of their C structs overwritten."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow

pa: Any = pyarrow

Pointer = ctypes.POINTER(ctypes.c_int64)


class Schema(ctypes.Structure):
    """The struct ArrowSchema (Arrow docs, "The Arrow C data interface")."""


Schema._fields_ = [
    ("format", ctypes.c_void_p),
    ("name", ctypes.c_void_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class Array(ctypes.Structure):
    """The struct ArrowArray."""


Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.c_void_p),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

Fill = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
Tell = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)
Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Stream(ctypes.Structure):
    """The struct ArrowArrayStream."""

    _fields_ = [
        ("get_schema", Fill),
        ("get_next", Fill),
        ("get_last_error", Tell),
        ("release", Release),
        ("private_data", ctypes.c_void_p),
    ]


new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

NAME = b"arrow_array_stream"


class Forged:
    """A frame of batches, whose schema and arrays go through functions before they are handed over."""

    def __init__(
        self,
        schema: Any,
        batches: Iterable[Any] = (),
        *,
        of_schema: Callable[[Schema], object] = lambda _: None,
        of_array: Callable[[Array], object] = lambda _: None,
        of_stream: Callable[[Stream], object] = lambda _: None,
        code: int = 0,
    ) -> None:
        left = iter(batches)
        self.released = 0

        def get_schema(_: int, out: int) -> int:
            schema._export_to_c(out)
            of_schema(Schema.from_address(out))
            return 0

        def get_next(_: int, out: int) -> int:
            batch = next(left, None)
            if batch is not None:
                batch._export_to_c(out)
                of_array(Array.from_address(out))
            return code

        def release(address: int) -> None:
            self.released += 1
            Stream.from_address(address).release = Release()

        self.stream = Stream(Fill(get_schema), Fill(get_next), Tell(), Release(release), None)
        of_stream(self.stream)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return new_capsule(ctypes.addressof(self.stream), NAME, None)


def child(of: Callable[[Any], object], n: int = 0) -> Callable[[Any], object]:
    """Applies a function to a child of a struct."""
    return lambda struct: of(struct.children[n].contents)


def _release(kind: type[ctypes.Structure]) -> Any:
    def release(address: int) -> None:
        kind.from_address(address).release = None

    return Release(release)


# pyarrow's own would go by the fields that are overwritten.
RELEASES = {Schema: _release(Schema), Array: _release(Array)}


def put(**values: Any) -> Callable[[Any], object]:
    """Overwrites fields of a struct. What a schema or an array holds is never released then."""

    def overwrite(struct: Any) -> None:
        if type(struct) in RELEASES:
            struct.release = ctypes.cast(RELEASES[type(struct)], ctypes.c_void_p).value
        for name, value in values.items():
            setattr(struct, name, value)

    return overwrite
