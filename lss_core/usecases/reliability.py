"""The reliability of a bundle's probabilities as a figure beside its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lss_core.domain import Condition
from lss_core.reports.draw.reliability import reliability_panels
from lss_core.reports.texts import Texts
from lss_core.reports.values import CalibrationPart
from lss_core.stats.probabilities import ReliabilityBin
from lss_core.texts import Language
from lss_core.vision.bundle import Bundle
from lss_core.vision.train.chain import APART

FILE = "reliability.svg"


def draw_reliability(bundle: Bundle) -> None:
    """Draw what the card says of the studies kept apart, a panel a condition; nothing where it is silent."""
    texts = Texts(language=Language.ENGLISH)
    judged: Any = bundle.card.results.get(APART, {})
    panels = [
        (texts(condition.label), _calibration(bundle.label, judged[condition]))
        for condition in Condition
        if judged.get(condition, {}).get("reliability")
    ]
    if panels:
        svg, _ = reliability_panels(panels, texts)
        (bundle.folder / FILE).write_text(svg, encoding="utf-8")


def _calibration(model: str, told: Mapping[str, Any]) -> CalibrationPart:
    bins = tuple(
        ReliabilityBin(
            low=one["mean"], high=one["mean"], n=one["n"], mean_probability=one["mean"],
            share=one["observed"], observed=None,
        )
        for one in told["reliability"]
    )  # fmt: skip
    return CalibrationPart(
        model=model, bins=bins, scores=(), sites=told["sites"], graded=told["gradable"], others=()
    )
