"""Loads SavedModels as any TensorFlow user would, and compares their results with the expected ones.

Argument: a JSON file with a list of cases {"model": folder, "signatures": names, "golden": safetensors with in.*, out.*} or
{"model": folder, "signatures": names, "linear": safetensors with the weights of a linear layer}.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import numpy as np
import tensorflow as tf

TOLERANCE = 1e-4
DTYPES = {"F32": np.float32, "I32": np.int32, "I64": np.int64, "BOOL": np.bool_}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, info in header.items():
        begin, end = (8 + length + offset for offset in info["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[info["dtype"]]).reshape(info["shape"])
    return tensors


def group(tensors, prefix):
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def expected(case):
    """Returns inputs and expected results by name."""
    if "golden" in case:
        tensors = read_safetensors(case["golden"])
        return group(tensors, "in."), group(tensors, "out.")
    weights = read_safetensors(case["linear"])
    weight, bias = weights["fc.weight"], weights["fc.bias"]
    x = np.random.default_rng(1).standard_normal((3, weight.shape[1])).astype(np.float32)
    return {"x": x}, {"y": x @ weight.T + bias}


def check(case):
    inputs, want = expected(case)
    beside = os.path.join(case["model"], "weights.safetensors")
    fed = read_safetensors(beside) if os.path.exists(beside) else {}
    model = tf.saved_model.load(case["model"])
    largest = 0.0
    for name in case["signatures"]:
        feeds = {key: tf.constant(value) for key, value in {**inputs, **fed}.items()}
        got = model.signatures[name](**feeds)
        assert set(got) == set(want), f"{name} gives {sorted(got)} instead of {sorted(want)}"
        for key, array in want.items():
            value = got[key].numpy()
            assert value.shape == array.shape, f"{name}: {key} is {value.shape} instead of {array.shape}"
            error = np.max(np.abs(value - array) / np.maximum(1, np.abs(array)))
            assert error <= TOLERANCE, f"{name}: {key} differs by {error}"
            largest = max(largest, float(error))
    return largest, len(fed)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        largest, fed = check(case)
        weights = f", {fed} weights fed" if fed > 0 else ""
        print(f"{os.path.basename(case['model'])}: differs by {largest:.1e} at most{weights}")
    print(f"TensorFlow {tf.__version__} for Python loads {len(cases)} SavedModels")


main()
