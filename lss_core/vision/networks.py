"""The networks, built without weights: a bundle brings those."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from lss_core.vision.torchvision_import import models

REGNETS = ("regnet_y_400mf", "regnet_y_800mf", "regnet_y_1_6gf", "regnet_y_3_2gf", "regnet_y_32gf")


class UNet(nn.Module):
    """A U-Net with one output channel a structure; the outputs are logits.

    Takes (n, inputs, rows, columns) with rows and columns multiples of 2 ** depth and
    returns (n, outputs, rows, columns). A sigmoid, not a softmax, goes on top:
    structures overlap.
    """

    def __init__(self, *, inputs: int, outputs: int, base: int = 16, depth: int = 4) -> None:
        super().__init__()
        widths = [base * 2**step for step in range(depth + 1)]
        self.down = nn.ModuleList(
            _double(before, after) for before, after in zip([inputs, *widths], widths, strict=False)
        )
        self.widen = nn.ModuleList(
            nn.ConvTranspose2d(deep, shallow, 2, stride=2) for shallow, deep in pairwise(widths)
        )
        self.up = nn.ModuleList(_double(2 * width, width) for width in widths[:-1])
        self.head = nn.Conv2d(base, outputs, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, image: Tensor) -> Tensor:
        """Logits (n, outputs, rows, columns) of images (n, inputs, rows, columns)."""
        skips: list[Tensor] = []
        for step, block in enumerate(self.down):
            image = block(self.pool(image) if step else image)
            skips.append(image)
        image = skips.pop()
        for widen, block in zip(reversed(self.widen), reversed(self.up), strict=True):
            image = block(torch.cat([skips.pop(), widen(image)], 1))
        logits: Tensor = self.head(image)
        return logits


def _double(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (before, after):
        layers += [nn.Conv2d(width, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers)


def regnet(architecture: str, *, inputs: int, outputs: int) -> nn.Module:
    """A RegNet-Y of torchvision for images of `inputs` channels; its outputs are logits.

    Raises ValueError for an architecture that is not in REGNETS.
    """
    if architecture not in REGNETS:
        raise ValueError(f"{architecture} is not one of {', '.join(REGNETS)}")
    network: nn.Module = getattr(models, architecture)(weights=None, num_classes=outputs)
    if inputs != 3:
        stem = network.get_submodule("stem")
        first = stem.get_submodule("0")
        assert isinstance(first, nn.Conv2d)
        stem[0] = nn.Conv2d(inputs, first.out_channels, 3, stride=2, padding=1, bias=False)  # type: ignore[operator]
    return network


def build(architecture: str, *, inputs: int, outputs: int, base: int = 16) -> nn.Module:
    """The network a card names: 'unet' (with `base` channels) or one of REGNETS."""
    if architecture == "unet":
        return UNet(inputs=inputs, outputs=outputs, base=base)
    return regnet(architecture, inputs=inputs, outputs=outputs)
