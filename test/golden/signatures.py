"""The parameters of PyTorch's modules and functions, with their defaults: writes signatures.json.

`docs/operators/defaults.md` compares them with the attributes of Fuse's operators; scripts/reference/defaults.ts says which
belong together. `python signatures.py --check` writes nothing and fails if the file would change.
"""
import inspect
import json
import pathlib
import sys
import torch
import torch.nn.functional as F
from torch import nn

MODULES = """AdaptiveAvgPool2d AdaptiveMaxPool2d AvgPool2d BatchNorm2d CELU ChannelShuffle Conv2d ConvTranspose2d Dropout ELU
Embedding Fold GELU GroupNorm Hardsigmoid Hardswish Hardtanh InstanceNorm2d LPPool2d LayerNorm LeakyReLU Linear LocalResponseNorm LogSigmoid
LogSoftmax MaxPool2d Mish PReLU PixelShuffle PixelUnshuffle RMSNorm ReLU ReLU6 SELU SiLU Sigmoid Softmax
Softplus Softsign Tanh Unfold Upsample""".split()
FUNCTIONS = "grid_sample interpolate normalize pad".split()
# Functions in C++ have no Python signature; their schema does.
SCHEMAS = """abs acos acosh add.Tensor all.dim amax amin any.dim arange argmax argmin argsort asin asinh atan atanh cat ceil clamp conv2d cos
cosh cumprod cumsum div.Tensor eq.Tensor erf exp expand expm1 flip floor ge.Tensor gt.Tensor index_select isinf isnan
le.Tensor linalg_vector_norm log log1p logical_and logical_not logical_or logsumexp lt.Tensor masked_fill.Scalar maximum mean.dim minimum
mul.Tensor ne.Tensor neg pow.Tensor_Tensor prod.dim_int reciprocal one_hot remainder.Tensor reshape roll round rsqrt scatter_add sign
sin sinh slice.Tensor sort split.Tensor sqrt square squeeze.dim stack std.correction sub.Tensor sum.dim_IntList tan tile topk tril triu
unbind.int unsqueeze var.correction where.self""".split()


def plain(value):
    """A default as JSON; one that is not a number, a text, a bool or None as its name."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def described(pairs):
    """`pairs` holds each parameter and its default, or a list without one."""
    pairs = list(pairs)
    return {"required": [name for name, *default in pairs if not default],
            "defaults": {name: plain(*default) for name, *default in pairs if default}}


def of_python(function):
    parameters = inspect.signature(function).parameters.values()
    return described((it.name,) if it.default is it.empty else (it.name, it.default) for it in parameters)


def of_schema(name):
    packet, _, overload = name.partition(".")
    schema = getattr(getattr(torch.ops.aten, packet), overload or "default")._schema
    return described((it.name, it.default_value) if it.has_default_value() else (it.name,) for it in schema.arguments)


def main():
    signatures = {
        **{f"nn.{name}": of_python(getattr(nn, name)) for name in MODULES},
        **{f"F.{name}": of_python(getattr(F, name)) for name in FUNCTIONS},
        **{f"torch.{name}": of_schema(name) for name in SCHEMAS},
    }
    made = "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(it)}" for name, it in signatures.items()) + "\n}\n"
    path = pathlib.Path(__file__).parent / "signatures.json"
    changed = not path.exists() or made != path.read_text()
    if changed and "--check" not in sys.argv:
        path.write_text(made)
    print("changed" if changed else "nothing has changed")
    return 1 if changed and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
