"""Writes shufflenet.safetensors: torchvision's ShuffleNetV2, narrowed, with an input and the result that PyTorch computes.

Run with torch, torchvision and safetensors: python test/golden/shufflenet.py
"""
from pathlib import Path

import torch
from safetensors.torch import save_file
from torchvision.models import ShuffleNetV2

torch.manual_seed(0)
model = ShuffleNetV2(stages_repeats=[2, 3, 2], stages_out_channels=[8, 16, 32, 64, 64], num_classes=10).eval()
# A new network has running averages of 0 and 1: others show whether they are read.
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.running_mean.normal_(0, 0.1)
        module.running_var.uniform_(0.5, 1.5)
        module.weight.data.uniform_(0.5, 1.5)
        module.bias.data.normal_(0, 0.1)

image = torch.randn(2, 3, 45, 64)
with torch.no_grad():
    logits = model(image)

folder = Path(__file__).parent / "shufflenet"
folder.mkdir(exist_ok=True)
save_file(model.state_dict(), folder / "weights.safetensors")
save_file({"in.image": image, "out.logits": logits}, folder / "case.safetensors")
