"""PyTorch's own layers and those of transformers and torchvision; running it writes their tensors to `layers/` (torch 2.15)."""
import pathlib
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from reference_blocks import BiFPNNode, record

FOLDER = "layers"


class Attention(nn.MultiheadAttention):
    """Attention of x to itself or to a memory, with PyTorch's own mask."""
    def __init__(self, d, heads, causal=False, **options):
        super().__init__(d, heads, batch_first=True, **options)
        self.causal = causal

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        if self.causal:
            mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        if mask is not None and mask.dim() == 3:
            mask = mask.repeat_interleave(self.num_heads, 0)
        return super().forward(x, memory, memory, attn_mask=mask, need_weights=False)[0]


class Encoder(nn.TransformerEncoderLayer):
    def forward(self, x):
        return super().forward(x)


class Decoder(nn.TransformerDecoderLayer):
    def forward(self, x, memory):
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return super().forward(x, memory, tgt_mask=future)


class LSTMCell(nn.LSTMCell):
    def forward(self, x, h, c):
        return super().forward(x, (h, c))


def llama(d, heads, kv_heads, size):
    """The attention of transformers' Llama, with its rotary positions: pairs are halves."""
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding
    config = LlamaConfig(hidden_size=d, num_attention_heads=heads, num_key_value_heads=kv_heads, head_dim=size,
                         max_position_embeddings=64, attn_implementation="eager")

    class Llama(LlamaAttention):
        def forward(self, x):
            positions = LlamaRotaryEmbedding(config)(x, torch.arange(x.shape[1])[None])
            future = torch.full((x.shape[1], x.shape[1]), -torch.inf).triu(1)[None, None]
            return super().forward(x, positions, future)[0]

    return Llama(config, 0)


class Rotary(nn.Module):
    """Llama's original code: neighbours are complex numbers."""
    def forward(self, x):
        t, e = x.shape[1], x.shape[-1]
        frequencies = 1 / 10000 ** (torch.arange(0, e, 2) / e)
        turns = torch.polar(torch.ones(t, e // 2), torch.outer(torch.arange(t), frequencies))
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * turns[:, None]).flatten(3)


class FPN4(torchvision.ops.FeaturePyramidNetwork):
    def forward(self, *maps):
        return tuple(super().forward(dict(enumerate(maps))).values())


class PAN4(nn.Module):
    """Liu et al. 2018, section 3.1, over one level more than PAN of reference_blocks."""
    def __init__(self, c):
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(c, c, 3, stride=2, padding=1) for _ in range(3)])
        self.fuse = nn.ModuleList([nn.Conv2d(c, c, 3, padding=1) for _ in range(3)])

    def forward(self, first, *others):
        maps = [first]
        for map, down, fuse in zip(others, self.down, self.fuse):
            maps.append(F.relu(fuse(map + F.relu(down(maps[-1])))))
        return tuple(maps)


class BiFPNLayer(nn.Module):
    """Tan et al. 2020, figure 2 (d)."""
    def __init__(self, c):
        super().__init__()
        for name in ["down6", "down5", "down4", "down3", "up7"]:
            setattr(self, name, BiFPNNode(c, [0.9, 0.4]))
        for name in ["up4", "up5", "up6"]:
            setattr(self, name, BiFPNNode(c, [0.7, 0.3, 0.5]))

    def forward(self, p3, p4, p5, p6, p7):
        up = lambda x, like: F.interpolate(x, like.shape[2:])
        down = lambda x: F.max_pool2d(x, 3, 2, 1)
        t6 = self.down6(p6, up(p7, p6))
        t5 = self.down5(p5, up(t6, p5))
        t4 = self.down4(p4, up(t5, p4))
        n3 = self.down3(p3, up(t4, p3))
        n4 = self.up4(p4, t4, down(n3))
        n5 = self.up5(p5, t5, down(n4))
        n6 = self.up6(p6, t6, down(n5))
        return n3, n4, n5, n6, self.up7(p7, down(n6))


class BiFPN(nn.Module):
    def __init__(self, c, depth):
        super().__init__()
        self.layers = nn.ModuleList([BiFPNLayer(c) for _ in range(depth)])

    def forward(self, *maps):
        for layer in self.layers:
            maps = layer(*maps)
        return maps


if __name__ == "__main__":
    (pathlib.Path(__file__).parent / FOLDER).mkdir(exist_ok=True)

    def layer(name, module, shapes, outputs=("y",), **options):
        record(name, module, shapes, list(outputs), folder=FOLDER, **options)

    x, memory = {"x": (2, 5, 8)}, {"memory": (2, 4, 8)}
    layer("MultiheadAttention", Attention(8, 2), x)
    layer("MultiheadAttention-causal", Attention(8, 2, causal=True, bias=False), x)
    layer("CrossAttention", Attention(8, 4), {**x, **memory})
    padding = torch.arange(4)[None, None] >= torch.tensor([2, 3])[:, None, None]
    layer("MaskedAttention", Attention(8, 2), {**x, **memory}, tensors={"mask": padding.expand(2, 5, 4)})
    layer("GroupedQueryAttention", llama(8, 4, 2, 6), x)
    layer("Rotary", Rotary(), {"x": (2, 5, 3, 6)})
    for norm_first in [False, True]:
        suffix = "-norm_first" if norm_first else ""
        options = {"batch_first": True, "norm_first": norm_first, "activation": "gelu" if norm_first else "relu"}
        layer(f"TransformerEncoderLayer{suffix}", Encoder(8, 2, 12, **options), x)
        layer(f"TransformerDecoderLayer{suffix}", Decoder(8, 2, 12, **options), {**x, **memory})
    layer("TransformerEncoderLayer-no-bias", Encoder(8, 2, 12, batch_first=True, bias=False), x)
    layer("LSTMCell", LSTMCell(3, 5), {"x": (2, 3), "h": (2, 5), "c": (2, 5)}, ["h", "c"])
    layer("GRUCell", nn.GRUCell(3, 5), {"x": (2, 3), "h": (2, 5)})
    layer("GRUCell-no-bias", nn.GRUCell(3, 5, bias=False), {"x": (2, 3), "h": (2, 5)})
    maps = {"c2": (1, 3, 9, 11), "c3": (1, 4, 5, 6), "c4": (1, 5, 3, 3), "c5": (1, 6, 2, 2)}
    layer("FPN4", FPN4([3, 4, 5, 6], 4), maps, ["p2", "p3", "p4", "p5"])
    maps = {"p2": (1, 4, 9, 11), "p3": (1, 4, 5, 6), "p4": (1, 4, 3, 3), "p5": (1, 4, 2, 2)}
    layer("PAN4", PAN4(4), maps, ["n2", "n3", "n4", "n5"])
    maps = {"p3": (1, 4, 17, 20), "p4": (1, 4, 9, 10), "p5": (1, 4, 5, 5), "p6": (1, 4, 3, 3), "p7": (1, 4, 2, 2)}
    pyramid = BiFPN(4, 2)
    shares = [name for name, _ in pyramid.named_parameters() if name.endswith(".w")]
    layer("BiFPN", pyramid, maps, ["n3", "n4", "n5", "n6", "n7"], keep=shares)
