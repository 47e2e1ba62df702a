"""Where the classification networks looked: class activation maps of a site's pictures.

Gradient-weighted class activation (Selvaraju et al. 2017, ICCV, p. 618) as captum computes it, at
the last block but one, whose cells are small enough to tell a facet from a flavum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from lss_core.domain import Condition, Site
from lss_core.vision.bundle import Bundle
from lss_core.vision.classify import PRESENCE, Preprocessing, severity_name
from lss_core.vision.crops import Image, normalised
from lss_core.vision.running import onto

LAYER = "trunk_output.block3"
"""The last block of a RegNet-Y but one: a cell is a sixteenth of a picture's pixels."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """What the networks saw of a site, and where they looked; a view is one picture of it.

    pictures: (views, 3, pixels, pixels) as the networks got them, 0 to 255.
    presence: (views, pixels, pixels), what spoke for the condition being there, 0 to 255.
    severity: the same for the severity that was found likeliest.
    """

    pictures: Bytes
    presence: Bytes
    severity: Bytes

    @property
    def stacked(self) -> Bytes:
        """(views, 5, pixels, pixels): the three channels, then the two maps."""
        result: Bytes = np.concatenate([self.pictures, self.presence[:, None], self.severity[:, None]], 1)
        return result


def explained(
    bundle: Bundle,
    preprocessing: Preprocessing,
    device: torch.device,
    pictures: Mapping[Site, Sequence[Image]],
) -> dict[Site, Explanation]:
    """Explanations of all sites that have pictures, (3, pixels, pixels) each as sampled.

    Gradients need torch, so the networks are loaded for this alone and let go after it.
    """
    found: dict[Site, Explanation] = {}
    presence = bundle.network(PRESENCE).to(device)
    for number, condition in enumerate(Condition):
        chosen = {site: images for site, images in pictures.items() if site.condition is condition}
        if not chosen:
            continue
        sampled = np.stack([image for images in chosen.values() for image in images])
        inputs = onto(device, normalised(sampled, preprocessing.percentiles))
        severity = bundle.network(severity_name(condition)).to(device)
        with torch.no_grad():
            likeliest = severity(inputs).argmax(1)
        presence_maps = activation(presence, inputs, torch.full_like(likeliest, number))
        severity_maps = activation(severity, inputs, likeliest)
        shown = ((inputs.cpu().numpy() + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
        start = 0
        for site, images in chosen.items():
            views = slice(start, start + len(images))
            start = views.stop
            found[site] = Explanation(
                pictures=shown[views], presence=presence_maps[views], severity=severity_maps[views]
            )
    return found


def activation(network: nn.Module, inputs: Tensor, targets: Tensor) -> Bytes:
    """(n, pixels, pixels) of what speaks for each target output, 255 where most; 0 where nothing does."""
    coarse = LayerGradCam(network, network.get_submodule(LAYER)).attribute(
        inputs, target=targets, relu_attributions=True
    )
    maps = nn.functional.interpolate(coarse.detach(), inputs.shape[2:], mode="bilinear", align_corners=False)
    most = maps.amax((1, 2, 3), keepdim=True)
    scaled = torch.where(most > 0, maps / most.clamp_min(1e-12), 0.0)[:, 0] * 255
    result: Bytes = scaled.round().cpu().numpy().astype(np.uint8)
    return result
