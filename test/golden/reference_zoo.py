"""PyTorch's networks of examples/zoo (torch 2.15, torchvision 0.29, transformers 5.24).

Running it writes, for each network, `examples/zoo/NAME.safetensors`: the inputs, state_dict and results of a narrow one, and
`zoo.json.gz`: the names, types and shapes of the published one's state_dict, its parameters, and its multiply-accumulates. Networks
are written here only where no package that everybody has holds them, with the names of the published code.

The weights are float16 numbers, which halves the files. PyTorch computes in float64 and the results are rounded to float32,
so only that rounding separates them from exact arithmetic. Llama is the exception: transformers computes its norms and
angles in float32.
"""
import gzip
import json
import math
import pathlib
from functools import partial
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as tv
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.efficientnet import EfficientNet, MBConvConfig
from torchvision.models.segmentation.deeplabv3 import DeepLabHead
from transformers import LlamaConfig, LlamaForCausalLM, SegformerConfig, SegformerForSemanticSegmentation


class DoubleConv(nn.Module):
    """From here to UNet: milesial/Pytorch-UNet."""
    def __init__(self, c, out):
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(c, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True))

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, c, out):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(c, out))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, c, out):
        super().__init__()
        self.up = nn.ConvTranspose2d(c, c // 2, 2, stride=2)
        self.conv = DoubleConv(c, out)

    def forward(self, x, skip):
        x = self.up(x)
        dy, dx = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
        x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.conv(torch.cat([skip, x], dim=1))


class OutConv(nn.Module):
    def __init__(self, c, out):
        super().__init__()
        self.conv = nn.Conv2d(c, out, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, n_channels=3, n_classes=2, width=64):
        super().__init__()
        self.inc = DoubleConv(n_channels, width)
        for i in range(4):
            setattr(self, f"down{i + 1}", Down(width << i, width << i + 1))
            setattr(self, f"up{i + 1}", Up(width << 4 - i, width << 3 - i))
        self.outc = OutConv(width, n_classes)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        x = self.up1(self.down4(x4), x4)
        return self.outc(self.up4(self.up3(self.up2(x, x3), x2), x1))


class Conv(nn.Module):
    """From here to Neck: layers 10 to 21 of ultralytics/cfg/models/v8/yolov8.yaml."""
    def __init__(self, c1, c2, k=1, s=1):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2, bias=False)
        self.bn = nn.BatchNorm2d(c2, eps=1e-3, momentum=0.03)

    def forward(self, x):
        return F.silu(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.cv1 = Conv(c, c, 3)
        self.cv2 = Conv(c, c, 3)

    def forward(self, x):
        return self.cv2(self.cv1(x))


class C2f(nn.Module):
    def __init__(self, c1, c2, n):
        super().__init__()
        self.c = c2 // 2
        self.cv1 = Conv(c1, 2 * self.c)
        self.cv2 = Conv((2 + n) * self.c, c2)
        self.m = nn.ModuleList(Bottleneck(self.c) for _ in range(n))

    def forward(self, x):
        y = list(self.cv1(x).chunk(2, 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.cv2(torch.cat(y, 1))


class Neck(nn.Module):
    def __init__(self, width=64, depth=1):
        super().__init__()
        w3, w4, w5 = width, 2 * width, 4 * width
        self.model = nn.ModuleDict({
            "12": C2f(w5 + w4, w4, depth), "15": C2f(w4 + w3, w3, depth), "16": Conv(w3, w3, 3, 2),
            "18": C2f(w3 + w4, w4, depth), "19": Conv(w4, w4, 3, 2), "21": C2f(w4 + w5, w5, depth)})

    def forward(self, p3, p4, p5):
        up = lambda x: F.interpolate(x, scale_factor=2)
        cat = lambda *x: torch.cat(x, 1)
        up4 = self.model["12"](cat(up(p5), p4))
        y3 = self.model["15"](cat(up(up4), p3))
        y4 = self.model["18"](cat(self.model["16"](y3), up4))
        return y3, y4, self.model["21"](cat(self.model["19"](y4), p5))


class SameConv(nn.Module):
    """From here to BiFPN: zylo117/Yet-Another-EfficientDet-Pytorch."""
    def __init__(self, c, out, k=1, groups=1, bias=True):
        super().__init__()
        self.conv = nn.Conv2d(c, out, k, padding=k // 2, groups=groups, bias=bias)

    def forward(self, x):
        return self.conv(x)


class SamePool(nn.Module):
    """Pads with zeros as TensorFlow does: at the end, if the size is even."""
    def forward(self, x):
        assert x.shape[2] % 2 == 0 and x.shape[3] % 2 == 0
        return F.max_pool2d(F.pad(x, [0, 1, 0, 1]), 3, 2)


class SeparableConvBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.depthwise_conv = SameConv(c, c, 3, groups=c, bias=False)
        self.pointwise_conv = SameConv(c, c)
        self.bn = nn.BatchNorm2d(c, momentum=0.01, eps=1e-3)

    def forward(self, x):
        return self.bn(self.pointwise_conv(self.depthwise_conv(x)))


class Cell(nn.Module):
    def __init__(self, c, conv_channels, first_time=False):
        super().__init__()
        for name in ["conv6_up", "conv5_up", "conv4_up", "conv3_up", "conv4_down", "conv5_down", "conv6_down", "conv7_down"]:
            setattr(self, name, SeparableConvBlock(c))
        self.first_time = first_time
        self.pool = SamePool()
        if first_time:
            reduce = lambda k: nn.Sequential(SameConv(k, c), nn.BatchNorm2d(c, momentum=0.01, eps=1e-3))
            c3, c4, c5 = conv_channels
            self.p5_down_channel, self.p4_down_channel, self.p3_down_channel = reduce(c5), reduce(c4), reduce(c3)
            self.p5_to_p6 = nn.Sequential(*reduce(c5), SamePool())
            self.p4_down_channel_2, self.p5_down_channel_2 = reduce(c4), reduce(c5)
        for name, n in [("p6_w1", 2), ("p5_w1", 2), ("p4_w1", 2), ("p3_w1", 2), ("p4_w2", 3), ("p5_w2", 3), ("p6_w2", 3),
                        ("p7_w2", 2)]:
            setattr(self, name, nn.Parameter(torch.ones(n)))

    def forward(self, p3, p4, p5, p6=None, p7=None):
        def fuse(weights, *levels):
            w = F.relu(weights)
            w = w / (torch.sum(w, dim=0) + 1e-4)
            return F.silu(sum(w[i] * level for i, level in enumerate(levels)))

        up = lambda x: F.interpolate(x, scale_factor=2)
        skip4, skip5 = p4, p5
        if self.first_time:
            p6 = self.p5_to_p6(p5)
            p7 = self.pool(p6)
            skip4, skip5 = self.p4_down_channel_2(p4), self.p5_down_channel_2(p5)
            p3, p4, p5 = self.p3_down_channel(p3), self.p4_down_channel(p4), self.p5_down_channel(p5)
        up6 = self.conv6_up(fuse(self.p6_w1, p6, up(p7)))
        up5 = self.conv5_up(fuse(self.p5_w1, p5, up(up6)))
        up4 = self.conv4_up(fuse(self.p4_w1, p4, up(up5)))
        y3 = self.conv3_up(fuse(self.p3_w1, p3, up(up4)))
        y4 = self.conv4_down(fuse(self.p4_w2, skip4, up4, self.pool(y3)))
        y5 = self.conv5_down(fuse(self.p5_w2, skip5, up5, self.pool(y4)))
        y6 = self.conv6_down(fuse(self.p6_w2, p6, up6, self.pool(y5)))
        return y3, y4, y5, y6, self.conv7_down(fuse(self.p7_w2, p7, self.pool(y6)))


class BiFPN(nn.Module):
    def __init__(self, width=64, conv_channels=(40, 112, 320), depth=3):
        super().__init__()
        self.bifpn = nn.ModuleList(Cell(width, conv_channels, first_time=i == 0) for i in range(depth))

    def forward(self, *levels):
        for cell in self.bifpn:
            levels = cell(*levels)
        return levels


class Logits(nn.Module):
    """A model of transformers that returns only its logits."""
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x).logits

    def state_dict(self):
        return self.network.state_dict()


def mobilenet(width, last, classes):
    network = tv.MobileNetV2(num_classes=classes, width_mult=width / 32, round_nearest=1)
    network.features[18] = tv.mobilenetv2.Conv2dNormActivation(10 * width, last, kernel_size=1, activation_layer=nn.ReLU6)
    network.classifier[1] = nn.Linear(last, classes)
    return network


class AnyWidth(MBConvConfig):
    @staticmethod
    def adjust_channels(channels, width_mult, min_value=None):
        return int(channels * width_mult)


def efficientnet(width, expand, last, classes):
    config = partial(AnyWidth, width_mult=width / 8, depth_mult=1)
    stages = [config(1, 3, 1, 32, 16, 1), config(expand, 3, 2, 16, 24, 2), config(expand, 5, 2, 24, 40, 2),
              config(expand, 3, 2, 40, 80, 3), config(expand, 5, 1, 80, 112, 3), config(expand, 5, 2, 112, 192, 4),
              config(expand, 3, 1, 192, 320, 1)]
    return EfficientNet(stages, dropout=0.2, num_classes=classes, last_channel=last)


def convnext(width, depth, depth3, classes):
    from torchvision.models.convnext import CNBlockConfig
    return tv.ConvNeXt([CNBlockConfig(width << i, width << i + 1 if i < 3 else None, depth3 if i == 2 else depth)
                        for i in range(4)], num_classes=classes)


def densenet(growth, depths, classes):
    return tv.DenseNet(growth, depths, 2 * growth, num_classes=classes)


def deeplab(channels, width, rate, classes):
    assert width == 256 or rate != 12
    head = DeepLabHead(channels, classes, [rate, 2 * rate, 3 * rate])
    if width != 256:
        # Its width cannot be chosen, so every layer is replaced by a narrower one.
        narrow = lambda c: width if c == 256 else 5 * width if c == 5 * 256 else c
        for module in list(head.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Conv2d):
                    setattr(module, name, nn.Conv2d(narrow(child.in_channels), narrow(child.out_channels), child.kernel_size,
                                                    padding=child.padding, dilation=child.dilation, bias=child.bias is not None))
                if isinstance(child, nn.BatchNorm2d):
                    setattr(module, name, nn.BatchNorm2d(width))
    return head


def vit(size, patch, width, depth, heads, classes):
    return tv.VisionTransformer(size, patch, depth, heads, width, 4 * width, num_classes=classes)


def swin(width, heads, pairs, window, classes):
    return tv.SwinTransformer([4, 4], width, [2, 2, 2 * pairs, 2], [heads << i for i in range(4)], [window, window],
                              num_classes=classes)


def segformer(width, depth, decoder, classes):
    config = SegformerConfig(hidden_sizes=[width, 2 * width, 5 * width, 8 * width], depths=[depth] * 4,
                             decoder_hidden_size=decoder, num_labels=classes)
    return Logits(SegformerForSemanticSegmentation(config))


def llama(vocabulary, width, hidden, depth, heads, groups, base):
    config = LlamaConfig(vocab_size=vocabulary, hidden_size=width, intermediate_size=hidden, num_hidden_layers=depth,
                         num_attention_heads=heads, num_key_value_heads=groups, rms_norm_eps=1e-5,
                         rope_parameters={"rope_type": "default", "rope_theta": base}, tie_word_embeddings=False)
    return Logits(LlamaForCausalLM(config))


def levels(n, channels, h, w):
    """The shapes of a pyramid of feature maps, of which the smallest is h x w."""
    return [(n, c, h << i, w << i) for i, c in zip(reversed(range(len(channels))), channels)]


# For each network: how to make it, the published one, the shapes of its inputs, a narrow one, the shapes of its inputs, and the
# names of inputs and results.
NETWORKS = {
    "mobilenet-v2": (mobilenet, (32, 1280, 1000), [(1, 3, 224, 224)], (4, 40, 10), [(2, 3, 41, 36)], "image -> logits"),
    "efficientnet-b0": (efficientnet, (8, 6, 1280, 1000), [(1, 3, 224, 224)], (2, 2, 40, 10), [(2, 3, 41, 36)], "image -> logits"),
    "convnext-tiny": (convnext, (96, 3, 9, 1000), [(1, 3, 224, 224)], (6, 2, 3, 10), [(2, 3, 45, 38)], "image -> logits"),
    "densenet-121": (densenet, (32, (6, 12, 24, 16), 1000), [(1, 3, 224, 224)], (4, (3, 4, 4, 3), 10), [(2, 3, 41, 36)],
                     "image -> logits"),
    "unet": (lambda width, classes: UNet(3, classes, width), (64, 2), [(1, 3, 512, 512)], (3, 2), [(1, 3, 43, 38)], "image -> logits"),
    "deeplabv3-head": (deeplab, (2048, 256, 12, 21), [(1, 2048, 65, 65)], (24, 8, 2, 5), [(2, 24, 9, 7)], "features -> logits"),
    "yolov8-neck": (Neck, (64, 1), levels(1, (64, 128, 256), 20, 20), (8, 2), levels(2, (8, 16, 32), 2, 3), "p3 p4 p5 -> y3 y4 y5"),
    "bifpn": (BiFPN, (64, (40, 112, 320), 3), [s for s in levels(1, (40, 112, 320, 0, 0), 4, 4) if s[1] > 0],
              (8, (5, 6, 7), 3), [s for s in levels(1, (5, 6, 7, 0, 0), 1, 2) if s[1] > 0], "p3 p4 p5 -> y3 y4 y5 y6 y7"),
    "vit-b-16": (vit, (224, 16, 768, 12, 12, 1000), [(1, 3, 224, 224)], (32, 8, 24, 2, 3, 10), [(2, 3, 32, 32)], "image -> logits"),
    "segformer-b0": (segformer, (32, 2, 256, 150), [(1, 3, 512, 512)], (4, 2, 24, 5), [(2, 3, 42, 61)], "image -> logits"),
    "swin-t": (swin, (96, 3, 3, 7, 1000), [(1, 3, 224, 224)], (4, 1, 2, 3, 10), [(2, 3, 40, 40)], "image -> logits"),
    "llama": (llama, (32000, 2048, 5632, 22, 32, 4, 10000.0), [(1, 128)], (40, 32, 48, 2, 4, 2, 10000.0), [(2, 9)], "ids -> logits"),
}


def inputs_for(shapes, names, vocabulary):
    if names == ["ids"]:
        return [torch.randint(vocabulary, shapes[0])]
    return [torch.randn(shape, dtype=torch.float64) for shape in shapes]


def randomize(network):
    """Gives every parameter a float16 number that is not a default."""
    for name, p in network.named_parameters():
        value = torch.randn(p.shape)
        if p.dim() > 1:
            value /= math.sqrt(p[0].numel())
        elif name.endswith("bias"):
            value *= 0.2
        else:
            value = 1 + 0.2 * value
        p.data = value.half().double()


def calibrate(network, inputs):
    """Gives every BatchNorm statistics near those of the inputs, so that no signal fades: other ones, and not exactly these."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    network(*inputs)
    for norm, momentum in zip(norms, momenta):
        norm.eval()
        norm.momentum = momentum
        norm.running_mean += 0.2 * torch.randn(norm.running_mean.shape) * norm.running_var.sqrt()
        norm.running_var *= torch.empty(norm.running_var.shape).uniform_(0.7, 1.5)
        for buffer in (norm.running_mean, norm.running_var):
            buffer.copy_(buffer.half())


def narrow(name, make, settings, shapes, signature):
    """Writes the tensors of a narrow network."""
    torch.manual_seed(len(name))
    ins, outs = (side.split() for side in signature.split(" -> "))
    network = make(*settings).eval().double()
    with torch.no_grad():
        randomize(network)
        calibrate(network, inputs_for([(4, *shape[1:]) for shape in shapes], ins, settings[0]))
        inputs = [x.float() if x.is_floating_point() else x for x in inputs_for(shapes, ins, settings[0])]
        results = network(*[x.double() if x.is_floating_point() else x for x in inputs])
    results = results if isinstance(results, tuple) else (results,)
    stored = {key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()}
    groups = {"in": {key: x if x.is_floating_point() else x.int() for key, x in zip(ins, inputs)}, "param": stored,
              "out": {key: y.float() for key, y in zip(outs, results)}}
    tensors = {f"{group}.{key}": value.contiguous() for group, values in groups.items() for key, value in values.items()}
    path = pathlib.Path(__file__).parents[2] / "examples/zoo" / f"{name}.safetensors"
    save_file(tensors, path)
    print(name, path.stat().st_size, *[f"{y.std():.3g}" for y in results])


def published(make, settings, shapes, signature):
    """Describes a published network, without values."""
    with torch.device("meta"):
        network = make(*settings).eval()
        ids = signature.startswith("ids")
        inputs = [torch.zeros(shape, dtype=torch.int64) if ids else torch.zeros(shape) for shape in shapes]
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(*inputs)
    return {
        "parameters": sum(p.numel() for p in network.parameters()),
        "macs": counter.get_total_flops() // 2,
        "inputs": dict(zip(signature.split(), shapes)),
        "state_dict": {key: {"dtype": "I64" if value.dtype == torch.int64 else "F32", "shape": list(value.shape)}
                       for key, value in network.state_dict().items()},
    }


if __name__ == "__main__":
    import sys
    described = {}
    for name, (make, full, full_shapes, small, small_shapes, signature) in NETWORKS.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        narrow(name, make, small, small_shapes, signature)
        described[name] = published(make, full, full_shapes, signature)
        print(name, described[name]["parameters"], described[name]["macs"])
    if len(sys.argv) == 1:
        text = json.dumps(described, separators=(",", ":")).encode()
        (pathlib.Path(__file__).parent / "zoo.json.gz").write_bytes(gzip.compress(text, mtime=0))
