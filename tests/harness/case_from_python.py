#!/usr/bin/env python3
"""Writes a file of cases the way README shows it, with numpy arrays in the place of PyTorch tensors.

usage: case_from_python.py FILE          writes FILE
       case_from_python.py --read FILE   prints what h5py sees in a file that the store wrote
"""

import hashlib
import sys

import h5py
import numpy as np


def write(path):
    q = np.array([[[[0x3F80, 0xC000, 0x7FC0, 0x0001]]]], np.uint16)  # bf16 bits: 1, -2, NaN, smallest subnormal
    tensors = {"q": (q.view(np.int16), "bf16"), "k_cache": (q, "bf16"), "half": (np.array([1.5, -0.0], np.float16), None),
               "cache_seqlens": (np.array([1]), None), "lse": (np.array([[[0.25]]], np.float32), None),
               "mask": (np.array([True, False]), None)}
    with h5py.File(path, "w") as file:
        case = file.create_group("attend/from_python")
        case.attrs.update(dtype="bf16", causal=1, softmax_scale=0.125, page_size=np.int64(0), contract="bf16/tc25")
        for name, (value, dtype) in tensors.items():
            dataset = case.create_dataset(name, data=value)
            if dtype:
                dataset.attrs["dtype"] = dtype


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def counted(value):
    """A text behind its length, or a number; 8 bytes each, as fixtures/README.md says."""
    if isinstance(value, int):
        return value.to_bytes(8, "little")
    return len(value.encode()).to_bytes(8, "little") + value.encode()


def attributes(object_, without):
    kept = {key: text(value) for key, value in object_.attrs.items() if key != without}
    return counted(len(kept)) + b"".join(counted(key) + counted(kept[key]) for key in sorted(kept))


def digest(case):
    parts = [attributes(case, "digest"), counted(len(case))]
    for name in sorted(case):
        value = case[name]
        parts += [counted(name), counted(text(value.attrs["dtype"])), counted(value.ndim)]
        parts += [counted(n) for n in value.shape] + [attributes(value, "dtype"), value[()].tobytes()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def read(path):
    with h5py.File(path) as file:
        case = file["attend/from_store"]
        print("sealed", digest(case) == text(case.attrs["digest"]))
        for key, value in sorted(case.attrs.items()):
            if key == "digest":
                continue
            print(key, type(value).__name__, value.decode() if isinstance(value, bytes) else value)
        for name in sorted(case):
            print(name, case[name].dtype, case[name].shape, case[name].attrs["dtype"].decode(), case[name][()].tolist())


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--read":
        read(sys.argv[2])
    elif len(sys.argv) == 2:
        write(sys.argv[1])
    else:
        sys.exit(__doc__)
