"""Pieces of the Review page: what the model says of a site and what that rests on."""

from __future__ import annotations

from lss_core.domain import Grade, Probabilities, SiteFinding
from lss_core.ui.html import escape, table, write

STREAM_NAMES = {"measurement": "Measurement stream", "classification": "Image stream"}
UNITS = {"mm": "mm", "mm2": "mm²"}
NO_SITE = '<p class="lss-muted">Choose a site in the grid to see what its grade rests on.</p>'


def show_evidence(finding: SiteFinding | None) -> None:
    """The grade of a site, the probabilities of both streams and of their ensemble, measurements."""
    if finding is None:
        write(NO_SITE)
        return
    write(
        f'<div class="lss-evidence"><section>{_verdict(finding)}</section>'
        f"<section>{_probabilities(finding)}</section><section>{_measurements(finding)}</section></div>"
    )


def measurement_words(name: str) -> tuple[str, str]:
    """A measurement's name as a page shows it and its unit: ('Sac area', 'mm²')."""
    words, _, unit = name.rpartition("_")
    if unit not in UNITS:
        words, unit = name, ""
    shown = " ".join("AP" if word == "ap" else word for word in words.split("_"))
    return shown[:1].upper() + shown[1:], UNITS.get(unit, "")


def _verdict(finding: SiteFinding) -> str:
    if finding.grade is not None:
        said = f"{finding.grade.value} {finding.grade.name.lower()}"
        css = f"lss-grade lss-grade-{finding.grade.value}"
    else:
        said = "Not gradable: " + (finding.not_gradable.label if finding.not_gradable else "")
        css = "lss-grade"
    where = ""
    if finding.series is not None and finding.instance_number is not None:
        where = f"{finding.series.label}, image {finding.instance_number}"
    lines = "".join(f'<p class="lss-muted">{escape(line)}</p>' for line in (where, finding.note) if line)
    return f'<h3>{escape(finding.site.label)}</h3><p class="{css}">{escape(said)}</p>{lines}'


def _probabilities(finding: SiteFinding) -> str:
    if finding.probabilities is None:
        return ""
    rows: list[tuple[str, Probabilities]] = [("Together", finding.probabilities)]
    rows += [(STREAM_NAMES.get(name, name), values) for name, values in finding.streams.items()]
    head = ["Probability of", *(f"{grade.value} {grade.name.lower()}" for grade in Grade)]
    cells = [[name, *(f"{value:.2f}" for value in values)] for name, values in rows]
    return table(head, cells, numbers=range(1, 5))


def _measurements(finding: SiteFinding) -> str:
    if not finding.measurements:
        return '<p class="lss-muted">No measurement at this site.</p>'
    cells = []
    for name, value in finding.measurements.items():
        words, unit = measurement_words(name)
        cells.append([words, f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}", unit])
    return table(["Measurement", "Value", "Unit"], cells, numbers=[1])
