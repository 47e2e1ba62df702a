"""The guarded child: reads and decodes one file after another under a memory limit.

`python -m lss_core.dicom.worker MEGABYTES` is started by lss_core.dicom.guard, gets paths
on standard input and answers on standard output, as JSON in multiprocessing's framing.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import resource
import sys
import warnings
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lss_core.dicom import header
from lss_core.dicom.allowlist import OF_A_SERIES
from lss_core.dicom.records import MARKS, FileRecord, FrameRecord, NotTakenError, Triple
from lss_core.domain import Verdict

TEXTS = (
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "PulseSequenceName",
    "StudyDescription",
    "BodyPartExamined",
    "ImageType",
    "AcquisitionContrast",
    "ScanOptions",
    "EchoTime",
    "EffectiveEchoTime",
    "RepetitionTime",
    "InversionTime",
)
LONGEST_TEXT = 200


UNREADABLE = "its header holds values that cannot be read"


def read_file(path: Path, spool: Path, limit_bytes: int) -> FileRecord:
    """Read and decode a file; its stored values go to `spool` as they are, frame after frame.

    Raises NotTakenError.
    """
    dataset = header.open_dicom(path)
    try:
        header.check_kind(dataset)
        header.check_grey(dataset)
        shape = header.check_size(dataset, limit_bytes)
        if "MOSAIC" in (str(kind).upper() for kind in dataset.get("ImageType") or []):
            raise NotTakenError(Verdict.SKIPPED, "a mosaic: many slices tiled in one image")
        looks = header.frame_lookups(dataset, shape[0])
        for name in ("StudyInstanceUID", "SeriesInstanceUID"):
            _check_uid(dataset, name)
        places = [_place(look) for look in looks]
    except header.MALFORMED as error:
        raise NotTakenError(Verdict.REFUSED, UNREADABLE) from error
    values = header.decoded(dataset)
    header.check_clean(dataset)
    if values.shape not in (shape, shape[1:]) or values.dtype.kind not in "iu":
        raise NotTakenError(Verdict.REFUSED, "its decoded pixels are not what its header declares")
    values = values.reshape(shape)
    try:
        record = _record(dataset, looks, places, values)
    except header.MALFORMED as error:
        raise NotTakenError(Verdict.REFUSED, UNREADABLE) from error
    values.astype(record.dtype, copy=False).tofile(spool)
    return record


def _record(dataset: Any, looks: list[header.Look], places: list[Any], values: NDArray[Any]) -> FileRecord:
    frames = tuple(
        _frame(look, place, image, number)
        for number, (look, place, image) in enumerate(zip(looks, places, values, strict=True))
    )
    study = str(dataset.StudyInstanceUID).strip()
    return FileRecord(
        study=study,
        series=str(dataset.SeriesInstanceUID).strip(),
        instance=str(dataset.get("SOPInstanceUID") or frames[0].digest),
        patient=str(dataset.get("PatientID") or study),
        texts=_texts(looks[0], TEXTS),
        attributes=_texts(looks[0], OF_A_SERIES),
        dtype=values.dtype.newbyteorder("<").str,
        rows=values.shape[1],
        columns=values.shape[2],
        inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
        frames=frames,
    )


def _check_uid(dataset: Any, name: str) -> None:
    if not str(dataset.get(name) or "").strip():
        raise NotTakenError(Verdict.REFUSED, f"it has no {name}, so it belongs to no series")


def _place(look: header.Look) -> tuple[Triple, Triple, Triple, tuple[float, float]]:
    """Position, row direction, column direction and pixel spacing of a frame."""
    position, axes, spacing = (
        [float(value) for value in look(name)]
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
    )
    if len(position) != 3 or len(axes) != 6:
        raise NotTakenError(Verdict.REFUSED, "it does not say where it lies in the patient")
    if len(spacing) != 2 or not all(0 < value < math.inf for value in spacing):
        raise NotTakenError(Verdict.REFUSED, "it does not say how large its pixels are")
    x, y = np.array(axes[:3]), np.array(axes[3:])
    lengths = np.linalg.norm(x), np.linalg.norm(y)
    if not np.isfinite([*position, *axes]).all() or max(abs(length - 1) for length in lengths) > 0.01:
        raise NotTakenError(Verdict.REFUSED, "its position or orientation is not a number of this world")
    x = x / lengths[0]
    if abs(float(x @ y)) > 0.01:
        raise NotTakenError(Verdict.REFUSED, "its rows and columns are not at right angles")
    y = y - (x @ y) * x
    y = y / np.linalg.norm(y)
    return _triple(position), _triple(x), _triple(y), (spacing[0], spacing[1])


def _triple(values: Any) -> Triple:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _frame(look: header.Look, place: Any, values: NDArray[Any], number: int) -> FrameRecord:
    position, x_axis, y_axis, spacing = place
    slope, intercept = _number(look, "RescaleSlope", 1.0) or 1.0, _number(look, "RescaleIntercept", 0.0)
    centre, width = _number(look, "WindowCenter", 0.0), _number(look, "WindowWidth", 0.0)
    geometry = np.round([*position, *x_axis, *y_axis, *spacing, slope, intercept], 4) + 0.0
    hashed = hashlib.sha256(geometry.tobytes())
    hashed.update(np.ascontiguousarray(values, "<i4").data)
    return FrameRecord(
        position_mm=position,
        x_axis=x_axis,
        y_axis=y_axis,
        spacing_mm=spacing,
        thickness_mm=max(0.0, _number(look, "SliceThickness", 0.0)),
        slope=slope,
        intercept=intercept,
        window=(centre, width) if width > 0 else None,
        instance_number=int(_number(look, "InstanceNumber", 0.0)) + number,
        marks=_texts(look, MARKS),
        digest=hashed.hexdigest(),
    )


def _number(look: header.Look, name: str, default: float) -> float:
    values = look(name)
    number = float(values[0]) if values else default
    return number if math.isfinite(number) else default


def _texts(look: header.Look, names: Any) -> Mapping[str, str]:
    found = {name: "\\".join(str(value) for value in look(name))[:LONGEST_TEXT] for name in names}
    return {name: text for name, text in found.items() if text}


def answer(request: Mapping[str, Any], limit_bytes: int) -> dict[str, Any]:
    """The reply to one request: a verdict with its reason, and the record of a file taken."""
    try:
        record = read_file(Path(request["path"]), Path(request["spool"]), limit_bytes)
    except NotTakenError as refusal:
        return {"verdict": refusal.verdict.value, "reason": refusal.reason}
    except OSError:
        return {"verdict": Verdict.REFUSED.value, "reason": "it cannot be opened"}
    return {"verdict": Verdict.TAKEN.value, "reason": "", "record": record.to_json()}


def main() -> None:
    """Answer requests until the parent closes the pipe or the memory runs out."""
    megabytes = int(sys.argv[1])
    requests, answers = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers.send_bytes(b"ready")
    reply: dict[str, Any] = {}
    while not reply.get("ends"):
        try:
            request = json.loads(requests.recv_bytes())
        except EOFError:
            return
        try:
            reply = answer(request, (megabytes << 20) // 4)
        except MemoryError:
            reason = f"it needs more than {megabytes} MB of memory"
            reply = {"verdict": Verdict.REFUSED.value, "reason": reason, "ends": True}
        answers.send_bytes(json.dumps(reply).encode())


if __name__ == "__main__":
    main()
