"""What one axial slice at a disc tells of its level."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import ndimage

from lss_core.domain import Side, Structure
from lss_core.errors import MeasurementError
from lss_core.measure import shapes
from lss_core.measure.planes import Section
from lss_core.measure.shapes import Mask

Measurements = dict[str, float]


def measure_axial(section: Section) -> dict[Side | None, Measurements]:
    """Everything that can be measured in an axial section, for the level (None) and each side.

    What cannot be measured is absent. Areas and lengths are perpendicular to the sac when the
    section's spacing is. For the level: `sac_area_mm2`, `sac_width_mm`, `sac_height_mm`
    (ventral-dorsal), `canal_area_mm2`, `canal_width_mm`, `canal_ap_mm` (ventral-dorsal diameter
    of the bony canal in the middle), `asymmetry_ratio` of the sac about the canal's middle,
    `herniation_width_mm`, `herniation_depth_mm`, `herniation_area_mm2` (0 where the disc is seen
    and no herniation is), `herniation_offset_mm` (its centre from the midline, left positive),
    `sac_mean` (signal over that of muscle), `sac_contrast` (standard deviation over mean of the
    signal in the sac), `flavum_thickness_mm` (the thicker side), `posterior_fat_mm` (what of the
    canal lies behind the sac). `quantities` has their sources and cut-offs.
    For a side: see `_side`.
    """
    sac = _main(section.masks[Structure.DURAL_SAC])
    canal = _main(section.masks[Structure.SPINAL_CANAL], around=sac)
    level = Measurements()
    spacing, factor = section.spacing_mm, section.area_factor
    for name, mask in (("sac", sac), ("canal", canal)):
        _add(level, f"{name}_area_mm2", partial(shapes.area_mm2, mask, spacing, cosine=factor))
        _add(level, f"{name}_width_mm", partial(shapes.width_mm, mask, spacing))
    _add(level, "sac_height_mm", partial(shapes.middle_depth_mm, sac, spacing))
    _add(level, "canal_ap_mm", partial(shapes.middle_depth_mm, canal, spacing))
    middle = _midline(sac, canal)
    if middle is None:
        return {None: level, Side.LEFT: {}, Side.RIGHT: {}}
    _add(level, "asymmetry_ratio", partial(shapes.asymmetry_ratio, sac, middle))
    _add(level, "posterior_fat_mm", partial(_posterior_fat_mm, section, sac, canal))
    level |= _herniation(section, middle) | _signal(section, sac)
    sides: dict[Side | None, Measurements] = {side: _side(section, side, middle, level) for side in Side}
    thickest = [one["flavum_thickness_mm"] for one in sides.values() if "flavum_thickness_mm" in one]
    if thickest:
        level["flavum_thickness_mm"] = max(thickest)
    return {None: level, **sides}


def half(mask: Mask, side: Side, midline_column: float) -> Mask:
    """The part of a mask on a side of the patient, in a standing axial slice."""
    columns = np.arange(mask.shape[1])
    keep = columns > midline_column if side is Side.LEFT else columns < midline_column
    part: Mask = mask & keep
    return part


def _side(section: Section, side: Side, middle: float, level: Measurements) -> Measurements:
    """`recess_height_mm` (median ventral-dorsal room of the lateral recess; 0 where it is gone,
    that is, not seen although the canal and the facet of the side are), `recess_area_mm2`,
    `flavum_thickness_mm` (largest circle inside; above 4 mm counts as thick), `facet_area_mm2`,
    `herniation_area_mm2` on the side, and `asymmetry_ratio` (positive where the sac is larger here)."""
    spacing, factor = section.spacing_mm, section.area_factor
    parts = {name: half(mask, side, middle) for name, mask in section.masks.items()}
    found = Measurements()
    recess, flavum = parts[Structure.LATERAL_RECESS], parts[Structure.LIGAMENTUM_FLAVUM]
    facet = parts[Structure.FACET_JOINT] | parts[Structure.ARTICULAR_PROCESS]
    if recess.any():
        found["recess_height_mm"] = shapes.median_depth_mm(recess, spacing)
        found["recess_area_mm2"] = shapes.area_mm2(recess, spacing, cosine=factor)
    elif facet.any() and section.masks[Structure.SPINAL_CANAL].any():
        found["recess_height_mm"] = found["recess_area_mm2"] = 0.0
    _add(found, "flavum_thickness_mm", partial(shapes.inscribed_diameter_mm, flavum, spacing))
    _add(found, "facet_area_mm2", partial(shapes.area_mm2, facet, spacing, cosine=factor))
    if "herniation_area_mm2" in level:
        pixels = float(parts[Structure.HERNIATION].sum())
        found["herniation_area_mm2"] = pixels * spacing[0] * spacing[1] * factor
    if "asymmetry_ratio" in level:
        found["asymmetry_ratio"] = level["asymmetry_ratio"] * (1 if side is Side.LEFT else -1)
    return found


def _posterior_fat_mm(section: Section, sac: Mask, canal: Mask) -> float:
    """What of the canal lies behind the sac in the middle, mean over a band of 3 mm."""
    if not canal.any() or not sac.any():
        raise MeasurementError("Canal", reason="it is not seen", remedy="Check the segmentation")
    _, centre = shapes.centroid(sac)
    columns = np.flatnonzero(sac.any(0) & canal.any(0))
    band = columns[np.abs(columns - centre) * section.spacing_mm[1] <= shapes.MIDDLE_BAND_MM / 2]
    if not len(band):
        raise MeasurementError("Sac", reason="its middle is not seen", remedy="Check the segmentation")
    last = len(sac) - 1 - sac[::-1, band].argmax(0)
    behind = np.arange(len(sac))[:, None] > last
    return float((canal[:, band] & behind).sum(0).mean()) * section.spacing_mm[0]


def _herniation(section: Section, middle: float) -> Measurements:
    herniation = section.masks[Structure.HERNIATION]
    if not herniation.any():
        names = ("herniation_width_mm", "herniation_depth_mm", "herniation_area_mm2")
        return dict.fromkeys(names, 0.0) if section.masks[Structure.DISC].any() else {}
    spacing = section.spacing_mm
    return {
        "herniation_width_mm": shapes.width_mm(herniation, spacing),
        "herniation_depth_mm": shapes.greatest_depth_mm(herniation, spacing),
        "herniation_area_mm2": shapes.area_mm2(herniation, spacing, cosine=section.area_factor),
        "herniation_offset_mm": (shapes.centroid(herniation)[1] - middle) * spacing[1],
    }


def _signal(section: Section, sac: Mask) -> Measurements:
    muscle = section.masks[Structure.MUSCLE]
    if section.image is None or not sac.any() or not muscle.any():
        return {}
    inside, outside = section.image[sac], float(section.image[muscle].mean())
    if outside <= 0 or inside.mean() <= 0:
        return {}
    return {
        "sac_mean": float(inside.mean()) / outside,
        "sac_contrast": float(inside.std() / inside.mean()),
    }


def _midline(sac: Mask, canal: Mask) -> float | None:
    for mask in (canal, sac):
        if mask.any():
            return shapes.centroid(mask)[1]
    return None


def _main(mask: Mask, around: Mask | None = None) -> Mask:
    """The connected part that holds most of another mask; the largest where none holds any of it."""
    labels, parts = ndimage.label(mask)
    if parts < 2:
        return mask
    held = labels if around is None or not (mask & around).any() else labels[around]
    main: Mask = labels == 1 + int(np.bincount(held.ravel(), minlength=parts + 1)[1:].argmax())
    return main


def _add(found: Measurements, name: str, measure: Callable[[], float]) -> None:
    try:
        found[name] = measure()
    except MeasurementError:
        return  # absent: the caller decides whether the site needs it
