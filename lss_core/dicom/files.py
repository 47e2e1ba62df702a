"""From what the user points at to single files: folders walked, archives opened with care.

A member of an archive is copied to a temporary file of our own naming, one at a time, so that
its name can lead nowhere. The sizes that an archive declares are added up before anything is
inflated, and no member can inflate past what it declares.
"""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lss_core.dicom.batch import FileVerdict
from lss_core.domain import Verdict

ENCRYPTED = 0x1
DEEPEST_ARCHIVE = 3
MOST_MEMBERS = 200_000
SMALL_ARCHIVE_BYTES = 256 << 20
HIGHEST_RATIO = 100
COPY_BYTES = 1 << 20

BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises at an archive that is broken, encrypted or of an unknown method."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file to be read: where it lies now, the name the user knows it by, its share of the work.

    A member of an archive lies in a temporary file that is gone when the next one is asked for.
    """

    path: Path
    name: str
    size: int


def total_size(paths: Iterable[Path]) -> int:
    """Bytes under some files and folders; the sizes of all candidates add up to about this."""
    return sum(path.stat().st_size for path in _walk(paths) if path.is_file())


def candidates(paths: Iterable[Path], *, largest_bytes: int) -> Iterator[Candidate | FileVerdict]:
    """Every file under the paths once, as a candidate or, where it cannot be one, its verdict.

    Folders come in the order of their names. Links to folders are not followed. No file over
    `largest_bytes` becomes a candidate.
    """
    seen: set[Path] = set()
    for path in _walk(paths):
        try:
            real, mode = path.resolve(strict=True), path.stat()
        except (OSError, RuntimeError):
            yield _refused(str(path), "there is no such file, or it may not be read")
            continue
        if real in seen:
            continue
        seen.add(real)
        if stat.S_ISDIR(mode.st_mode):
            yield _skipped(str(path), "a link to a folder; import the folder itself")
        elif not stat.S_ISREG(mode.st_mode):
            yield _skipped(str(path), "not a regular file")
        else:
            opener = _Opener(size=mode.st_size, largest_bytes=largest_bytes)
            yield from opener.opened(path, str(path), mode.st_size)


def _walk(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            yield from (Path(folder) / name for name in sorted([*names, *links]))


class _Opener:
    """Opens one file that the user gave; all that its archives inflate to is counted together."""

    def __init__(self, *, size: int, largest_bytes: int) -> None:
        self._largest = largest_bytes
        self._left = max(SMALL_ARCHIVE_BYTES, HIGHEST_RATIO * size)

    def opened(
        self, path: Path, name: str, size: int, *, depth: int = 0
    ) -> Iterator[Candidate | FileVerdict]:
        """The file as it is, or the members of an archive."""
        try:
            with path.open("rb") as file:
                is_archive = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        except OSError:
            yield _refused(name, "it may not be read")
            return
        if is_archive:
            yield from self._unpacked(path, name, depth=depth + 1)
        elif size > self._largest:
            yield self._too_large(name, size)
        elif size == 0:
            yield _skipped(name, "an empty file")
        else:
            yield Candidate(path=path, name=name, size=size)

    def _unpacked(self, path: Path, name: str, *, depth: int) -> Iterator[Candidate | FileVerdict]:
        try:
            archive = zipfile.ZipFile(path)
        except BROKEN_ARCHIVE:
            yield _refused(name, "a broken archive")
            return
        with archive, tempfile.TemporaryDirectory(prefix="lss-zip-") as folder:
            members = sorted(archive.infolist(), key=lambda member: member.filename)
            members = [member for member in members if not member.is_dir()]
            verdict = self._verdict(name, members, depth)
            if verdict is not None:
                yield verdict
                return
            self._left -= sum(member.file_size for member in members)
            for number, member in enumerate(members):
                copy = Path(folder) / str(number)
                yield from self._member(archive, member, f"{name}/{member.filename}", copy, depth=depth)
                copy.unlink(missing_ok=True)

    def _verdict(self, name: str, members: list[zipfile.ZipInfo], depth: int) -> FileVerdict | None:
        """One verdict for a whole archive that is empty, too deep, or inflates beyond reason."""
        inflated = sum(member.file_size for member in members)
        if not members:
            return _skipped(name, "an empty archive")
        if depth > DEEPEST_ARCHIVE:
            return _refused(name, f"archives lie in archives more than {DEEPEST_ARCHIVE} deep")
        if len(members) > MOST_MEMBERS:
            return _refused(name, f"an archive of more than {MOST_MEMBERS} files")
        if inflated > self._left:
            return _refused(
                name, f"it would inflate to {inflated >> 20} MB, more than {HIGHEST_RATIO} times its size"
            )
        return None

    def _member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, copy: Path, *, depth: int
    ) -> Iterator[Candidate | FileVerdict]:
        inner = PurePosixPath(member.filename.replace("\\", "/"))
        if inner.is_absolute() or ".." in inner.parts or ":" in inner.parts[0]:
            yield _refused(name, "its name leads out of the archive")
        elif member.flag_bits & ENCRYPTED:
            yield _refused(name, "it is encrypted; unpack the archive with its password first")
        elif member.file_size > self._largest:
            yield self._too_large(name, member.file_size)
        elif not _copied(archive, member, copy):
            yield _refused(name, "it cannot be unpacked: the archive is broken or of an unknown method")
        else:
            for found in self.opened(copy, name, member.file_size, depth=depth):
                if isinstance(found, Candidate) and found.path == copy:
                    found = replace(found, size=member.compress_size)
                yield found

    def _too_large(self, name: str, size: int) -> FileVerdict:
        return _refused(name, f"it is {size >> 20} MB large; the limit is {self._largest >> 20} MB")


def _copied(archive: zipfile.ZipFile, member: zipfile.ZipInfo, copy: Path) -> bool:
    try:
        with archive.open(member) as source, copy.open("wb") as target:
            while chunk := source.read(COPY_BYTES):
                target.write(chunk)
    except BROKEN_ARCHIVE:
        return False
    return True


def _refused(name: str, reason: str) -> FileVerdict:
    return FileVerdict(path=name, verdict=Verdict.REFUSED, reason=reason)


def _skipped(name: str, reason: str) -> FileVerdict:
    return FileVerdict(path=name, verdict=Verdict.SKIPPED, reason=reason)
