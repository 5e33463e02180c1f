"""Digest of a table's rows: the same for equal rows, however Parquet packs or cuts them."""

import hashlib
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class RowDigest:
    """sha256 over rows that come in batches; where one batch ends does not count.

    Each column is a stream of its own: which values are there, how long they are, their bytes.
    """

    def __init__(self) -> None:
        self._streams = defaultdict(hashlib.sha256)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the next rows."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self._add(name, column)

    def hexdigest(self) -> str:
        """Digest of all rows so far."""
        parts = sorted(f"{name} {stream.hexdigest()}" for name, stream in self._streams.items())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _add(self, path: str, array: pa.Array) -> None:
        if pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type):
            array = array.cast(pa.binary())
        kind = array.type
        self._take(f"{path} there", array.is_valid().to_numpy(zero_copy_only=False))
        if pa.types.is_struct(kind):
            for field, column in zip(kind, array.flatten(), strict=True):
                self._add(f"{path}.{field.name}", column)
        elif pa.types.is_list(kind):
            self._take(f"{path} lengths", _numbers(pc.list_value_length(array)))
            self._add(f"{path}[]", array.flatten())
        elif pa.types.is_string(kind) or pa.types.is_binary(kind):
            self._take(f"{path} lengths", _numbers(pc.binary_length(array)))
            self._streams[path].update(_joined(array.drop_null()))
        else:
            self._take(path, _numbers(array))

    def _take(self, name: str, values: np.ndarray) -> None:
        self._streams[name].update(np.ascontiguousarray(values).tobytes())


def _numbers(array: pa.Array) -> np.ndarray:
    return array.fill_null(0).to_numpy(zero_copy_only=False)


def _joined(array: pa.Array) -> bytes:
    """Bytes of all strings, one after the other."""
    if not len(array):
        return b""
    _, starts, data = array.buffers()
    ends = np.frombuffer(starts, np.int32)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[ends[0] : ends[-1]].tobytes() if data else b""
