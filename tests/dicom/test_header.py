"""Which single files are taken, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from lss_core.dicom.records import FileRecord

Outcome = Callable[[Path], FileRecord | str]
Change = Callable[..., Path]


def test_a_good_file_is_read_with_its_geometry(one_file: Path, outcome: Outcome) -> None:
    record = outcome(one_file)
    assert isinstance(record, FileRecord)
    assert (record.rows, record.columns, len(record.frames)) == (64, 64, 1)
    assert record.frames[0].position_mm == (-20, 30, 40)
    assert record.frames[0].spacing_mm == (0.75, 0.5)
    assert record.frames[0].x_axis == (0, 1, 0)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"Modality": "CT"}, "skipped: its modality is not MR"),
        ({"SOPClassUID": UID("1.2.840.10008.5.1.4.1.1.2")}, "skipped: CT Image Storage, not an MR image"),
        (
            {"SOPClassUID": UID("1.2.840.10008.5.1.4.1.1.7")},
            "quarantined: a secondary capture: it may show the patient's name",
        ),
        ({"SOPClassUID": UID("1.2.3.4")}, "skipped: an unknown kind of object, not an MR image"),
        ({"BurnedInAnnotation": "YES"}, "quarantined: it says that text is burned into its pixels"),
        (
            {"ImageType": ["DERIVED", "SECONDARY", "OTHER"], "BurnedInAnnotation": None},
            "quarantined: a secondary image without BurnedInAnnotation NO: text may be burned in",
        ),
        (
            {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]},
            "quarantined: its image type says screen capture",
        ),
        (
            {"PhotometricInterpretation": "RGB"},
            "quarantined: a colour image: it may be a screen shot with text",
        ),
        (
            {"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]},
            "skipped: a mosaic: many slices tiled in one image",
        ),
        ({"PixelData": None}, "refused: it holds no pixels"),
        ({"ImagePositionPatient": None}, "refused: it does not say where it lies in the patient"),
        ({"PixelSpacing": None}, "refused: it does not say how large its pixels are"),
        ({"PixelSpacing": [0, 1]}, "refused: it does not say how large its pixels are"),
        (
            {"ImageOrientationPatient": [1, 0, 0, 0.5, 0.8660254, 0]},
            "refused: its rows and columns are not at right angles",
        ),
        (
            {"ImageOrientationPatient": [0, 0, 0, 0, 1, 0]},
            "refused: its position or orientation is not a number of this world",
        ),
        ({"SeriesInstanceUID": None}, "refused: it has no SeriesInstanceUID, so it belongs to no series"),
        ({"Rows": 65}, "refused: cut short: 8192 of the 8320 bytes of its pixels are there"),
        ({"Rows": 0}, "refused: it declares an image without pixels"),
        ({"Rows": 65535, "Columns": 65535}, "refused: it declares 8191 MB of pixels; the limit is 256 MB"),
        (
            {"NumberOfFrames": 2},
            "refused: cut short: 8192 of the 16384 bytes of its pixels are there",
        ),
        ({"BitsAllocated": 12}, "refused: its pixels are not 8, 16 or 32 bit whole numbers"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_file_that_is_not_taken_says_why(
    attributes: dict[str, object], said: str, changed: Change, outcome: Outcome
) -> None:
    assert outcome(changed(**attributes)) == said


def test_a_reformatted_image_and_one_that_says_no_text_are_taken(changed: Change, outcome: Outcome) -> None:
    reformat = {"ImageType": ["DERIVED", "SECONDARY", "MPR"], "BurnedInAnnotation": None}
    assert isinstance(outcome(changed(**reformat)), FileRecord)
    clean = {"ImageType": ["DERIVED", "SECONDARY", "OTHER"], "BurnedInAnnotation": "NO"}
    assert isinstance(outcome(changed(**clean)), FileRecord)


def test_a_file_without_modality_and_class_is_taken_for_its_mr_attributes(
    changed: Change, outcome: Outcome
) -> None:
    path = changed(Modality=None, SOPClassUID=None)
    dataset = pydicom.dcmread(path)
    del dataset.file_meta
    dataset.preamble = None
    dataset.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert path.read_bytes()[:2] == b"\x08\x00", "there is no preamble and no meta header"
    record = outcome(path)
    assert isinstance(record, FileRecord)
    assert record.dtype == "<u2"
    del dataset["EchoTime"], dataset["RepetitionTime"], dataset["MagneticFieldStrength"]
    del dataset["ScanningSequence"]
    dataset.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert outcome(path) == "skipped: nothing in it says that it is an MR image"


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEG2000Lossless,
    ],
)
def test_every_transfer_syntax_gives_the_same_values(
    syntax: UID, one_file: Path, outcome: Outcome, tmp_path: Path
) -> None:
    plain = outcome(one_file)
    dataset = pydicom.dcmread(one_file)
    pixels = dataset.pixel_array
    if syntax.is_encapsulated:
        dataset.compress(syntax, generate_instance_uid=False)
    else:
        dataset.file_meta.TransferSyntaxUID = syntax
        if not syntax.is_little_endian:
            dataset.PixelData = pixels.astype(">u2").tobytes()
            dataset = _reencoded(dataset)
    other = tmp_path / "other.dcm"
    pydicom.dcmwrite(other, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    record = outcome(other)
    assert isinstance(plain, FileRecord)
    assert isinstance(record, FileRecord)
    assert record.frames[0].digest == plain.frames[0].digest
    spooled = np.fromfile(tmp_path / "spool", record.dtype).reshape(record.rows, record.columns)
    np.testing.assert_array_equal(spooled, pixels)


def _reencoded(dataset: Dataset) -> Dataset:
    """The data set without the encoding that it was read in."""
    new = Dataset()
    new.file_meta = dataset.file_meta
    for element in dataset:
        new.add(element)
    return new


def test_text_and_archives_and_an_odd_file_are_skipped(tmp_path: Path, outcome: Outcome) -> None:
    text = tmp_path / "train.csv"
    text.write_text("study_id,level\n1,L4\n")
    assert outcome(text) == "skipped: not a DICOM file"
    packed = tmp_path / "series.tar.gz"
    packed.write_bytes(b"\x1f\x8b\x08" + bytes(200))
    assert outcome(packed) == "skipped: a gzip archive; unpack it first"
    hollow = tmp_path / "hollow.dcm"
    hollow.write_bytes(bytes(128) + b"DICM")
    assert outcome(hollow) == "refused: its header ends before it says what it is"


def test_a_value_that_cannot_be_read_is_refused_and_not_quoted(one_file: Path, outcome: Outcome) -> None:
    raw = one_file.read_bytes()
    assert raw.count(b"0.75\\0.5") == 1
    one_file.write_bytes(raw.replace(b"0.75\\0.5", b"MUELLER,"))
    said = outcome(one_file)
    assert said == "refused: its header holds values that cannot be read"


def test_an_enhanced_file_has_a_place_for_each_frame(one_file: Path, outcome: Outcome) -> None:
    path = enhanced(one_file, frames=3)
    record = outcome(path)
    assert isinstance(record, FileRecord)
    assert [frame.position_mm for frame in record.frames] == [(0, 0, 0), (4, 0, 0), (8, 0, 0)]
    assert [frame.spacing_mm for frame in record.frames] == [(0.75, 0.5)] * 3
    assert [frame.slope for frame in record.frames] == [1.0, 2.0, 3.0]


def test_frames_without_places_are_refused(one_file: Path, outcome: Outcome) -> None:
    path = enhanced(one_file, frames=3)
    dataset = pydicom.dcmread(path)
    del dataset.PerFrameFunctionalGroupsSequence
    pydicom.dcmwrite(path, dataset)
    assert outcome(path) == "refused: its frames have no positions of their own"


def enhanced(path: Path, *, frames: int) -> Path:
    """The good file as an enhanced one: places in its own groups, spacing in the shared ones."""
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.4.1")
    dataset.NumberOfFrames = frames
    dataset.PixelData = dataset.PixelData * frames
    shared, measures, turn = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = dataset.PixelSpacing
    measures.SliceThickness = 4
    turn.ImageOrientationPatient = dataset.ImageOrientationPatient
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([turn])
    own = []
    for number in range(frames):
        frame, place, values = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [4 * number, 0, 0]
        values.RescaleSlope, values.RescaleIntercept = number + 1, 0
        frame.PlanePositionSequence = Sequence([place])
        frame.PixelValueTransformationSequence = Sequence([values])
        own.append(frame)
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(own)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        del dataset[name]
    pydicom.dcmwrite(path, dataset)
    return path
