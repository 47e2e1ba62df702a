"""Why a site was graded so, from its measurements: against cut-offs, and against the own other levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lss_core.domain import SITES, Condition, Site, StudyFindings
from lss_core.measure.quantities import QUANTITIES, CutOff, Quantity
from lss_core.texts import _, percent

All = Mapping[Site, Mapping[str, float]]
"""The measurements of a study's sites."""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A measurement of a site: which cut-offs it crosses, and its ratio to the patient's own.

    name: in QUANTITIES. crossed: the worst first. own_ratio: the value over the median of the
    same quantity at the patient's other sites of the condition; None where it is not measured
    elsewhere, or where a ratio says nothing (angles, positions, ratios).
    """

    name: str
    quantity: Quantity
    value: float
    crossed: tuple[CutOff, ...]
    own_ratio: float | None

    @property
    def in_words(self) -> str:
        """'Sac area 62 mm², below 75: severe'."""
        said = f"{self.quantity.label} {self.quantity.in_words(self.value)}"
        if not self.crossed:
            return said
        worst = self.crossed[0]
        return f"{said}, {worst.worse} {self.quantity.in_words(worst.limit)}: {worst.means}"


def measured_of(findings: StudyFindings) -> dict[Site, Mapping[str, float]]:
    """The measurements of a model's findings, by site."""
    return {found.site: found.measurements for found in findings.sites}


def assessed(site: Site, measured: All) -> tuple[Assessment, ...]:
    """Each measurement of a site that the table knows, in the table's order."""
    own = measured.get(site, {})
    return tuple(
        Assessment(
            name=name,
            quantity=quantity,
            value=own[name],
            crossed=tuple(cut for cut in quantity.cut_offs if cut.crossed(own[name])),
            own_ratio=_own_ratio(name, quantity, site, measured),
        )
        for name, quantity in QUANTITIES.items()
        if name in own
    )


def explained(site: Site, measured: All) -> str:
    """The measurements that speak for a site's grade, in the language's words; '' where none was made.

    'sac 62 mm², 48 % of the neighbours; 51 % of the own normal; posterior fat gone'.
    """
    own = measured.get(site, {})
    said = {
        Condition.CENTRAL: _central,
        Condition.LATERAL_RECESS: _recess,
        Condition.FORAMINAL: _foramen,
    }[site.condition](own, site, measured)
    return "; ".join(said)


def _central(own: Mapping[str, float], site: Site, measured: All) -> list[str]:
    said = []
    if "sac_area_mm2" in own:
        area = _words("sac_area_mm2", own)
        if "sac_neighbour_ratio" in own:
            share = percent(own["sac_neighbour_ratio"])
            said.append(_("sac {area}, {share} of the neighbours", area=area, share=share))
        else:
            said.append(_("sac {area}", area=area))
    if "sac_area_ratio" in own:
        said.append(_("{share} of the own normal", share=percent(own["sac_area_ratio"])))
    if _crossed("posterior_fat_mm", own) and _crossed("sac_area_ratio", own):
        said.append(_("posterior fat gone"))
    if _crossed("canal_ap_mm", own):
        said.append(_("canal {length} from front to back", length=_words("canal_ap_mm", own)))
    if own.get("herniation_depth_mm", 0) > 0:
        said.append(_("herniation {length} deep", length=_words("herniation_depth_mm", own)))
    if _crossed("flavum_thickness_mm", own):
        said.append(_("ligamentum flavum {length} thick", length=_words("flavum_thickness_mm", own)))
    return said


def _recess(own: Mapping[str, float], site: Site, measured: All) -> list[str]:
    said = []
    if "recess_height_mm" in own:
        gone = own["recess_height_mm"] == 0
        other = measured.get(site.mirrored, {}).get("recess_height_mm")
        height = _words("recess_height_mm", own)
        said.append(_("recess gone") if gone else _("recess {length} high", length=height))
        if other is not None:
            there = QUANTITIES["recess_height_mm"].in_words(other)
            said[-1] += _(", {length} on the other side", length=there)
    if own.get("herniation_area_mm2", 0) > 0:
        said.append(_("herniation of {area} on this side", area=_words("herniation_area_mm2", own)))
    if _crossed("flavum_thickness_mm", own):
        said.append(_("ligamentum flavum {length} thick", length=_words("flavum_thickness_mm", own)))
    return said


def _foramen(own: Mapping[str, float], site: Site, measured: All) -> list[str]:
    if own.get("foramen_area_mm2") == 0:
        return [_("foramen closed")]
    said = []
    if "foramen_height_mm" in own:
        said.append(_("foramen {length} high", length=_words("foramen_height_mm", own)))
    if "foramen_width_mm" in own:
        said.append(_("{length} wide", length=_words("foramen_width_mm", own)))
    if "foramen_room_mm2" in own:
        ratio = _own_ratio("foramen_room_mm2", QUANTITIES["foramen_room_mm2"], site, measured)
        share = "" if ratio is None else _(", {share} of the other foramina", share=percent(ratio))
        said.append(_("room for the root {area}", area=_words("foramen_room_mm2", own)) + share)
    if "foramen_fat_mm2" in own:
        said.append(_("fat {area}", area=_words("foramen_fat_mm2", own)))
    if _crossed("posterior_disc_height_mm", own):
        said.append(_("disc {length} high at the back", length=_words("posterior_disc_height_mm", own)))
    return said


def _own_ratio(name: str, quantity: Quantity, site: Site, measured: All) -> float | None:
    """A value over the median of the same quantity at the patient's other sites of the condition."""
    if quantity.unit not in ("mm", "mm²") or name in SIGNED:
        return None
    others = [
        measured[other][name]
        for other in SITES
        if other.condition is site.condition and other != site and name in measured.get(other, {})
    ]
    normal = float(np.median(others)) if others else 0.0
    return measured[site][name] / normal if normal > 0 else None


SIGNED = {"herniation_offset_mm", "listhesis_mm"}
"""Quantities whose 0 is a place and not a lack: no ratio can be made of them."""


def _crossed(name: str, own: Mapping[str, float]) -> bool:
    return name in own and any(cut.crossed(own[name]) for cut in QUANTITIES[name].cut_offs)


def _words(name: str, own: Mapping[str, float]) -> str:
    return QUANTITIES[name].in_words(own[name])
