"""A training run from its configuration to a bundle in use; any kill is made good by starting again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from lss_core.domain import Progress, silent
from lss_core.errors import TrainingError
from lss_core.vision.bundle import Bundle
from lss_core.vision.train.assemble import assemble, check_output, missing, publish
from lss_core.vision.train.chain import fit_ensemble
from lss_core.vision.train.classifiers import train_classifier
from lss_core.vision.train.config import STAGES, TrainConfig, stage_of
from lss_core.vision.train.networks import is_done, keep
from lss_core.vision.train.outlines import train_outlines
from lss_core.vision.train.place import Place, placed
from lss_core.vision.train.prepare import prepare, prepare_pictures
from lss_core.vision.train.sources.base import StudyReader

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run has come to: the bundle in the output folder, or what is still to be done for one."""

    bundle: Bundle | None
    to_do: tuple[str, ...]


def train(
    config: TrainConfig, reader: StudyReader, *, stages: Sequence[str] = (), progress: Progress = silent
) -> Outcome:
    """Train what the configuration has sections for; of `stages` only, where some are named.

    What is done already is not done again. Raises LssError with what to correct.
    """
    if unknown := [stage for stage in stages if stage not in STAGES]:
        raise TrainingError(
            unknown[0], reason="there is no such stage", remedy=f"Name some of {', '.join(STAGES)}"
        )
    place = placed(config, reader, progress=progress)
    check_output(place)
    wanted = tuple(stages) or STAGES
    for name, section in config.sections().items():
        if section is not None and stage_of(name) in wanted and not is_done(place, name):
            _train_network(place, name)
    left = missing(place)
    if left:
        return Outcome(bundle=None, to_do=tuple(left))
    if config.ensemble is not None and "ensemble" not in wanted:
        return Outcome(bundle=None, to_do=("ensemble",))
    bundle = assemble(place)
    if config.ensemble is not None:
        bundle = fit_ensemble(place, bundle)
    progress(1.0, "Done")
    return Outcome(bundle=publish(place, bundle), to_do=())


def _train_network(place: Place, name: str) -> None:
    prepare(place)
    if stage_of(name) == "segment":
        trained = train_outlines(place, name)
    else:
        before = assemble(place)
        _need_outlines(place, before)
        trained = train_classifier(place, name, before)
    card = keep(place, name, trained)
    _log.info("trained", network=name, results=card.results)


def _need_outlines(place: Place, before: Bundle) -> None:
    """Pictures of real studies need both segmentation networks."""
    real = [e for e in place.entries_for("classify") if e.source.graded and not e.source.outlined]
    if not real:
        return
    absent = [name for name in ("sagittal", "axial") if name not in before.card.networks]
    if absent:
        raise TrainingError(
            real[0].name,
            reason=f"its studies are to be cropped by the network '{absent[0]}', which is not trained yet",
            remedy="Run the stage segment first",
        )
    prepare_pictures(place, before)
