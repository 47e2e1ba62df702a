"""The whole model: series in, 25 findings with their evidence out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock

import structlog
import torch

from lss_core.domain import (
    LEVELS,
    SITES,
    Condition,
    Probabilities,
    Progress,
    SeriesRole,
    Side,
    Site,
    SiteFinding,
    StudyFindings,
    silent,
)
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.alignment import measure_whole
from lss_core.measure.axial import Measurements
from lss_core.measure.spread import Spread, spreads
from lss_core.measure.study import Study
from lss_core.texts import later
from lss_core.vision import crops
from lss_core.vision.bundle import Bundle
from lss_core.vision.classify import Classifier, make_classifier
from lss_core.vision.ensemble import CLASSIFICATION, MEASUREMENT, Ensemble, ensemble_of, median_grade
from lss_core.vision.explain import Explanation, explained
from lss_core.vision.fitness import judged
from lss_core.vision.foramen_outlines import NETWORK as FORAMEN
from lss_core.vision.foramen_outlines import with_foramina
from lss_core.vision.locate import Places, axial_slice, locate
from lss_core.vision.running import CpuEngine, Processor, processor_named
from lss_core.vision.segment import AS_IT_IS, VARIATIONS, Segmenter, Variation, make_segmenter
from lss_core.vision.sites import Obstacle, View, pictured, view_of

SEGMENTED = {
    SeriesRole.SAGITTAL_T2: "sagittal",
    SeriesRole.SAGITTAL_T1: "sagittal",
    SeriesRole.AXIAL_T2: "axial",
}
"""The series that are used, in this order, and the network that outlines each."""

SERIES_AT_ONCE = 2

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Graded:
    """What the model says of a case, the masks it rests on, and the pictures its classifiers saw."""

    findings: StudyFindings
    masks: Mapping[SeriesRole, MaskStack]
    pictures: Mapping[Site, list[crops.Image]]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What both streams rest on: the study outlined and located, and where each site is seen."""

    study: Study
    views: Mapping[Site, View | Obstacle]


class Engine:
    """A bundle on a device: cpu, cuda, or auto (CUDA where there is one).

    cpu_engine: what runs its networks on a CPU. compiled: the folder that keeps networks
    compiled for this machine; None keeps none. variations: how many of VARIATIONS are outlined
    besides, for the spread of measurements.

    Raises BundleError when the bundle does not hold the whole chain, SettingsError when the
    device is not there. A GPU that runs out of memory gives way to the CPU, once and for all.
    """

    def __init__(
        self,
        bundle: Bundle,
        device: str = "auto",
        *,
        cpu_engine: CpuEngine = "auto",
        compiled: Path | None = None,
        variations: int = 0,
    ) -> None:
        self.bundle = bundle
        self.variations = VARIATIONS[:variations]
        self._on_cpu = partial(processor_named, "cpu", cpu_engine, compiled)
        self._load(processor_named(device, cpu_engine, compiled))

    def _load(self, processor: Processor) -> None:
        self.processor = processor
        self._segmenters: dict[str, Segmenter] = {
            name: make_segmenter(self.bundle, name, processor) for name in segmenting(self.bundle)
        }
        self._classifier: Classifier = make_classifier(self.bundle, processor)
        self._ensemble: Ensemble = ensemble_of(self.bundle)

    def grade(self, series: Mapping[SeriesRole, Volume], *, progress: Progress = silent) -> Graded:
        """Grade a case. A site that cannot be graded says why; it never has a guess."""
        try:
            return self._grade(series, progress)
        except torch.OutOfMemoryError:
            if self.processor.device.type == "cpu":
                raise
            _log.warning("GPU out of memory, going on with the CPU")
            torch.cuda.empty_cache()
            self._load(self._on_cpu())
            return self._grade(series, progress)

    def _grade(self, series: Mapping[SeriesRole, Volume], progress: Progress) -> Graded:
        started = time.monotonic()
        part = 0.85 / (1 + len(self.variations))
        seen = self.see(series, progress=within(progress, 0.0, part))
        varied = [
            _varied(seen.study, self._segmenters, variation, progress=within(progress, part * done, part))
            for done, variation in enumerate(self.variations, 1)
        ]
        progress(0.87, later("Measuring"))
        measured = measure_whole(seen.study)
        spread = spreads(seen.study, measured, varied)
        progress(0.9, later("Classifying"))
        pictures = self.pictures(seen)
        classified = self._classifier(pictures)
        sites = tuple(
            self._finding(site, seen, measured[site], spread[site], classified.get(site)) for site in SITES
        )
        findings = StudyFindings(
            levels=dict(seen.study.canal_points_mm),
            sites=sites,
            bundle=self.bundle.label,
            seconds=time.monotonic() - started,
        )
        progress(1.0, later("Graded"))
        return Graded(findings=findings, masks=seen.study.masks, pictures=pictures)

    def explain(self, graded: Graded) -> dict[Site, Explanation]:
        """What the classifiers saw of each site that has been graded, and where they looked."""
        return explained(self.bundle, self._classifier.preprocessing, self.processor.device, graded.pictures)

    def see(self, series: Mapping[SeriesRole, Volume], *, progress: Progress = silent) -> Seen:
        """Outline and locate: the part of the chain that comes before both streams."""
        study, places = outlined(series, self._segmenters, progress=progress)
        views = {site: view_of(site, study, places.missing, places.reasons) for site in SITES}
        return Seen(study=study, views=judged(views, study))

    def pictures(self, seen: Seen) -> dict[Site, list[crops.Image]]:
        """What the classification stream looks at; a central site is seen from both sides."""
        made: dict[Site, list[crops.Image]] = {}
        for site, view in pictured(seen.views).items():
            sides = list(Side) if site.side is None else [site.side]
            made[site] = [
                picture(
                    seen.study, site, view, side,
                    pixels=self._classifier.preprocessing.pixels,
                    margin=self._classifier.preprocessing.margin,
                )
                for side in sides
            ]  # fmt: skip
        return made

    def _finding(
        self,
        site: Site,
        seen: Seen,
        measured: Measurements,
        spreads: Mapping[str, Spread],
        classified: Probabilities | None,
    ) -> SiteFinding:
        view = seen.views[site]
        if isinstance(view, Obstacle):
            return SiteFinding(site=site, not_gradable=view.reason, note=view.note)
        combination = self._ensemble.conditions[site.condition]
        said = {
            MEASUREMENT: combination.measurement.probabilities(measured),
            CLASSIFICATION: classified,
        }
        streams = {name: answer for name, answer in said.items() if answer is not None}
        probabilities = combination.combined(streams)
        assert probabilities is not None, "a site with a view has been classified"
        return SiteFinding(
            site=site,
            grade=median_grade(probabilities),
            probabilities=probabilities,
            series=view.role,
            slice_index=view.slice_index,
            instance_number=seen.study.series[view.role].instance_numbers[view.slice_index],
            point_mm=view.point_mm,
            measurements=measured,
            spreads={name: spread.deviation for name, spread in spreads.items() if name in measured},
            streams=streams,
        )


