"""PyTorch definitions of networks whose kernels are computed; running it writes their tensors to `kernels/` (torch 2.15)."""
import pathlib
import torch
import torch.nn as nn
import torch.nn.functional as F
from reference_blocks import record


def each(x, kernels, **options):
    """Convolves every sample with kernels of its own [n, o, c, h, w]."""
    n, o = kernels.shape[:2]
    y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), kernels.flatten(0, 1), groups=n, **options)
    return y.reshape(n, o, *y.shape[2:])


class PerSample(nn.Module):
    def forward(self, x, k):
        return each(F.pad(x, (1, 1, 1, 1)), k.unsqueeze(1)).squeeze(1)


class SiamFC(nn.Module):
    """Bertinetto et al. 2016: one backbone for both images, then the cross-correlation of each pair."""
    def __init__(self, c):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, c, 3, 2), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c, 3))

    def forward(self, exemplar, search):
        z, x = self.backbone(exemplar), self.backbone(search)
        return 0.001 * each(x, z.unsqueeze(1)).squeeze(1)


class SiamRPN(nn.Module):
    """The depthwise cross-correlation of SiamRPN++ (Li et al. 2019), then its head."""
    def __init__(self, c):
        super().__init__()
        self.conv_kernel = nn.Sequential(nn.Conv2d(c, c, 3, bias=False), nn.BatchNorm2d(c), nn.ReLU())
        self.conv_search = nn.Sequential(nn.Conv2d(c, c, 3, bias=False), nn.BatchNorm2d(c), nn.ReLU())
        self.head = nn.Conv2d(c, 2, 1)

    def forward(self, z, x):
        z, x = self.conv_kernel(z), self.conv_search(x)
        n, c = x.shape[:2]
        y = F.conv2d(x.reshape(1, n * c, *x.shape[2:]), z.reshape(n * c, 1, *z.shape[2:]), groups=n * c)
        return self.head(y.reshape(n, c, *y.shape[2:]))


class StandardisedConv(nn.Conv2d):
    """Qiao et al. 2019: weights with mean 0 and variance 1, as timm's StdConv2d."""
    def forward(self, x):
        w = self.weight
        mean, var = w.mean((1, 2, 3), keepdim=True), w.var((1, 2, 3), keepdim=True, correction=0)
        return F.conv2d(x, (w - mean) / torch.sqrt(var + 1e-6), self.bias, self.stride, self.padding)


class WeightNorm(nn.Module):
    """Salimans and Kingma 2016, with the names of torch.nn.utils.parametrizations.weight_norm."""
    def __init__(self, c, out):
        super().__init__()
        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv1d(c, out, 3, dilation=2, padding=2))

    def forward(self, x):
        return self.conv(x)


class DynamicConv(nn.Module):
    """Chen et al. 2020: each sample's kernel is a mixture of the experts'."""
    def __init__(self, c, out, experts):
        super().__init__()
        self.attention = nn.Linear(c, experts)
        self.weight = nn.Parameter(torch.zeros(experts, out, c, 3, 3))
        self.bias = nn.Parameter(torch.zeros(experts, out))

    def forward(self, x):
        share = torch.softmax(self.attention(x.mean((2, 3))), 1)
        kernels = torch.einsum("ne,eochw->nochw", share, self.weight)
        return each(x, kernels, stride=2, padding=1) + (share @ self.bias)[:, :, None, None]


class TiedAutoencoder(nn.Module):
    """The decoder has the encoder's weights, as in Vincent et al. 2010."""
    def __init__(self, c, code):
        super().__init__()
        self.encoder = nn.Conv3d(c, code, 3, padding=1)

    def forward(self, x):
        return F.conv_transpose3d(torch.relu(self.encoder(x)), self.encoder.weight, padding=1)


if __name__ == "__main__":
    folder = "kernels"
    (pathlib.Path(__file__).parent / folder).mkdir(exist_ok=True)
    record("PerSample", PerSample(), {"x": (3, 4, 5, 6), "k": (3, 4, 3, 3)}, ["y"], folder=folder)
    record("SiamFC", SiamFC(4), {"exemplar": (2, 3, 11, 13), "search": (2, 3, 17, 19)}, ["y"], folder=folder)
    record("SiamRPN", SiamRPN(4), {"exemplar": (2, 4, 6, 5), "search": (2, 4, 9, 10)}, ["y"], folder=folder)
    record("StandardisedConv", StandardisedConv(4, 6, 3, 2, 1), {"x": (2, 4, 8, 7)}, ["y"], folder=folder)
    record("WeightNorm", WeightNorm(3, 5), {"x": (2, 3, 9)}, ["y"], folder=folder)
    record("DynamicConv", DynamicConv(4, 6, 3), {"x": (3, 4, 7, 6)}, ["y"], folder=folder)
    record("TiedAutoencoder", TiedAutoencoder(2, 3), {"x": (2, 2, 4, 5, 3)}, ["y"], folder=folder)
