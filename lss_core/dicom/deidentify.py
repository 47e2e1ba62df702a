"""De-identification by allow-list: what is not named here does not come in.

A value passes only in a form that cannot carry a name: numbers, words of a closed list,
dates moved by a keyed number of days, UIDs replaced by a keyed hash. Free text never passes.
The key belongs to the installation: the same study gets the same UIDs at every import, and
another installation's UIDs cannot be matched with them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from lss_core.dicom import allowlist

LONGEST_SHIFT_DAYS = 3652
OLDEST_AGE_YEARS = 90
NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{0,20})?([eE][+-]?\d{1,3})?")


@dataclass(frozen=True, kw_only=True)
class Deidentifier:
    """Replaces what identifies, with the key of the installation.

    patient: whatever names the patient in the files; it moves his dates and is not kept.
    """

    key: bytes
    patient: str

    def uid(self, *parts: str) -> str:
        """A UID that stands for these parts and from which they cannot be had back."""
        return hashed_uid(self.key, *parts)

    def date(self, value: str) -> str | None:
        """A DICOM date moved back by the patient's number of days, the same for all his dates."""
        if not re.fullmatch(r"\d{8}", value.strip()):
            return None
        try:
            day = date(int(value[:4]), int(value[4:6]), int(value[6:8]))
            return (day - timedelta(days=self._shift_days())).strftime("%Y%m%d")
        except (ValueError, OverflowError):
            return None

    def _shift_days(self) -> int:
        digest = hmac.digest(self.key, b"days\0" + self.patient.encode(), "sha256")
        return 1 + int.from_bytes(digest[:8]) % LONGEST_SHIFT_DAYS

    def value(self, keyword: str, text: str) -> str | None:
        """A value as it may be kept, None where it may not; several values are joined by a backslash."""
        rule = ALLOWED.get(keyword)
        kept = [] if rule is None else [rule(self, part.strip()) for part in text.split("\\")]
        return None if not kept or None in kept else "\\".join(part for part in kept if part is not None)

    def attributes(self, raw: Mapping[str, str]) -> dict[str, str]:
        """The attributes that may be kept, by keyword."""
        kept = {keyword: self.value(keyword, text) for keyword, text in raw.items()}
        return {keyword: text for keyword, text in kept.items() if text is not None}

    def dataset(self, source: Dataset) -> Dataset:
        """A new data set of what may be kept, functional groups included; no pixels."""
        target = Dataset()
        for element in source:
            if element.VR == "SQ" and element.keyword in allowlist.SEQUENCES:
                items = [self.dataset(item) for item in element.value or []]
                setattr(target, element.keyword, items)
            elif element.keyword in ALLOWED and element.VM:
                several = element.VM > 1
                text = "\\".join(map(str, element.value)) if several else str(element.value)
                kept = self.value(element.keyword, text)
                if kept is not None:
                    parts = [_typed(element.VR, part) for part in kept.split("\\")]
                    target.add_new(element.tag, element.VR, parts if several else parts[0])
        return target


def hashed_uid(key: bytes, *parts: str) -> str:
    """A DICOM UID under 2.25 from a keyed hash of the parts."""
    message = b"".join(len(raw).to_bytes(4) + raw for raw in (part.encode() for part in parts))
    digest = hmac.digest(key, b"uid\0" + message, sha256)
    return f"2.25.{int.from_bytes(digest[:16])}"


def write_deidentified(source: Path, target: Path, *, key: bytes) -> None:
    """Write what may be kept of an MR file, its pixels decoded and written plainly.

    Preamble, private elements, overlays and a codestream's comments do not come along.
    Reads in this process: only for files that the import has taken.
    """
    old = pydicom.dcmread(source, force=True)
    series, study = str(old.SeriesInstanceUID), str(old.StudyInstanceUID)
    cleaner = Deidentifier(key=key, patient=str(old.get("PatientID") or study))
    new = cleaner.dataset(old)
    kind = old.get("SOPClassUID") or old.file_meta.MediaStorageSOPClassUID
    pixels = old.pixel_array
    new.SOPClassUID = UID(kind)
    new.SOPInstanceUID = cleaner.uid(series, str(old.SOPInstanceUID))
    new.StudyInstanceUID, new.SeriesInstanceUID = cleaner.uid(study), cleaner.uid(study, series)
    new.PatientID = cleaner.uid("patient", cleaner.patient)
    new.PatientName = ""
    new.PatientIdentityRemoved = "YES"
    new.file_meta = FileMetaDataset()
    new.file_meta.MediaStorageSOPClassUID = new.SOPClassUID
    new.file_meta.MediaStorageSOPInstanceUID = new.SOPInstanceUID
    new.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    new.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    new["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    pydicom.dcmwrite(target, new, enforce_file_format=True)


def _typed(vr: str, text: str) -> str | int | float:
    if vr in ("US", "SS", "UL", "SL", "IS", "UV", "SV"):
        return int(float(text))
    return float(text) if vr in ("FL", "FD", "DS") else text


Rule = Callable[[Deidentifier, str], str | None]


def _number(cleaner: Deidentifier, value: str) -> str | None:
    return value if NUMBER.fullmatch(value) else None


def _code(cleaner: Deidentifier, value: str) -> str | None:
    return value if value in allowlist.CODES else "OTHER"


def _listed(cleaner: Deidentifier, value: str) -> str | None:
    return value if value in allowlist.CODES else None


def _date(cleaner: Deidentifier, value: str) -> str | None:
    return cleaner.date(value)


def _uid(cleaner: Deidentifier, value: str) -> str | None:
    return cleaner.uid(value)


def _age(cleaner: Deidentifier, value: str) -> str | None:
    if not re.fullmatch(r"\d{3}[YMWD]", value):
        return None
    return f"{OLDEST_AGE_YEARS:03}Y" if value[3] == "Y" and int(value[:3]) > OLDEST_AGE_YEARS else value


def _maker(cleaner: Deidentifier, value: str) -> str | None:
    return next((name for word, name in allowlist.MAKERS.items() if word in f"{value.lower()} "), None)


ALLOWED: Mapping[str, Rule] = {
    **dict.fromkeys(allowlist.DATES, _date),
    **dict.fromkeys(allowlist.UIDS, _uid),
    **dict.fromkeys(allowlist.LISTED, _listed),
    **dict.fromkeys(allowlist.PARTLY_LISTED, _code),
    **dict.fromkeys((*allowlist.NUMBERS, *allowlist.NUMBERS_OF_A_SLICE), _number),
    "PatientAge": _age,
    "Manufacturer": _maker,
}
"""The allow-list: each keyword with the rule that its values must pass."""
