"""What the classification networks learn: examples, loss, answers.

Stage one sees every picture and is asked only for the conditions it shows; stage two sees the
pictures in which its condition is present.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lss_core.domain import Condition, Grade
from lss_core.vision.classify import PRESENCE_OUTPUTS, SEVERITY_OUTPUTS, Preprocessing
from lss_core.vision.networks import regnet
from lss_core.vision.train.pictures import UNKNOWN, Pictures, as_seen, augmented
from lss_core.vision.train.run import Run, Schedule


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which network is trained. condition: whose severity; None for the presence of all three."""

    condition: Condition | None
    architecture: str
    preprocessing: Preprocessing
    schedule: Schedule
    batch: int = 32

    @property
    def outputs(self) -> tuple[str, ...]:
        """The network's outputs, in order."""
        return PRESENCE_OUTPUTS if self.condition is None else SEVERITY_OUTPUTS


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """What a plan learns from: (n,) picture, whether flipped, and (n, outputs) wanted.

    wanted: for presence 0, 1 or UNKNOWN for each condition; for severity one 1 in three.
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
        wanted = np.where(grades == UNKNOWN, UNKNOWN, grades > Grade.NONE)
    else:
        own = grades[:, list(Condition).index(condition)]
        keep &= own > Grade.NONE
        wanted = np.eye(len(SEVERITY_OUTPUTS))[np.clip(own - 1, 0, None)]
    return Examples(
        pictures=pictures, index=index[keep], flip=side[keep] == 1, wanted=wanted[keep].astype(np.float32)
    )


def train(plan: Plan, examples: Examples, checkpoint: Path, *, start_from: Path | None = None) -> nn.Module:
    """A network trained to the plan, or taken further from its checkpoint.

    start_from: the checkpoint of a network of the same architecture, whose weights but those of
    the last layer it begins with.
    """
    torch.manual_seed(plan.schedule.seed)
    network = regnet(plan.architecture, inputs=3, outputs=len(plan.outputs))
    if start_from is not None:
        learned = torch.load(start_from, weights_only=True)["average"]
        fresh = network.state_dict()
        network.load_state_dict({key: fresh[key] if key.startswith("fc.") else learned[key] for key in fresh})
    run = Run(network, plan.schedule, checkpoint)
    weights = class_weights(examples.wanted)

    def loss(network: nn.Module, rng: np.random.Generator) -> Tensor:
        chosen = rng.integers(len(examples.index), size=plan.batch)
        inputs = _inputs(examples, chosen, plan.preprocessing, rng)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(inputs)
        return loss_of(logits.float(), torch.from_numpy(examples.wanted[chosen]), weights, plan.condition)

    run.train(loss)
    return run.averaged()


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
    known = (wanted != UNKNOWN).float()
    each = nn.functional.binary_cross_entropy_with_logits(
        logits, wanted.clamp_min(0) * 0.96 + 0.02, pos_weight=weights, reduction="none"
    )
    return (each * known).sum() / known.sum().clamp_min(1)


def answers_of(
    network: nn.Module, examples: Examples, how: Preprocessing, batch: int = 64
) -> NDArray[np.float64]:
    """(n, outputs) logits on examples as they are."""
    found = []
    for start in range(0, len(examples.index), batch):
        chosen = np.arange(start, min(start + batch, len(examples.index)))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            found.append(network(_inputs(examples, chosen, how, None)).float().numpy())
    return np.concatenate(found).astype(float)
