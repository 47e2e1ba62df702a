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
from torch import Tensor

from lss_core.domain import Condition, Grade, Probabilities, Site
from lss_core.errors import BundleError
from lss_core.vision.bundle import Bundle
from lss_core.vision.crops import Image, normalised
from lss_core.vision.running import Processor, Runner, make_runner, onto

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

    presence: Runner
    severity: Mapping[Condition, Runner]
    preprocessing: Preprocessing

    def __call__(self, pictures: Mapping[Site, Sequence[Image]]) -> dict[Site, Probabilities]:
        """Four probabilities for each site from its pictures, (3, pixels, pixels) as sampled.

        Several pictures of a site (both sides of a central one) are answered each and averaged.
        """
        if not pictures:
            return {}
        views = [len(images) for images in pictures.values()]
        numbers = [list(Condition).index(site.condition) for site in pictures]
        condition = np.repeat(numbers, views)
        sampled = np.stack([image for images in pictures.values() for image in images])
        inputs = onto(self.presence.device, normalised(sampled, self.preprocessing.percentiles))
        present = torch.sigmoid(self.presence(inputs)).cpu().numpy()[np.arange(len(inputs)), condition]
        severity = self._severity(inputs, condition)
        ends = np.cumsum(views)[:-1]
        each = zip(pictures, np.split(present, ends), np.split(severity, ends), strict=True)
        return {site: composed(float(one.mean()), share.mean(0)) for site, one, share in each}

    def _severity(self, inputs: Tensor, condition: NDArray[np.integer]) -> NDArray[np.floating]:
        """(n, 3) shares of mild, moderate and severe, from the network of each picture's condition."""
        shares = np.empty((len(inputs), len(SEVERITY_OUTPUTS)), np.float32)
        for number, network in enumerate(self.severity[one] for one in Condition):
            own = condition == number
            if own.any():
                logits = network(inputs[torch.from_numpy(own)])
                shares[own] = torch.softmax(logits, 1).cpu().numpy()
        return shares


def make_classifier(bundle: Bundle, processor: Processor) -> Classifier:
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
    runners = {name: make_runner(bundle, name, processor) for name in names}
    return Classifier(
        presence=runners[PRESENCE],
        severity={condition: runners[severity_name(condition)] for condition in Condition},
        preprocessing=preprocessing,
    )


def composed(present: float, severity: NDArray[np.floating]) -> Probabilities:
    """Both stages' answers as one: P(0) = 1 - p, P(k) = p q_k; `severity` (3,) adds up to one."""
    mild, moderate, severe = (present * severity.astype(float) / severity.sum()).tolist()
    return (1 - present, mild, moderate, severe)


def _refused(bundle: Bundle, reason: str) -> BundleError:
    return BundleError(
        bundle.card.name, reason=reason, remedy="Fetch the bundle again, or name another with LSS_BUNDLE"
    )
