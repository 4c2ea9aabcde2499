"""Times the programs of `npm run bench -- algebra` as people write them in PyTorch: eager, and with torch.compile.

    python bench/torch_algebra.py [--threads 1] [--rounds 9] [--channels-last] [workload ...]

Prints median milliseconds with quartiles: what passes, and what all cores compute. Needs torch; torch.compile needs a C++ compiler.
"""

import argparse
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


def resized(x, like, **options):
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", **{"align_corners": False, **options})


class Fusion(nn.Module):
    shapes = [(1, 128, 512, 512), (1, 128, 256, 256)]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(256, 128, 1)

    def forward(self, h, l):
        return F.relu(self.conv(torch.cat([h, resized(l, h)], 1)))


class SegFormer(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.linear_c = nn.ModuleList(nn.Linear(c, width) for c in channels)
        self.linear_fuse = nn.Conv2d(4 * width, width, 1, bias=False)
        self.batch_norm = nn.BatchNorm2d(width)

    def forward(self, *maps):
        parts = []
        for x, linear in zip(maps, self.linear_c):
            n, _, h, w = x.shape
            y = linear(x.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(n, -1, h, w)
            parts.append(resized(y, maps[0]))
        return F.relu(self.batch_norm(self.linear_fuse(torch.cat(parts[::-1], 1))))


class SegFormerB2(SegFormer):
    shapes = [(1, 64, 128, 128), (1, 128, 64, 64), (1, 320, 32, 32), (1, 512, 16, 16)]

    def __init__(self):
        super().__init__([64, 128, 320, 512], 768)


class SegFormerB0(SegFormer):
    shapes = [(1, 32, 128, 128), (1, 64, 64, 64), (1, 160, 32, 32), (1, 256, 16, 16)]

    def __init__(self):
        super().__init__([32, 64, 160, 256], 256)


class HRNet(nn.Module):
    shapes = [(1, 32, 128, 128), (1, 64, 64, 64), (1, 128, 32, 32), (1, 256, 16, 16)]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(480, 480, 1)
        self.bn = nn.BatchNorm2d(480)

    def forward(self, x1, x2, x3, x4):
        joined = torch.cat([x1, resized(x2, x1), resized(x3, x1), resized(x4, x1)], 1)
        return F.relu(self.bn(self.conv(joined)))


class Logits(nn.Module):
    shapes = [(1, 256, 129, 129)]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(256, 21, 1)

    def forward(self, x):
        return self.conv(F.interpolate(x, size=(513, 513), mode="bilinear", align_corners=True))


class ConvReduce(nn.Module):
    shapes = [(8, 1024, 28, 28)]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1024, 268, 1)

    def forward(self, x):
        return self.conv(x).mean((2, 3))


class PSPNet(nn.Module):
    shapes = [(1, 2048, 60, 60)]

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.AdaptiveAvgPool2d(size), nn.Conv2d(2048, 512, 1, bias=False), nn.BatchNorm2d(512), nn.ReLU()
            )
            for size in [1, 2, 3, 6]
        )
        self.fuse = nn.Conv2d(4096, 512, 1, bias=False)
        self.bn = nn.BatchNorm2d(512)

    def forward(self, x):
        parts = [resized(stage(x), x) for stage in self.stages]
        return F.relu(self.bn(self.fuse(torch.cat([x, *parts], 1))))


class YoloNode(nn.Module):
    shapes = [(1, 256, 20, 20), (1, 256, 40, 40)]

    def __init__(self):
        super().__init__()
        self.cv1 = nn.Conv2d(512, 128, 1)
        self.cv2 = nn.Conv2d(512, 128, 1)

    def forward(self, a, b):
        x = torch.cat([F.interpolate(a, size=b.shape[2:], mode="nearest"), b], 1)
        return F.silu(self.cv1(x)), F.silu(self.cv2(x))


class SETail(nn.Module):
    shapes = [(1, 64, 56, 56), (1, 256, 56, 56)]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 256, 1, bias=False)
        self.bn = nn.BatchNorm2d(256)
        self.fc1 = nn.Linear(256, 16)
        self.fc2 = nn.Linear(16, 256)

    def forward(self, x, r):
        z = self.bn(self.conv(x))
        g = torch.sigmoid(self.fc2(F.relu(self.fc1(z.mean((2, 3))))))
        return F.relu(z * g[:, :, None, None] + r)


class AttentionReduce(nn.Module):
    shapes = [(1, 256, 28, 28)]

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(256, 8, batch_first=True)
        self.fc = nn.Linear(256, 64)

    def forward(self, x):
        n, c, h, w = x.shape
        t = x.flatten(2).transpose(1, 2)
        y = self.fc(self.attention(t, t, t, need_weights=False)[0])
        return y.transpose(1, 2).reshape(n, -1, h, w)


class DenseLayer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 128, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128, 32, 3, padding=1, bias=False)

    def forward(self, x):
        return self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))


class DenseBlock(nn.Module):
    shapes = [(1, 256, 14, 14)]

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(256 + 32 * i) for i in range(6))

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return torch.cat(maps, 1)


class UNetSkip(nn.Module):
    shapes = [(1, 64, 256, 256), (1, 128, 256, 256)]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(192, 64, 3, padding=1)

    def forward(self, a, b):
        return F.relu(self.conv(torch.cat([a, b], 1)))


class PlainConv(nn.Module):
    shapes = [(1, 256, 56, 56)]

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(256, 256, 3, padding=1)

    def forward(self, x):
        return F.relu(self.conv(x))


WORKLOADS = [
    *[Fusion, SegFormerB2, SegFormerB0, HRNet, Logits, ConvReduce, PSPNet, YoloNode, SETail, AttentionReduce],
    *[DenseBlock, UNetSkip, PlainConv],
]


def spread(times):
    low, middle, high = statistics.quantiles(times, n=4, method="inclusive")
    return f"{middle:9.2f} ({low:.2f} to {high:.2f})"


def measure(workload, options):
    torch.manual_seed(0)
    order = torch.channels_last if options.channels_last else torch.contiguous_format
    model = workload().eval().to(memory_format=order)
    inputs = [torch.rand(shape).to(memory_format=order) for shape in workload.shapes]
    calls = {"eager": model, "compiled": torch.compile(model)}
    want = model(*inputs)
    got = calls["compiled"](*inputs)
    for a, b in zip(*[x if isinstance(x, tuple) else (x,) for x in (want, got)]):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-3), workload.__name__
    times = {name: ([], []) for name in calls}
    for round in range(-2, options.rounds):
        for name, call in calls.items():
            wall, busy = time.perf_counter(), time.process_time()
            call(*inputs)
            took = (time.perf_counter() - wall) * 1e3, (time.process_time() - busy) * 1e3
            if round >= 0:
                for list_, value in zip(times[name], took):
                    list_.append(value)
    for name, (walls, cpus) in times.items():
        print(f"{workload.__name__:16} {name:9} {spread(walls):32} CPU {spread(cpus)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workloads", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--channels-last", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} thread(s), milliseconds")
    with torch.inference_mode():
        for workload in WORKLOADS:
            if not options.workloads or workload.__name__ in options.workloads:
                measure(workload, options)


if __name__ == "__main__":
    main()
