"""PyTorch definitions of networks with loops and shared layers; running it writes their tensors to `repeat/` (torch 2.15)."""
import pathlib
import torch
import torch.nn as nn
import torch.nn.functional as F
from reference_blocks import record


class DenseLayer(nn.Module):
    def __init__(self, c, growth):
        super().__init__()
        self.norm = nn.BatchNorm2d(c)
        self.conv = nn.Conv2d(c, growth, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)


class DenseBlock(nn.Module):
    """DenseNet's block: `denselayer1`, `denselayer2`, …"""
    def __init__(self, c, growth, depth):
        super().__init__()
        self.depth = depth
        for i in range(depth):
            self.add_module(f"denselayer{i + 1}", DenseLayer(c + i * growth, growth))

    def forward(self, x):
        for i in range(self.depth):
            x = getattr(self, f"denselayer{i + 1}")(x)
        return x


class Fuse(nn.Module):
    """One layer of a BiFPN over three levels, with plain sums."""
    def __init__(self, c):
        super().__init__()
        for name in ["down4", "down3", "up4", "up5"]:
            setattr(self, name, nn.Conv2d(c, c, 3, padding=1))

    def forward(self, p3, p4, p5):
        up = lambda x: F.interpolate(x, scale_factor=2)
        down = lambda x: F.max_pool2d(x, 2)
        t4 = self.down4(p4 + up(p5))
        n3 = self.down3(p3 + up(t4))
        n4 = self.up4(p4 + t4 + down(n3))
        return n3, n4, self.up5(p5 + down(n4))


class BiFPN(nn.Module):
    def __init__(self, c, depth):
        super().__init__()
        self.bifpn = nn.ModuleList([Fuse(c) for _ in range(depth)])

    def forward(self, *levels):
        for fuse in self.bifpn:
            levels = fuse(*levels)
        return levels


class WaveNet(nn.Module):
    """Causal convolutions with doubling dilation; the last has no activation."""
    def __init__(self, c, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv1d(c, c, 2, dilation=2 ** i) for i in range(depth)])

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(F.pad(x, (2 ** i, 0)))
            if i < len(self.layers) - 1:
                x = torch.tanh(x)
        return x


class Stage(nn.Module):
    """Blocks of two kinds in turn, numbered in one list, as in Swin."""
    def __init__(self, c, depth):
        super().__init__()
        conv = lambda d: nn.Conv2d(c, c, 3, padding=d, dilation=d)
        self.blocks = nn.ModuleList([nn.ModuleDict({"conv": conv(1 + i % 2)}) for i in range(2 * depth)])
        self.mlp = nn.ModuleList([nn.Sequential(nn.Linear(c, 2 * c), nn.GELU(), nn.Linear(2 * c, c)) for _ in range(depth)])

    def forward(self, x):
        for block in self.blocks:
            x = x + block["conv"](x)
        x = x.mean((2, 3))
        for mlp in self.mlp:
            x = mlp(x)
        return x


class Recurrent(nn.Module):
    """One GRU cell for two steps, and a convolutional one."""
    def __init__(self, c, hidden):
        super().__init__()
        self.gru = nn.GRUCell(c, hidden)

    def forward(self, h, x, y):
        return self.gru(y, self.gru(x, h))


class ConvGRU(nn.Module):
    def __init__(self, c, hidden):
        super().__init__()
        self.cell = nn.ModuleDict({k: nn.Conv2d(c + hidden, hidden, 3, padding=1) for k in ["r", "z", "out"]})

    def forward(self, h, x):
        for _ in range(3):
            both = torch.cat([x, h], 1)
            r, z = torch.sigmoid(self.cell["r"](both)), torch.sigmoid(self.cell["z"](both))
            h = h * (1 - z) + z * torch.tanh(self.cell["out"](torch.cat([x, h * r], 1)))
        return h


class Siamese(nn.Module):
    """Both images through one encoder, then cross-correlated by a shared fusion."""
    def __init__(self, c, width):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(c, width, 3, padding=1), nn.ReLU())
        self.fuse = nn.ModuleDict({"conv": nn.Conv2d(2 * width, width, 1)})

    def forward(self, a, b):
        a, b = self.encoder(a), self.encoder(b)
        fuse = lambda a, b: F.relu(self.fuse["conv"](torch.cat([a, b], 1)))
        return fuse(fuse(a, b), a)


if __name__ == "__main__":
    folder = "repeat"
    (pathlib.Path(__file__).parent / folder).mkdir(exist_ok=True)
    record("DenseBlock", DenseBlock(4, 3, 3), {"x": (2, 4, 5, 4)}, ["y"], folder=folder)
    levels = {"p3": (1, 4, 12, 8), "p4": (1, 4, 6, 4), "p5": (1, 4, 3, 2)}
    record("BiFPN", BiFPN(4, 2), levels, ["n3", "n4", "n5"], folder=folder)
    record("WaveNet", WaveNet(4, 4), {"x": (2, 4, 20)}, ["y"], folder=folder)
    record("Stage", Stage(4, 2), {"x": (2, 4, 6, 5)}, ["y"], folder=folder)
    record("Recurrent", Recurrent(3, 5), {"h": (2, 5), "x": (2, 3), "y": (2, 3)}, ["next"], folder=folder)
    record("ConvGRU", ConvGRU(3, 4), {"state": (1, 4, 5, 6), "input": (1, 3, 5, 6)}, ["next"], folder=folder)
    record("Siamese", Siamese(3, 4), {"a": (1, 3, 5, 4), "b": (1, 3, 5, 4)}, ["y"], folder=folder)
