"""PyTorch definitions of modules with buffers of integers and bools; running it writes their tensors to `buffers/` (torch 2.15)."""
import pathlib
import torch
import torch.nn as nn
from reference_blocks import randomize, write


class WindowAttention(nn.Module):
    """Attention within a window, as in Swin: a table of biases by relative position, and a mask."""
    def __init__(self, d, heads, window):
        super().__init__()
        self.heads = heads
        height, width = window
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * height - 1) * (2 * width - 1), heads))
        coords = torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")).flatten(1)
        relative = (coords[:, :, None] - coords[:, None, :]).permute(1, 2, 0).contiguous()
        relative[:, :, 0] += height - 1
        relative[:, :, 1] += width - 1
        relative[:, :, 0] *= 2 * width - 1
        self.register_buffer("relative_position_index", relative.sum(-1))
        tokens = height * width
        self.register_buffer("mask", (torch.arange(tokens)[:, None] + torch.arange(tokens)) % 5 == 1)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) * (d // self.heads) ** -0.5
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)].view(t, t, -1)
        scores = (scores + bias.permute(2, 0, 1)).masked_fill(self.mask, -100.0)
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, d))


class Picked(nn.Module):
    """Elements at stored indices; sums and products of stored integers wrap around."""
    def __init__(self):
        super().__init__()
        self.register_buffer("index", torch.tensor([3, 0, 2]))
        self.register_buffer("code", torch.tensor([2147483647, -2147483648, 65537], dtype=torch.int32))
        self.register_buffer("keep", torch.tensor([1, 0, 1], dtype=torch.uint8))

    def forward(self, x):
        picked = torch.gather(x, 1, self.index.expand(x.shape[0], 3))
        return picked * self.keep.bool(), (self.code + 1) * self.code, self.index.int() * self.keep.int()


if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent / "buffers"
    folder.mkdir(exist_ok=True)
    for name, module, shape, outputs in [
        ("WindowAttention", WindowAttention(8, 2, (2, 3)), (2, 6, 8), ["y"]),
        ("Picked", Picked(), (2, 4), ["y", "codes", "kept"]),
    ]:
        torch.manual_seed(len(name))
        randomize(module, len(name))
        x = torch.randn(shape)
        with torch.no_grad():
            results = module(x)
        results = results if isinstance(results, tuple) else (results,)
        tensors = {"in.x": x} | {f"param.{k}": v for k, v in module.state_dict().items()}
        write(folder / f"{name}.safetensors", tensors | {f"out.{k}": v for k, v in zip(outputs, results)})
