"""Phantoms of the demo study as DICOM folders; light to import, for it runs in processes of its own."""

from __future__ import annotations

from pathlib import Path

from lss_core.dicom.export import StudyHeader, write_series
from lss_core.phantom import make_study

STRIPPED_EVERY = 4
"""Every fourth phantom gets the poor headers that public data sets have."""


def write_phantom(seed: int, folder: Path) -> dict[str, int]:
    """Write the phantom of a seed as DICOM; its true grades by site key."""
    study = make_study(seed)
    header = StudyHeader(name=f"demo phantom {seed}")
    for number, (role, volume) in enumerate(study.series.items(), start=1):
        write_series(
            volume,
            folder / role.value,
            study=header,
            role=role,
            header="stripped" if seed % STRIPPED_EVERY == STRIPPED_EVERY - 1 else "full",
            number=number,
        )
    return {site.key: int(grade) for site, grade in study.grades.items()}
