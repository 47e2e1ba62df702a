"""Which patients are trained on, which decide when to stop, which test: drawn once, by patient."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from lss_core.errors import TrainingError
from lss_core.vision.train.config import SplitConfig
from lss_core.vision.train.whole import write_text


class Part(StrEnum):
    """What a patient is for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


Splits = Mapping[str, Mapping[str, Part]]
"""The part of each patient of each data set."""


def drawn(
    data_set: str,
    patients: Iterable[str],
    shares: SplitConfig,
    *,
    seed: int,
    fixed: Mapping[str, Part] | None = None,
) -> dict[str, Part]:
    """Each patient's part: the fixed ones as said, the others by seed, the same for the same set.

    A share of more than 0 gets one patient at least, unless the part's patients are named. Raises
    TrainingError when a fixed patient does not exist, or nobody is left to train on.
    """
    everyone, given = set(patients), dict(fixed or {})
    if unknown := sorted(set(given) - everyone):
        raise TrainingError(data_set, reason=f"there is no patient {unknown[0]}", remedy="Correct the names")
    order = sorted(everyone, key=lambda one: sha256(f"{seed}:{data_set}:{one}".encode()).hexdigest())
    free = [patient for patient in order if patient not in given]
    for part, share in ((Part.TEST, shares.test), (Part.VALIDATION, shares.validation)):
        if share and part not in given.values():
            wanted = max(1, round(share * len(everyone)))
            given |= dict.fromkeys(free[:wanted], part)
            free = free[wanted:]
    given |= dict.fromkeys(free, Part.TRAIN)
    if len(fixed or {}) < len(everyone) and not free:
        raise TrainingError(
            data_set,
            reason=f"{len(everyone)} patients leave none to train on when some are kept apart",
            remedy='Give more, or put them all into one part: part = "train"',
        )
    return {patient: given[patient] for patient in sorted(everyone)}


def kept(path: Path, splits: Splits) -> None:
    """Store the splits of a run. Raises TrainingError when they are not those it began with."""
    text = json.dumps(as_lists(splits), indent=1)
    if not path.is_file():
        write_text(path, text)
    elif path.read_text(encoding="utf-8") != text:
        raise TrainingError(
            path.name,
            reason="the data no longer hold the patients that this run began with",
            remedy="Name another work folder for a new run, or put the data back",
        )


def as_lists(splits: Splits) -> dict[str, dict[str, list[str]]]:
    """The patients of each part of each data set, for files and cards."""
    return {name: {part.value: patients_of(parts, part) for part in Part} for name, parts in splits.items()}


def patients_of(parts: Mapping[str, Part], part: Part) -> list[str]:
    """The patients of a part, sorted."""
    return sorted(patient for patient, own in parts.items() if own is part)


def fixed_parts(
    patients: Iterable[str], whole: str | None, test: Sequence[str], validation: Sequence[str]
) -> dict[str, Part]:
    """The parts that an entry of the configuration says itself."""
    if whole is not None:
        return dict.fromkeys(patients, Part(whole))
    return {**dict.fromkeys(validation, Part.VALIDATION), **dict.fromkeys(test, Part.TEST)}
