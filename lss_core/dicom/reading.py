"""The import of DICOM from files to de-identified studies: what the use cases call."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from lss_core.dicom.batch import DicomBatch, FileVerdict
from lss_core.dicom.files import candidates, total_size
from lss_core.dicom.guard import Guard
from lss_core.dicom.records import NotTakenError
from lss_core.dicom.series import assemble, by_study
from lss_core.dicom.stacks import SpooledFile
from lss_core.domain import Progress, silent

DECODING_SHARE = 0.9
"""Share of the progress that reading files takes; assembling takes the rest."""


def read_studies(
    paths: Iterable[Path], *, key: bytes, memory_mb: int, seconds: float, progress: Progress = silent
) -> DicomBatch:
    """Everything under the paths in one batch. See iter_batches."""
    batches = list(iter_batches(paths, key=key, memory_mb=memory_mb, seconds=seconds, progress=progress))
    return DicomBatch(
        verdicts=tuple(verdict for batch in batches for verdict in batch.verdicts),
        studies=tuple(study for batch in batches for study in batch.studies),
    )


def iter_batches(
    paths: Iterable[Path], *, key: bytes, memory_mb: int, seconds: float, progress: Progress = silent
) -> Iterator[DicomBatch]:
    """The files under the paths (files, folders, archives), study by study.

    key: the installation's, for UIDs and dates. memory_mb, seconds: limits of the process that
    reads a file. The first batch holds the files that belong to no study; each further one a
    study with its files, or only their verdicts where nothing of it could be taken. Pixels wait
    on disk, so that no more than one study is in memory.
    Raises DicomError when files cannot be read at all; a bad file is only a verdict.
    """
    given = [Path(path) for path in paths]
    with tempfile.TemporaryDirectory(prefix="lss-import-") as spool:
        files, verdicts = _read(given, Path(spool), memory_mb=memory_mb, seconds=seconds, progress=progress)
        yield DicomBatch(verdicts=tuple(verdicts), studies=())
        studies = sorted(by_study(files).items())
        for number, (_, members) in enumerate(studies):
            progress(DECODING_SHARE + (1 - DECODING_SHARE) * number / len(studies), "Putting series together")
            yield assemble(members, key=key)
            for file in members:
                file.spool.unlink()
    progress(1.0, "Read")


def _read(
    paths: list[Path], spool: Path, *, memory_mb: int, seconds: float, progress: Progress
) -> tuple[list[SpooledFile], list[FileVerdict]]:
    files: list[SpooledFile] = []
    verdicts: list[FileVerdict] = []
    total, done = max(1, total_size(paths)), 0
    with Guard(memory_mb=memory_mb, seconds=seconds) as guard:
        for number, found in enumerate(candidates(paths, largest_bytes=memory_mb << 20)):
            if isinstance(found, FileVerdict):
                verdicts.append(found)
                continue
            target = spool / str(number)
            try:
                files.append(
                    SpooledFile(record=guard.read(found.path, target), spool=target, name=found.name)
                )
            except NotTakenError as refusal:
                target.unlink(missing_ok=True)
                verdicts.append(FileVerdict(path=found.name, verdict=refusal.verdict, reason=refusal.reason))
            done += found.size
            progress(min(1.0, done / total) * DECODING_SHARE, f"{number + 1} files read")
    return files, verdicts
