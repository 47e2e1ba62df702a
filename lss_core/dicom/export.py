"""Write a volume as an MR series: whole headers, or stripped ones as public data sets have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage, RLELossless

from lss_core.dicom.deidentify import hashed_uid
from lss_core.domain import SeriesRole
from lss_core.imaging.volume import Volume

Header = Literal["full", "stripped"]

IMPLEMENTATION_UID = UID("2.25.190237465019283746501928374650192837465")
TIMING_MS = {
    SeriesRole.SAGITTAL_T1: (600.0, 10.0, None),
    SeriesRole.SAGITTAL_T2: (3500.0, 100.0, None),
    SeriesRole.SAGITTAL_STIR: (4000.0, 60.0, 150.0),
    SeriesRole.AXIAL_T2: (4000.0, 105.0, None),
}
"""Repetition, echo and inversion time that a role usually has at 1.5 T."""


@dataclass(frozen=True, kw_only=True)
class StudyHeader:
    """What the series of a written study share.

    name: any text that stands for the study; all UIDs follow from it.
    patient: name and id that whole headers carry.
    """

    name: str
    patient: str = "SYNTHETIC"
    day: date = date(2000, 1, 1)
    manufacturer: str = "Phantom"

    def uid(self, *parts: str) -> str:
        """A UID that follows from the study's name."""
        return hashed_uid(b"synthetic", self.name, *parts)


def write_series(
    volume: Volume,
    folder: Path,
    *,
    study: StudyHeader,
    role: SeriesRole,
    header: Header = "full",
    window: tuple[float, float] | None = None,
    number: int = 1,
) -> list[Path]:
    """Write a volume's slices as single-frame MR files 1.dcm, 2.dcm ... into a new folder.

    'stripped' leaves out Modality, the SOP class within the data set, dates and timing, says 'T1'
    or 'T2' and nothing else, and compresses with RLE. `number` is the series' number in its study.
    Voxels are integers within 0 and 65535 or within int16.
    """
    folder.mkdir(parents=True)
    paths = []
    for index in range(len(volume.voxels)):
        dataset = _slice(volume, index, study, role, number)
        (_add_whole if header == "full" else _add_stripped)(dataset, study, role)
        if window is not None:
            dataset.WindowCenter, dataset.WindowWidth = window
        if header == "stripped":
            del dataset.SOPClassUID
            dataset.compress(RLELossless, generate_instance_uid=False)
        path = folder / f"{index + 1}.dcm"
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        paths.append(path)
    return paths


def _slice(volume: Volume, index: int, study: StudyHeader, role: SeriesRole, number: int) -> Dataset:
    voxels = volume.voxels[index]
    instance_number = volume.instance_numbers[index]
    series = f"{number} {role.value}"
    signed = bool(volume.voxels.min() < 0)
    dataset = Dataset()
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = study.uid(series, str(instance_number), str(index))
    dataset.StudyInstanceUID = study.uid()
    dataset.SeriesInstanceUID = study.uid(series)
    dataset.FrameOfReferenceUID = study.uid("frame of reference")
    dataset.InstanceNumber = instance_number
    dataset.PatientPosition = "HFS"
    dataset.ImagePositionPatient = [round(float(v), 6) for v in volume.positions_mm[index]]
    dataset.ImageOrientationPatient = [
        round(float(v), 8) for v in (*volume.x_axes[index], *volume.y_axes[index])
    ]
    dataset.PixelSpacing = [round(mm, 8) for mm in volume.spacing_mm]
    dataset.SliceThickness = round(volume.thickness_mm, 4)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = voxels.shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = voxels.astype("<i2" if signed else "<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = MRImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_UID
    return dataset


def _add_whole(dataset: Dataset, study: StudyHeader, role: SeriesRole) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
    dataset.Modality = "MR"
    dataset.Manufacturer = study.manufacturer
    dataset.PatientName = study.patient
    dataset.PatientID = study.patient
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = study.day.strftime("%Y%m%d")
    dataset.BodyPartExamined = "LSPINE"
    dataset.SeriesDescription = role.label
    dataset.ScanningSequence = "SE"
    dataset.SequenceVariant = "SK"
    dataset.MRAcquisitionType = "2D"
    dataset.MagneticFieldStrength = 1.5
    dataset.BurnedInAnnotation = "NO"
    if role in TIMING_MS:
        repetition, echo, inversion = TIMING_MS[role]
        dataset.RepetitionTime, dataset.EchoTime = repetition, echo
        if inversion is not None:
            dataset.InversionTime = inversion


def _add_stripped(dataset: Dataset, study: StudyHeader, role: SeriesRole) -> None:
    dataset.SeriesDescription = "T1" if role is SeriesRole.SAGITTAL_T1 else "T2"
    dataset.PatientID = study.patient
