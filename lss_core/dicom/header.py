"""Read one DICOM file: is it an MR image to take, where do its slices lie, what are its values.

Runs in the guarded child. A reason never quotes a value of the file: it may name the patient.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from lss_core.dicom.records import NotTakenError
from lss_core.domain import Verdict

MALFORMED = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    OSError,
    EOFError,
    AssertionError,
    struct.error,
    zlib.error,
    InvalidDicomError,
)
"""What pydicom and its decoders raise at a malformed file."""

MR_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.4",  # MR Image
    "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR Image
    "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR Image
}
COLOUR_MR_CLASS = "1.2.840.10008.5.1.4.1.1.4.3"
CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary Capture; its multi-frame kinds begin with it and a dot."""
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"

MR_ONLY = ("EchoTime", "RepetitionTime", "MagneticFieldStrength", "ScanningSequence", "EchoTrainLength")
REFORMATS = {"MPR", "REFORMATTED", "RESAMPLED", "CSA MPR", "RECON"}
CAPTURES = re.compile(r"SCREEN|CAPTURE|SNAPSHOT|SAVE|SCAN(NED|DOC)|DOCUMENT|PHOTO")
ARCHIVES = {b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"BZh": "bzip2", b"\xfd7zX": "xz"}


def open_dicom(path: Path) -> FileDataset:
    """Parse a file, with or without preamble and meta header.

    Raises NotTakenError: skipped when it is not DICOM, refused when it is and cannot be parsed.
    """
    with path.open("rb") as file:
        head = file.read(132)
    if not _looks_like_dicom(head):
        kind = next((name for magic, name in ARCHIVES.items() if head.startswith(magic)), None)
        raise NotTakenError(
            Verdict.SKIPPED, f"a {kind} archive; unpack it first" if kind else "not a DICOM file"
        )
    try:
        dataset = pydicom.dcmread(path, force=True)
        if not hasattr(dataset, "file_meta"):
            dataset.file_meta = FileMetaDataset()
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = _guessed_syntax(dataset)
        known = [name for name in ("SOPClassUID", "Modality", "StudyInstanceUID", "Rows") if name in dataset]
    except MALFORMED as error:
        raise NotTakenError(Verdict.REFUSED, "its header cannot be parsed") from error
    if not known and "MediaStorageSOPClassUID" not in dataset.file_meta:
        if head[128:] == b"DICM":
            raise NotTakenError(Verdict.REFUSED, "its header ends before it says what it is")
        raise NotTakenError(Verdict.SKIPPED, "not a DICOM file")
    return dataset


