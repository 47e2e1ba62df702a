"""What the guarded child tells of a file: plain values that travel as JSON.

JSON and not pickle, since the child runs decoders over files that nobody vouches for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lss_core.domain import Verdict

Triple = tuple[float, float, float]

MARKS = (
    "EffectiveEchoTime",
    "EchoTime",
    "EchoNumbers",
    "FrameType",
    "ImageType",
    "ComplexImageComponent",
    "MetaboliteMapDescription",
    "InversionTime",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TriggerTime",
    "AcquisitionNumber",
)
"""What may tell apart slices that lie at the same place, the likeliest first."""


class NotTakenError(Exception):
    """Inside this package: the file is not taken, and why; becomes the file's verdict."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class FrameRecord:
    """One slice: where it lies and how its stored values read.

    slope, intercept: the file's rescaling of stored values.
    window: (centre, width) of rescaled values.
    marks: values that tell apart slices at the same place (echo time, b-value, ...).
    digest: SHA-256 of its stored values and geometry.
    """

    position_mm: Triple
    x_axis: Triple
    y_axis: Triple
    spacing_mm: tuple[float, float]
    thickness_mm: float
    slope: float
    intercept: float
    window: tuple[float, float] | None
    instance_number: int
    marks: Mapping[str, str]
    digest: str


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """An MR file that was read and decoded.

    texts: free text and timing, used to name the role and then dropped.
    attributes: raw values of the keywords on the allow-list, not yet de-identified.
    dtype: of the decoded values, as NumPy names it; inverted: low values are bright.
    """

    study: str
    series: str
    instance: str
    patient: str
    texts: Mapping[str, str]
    attributes: Mapping[str, str]
    dtype: str
    rows: int
    columns: int
    inverted: bool
    frames: tuple[FrameRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FileRecord:
        """The record of `to_json`'s answer. Raises TypeError or KeyError for anything else."""
        frames = []
        for frame in values["frames"]:
            parts: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in frame.items()}
            frames.append(FrameRecord(**parts))
        return cls(**{**values, "frames": tuple(frames)})
