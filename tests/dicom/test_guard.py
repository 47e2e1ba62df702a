"""A file that kills, hangs or swells the decoder is refused, and the next file is read."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from lss_core.dicom.guard import Guard
from lss_core.dicom.records import NotTakenError
from lss_core.errors import DicomError


def refusal(guard: Guard, path: Path, spool: Path) -> str:
    with pytest.raises(NotTakenError) as caught:
        guard.read(path, spool)
    return f"{caught.value.verdict}: {caught.value.reason}"


def test_a_file_that_crashes_its_decoder_is_refused_and_the_next_is_read(
    one_file: Path, tmp_path: Path
) -> None:
    bad = crashing(one_file, tmp_path / "bad.dcm")
    with Guard(memory_mb=1024, seconds=60) as guard:
        assert guard.read(one_file, tmp_path / "spool").rows == 64
        assert refusal(guard, bad, tmp_path / "bad") == "refused: it made the decoder stop (exit status 1)"
        assert guard.read(one_file, tmp_path / "spool").rows == 64


def crashing(good: Path, bad: Path) -> Path:
    """An RLE file whose last run crosses the end of the image: pylibjpeg-rle 2.2 panics at it."""
    dataset = pydicom.dcmread(good)
    run = bytes([129, 7])  # 128 times 7; the image is 32 such runs in each of two segments
    first, second = run * 31 + bytes([200, 7]) + run, run * 32
    header = struct.pack("<16L", 2, 64, 64 + len(first), *[0] * 13)
    dataset.PixelData = encapsulate([header + first + second])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = RLELossless
    pydicom.dcmwrite(bad, dataset)
    return bad


def test_a_file_that_takes_too_long_is_refused_and_the_next_is_read(one_file: Path, tmp_path: Path) -> None:
    slow = endless(one_file, tmp_path / "slow.dcm")
    with Guard(memory_mb=2048, seconds=0.5) as guard:
        assert refusal(guard, slow, tmp_path / "slow") == "refused: reading it took longer than 0.5 s"
    with Guard(memory_mb=2048, seconds=60) as guard:
        assert guard.read(one_file, tmp_path / "spool").rows == 64


def endless(good: Path, slow: Path) -> Path:
    """A good file with a sequence of two million empty items in front of its pixels."""
    raw = good.read_bytes()
    at = raw.index(b"\x20\x00\x0d\x00UI")
    item = b"\xfe\xff\x00\xe0\x00\x00\x00\x00"
    sequence = b"\x18\x00\x14\x90SQ\x00\x00\xff\xff\xff\xff" + item * 2_000_000
    slow.write_bytes(raw[:at] + sequence + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00" + raw[at:])
    return slow


def test_a_file_that_inflates_beyond_the_memory_is_refused_and_the_next_is_read(
    one_file: Path, tmp_path: Path
) -> None:
    bomb = inflating(one_file, tmp_path / "bomb.dcm", megabytes=300)
    assert bomb.stat().st_size < 350_000
    with Guard(memory_mb=256, seconds=60) as guard:
        assert refusal(guard, bomb, tmp_path / "bomb") == "refused: it needs more than 256 MB of memory"
        assert guard.read(one_file, tmp_path / "spool").rows == 64


def inflating(good: Path, bomb: Path, *, megabytes: int) -> Path:
    """A deflated file whose data set swells a thousandfold."""
    dataset = pydicom.dcmread(good)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.PixelData = b""
    pydicom.dcmwrite(bomb, dataset)
    raw = bomb.read_bytes()
    meta = 128 + 4 + 12 + int(pydicom.dcmread(bomb).file_meta.FileMetaInformationGroupLength)
    body = zlib.decompress(raw[meta:], -zlib.MAX_WBITS)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts = [packer.compress(body[:-12] + b"\xe0\x7f\x10\x00OW\x00\x00" + struct.pack("<L", megabytes << 20))]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    bomb.write_bytes(raw[:meta] + b"".join([*parts, packer.flush()]))
    return bomb


def test_deeply_nested_sequences_are_refused(one_file: Path, tmp_path: Path, guard: Guard) -> None:
    raw = one_file.read_bytes()
    at = raw.index(b"\x20\x00\x0d\x00UI")
    opening = b"\x18\x00\x14\x90SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    nested = tmp_path / "nested.dcm"
    nested.write_bytes(raw[:at] + opening * 5000 + raw[at:])
    assert refusal(guard, nested, tmp_path / "spool").startswith("refused: its header cannot be parsed")


def test_the_child_answers_in_values_that_match_the_file(
    one_file: Path, tmp_path: Path, guard: Guard
) -> None:
    record = guard.read(one_file, tmp_path / "spool")
    values = np.fromfile(tmp_path / "spool", record.dtype).reshape(record.rows, record.columns)
    np.testing.assert_array_equal(values, pydicom.dcmread(one_file).pixel_array)


def test_a_child_that_cannot_start_is_an_error_that_names_the_setting(
    one_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with Guard(memory_mb=100, seconds=5) as guard, pytest.raises(DicomError, match="LSS_DECODE_MEMORY_MB"):
        guard.read(one_file, tmp_path / "spool")
