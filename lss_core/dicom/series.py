"""A series' slices into volumes: doubles dropped, stacks split, values made int16, the role named.

Values: MR units are arbitrary, so stored values are kept as they are when all slices share one
rescaling. Where slices differ in theirs, the rescaled values are kept, times a factor; where
values do not fit int16, they are multiplied by a factor that makes them fit. A note says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lss_core.dicom.batch import DicomBatch, DicomInstance, DicomSeries, DicomStudy, FileVerdict
from lss_core.dicom.deidentify import Deidentifier, hashed_uid
from lss_core.dicom.records import NotTakenError
from lss_core.dicom.roles import Guess, settle, weigh
from lss_core.dicom.stacks import Slice, SpooledFile, blocks, remarks, split, without_doubles
from lss_core.domain import SeriesRole, Verdict
from lss_core.imaging.volume import Volume

INT16_MAX = 32767
COMPARABLE_MAX = 4095
"""Largest value of a series whose slices had to be brought to one scale."""


def assemble(files: Sequence[SpooledFile], *, key: bytes) -> DicomBatch:
    """The study that these files of one study make, none where nothing is left, and their verdicts."""
    stacks: list[tuple[DicomSeries, Guess]] = []
    verdicts: list[FileVerdict] = []
    by_series: dict[str, list[SpooledFile]] = {}
    for file in files:
        by_series.setdefault(file.record.series, []).append(file)
    for _, members in sorted(by_series.items()):
        try:
            found, homes = _stacks(members, key)
        except NotTakenError as refusal:
            verdicts += [
                FileVerdict(path=file.name, verdict=refusal.verdict, reason=refusal.reason)
                for file in members
            ]
            continue
        stacks += found
        verdicts += [_verdict(file, homes.get(file.name)) for file in members]
    guesses = settle([guess for _, guess in stacks], [one.volume for one, _ in stacks])
    series = [
        replace(one, role=guess.role, notes=(*one.notes, *guess.notes))
        for (one, _), guess in zip(stacks, guesses, strict=True)
    ]
    uid = hashed_uid(key, files[0].record.study)
    study = DicomStudy(uid=uid, series=tuple(sorted(series, key=lambda one: one.uid)))
    return DicomBatch(verdicts=tuple(verdicts), studies=(study,) if series else ())


def _stacks(
    members: Sequence[SpooledFile], key: bytes
) -> tuple[list[tuple[DicomSeries, Guess]], dict[str, str]]:
    """The stacks of one series, and by the name of each file taken the UID of its stack."""
    cleaner = Deidentifier(key=key, patient=min(file.record.patient for file in members))
    every = [Slice(file=file, number=n) for file in members for n in range(len(file.record.frames))]
    kept = without_doubles(every)
    stacks = split(kept)
    found: list[tuple[DicomSeries, Guess]] = []
    homes: dict[str, str] = {}
    for label, stack in stacks.items():
        pair = _series(stack, label, cleaner, several=len(stacks) > 1, doubles=len(every) - len(kept))
        found.append(pair)
        homes |= {one.file.name: pair[0].uid for one in stack}
    return found, homes


def _verdict(file: SpooledFile, series: str | None) -> FileVerdict:
    if series is None:
        return FileVerdict(
            path=file.name, verdict=Verdict.SKIPPED, reason="the same image as another file of its series"
        )
    return FileVerdict(path=file.name, verdict=Verdict.TAKEN, reason="an MR image", series=series)


def _series(
    stack: Sequence[Slice], label: str, cleaner: Deidentifier, *, several: bool, doubles: int
) -> tuple[DicomSeries, Guess]:
    ordered = blocks(stack)
    slices = [one for block in ordered for one in block]
    record = slices[0].file.record
    voxels, window, notes = _voxels(slices)
    volume = _volume(ordered, voxels)
    notes = [*([f"part of a series: {label}"] if label else []), *remarks(ordered), *notes]
    if doubles:
        counted = (
            "1 image was there twice and is" if doubles == 1 else f"{doubles} images were there twice and are"
        )
        notes.append(f"{counted} taken once")
    texts = min((one.file.record for one in slices), key=lambda r: r.instance).texts
    guess = weigh(volume, slices[0].plane, texts, several=several)
    uid = cleaner.uid(record.study, record.series, *([label] if label else []))
    series = DicomSeries(
        uid=uid,
        role=SeriesRole.OTHER,
        volume=volume,
        window=window,
        attributes=cleaner.attributes(min(slices, key=lambda one: one.identity).file.record.attributes),
        notes=tuple(notes),
        instances=tuple(_instance(one, cleaner, index) for index, one in enumerate(slices)),
    )
    return series, guess


def _instance(one: Slice, cleaner: Deidentifier, index: int) -> DicomInstance:
    record = one.file.record
    frame = [str(one.number)] if len(record.frames) > 1 else []
    return DicomInstance(
        uid=cleaner.uid(record.series, record.instance, *frame),
        digest=one.frame.digest,
        instance_number=one.frame.instance_number,
        slice_index=index,
    )


def _volume(ordered: Sequence[Sequence[Slice]], voxels: NDArray[np.int16]) -> Volume:
    slices = [one for block in ordered for one in block]
    frames = [one.frame for one in slices]
    return Volume(
        voxels=voxels,
        positions_mm=np.array([frame.position_mm for frame in frames], float),
        x_axes=np.array([frame.x_axis for frame in frames], float),
        y_axes=np.array([frame.y_axis for frame in frames], float),
        spacing_mm=frames[0].spacing_mm,
        thickness_mm=float(np.median([frame.thickness_mm for frame in frames])),
        instance_numbers=tuple(frame.instance_number for frame in frames),
        block=np.repeat(np.arange(len(ordered)), [len(block) for block in ordered]).astype(np.int64),
    )


def _voxels(
    slices: Sequence[Slice],
) -> tuple[NDArray[np.int16], tuple[float, float] | None, list[str]]:
    """Voxels as int16, the window in their values, and notes on what was done to them."""
    notes: list[str] = []
    scales = {(one.frame.slope, one.frame.intercept) for one in slices}
    shared = len(scales) == 1 and min(scales)[0] > 0
    stored = [one.values() for one in slices]
    values = [
        v if shared else v * one.frame.slope + one.frame.intercept
        for v, one in zip(stored, slices, strict=True)
    ]
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    top = max(abs(low), abs(high), 1.0)
    factor = 1.0 if shared else COMPARABLE_MAX / top
    if top * factor > INT16_MAX:
        factor = INT16_MAX / top
    if factor != 1.0:
        notes.append(f"values times {factor:.6g}" + ("" if shared else ", slices were scaled differently"))
    inverted = slices[0].file.record.inverted
    if inverted:
        notes.append("values turned over: dark was bright")
    voxels = np.empty((len(slices), *stored[0].shape), np.int16)
    for k, v in enumerate(values):
        plain = factor == 1.0 and not inverted and shared
        voxels[k] = v if plain else np.rint((low + high - v if inverted else v * 1.0) * factor)
    return voxels, _window(slices, scales, shared, factor, low + high if inverted else None), notes


def _window(
    slices: Sequence[Slice],
    scales: set[tuple[float, float]],
    shared: bool,
    factor: float,
    turned: float | None,
) -> tuple[float, float] | None:
    given = [one.frame.window for one in slices if one.frame.window is not None]
    if not given:
        return None
    centre, width = (float(value) for value in np.median(np.array(given), axis=0))
    if shared:
        slope, intercept = min(scales)
        centre, width = (centre - intercept) / slope, width / slope
    centre = centre if turned is None else turned - centre
    return centre * factor, width * factor


def by_study(files: Sequence[SpooledFile]) -> dict[str, list[SpooledFile]]:
    """Files by their study."""
    studies: dict[str, list[SpooledFile]] = {}
    for file in files:
        studies.setdefault(file.record.study, []).append(file)
    return studies
