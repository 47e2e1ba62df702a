"""Nothing that identifies survives; UIDs and dates follow from the key."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_keyword, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from lss_core.dicom.batch import DicomBatch
from lss_core.dicom.deidentify import Deidentifier, hashed_uid, write_deidentified

Import = Callable[..., DicomBatch]

KEY, OTHER_KEY = b"one", b"other"
TOKEN = "MUSTERMANN"
TEXT_VRS = {"AE", "AS", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
SPARED = {
    "SpecificCharacterSet",
    "Modality",
    "PhotometricInterpretation",
    "ImageType",
    "BurnedInAnnotation",
    "TransferSyntaxUID",
}
"""Text elements that decide whether the file is taken at all; each is tested elsewhere."""


def plant(path: Path) -> Path:
    """Put a name into every text element that the standard knows, private ones and the preamble too."""
    dataset = pydicom.dcmread(path)
    for tag in pydicom.datadict.DicomDictionary:
        keyword = dictionary_keyword(tag)
        if (
            keyword
            and keyword not in SPARED
            and dictionary_VR(tag) in TEXT_VRS
            and 0x0008 <= tag >> 16 < 0x7FE0
        ):
            dataset.add_new(tag, dictionary_VR(tag), TOKEN)
    inner = Dataset()
    inner.CodeMeaning = inner.ReferringPhysicianName = TOKEN
    dataset.RequestAttributesSequence = Sequence([inner])
    shared, measures = Dataset(), Dataset()
    measures.SliceThickness, measures.ImageComments = 3, TOKEN
    shared.PixelMeasuresSequence = Sequence([measures])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    block = dataset.private_block(0x0019, TOKEN, create=True)
    block.add_new(1, "LO", TOKEN)
    dataset.PatientBirthDate = "19701231"
    dataset.StudyDate = "20240102"
    dataset.StudyTime = "112233"
    dataset.preamble = TOKEN.encode().ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = TOKEN
    pydicom.dcmwrite(path, dataset)
    assert path.read_bytes().count(TOKEN.encode()) > 1000
    return path


def test_no_planted_name_comes_in_with_a_study(one_file: Path, read_all: Import) -> None:
    original = pydicom.dcmread(one_file)
    batch = read_all(plant(one_file))
    (series,) = batch.studies[0].series
    everything = repr(batch.studies)
    assert TOKEN not in everything
    for known in (original.StudyInstanceUID, original.SeriesInstanceUID, original.SOPInstanceUID, "20240102"):
        assert str(known) not in everything
    assert series.attributes["Modality"] == "MR"
    assert series.attributes["RepetitionTime"] == "3500.0"


def test_no_planted_name_is_in_a_file_written_anew(one_file: Path, tmp_path: Path) -> None:
    pixels = pydicom.dcmread(one_file).pixel_array
    write_deidentified(plant(one_file), tmp_path / "new.dcm", key=KEY)
    raw = (tmp_path / "new.dcm").read_bytes()
    assert TOKEN.encode() not in raw
    assert b"20240102" not in raw
    assert b"19701231" not in raw
    assert raw[:128] == bytes(128)
    new = pydicom.dcmread(tmp_path / "new.dcm")
    np.testing.assert_array_equal(new.pixel_array, pixels)
    assert new.PatientIdentityRemoved == "YES"
    assert new.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness == 3
    assert not [element for element in new if element.tag.is_private]


def test_a_file_written_anew_imports_as_the_same_series(
    one_file: Path, tmp_path: Path, read_all: Import
) -> None:
    old = read_all(one_file, key=KEY).studies[0]
    write_deidentified(one_file, tmp_path / "new.dcm", key=KEY)
    new = pydicom.dcmread(tmp_path / "new.dcm")
    assert new.StudyInstanceUID == old.uid
    assert new.SeriesInstanceUID == old.series[0].uid
    assert new.SOPInstanceUID == old.series[0].instances[0].uid
    again = read_all(tmp_path / "new.dcm", key=KEY).studies[0].series[0]
    np.testing.assert_array_equal(again.volume.voxels, old.series[0].volume.voxels)
    np.testing.assert_allclose(again.volume.positions_mm, old.series[0].volume.positions_mm)


def test_uids_are_stable_for_a_key_and_differ_between_keys(one_file: Path, read_all: Import) -> None:
    first, again, elsewhere = (read_all(one_file, key=key).studies[0] for key in (KEY, KEY, OTHER_KEY))
    assert first.uid == again.uid
    assert first.digest == again.digest
    assert first.uid != elsewhere.uid
    assert first.series[0].uid != elsewhere.series[0].uid
    assert first.series[0].instances[0].uid != elsewhere.series[0].instances[0].uid


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.text(), min_size=1, max_size=3), others=st.lists(st.text(), min_size=1, max_size=3))
def test_a_hashed_uid_is_a_dicom_uid_and_tells_its_parts_apart(parts: list[str], others: list[str]) -> None:
    uid = hashed_uid(KEY, *parts)
    assert len(uid) <= 64
    assert pydicom.uid.UID(uid).is_valid
    assert (uid == hashed_uid(KEY, *others)) == (parts == others)


def test_all_dates_of_a_patient_move_by_the_same_days() -> None:
    one, other = (Deidentifier(key=KEY, patient=name) for name in ("a", "b"))
    early, late = one.date("20200101"), one.date("20200131")
    assert early is not None
    assert late is not None
    days = np.datetime64(f"{late[:4]}-{late[4:6]}-{late[6:]}") - np.datetime64(
        f"{early[:4]}-{early[4:6]}-{early[6:]}"
    )
    assert days == np.timedelta64(30, "D")
    assert early < "20200101"
    assert other.date("20200101") != early
    assert dataclasses.replace(one, key=OTHER_KEY).date("20200101") != early


@pytest.mark.parametrize(
    ("keyword", "value", "kept"),
    [
        ("EchoTime", "98.5", "98.5"),
        ("EchoTime", "Mustermann", None),
        ("EchoTime", "19701231199999999", None),
        ("PixelSpacing", "0.5\\0.5", "0.5\\0.5"),
        ("PatientSex", "F", "F"),
        ("PatientSex", "Frau M", None),
        ("PatientAge", "054Y", "054Y"),
        ("PatientAge", "097Y", "090Y"),
        ("PatientAge", "old", None),
        ("Manufacturer", "SIEMENS Healthineers, Dr. M", "SIEMENS"),
        ("Manufacturer", "Mustermann", None),
        ("ImageType", "ORIGINAL\\PRIMARY\\MUSTERMANN", "ORIGINAL\\PRIMARY\\OTHER"),
        ("BodyPartExamined", "MUSTERMANN", None),
        ("StudyDate", "someday", None),
        ("StudyDate", "20201399", None),
        ("SeriesDescription", "t2 sag Mustermann", None),
        ("PatientName", "Mustermann", None),
    ],
)
def test_a_value_passes_only_in_a_form_that_cannot_carry_a_name(
    keyword: str, value: str, kept: str | None
) -> None:
    assert Deidentifier(key=KEY, patient="p").value(keyword, value) == kept