def within(progress: Progress, begun: float, part: float) -> Progress:
    """The progress of a part of the work, from `begun` on, told as progress of the whole."""
    return lambda share, what: progress(begun + part * share, what)


def outlined(
    series: Mapping[SeriesRole, Volume], segmenters: Mapping[str, Segmenter], *, progress: Progress = silent
) -> tuple[Study, Places]:
    """The series that are used with their outlines and levels, and where these are."""
    used = {role: series[role] for role in SEGMENTED if role in series}
    masks = _masks(used, segmenters, progress=progress)
    places = locate(used, masks)
    axial = used.get(SeriesRole.AXIAL_T2)
    chosen = {} if axial is None else {level: axial_slice(axial, level, places) for level in LEVELS}
    study = Study(
        series=used,
        masks=masks,
        canal_points_mm=places.canal_points_mm,
        site_points_mm=places.foramen_points_mm,
        axial_slices={level: index for level, index in chosen.items() if index is not None},
    )
    if FORAMEN in segmenters:
        study = with_foramina(study, segmenters[FORAMEN])
    return study, places


def segmenting(bundle: Bundle) -> list[str]:
    """The segmentation networks of a bundle; only that of the foramina may be missing."""
    own = [FORAMEN] if FORAMEN in bundle.card.networks else []
    return [*dict.fromkeys(SEGMENTED.values()), *own]


def _varied(
    study: Study, segmenters: Mapping[str, Segmenter], variation: Variation, *, progress: Progress
) -> Study:
    """A located study with the outlines of a variation."""
    found = replace(study, masks=_masks(study.series, segmenters, variation=variation, progress=progress))
    if FORAMEN not in segmenters:
        return found
    return with_foramina(found, segmenters[FORAMEN], variation=variation)


def _masks(
    series: Mapping[SeriesRole, Volume],
    segmenters: Mapping[str, Segmenter],
    *,
    variation: Variation = AS_IT_IS,
    progress: Progress = silent,
) -> dict[SeriesRole, MaskStack]:
    """The outlines of each series. While one is resampled and checked, which takes one core, the
    network has the others for the next.
    """
    shares = dict.fromkeys(series, 0.0)
    lock = Lock()

    def segmented(role: SeriesRole) -> MaskStack:
        def tell(share: float, what: str) -> None:
            with lock:
                shares[role] = share
                progress(sum(shares.values()) / len(shares), what)

        return segmenters[SEGMENTED[role]](series[role], variation=variation, progress=tell)

    with ThreadPoolExecutor(SERIES_AT_ONCE) as pool:
        return dict(zip(series, pool.map(segmented, series), strict=True))


def picture(
    study: Study, site: Site, view: View, side: Side, *, pixels: int, margin: float, widened: float = 1.0
) -> crops.Image:
    """(3, pixels, pixels) of a site as sampled, seen from a side; `widened` enlarges the window."""
    volume = study.series[view.role]
    if site.condition is Condition.FORAMINAL:
        window = crops.foramen_window(volume, view.slice_index, view.point_mm)
        return crops.foramen_picture(study.series, window.widened(widened), pixels)
    point, masks = study.canal_points_mm[site.level], study.masks[view.role]
    window = crops.axial_window(volume, masks, view.slice_index, point, side, margin=margin)
    return crops.axial_picture(volume, view.slice_index, window.widened(widened), pixels)