def _looks_like_dicom(head: bytes) -> bool:
    """Whether the preamble's mark is there, or a first element of group 2 or 8 (either byte order)."""
    if head[128:132] == b"DICM":
        return True
    if len(head) < 12 or head[:2] not in (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08"):
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    length = int.from_bytes(head[4:8], "little")
    return explicit or (head[1] == 0 and length < 1 << 16)


def _guessed_syntax(dataset: FileDataset) -> UID:
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def check_kind(dataset: FileDataset) -> None:
    """Raises NotTakenError unless the file is a grey MR image acquired from a patient."""
    uid = str(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID") or "")
    modality = str(dataset.get("Modality") or "")
    if uid == CAPTURE_CLASS or uid.startswith(CAPTURE_CLASS + "."):
        raise NotTakenError(Verdict.QUARANTINED, "a secondary capture: it may show the patient's name")
    if uid == DICOMDIR_CLASS:
        raise NotTakenError(Verdict.SKIPPED, "a DICOMDIR, an index; import the folder it lies in")
    if uid and uid not in MR_CLASSES | {COLOUR_MR_CLASS}:
        name = UID(uid).name
        raise NotTakenError(
            Verdict.SKIPPED,
            f"{'an unknown kind of object' if name == uid else name}, not an MR image",
        )
    if modality not in ("", "MR"):
        raise NotTakenError(Verdict.SKIPPED, "its modality is not MR")
    if not uid and not modality and not any(name in dataset for name in MR_ONLY):
        raise NotTakenError(Verdict.SKIPPED, "nothing in it says that it is an MR image")
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise NotTakenError(Verdict.REFUSED, "it holds no pixels")


def check_grey(dataset: FileDataset) -> None:
    """Raises NotTakenError (quarantined) for a colour image."""
    colours = str(dataset.get("PhotometricInterpretation") or "")
    if int(dataset.get("SamplesPerPixel") or 1) != 1 or not colours.startswith("MONOCHROME"):
        raise NotTakenError(Verdict.QUARANTINED, "a colour image: it may be a screen shot with text")


def check_clean(dataset: FileDataset) -> None:
    """Raises NotTakenError (quarantined) when text may be burned into the pixels."""
    burned = str(dataset.get("BurnedInAnnotation") or "").upper()
    kinds = [str(kind).strip().upper() for kind in _several(dataset.get("ImageType"))]
    if burned == "YES":
        raise NotTakenError(Verdict.QUARANTINED, "it says that text is burned into its pixels")
    if CAPTURES.search(" ".join(kinds)):
        raise NotTakenError(Verdict.QUARANTINED, "its image type says screen capture")
    if kinds[1:2] == ["SECONDARY"] and burned != "NO" and not REFORMATS & set(kinds):
        raise NotTakenError(
            Verdict.QUARANTINED,
            "a secondary image without BurnedInAnnotation NO: text may be burned in",
        )


def check_size(dataset: FileDataset, limit_bytes: int) -> tuple[int, int, int]:
    """Frames, rows and columns as declared. Raises NotTakenError when they are absurd or too many."""
    shape = [int(dataset.get(name) or 0) for name in ("Rows", "Columns")]
    frames = int(dataset.get("NumberOfFrames") or 1)
    bits = int(dataset.get("BitsAllocated") or 0)
    if "PixelData" not in dataset or bits not in (8, 16, 32):
        raise NotTakenError(Verdict.REFUSED, "its pixels are not 8, 16 or 32 bit whole numbers")
    if min(*shape, frames) < 1:
        raise NotTakenError(Verdict.REFUSED, "it declares an image without pixels")
    wanted = frames * shape[0] * shape[1] * bits // 8
    if wanted > limit_bytes:
        raise NotTakenError(
            Verdict.REFUSED, f"it declares {wanted >> 20} MB of pixels; the limit is {limit_bytes >> 20} MB"
        )
    if not dataset.file_meta.TransferSyntaxUID.is_compressed or (
        dataset.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian
    ):
        held = len(dataset.PixelData)
        if held < wanted:
            raise NotTakenError(
                Verdict.REFUSED, f"cut short: {held} of the {wanted} bytes of its pixels are there"
            )
    return frames, shape[0], shape[1]


def _several(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple, pydicom.multival.MultiValue)) else [value]


Look = Callable[[str], list[Any]]
"""Looks up a keyword for one frame: the values, none when it is absent or empty."""

GROUPS = (
    "PixelMeasuresSequence",
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "FrameVOILUTSequence",
    "PixelValueTransformationSequence",
    "MREchoSequence",
    "MRTimingAndRelatedParametersSequence",
    "MRModifierSequence",
    "MRImageFrameTypeSequence",
    "MRDiffusionSequence",
    "DiffusionGradientDirectionSequence",
    "MRMetaboliteMapSequence",
    "FrameContentSequence",
    "TemporalPositionSequence",
    "FrameAnatomySequence",
)
"""The functional groups of an enhanced file that are looked into."""


def frame_lookups(dataset: FileDataset, frames: int) -> list[Look]:
    """For each frame a lookup: its own functional groups first, the shared ones, then the file.

    Raises NotTakenError when several frames have no positions of their own.
    """
    shared = _flat(dataset.get("SharedFunctionalGroupsSequence") or [], slice(0, 1))
    own = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    if frames > 1 and len(own) != frames:
        raise NotTakenError(Verdict.REFUSED, "its frames have no positions of their own")
    each = [_flat([item], slice(0, 1)) for item in own] or [{}]
    top = {element.keyword: element.value for element in dataset if element.VR != "SQ" and element.keyword}
    return [lambda name, m={**top, **shared, **mine}: _several(m.get(name)) for mine in each]  # type: ignore[misc]


def _flat(items: Any, which: slice) -> Mapping[str, Any]:
    """Keyword to value of everything in the known functional groups of an item."""
    found: dict[str, Any] = {}
    for item in items[which]:
        for group in GROUPS:
            for inner in list(item.get(group) or [])[:1]:
                found |= {e.keyword: e.value for e in inner if e.VR != "SQ" and e.keyword}
                found |= _flat([inner], which)
    return found


def decoded(dataset: Dataset) -> Any:
    """The stored values, (rows, columns) or (frames, rows, columns).

    Raises NotTakenError when they cannot be decoded.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        return dataset.pixel_array
    except NotImplementedError as error:
        raise NotTakenError(
            Verdict.REFUSED, f"its compression cannot be read here ({_name(syntax)})"
        ) from error
    except MALFORMED as error:
        fault = (
            "its compression cannot be read here"
            if "does not support" in str(error)
            else "its pixels cannot be decoded"
        )
        raise NotTakenError(Verdict.REFUSED, f"{fault} ({_name(syntax)})") from error


def _name(syntax: UID) -> str:
    return "an unknown transfer syntax" if syntax.name == str(syntax) else syntax.name
