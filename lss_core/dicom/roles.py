"""The role of a series: from its geometry, its text and timing, and what its images look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lss_core.dicom.stacks import Plane
from lss_core.domain import SeriesRole
from lss_core.imaging.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Guess:
    role: SeriesRole
    notes: tuple[str, ...] = ()


def weigh(volume: Volume, plane: Plane, texts: Mapping[str, str], *, several: bool) -> Guess:
    return Guess(role=SeriesRole.OTHER)


def settle(guesses: Sequence[Guess]) -> list[SeriesRole]:
    return [g.role for g in guesses]
