"""PyTorch definitions of blocks of the standard library whose tensors lie in blocks/ (torch 2.15, float32).

Written from the papers that the blocks name, with the parameter names of the published implementations where there are
some (GCNet, coordinate attention, torchvision's FPN and ASPP, PSPNet's pyramid pooling); eval mode, every parameter random
so that no default hides a defect. `python reference_blocks.py` writes blocks/.
"""
import json
import math
import pathlib
import struct
import torch
import torch.nn as nn
import torch.nn.functional as F
from reference_models import randomize


class ECA(nn.Module):
    """Wang et al. 2020."""
    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x):
        y = F.adaptive_avg_pool2d(x, 1).squeeze(-1).transpose(1, 2)
        return x * torch.sigmoid(self.conv(y).transpose(1, 2).unsqueeze(-1))


class GlobalContext(nn.Module):
    """Cao et al. 2019: attention pooling, channel-add fusion."""
    def __init__(self, c, r):
        super().__init__()
        self.conv_mask = nn.Conv2d(c, 1, 1)
        self.channel_add_conv = nn.Sequential(nn.Conv2d(c, c // r, 1), nn.LayerNorm([c // r, 1, 1]), nn.ReLU(),
                                              nn.Conv2d(c // r, c, 1))

    def forward(self, x):
        n, c, h, w = x.shape
        mask = torch.softmax(self.conv_mask(x).view(n, 1, h * w), 2).unsqueeze(-1)
        context = torch.matmul(x.view(n, 1, c, h * w), mask).view(n, c, 1, 1)
        return x + self.channel_add_conv(context)


class NonLocal(nn.Module):
    """Wang et al. 2018, equations 1 to 6, with batch normalisation after the last layer."""
    def __init__(self, c, by):
        super().__init__()
        self.by = by
        self.g = nn.Conv2d(c, c // 2, 1)
        if by != "gaussian":
            self.theta = nn.Conv2d(c, c // 2, 1)
            self.phi = nn.Conv2d(c, c // 2, 1)
        self.W = nn.Sequential(nn.Conv2d(c // 2, c, 1), nn.BatchNorm2d(c))

    def forward(self, x):
        n, _, h, w = x.shape
        g = self.g(x).flatten(2).transpose(1, 2)
        theta = (x if self.by == "gaussian" else self.theta(x)).flatten(2).transpose(1, 2)
        phi = (x if self.by == "gaussian" else self.phi(x)).flatten(2)
        f = torch.matmul(theta, phi)
        f = f / f.shape[-1] if self.by == "product" else torch.softmax(f, -1)
        y = torch.matmul(f, g).transpose(1, 2).reshape(n, -1, h, w)
        return x + self.W(y)


class CoordinateAttention(nn.Module):
    """Hou et al. 2021."""
    def __init__(self, c, r):
        super().__init__()
        self.conv1 = nn.Conv2d(c, c // r, 1)
        self.bn1 = nn.BatchNorm2d(c // r)
        self.conv_h = nn.Conv2d(c // r, c, 1)
        self.conv_w = nn.Conv2d(c // r, c, 1)

    def forward(self, x):
        _, _, h, w = x.shape
        rows = F.adaptive_avg_pool2d(x, (None, 1))
        columns = F.adaptive_avg_pool2d(x, (1, None)).permute(0, 1, 3, 2)
        y = F.hardswish(self.bn1(self.conv1(torch.cat([rows, columns], 2))))
        rows, columns = torch.split(y, [h, w], 2)
        return x * torch.sigmoid(self.conv_w(columns.permute(0, 1, 3, 2))) * torch.sigmoid(self.conv_h(rows))


class SelectiveKernel(nn.Module):
    """Li et al. 2019, two branches."""
    def __init__(self, c, r, groups):
        super().__init__()
        branch = lambda d: nn.Sequential(nn.Conv2d(c, c, 3, padding=d, dilation=d, groups=groups, bias=False),
                                         nn.BatchNorm2d(c), nn.ReLU())
        self.convs = nn.ModuleList([branch(1), branch(2)])
        self.fc = nn.Sequential(nn.Linear(c, c // r, bias=False), nn.BatchNorm1d(c // r), nn.ReLU())
        self.fcs = nn.ModuleList([nn.Linear(c // r, c), nn.Linear(c // r, c)])

    def forward(self, x):
        u = torch.stack([conv(x) for conv in self.convs], 1)
        z = self.fc(u.sum(1).mean((2, 3)))
        share = torch.softmax(torch.stack([fc(z) for fc in self.fcs], 1), 1)
        return (u * share[..., None, None]).sum(1)


class SelfAttention(nn.Module):
    """Vaswani et al. 2017 over positions."""
    def __init__(self, c, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(c, heads, batch_first=True)

    def forward(self, x):
        t = x.flatten(2).transpose(1, 2)
        return self.attention(t, t, t)[0].transpose(1, 2).reshape(x.shape)


class GatedFusion(nn.Module):
    """Arevalo et al. 2017, section 3.1 (bimodal), at every position."""
    def __init__(self, ca, cb, width):
        super().__init__()
        self.hidden1 = nn.Conv2d(ca, width, 1, bias=False)
        self.hidden2 = nn.Conv2d(cb, width, 1, bias=False)
        self.gate = nn.Conv2d(ca + cb, width, 1, bias=False)

    def forward(self, a, b):
        z = torch.sigmoid(self.gate(torch.cat([a, b], 1)))
        return z * torch.tanh(self.hidden1(a)) + (1 - z) * torch.tanh(self.hidden2(b))


class FiLM(nn.Module):
    """Perez et al. 2018."""
    def __init__(self, c, d):
        super().__init__()
        self.fc = nn.Linear(d, 2 * c)

    def forward(self, x, condition):
        gamma, beta = self.fc(condition).chunk(2, 1)
        return gamma[..., None, None] * x + beta[..., None, None]


class FPN(nn.Module):
    """Lin et al. 2017, as torchvision.ops.FeaturePyramidNetwork has it."""
    def __init__(self, channels, width):
        super().__init__()
        self.inner_blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(c, width, 1)) for c in channels])
        self.layer_blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(width, width, 3, padding=1)) for _ in channels])

    def forward(self, *maps):
        last = self.inner_blocks[-1](maps[-1])
        results = [self.layer_blocks[-1](last)]
        for i in range(len(maps) - 2, -1, -1):
            inner = self.inner_blocks[i](maps[i])
            last = inner + F.interpolate(last, size=inner.shape[-2:], mode="nearest")
            results.insert(0, self.layer_blocks[i](last))
        return tuple(results)


class PAN(nn.Module):
    """Liu et al. 2018, section 3.1: bottom-up path augmentation, ReLU after every convolution."""
    def __init__(self, c):
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(c, c, 3, stride=2, padding=1) for _ in range(2)])
        self.fuse = nn.ModuleList([nn.Conv2d(c, c, 3, padding=1) for _ in range(2)])

    def forward(self, p3, p4, p5):
        n4 = F.relu(self.fuse[0](p4 + F.relu(self.down[0](p3))))
        n5 = F.relu(self.fuse[1](p5 + F.relu(self.down[1](n4))))
        return p3, n4, n5


class BiFPNNode(nn.Module):
    """Tan et al. 2020: fast normalised fusion, then a separable convolution."""
    def __init__(self, c, weights):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(weights))
        self.conv = nn.ModuleDict({"depthwise": nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False),
                                   "pointwise": nn.Conv2d(c, c, 1, bias=False), "bn": nn.BatchNorm2d(c)})

    def forward(self, *maps):
        w = F.relu(self.w)
        w = w / (w.sum() + 1e-4)
        fused = sum(w[i] * map for i, map in enumerate(maps))
        return F.silu(self.conv["bn"](self.conv["pointwise"](self.conv["depthwise"](fused))))


class GeM(nn.Module):
    """Radenović et al. 2018."""
    def __init__(self, p):
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))

    def forward(self, x):
        return F.avg_pool2d(x.clamp(min=1e-6).pow(self.p), x.shape[2:]).pow(1 / self.p).flatten(1)


class AttentionPool(nn.Module):
    """Learned queries (Lee et al. 2019) by multi-head attention (Vaswani et al. 2017)."""
    def __init__(self, d, m, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Parameter(torch.zeros(m, d))
        self.q, self.k, self.v, self.out = (nn.Linear(d, d) for _ in range(4))

    def forward(self, x):
        n = x.shape[0]
        part = lambda t: t.view(t.shape[0], t.shape[1], self.heads, -1).transpose(1, 2)
        q = part(self.q(self.query).expand(n, -1, -1))
        y = F.scaled_dot_product_attention(q, part(self.k(x)), part(self.v(x)))
        return self.out(y.transpose(1, 2).flatten(2))


class PyramidPooling(nn.Module):
    """Zhao et al. 2017."""
    def __init__(self, c, bins=(1, 2, 3, 6)):
        super().__init__()
        self.features = nn.ModuleList([nn.Sequential(nn.AdaptiveAvgPool2d(b), nn.Conv2d(c, c // len(bins), 1, bias=False),
                                                     nn.BatchNorm2d(c // len(bins)), nn.ReLU()) for b in bins])

    def forward(self, x):
        up = lambda y: F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=True)
        return torch.cat([x] + [up(f(x)) for f in self.features], 1)


class ASPP(nn.Module):
    """Chen et al. 2017 (DeepLabv3), as torchvision.models.segmentation.deeplabv3.ASPP has it."""
    def __init__(self, c, width, rate):
        super().__init__()
        conv = lambda kernel, d: nn.Sequential(
            nn.Conv2d(c, width, kernel, padding=d * (kernel // 2), dilation=d, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.convs = nn.ModuleList([conv(1, 1), conv(3, rate), conv(3, 2 * rate), conv(3, 3 * rate), pooling])
        self.project = nn.Sequential(nn.Conv2d(5 * width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.Dropout(0.5))

    def forward(self, x):
        maps = [conv(x) for conv in self.convs[:-1]]
        average = F.interpolate(self.convs[-1](x), size=x.shape[2:], mode="bilinear", align_corners=False)
        return self.project(torch.cat(maps + [average], 1))


DTYPES = {torch.int64: ("I64", "<i8"), torch.int32: ("I32", "<i4"), torch.uint8: ("U8", "u1"), torch.bool: ("BOOL", "?")}


def write(path, tensors):
    """The safetensors format. Floats become float32."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        dtype, width = DTYPES.get(tensor.dtype, ("F32", "<f4"))
        part = tensor.detach().contiguous().numpy().astype(width).tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def record(name, module, shapes, outputs=("output",), keep=(), folder="blocks", tensors={}):
    """Runs a module with random inputs of these shapes, then the given tensors; `keep` are parameters that keep their values."""
    torch.manual_seed(len(name))
    kept = {parameter: module.get_parameter(parameter).detach().clone() for parameter in keep}
    randomize(module, len(name))
    for parameter, value in kept.items():
        module.get_parameter(parameter).data.copy_(value)
    inputs = {**{input: torch.randn(shape) for input, shape in shapes.items()}, **tensors}
    with torch.no_grad():
        result = module(*inputs.values())
    results = dict(zip(outputs, result if isinstance(result, tuple) else (result,)))
    parameters = {k: v for k, v in module.state_dict().items() if v.dtype == torch.float32}
    groups = {"in": inputs, "param": parameters, "out": results}
    stored = {f"{group}.{key}": value for group, values in groups.items() for key, value in values.items()}
    write(pathlib.Path(__file__).parent / folder / f"{name}.safetensors", stored)


if __name__ == "__main__":
    (pathlib.Path(__file__).parent / "blocks").mkdir(exist_ok=True)
    x = {"x": (2, 8, 5, 4)}
    record("ECA", ECA(5), x)
    record("GlobalContext", GlobalContext(8, 2), x)
    for by in ["gaussian", "embedded", "product"]:
        record(f"NonLocal-{by}", NonLocal(8, by), x)
    record("CoordinateAttention", CoordinateAttention(8, 2), x)
    record("SelectiveKernel", SelectiveKernel(8, 2, 4), x)
    record("SelfAttention", SelfAttention(8, 4), x)
    record("GatedFusion", GatedFusion(4, 3, 5), {"a": (2, 4, 5, 4), "b": (2, 3, 5, 4)})
    record("FiLM", FiLM(8, 3), {**x, "condition": (2, 3)})
    record("FPN", FPN([3, 4, 5], 6), {"c3": (2, 3, 9, 8), "c4": (2, 4, 5, 4), "c5": (2, 5, 3, 2)}, ["p3", "p4", "p5"])
    record("PAN", PAN(4), {"p3": (2, 4, 9, 6), "p4": (2, 4, 5, 3), "p5": (2, 4, 3, 2)}, ["n3", "n4", "n5"])
    record("BiFPNNode", BiFPNNode(8, [0.9, 0.4]), {**x, "y": (2, 8, 5, 4)}, keep=["w"])
    record("BiFPNNode3", BiFPNNode(8, [0.9, -0.4, 0.5]), {**x, "y": (2, 8, 5, 4), "z": (2, 8, 5, 4)}, keep=["w"])
    record("GeM", GeM(2.5), x, keep=["p"])
    record("AttentionPool", AttentionPool(8, 3, 2), {"x": (2, 7, 8)})
    record("PyramidPooling", PyramidPooling(8), {"x": (2, 8, 9, 7)})
    record("ASPP", ASPP(8, 3, 2), {"x": (2, 8, 9, 7)})
