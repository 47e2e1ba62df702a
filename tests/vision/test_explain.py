"""Class activation maps: where they lie, and that nothing is shown where nothing speaks."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from lss_core.vision.explain import LAYER, activation
from lss_core.vision.networks import regnet


class Corner(nn.Module):
    """Says how bright the upper left quarter is, and nothing of the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk_output = nn.ModuleDict({"block3": nn.AvgPool2d(16)})

    def forward(self, inputs: Tensor) -> Tensor:
        cells = self.trunk_output["block3"](inputs)
        half = cells.shape[-1] // 2
        bright = cells[:, 0, :half, :half].mean((1, 2))
        return torch.stack([bright, -bright], 1)


def test_the_map_is_brightest_where_the_evidence_lies_and_dark_for_the_opposite() -> None:
    image = torch.zeros(2, 3, 64, 64)
    image[:, 0, 8:24, 8:24] = 1
    image.requires_grad_()
    maps = activation(Corner(), image, torch.tensor([0, 1]))
    assert maps.shape == (2, 64, 64)
    assert maps.dtype == np.uint8
    row, column = np.unravel_index(int(maps[0].argmax()), (64, 64))
    assert (row < 32, column < 32) == (True, True)
    assert maps[0].max() == 255
    assert maps[1].max() == 0


def test_every_regnet_has_the_layer() -> None:
    for name in ("regnet_y_400mf", "regnet_y_800mf"):
        assert regnet(name, inputs=3, outputs=3).get_submodule(LAYER)
