"""What the classification networks learn: examples, loss, answers.

Stage one sees every picture and is asked only for the conditions it shows; stage two sees the
pictures in which its condition is present.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lss_core.domain import Condition, Grade
from lss_core.vision.classify import PRESENCE_OUTPUTS, SEVERITY_OUTPUTS, Preprocessing
from lss_core.vision.train.arithmetic import Arithmetic
from lss_core.vision.train.pictures import UNKNOWN, Pictures, as_seen, augmented
from lss_core.vision.train.run import Batch

IGNORED = -1
"""In place of what is wanted where the truth is not shown or not annotated: no loss, no figure."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which network is trained. condition: whose severity; None for the presence of all three."""

    condition: Condition | None
    architecture: str
    preprocessing: Preprocessing
    batch: int = 32

    @property
    def outputs(self) -> tuple[str, ...]:
        """The network's outputs, in order."""
        return PRESENCE_OUTPUTS if self.condition is None else SEVERITY_OUTPUTS


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """What a plan learns from: (n,) picture, whether flipped, and (n, outputs) wanted.

    wanted: for presence 0, 1 or IGNORED for each condition; for severity one 1 in three. Where none
    and mild are one grade, presence is ignored, and severity has nothing to learn.
    """

    pictures: Pictures
    index: NDArray[np.int64]
    flip: NDArray[np.bool_]
    wanted: NDArray[np.float32]


def examples_for(pictures: Pictures, condition: Condition | None) -> Examples:
    """Each picture as seen from both sides, as far as it says something to the plan."""
    index, side = (where.ravel() for where in np.indices(pictures.grades.shape[:2]))
    grades = pictures.grades[index, side].astype(int)
    axial = grades[:, list(Condition).index(Condition.CENTRAL)] != UNKNOWN
    keep = axial | (side == 0)  # a sagittal picture does not show the other side when flipped
    if condition is None:
        wanted = np.where(grades < 0, IGNORED, grades > Grade.NONE)
        keep &= (wanted != IGNORED).any(1)
    else:
        own = grades[:, list(Condition).index(condition)]
        keep &= own > Grade.NONE
        wanted = np.eye(len(SEVERITY_OUTPUTS))[np.clip(own - 1, 0, None)]
    return Examples(
        pictures=pictures, index=index[keep], flip=side[keep] == 1, wanted=wanted[keep].astype(np.float32)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictured:
    """The task of a plan: batches of its examples, changed by chance.

    chances: (n,) how likely each example is drawn; see drawn_by_source.
    """

    plan: Plan
    examples: Examples
    chances: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Pictures in a batch."""
        return self.plan.batch

    @cached_property
    def weights(self) -> Tensor:
        """(outputs,) see class_weights."""
        return class_weights(self.examples.wanted)

    def draw(self, rng: np.random.Generator) -> Batch:
        """Inputs (n, 3, pixels, pixels) and what is wanted (n, outputs)."""
        chosen = rng.choice(len(self.examples.index), self.plan.batch, p=self.chances)
        inputs = _inputs(self.examples, chosen, self.plan.preprocessing, rng)
        return inputs, torch.from_numpy(self.examples.wanted[chosen])

    def loss(self, network: nn.Module, batch: Batch, arithmetic: Arithmetic) -> Tensor:
        """Cross entropy on a batch, rare answers weighing more."""
        inputs, wanted = batch
        with arithmetic.autocast():
            logits = network(inputs)
        return loss_of(logits.float(), wanted, self.weights.to(wanted.device), self.plan.condition)


def drawn_by_source(
    examples: Examples, counts: Sequence[int], shares: Sequence[float]
) -> NDArray[np.float64]:
    """(n,) chances that draw from each source by its share, whatever the number of its examples.

    counts: how many of the pictures come from each source, in order.
    """
    source = np.repeat(np.arange(len(counts)), counts)[examples.index]
    many = np.bincount(source, minlength=len(counts))
    chances: NDArray[np.float64] = np.asarray(shares, float)[source] / many[source]
    chances /= chances.sum()
    return chances


def figure_of(network: nn.Module, examples: Examples, plan: Plan, arithmetic: Arithmetic) -> float:
    """The validation figure: minus the cross entropy of what was not trained on, always defined."""
    logits = torch.from_numpy(answers_of(network, examples, plan.preprocessing, arithmetic=arithmetic))
    weights = torch.ones(len(plan.outputs), dtype=logits.dtype)
    wanted = torch.from_numpy(examples.wanted).to(logits.dtype)
    return -float(loss_of(logits, wanted, weights, plan.condition))


def _inputs(
    examples: Examples, chosen: NDArray[np.int64], how: Preprocessing, rng: np.random.Generator | None
) -> Tensor:
    """(n, 3, pixels, pixels) of some examples, changed by chance where there is any."""
    seen = []
    for k in chosen:
        image, flip = examples.pictures.images[examples.index[k]], bool(examples.flip[k])
        seen.append(
            as_seen(image, flip=flip, how=how)
            if rng is None
            else augmented(image, flip=flip, how=how, rng=rng)
        )
    return torch.stack(seen).contiguous(memory_format=torch.channels_last)


def class_weights(wanted: NDArray[np.float32]) -> Tensor:
    """(outputs,) so that rare answers count: the root of how many say no to one that says yes."""
    yes, no = (wanted == 1).sum(0).clip(1), (wanted == 0).sum(0).clip(1)
    return torch.from_numpy(np.sqrt(no / yes).astype(np.float32)).clamp(0.3, 3)


def loss_of(logits: Tensor, wanted: Tensor, weights: Tensor, condition: Condition | None) -> Tensor:
    """Cross entropy, over the conditions a picture shows or over the three severities."""
    if condition is not None:
        return nn.functional.cross_entropy(logits, wanted.argmax(1), weights, label_smoothing=0.05)
    known = (wanted != IGNORED).float()
    each = nn.functional.binary_cross_entropy_with_logits(
        logits, wanted.clamp_min(0) * 0.96 + 0.02, pos_weight=weights, reduction="none"
    )
    return (each * known).sum() / known.sum().clamp_min(1)


def answers_of(
    network: nn.Module,
    examples: Examples,
    how: Preprocessing,
    *,
    batch: int = 64,
    arithmetic: Arithmetic | None = None,
) -> NDArray[np.float64]:
    """(n, outputs) logits on examples as they are."""
    arithmetic = arithmetic or Arithmetic()
    found = [np.zeros((0, examples.wanted.shape[1]))]
    for start in range(0, len(examples.index), batch):
        chosen = np.arange(start, min(start + batch, len(examples.index)))
        inputs = _inputs(examples, chosen, how, None).to(arithmetic.device)
        with torch.inference_mode(), arithmetic.autocast():
            found.append(network(inputs).float().cpu().numpy().astype(float))
    return np.concatenate(found)
