"""The classification stream: is a stenosis there, and if so, how severe is it.

Stage one is one network for all three conditions, stage two a network for each. Stage two is
asked how severe a stenosis is that is there, so the answers compose: P(0) = 1 - p, P(k) = p q_k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor, nn

from lss_core.domain import Condition, Grade, Probabilities, Site
from lss_core.errors import BundleError
from lss_core.vision.bundle import Bundle
from lss_core.vision.crops import Image, normalised

PRESENCE = "presence"
PRESENCE_OUTPUTS = tuple(condition.value for condition in Condition)
SEVERITY_OUTPUTS = tuple(grade.name.lower() for grade in Grade if grade > Grade.NONE)


def severity_name(condition: Condition) -> str:
    """The name of a condition's stage two network in a bundle."""
    return f"severity_{condition.value}"


class Preprocessing(BaseModel):
    """What a classification network expects, as its card says.

    pixels: rows and columns of its pictures. margin: share added around the facet joints.
    percentiles: of a picture's intensities, channel by channel, mapped to -1 and 1 and cut.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pixels: int = 128
    margin: float = 0.15
    percentiles: tuple[float, float] = (1.0, 99.0)


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """The four networks of a bundle, ready to answer."""

    presence: nn.Module
    severity: Mapping[Condition, nn.Module]
    preprocessing: Preprocessing
    device: torch.device

    def __call__(self, pictures: Mapping[Site, Sequence[Image]]) -> dict[Site, Probabilities]:
        """Four probabilities for each site from its pictures, (3, pixels, pixels) as sampled.

        Several pictures of a site (both sides of a central one) are answered each and averaged.
        """
        answers: dict[Site, Probabilities] = {}
        for number, condition in enumerate(Condition):
            chosen = {site: images for site, images in pictures.items() if site.condition is condition}
            if not chosen:
                continue
            inputs = self._inputs([image for images in chosen.values() for image in images])
            present = torch.sigmoid(self._answers(self.presence, inputs)[:, number]).numpy()
            severity = torch.softmax(self._answers(self.severity[condition], inputs), 1).numpy()
            start = 0
            for site, images in chosen.items():
                part = slice(start, start + len(images))
                start = part.stop
                answers[site] = composed(float(present[part].mean()), severity[part].mean(0))
        return answers

    def _inputs(self, images: Sequence[Image]) -> Tensor:
        return torch.from_numpy(normalised(np.stack(images), self.preprocessing.percentiles))

    def _answers(self, network: nn.Module, inputs: Tensor) -> Tensor:
        inputs = inputs.to(self.device, memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16):
            answers: Tensor = network(inputs)
        return answers.float().cpu()


def make_classifier(bundle: Bundle, device: torch.device) -> Classifier:
    """The classifier of a bundle. Raises BundleError when a network is missing or does not fit."""
    names = [PRESENCE, *map(severity_name, Condition)]
    cards = {name: bundle.network_card(name) for name in names}
    for name, card in cards.items():
        wanted = PRESENCE_OUTPUTS if name == PRESENCE else SEVERITY_OUTPUTS
        if card.outputs != wanted or dict(card.preprocessing) != dict(cards[PRESENCE].preprocessing):
            raise _refused(bundle, f"the outputs or the preprocessing of '{name}' are not those expected")
    try:
        preprocessing = Preprocessing.model_validate(cards[PRESENCE].preprocessing)
    except ValidationError as error:
        raise _refused(bundle, f"the preprocessing of '{PRESENCE}' is wrong") from error
    networks = {
        name: bundle.network(name).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for name in names
    }
    return Classifier(
        presence=networks[PRESENCE],
        severity={condition: networks[severity_name(condition)] for condition in Condition},
        preprocessing=preprocessing,
        device=device,
    )


def composed(present: float, severity: NDArray[np.floating]) -> Probabilities:
    """Both stages' answers as one: P(0) = 1 - p, P(k) = p q_k; `severity` (3,) adds up to one."""
    mild, moderate, severe = (present * severity.astype(float) / severity.sum()).tolist()
    return (1 - present, mild, moderate, severe)


def _refused(bundle: Bundle, reason: str) -> BundleError:
    return BundleError(
        bundle.card.name, reason=reason, remedy="Fetch the bundle again, or name another with LSS_BUNDLE"
    )
