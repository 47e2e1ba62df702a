"""What an import finds: a verdict for every file, and the studies that were taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from lss_core.domain import SeriesRole, Verdict
from lss_core.imaging.volume import Volume


@dataclass(frozen=True, kw_only=True)
class FileVerdict:
    """What was done with one file, and why.

    path: where the file lies; a member of an archive is 'archive.zip/folder/name'.
    series: hashed UID of the series the file went into, when it was taken.
    """

    path: str
    verdict: Verdict
    reason: str
    series: str | None = None


@dataclass(frozen=True, kw_only=True)
class DicomInstance:
    """One slice of a series.

    uid: hashed from series, instance and frame: some archives use an instance UID twice.
    digest: SHA-256 of the slice's voxels and geometry.
    """

    uid: str
    digest: str
    instance_number: int
    slice_index: int


@dataclass(frozen=True, kw_only=True)
class DicomSeries:
    """A series as a volume, de-identified.

    uid: hashed. attributes: what the allow-list lets through, by DICOM keyword.
    window: (centre, width) in the volume's values, None when the files give none.
    notes: what a person should know (gaps, doubles, blocks), fit for a page.
    """

    uid: str
    role: SeriesRole
    volume: Volume
    window: tuple[float, float] | None
    attributes: Mapping[str, str]
    notes: tuple[str, ...]
    instances: tuple[DicomInstance, ...]

    @property
    def digest(self) -> str:
        """Changes when a slice is added, lost or altered, and never with the order of files."""
        return _digest(f"{instance.uid} {instance.digest}" for instance in self.instances)


@dataclass(frozen=True, kw_only=True)
class DicomStudy:
    """A study's series, in a fixed order. `uid` is hashed."""

    uid: str
    series: tuple[DicomSeries, ...]

    @property
    def digest(self) -> str:
        """Changes when a series is added, lost or altered."""
        return _digest(f"{series.uid} {series.digest}" for series in self.series)

    @property
    def best(self) -> Mapping[SeriesRole, DicomSeries]:
        """The series to grade for each role but OTHER: of several, the one with most voxels."""
        ranked = sorted(self.series, key=lambda series: (series.volume.voxels.size, series.uid))
        return {series.role: series for series in ranked if series.role is not SeriesRole.OTHER}


@dataclass(frozen=True, kw_only=True)
class DicomBatch:
    """The outcome of an import: every file once, every study once."""

    verdicts: tuple[FileVerdict, ...]
    studies: tuple[DicomStudy, ...]

    def count(self, verdict: Verdict) -> int:
        """How many files got a verdict."""
        return sum(file.verdict is verdict for file in self.verdicts)


def _digest(lines: Iterable[str]) -> str:
    return sha256("\n".join(sorted(lines)).encode()).hexdigest()
