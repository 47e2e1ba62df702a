"""A whole synthetic study: three series with masks, points, measurements and grades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from lss_core.domain import (
    Condition,
    ForamenStructure,
    Grade,
    Level,
    Point,
    SagittalStructure,
    SeriesRole,
    Site,
    Structure,
)
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.phantom.acquire import Stack, axial_stack, bias_field, finish, sagittal_stack
from lss_core.phantom.anatomy import Anatomy
from lss_core.phantom.canal import draw_spine
from lss_core.phantom.canvas import Canvas, Noise
from lss_core.phantom.foramen import shape_foramina
from lss_core.phantom.frames import Array, Plane
from lss_core.phantom.labels import axial_masks, foramen_masks, sagittal_masks
from lss_core.phantom.patient import draw_anatomy, draw_severities
from lss_core.phantom.surroundings import draw_body, marble
from lss_core.phantom.tissue import Contrast, draw_contrast, fat_share
from lss_core.phantom.truth import Truth, find_truth

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class PhantomOptions:
    """What may be chosen; what is None is drawn from the seed.

    severities: from 0 to 1 for sites that shall have a given one.
    severity_scale: multiplies the severity of all sites.
    sub_slices: thin planes averaged over a slice's thickness, an odd number.
    only_foramina: draws no axial series, and of the sagittal ones the slices beside a foramen alone; a
        third of the time.
    """

    severities: Mapping[Site, float] = field(default_factory=dict)
    severity_scale: float = 1.0
    fat_suppressed: bool | None = None
    sagittal_slices: int | None = None
    sagittal_pixels: int | None = None
    axial_pixels: int | None = None
    sub_slices: int = 3
    only_foramina: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class PhantomStudy:
    """A synthetic study and its truth.

    series: int16 volumes, 0 to 4095. masks: of the same grids, axial by Structure, sagittal by
    SagittalStructure. canal_points_mm: the middle of the sac at each disc. site_points_mm,
    measurements (units in the names) and grades: of the 25 sites. numbering_note says when the
    vertebral numbering is unusual.
    """

    seed: int
    series: Mapping[SeriesRole, Volume]
    masks: Mapping[SeriesRole, MaskStack]
    canal_points_mm: Mapping[Level, Point]
    site_points_mm: Mapping[Site, Point]
    measurements: Mapping[Site, Mapping[str, float]]
    grades: Mapping[Site, Grade]
    numbering_note: str


def make_study(seed: int, *, options: PhantomOptions = PhantomOptions()) -> PhantomStudy:
    """A study, the same for the same seed and options."""
    look, plan = np.random.default_rng([seed, 2]), np.random.default_rng([seed, 3])
    noise = Noise.draw(look)
    anatomy = shape_foramina(make_anatomy(seed, options), noise)
    fading = np.array([disc.degeneration for disc in anatomy.discs])
    suppressed = plan.random() < 0.3 if options.fat_suppressed is None else options.fat_suppressed
    kinds = ("t2_fat_suppressed" if suppressed else "t2", "t1", "t2")
    t2, t1, axial_t2 = (draw_contrast(look, kind, fading) for kind in kinds)
    sagittal = sagittal_stack(plan, anatomy, options.sagittal_slices, options.sagittal_pixels)
    axial = axial_stack(plan, anatomy, options.axial_pixels)
    shifts = plan.uniform(-1.3, 1.3, 2)
    truth: Truth = find_truth(anatomy, noise)
    if options.only_foramina:
        sites = truth.site_points_mm.items()
        places = [point for site, point in sites if site.condition is Condition.FORAMINAL]
        sagittal = sagittal.beside(np.array(places))
    images, side_masks = _draw(
        anatomy, sagittal, (t2, t1), noise, options.sub_slices, shift_px=shifts[0], sagittal=True
    )
    series, gains = {}, bias_field(look, sagittal)
    for role, image in ((SeriesRole.SAGITTAL_T1, images[1]), (SeriesRole.SAGITTAL_T2, images[0])):
        series[role] = sagittal.volume(
            finish(look, image, gains, sagittal=True, pixel_mm=sagittal.planes[0].pixel_mm)
        )
    masks = {SeriesRole.SAGITTAL_T1: side_masks, SeriesRole.SAGITTAL_T2: side_masks}
    if not options.only_foramina:
        axial_images, masks[SeriesRole.AXIAL_T2] = _draw(
            anatomy, axial, (axial_t2,), noise, options.sub_slices, shift_px=shifts[1], sagittal=False
        )
        voxels = finish(
            look, axial_images[0], bias_field(look, axial), sagittal=False, pixel_mm=axial.planes[0].pixel_mm
        )
        series[SeriesRole.AXIAL_T2] = axial.volume(voxels)
    return PhantomStudy(
        seed=seed,
        series=series,
        masks=masks,
        canal_points_mm=truth.canal_points_mm,
        site_points_mm=truth.site_points_mm,
        measurements=truth.measurements,
        grades=truth.grades,
        numbering_note=anatomy.transitional,
    )


def outline_foramina(
    seed: int, planes: Iterable[Plane], *, options: PhantomOptions = PhantomOptions()
) -> MaskStack:
    """The structures at neural foramina of the patient of a seed, as finely as planes of one shape say."""
    noise = Noise.draw(np.random.default_rng([seed, 2]))
    anatomy = shape_foramina(make_anatomy(seed, options), noise)
    drawn = [foramen_masks(draw_spine(anatomy, Canvas(plane, (), noise))) for plane in planes]
    names = [name.value for name in ForamenStructure]
    masks = {name: np.stack([each[name] for each in drawn]) for name in names}
    return MaskStack.from_masks(masks, names)


def make_anatomy(seed: int, options: PhantomOptions) -> Anatomy:
    """The patient of a seed."""
    rng = np.random.default_rng([seed, 1])
    severities = {
        site: float(np.clip(value * options.severity_scale, 0, 1))
        for site, value in draw_severities(rng).items()
    }
    return draw_anatomy(rng, {**severities, **options.severities})


def _draw(
    anatomy: Anatomy,
    stack: Stack,
    contrasts: tuple[Contrast, ...],
    noise: Noise,
    sub_slices: int,
    *,
    shift_px: float,
    sagittal: bool,
) -> tuple[Array, MaskStack]:
    """Images (contrasts, slices, rows, columns), averaged over the thickness, and the middle's masks.

    shift_px: by how many pixels fat is displaced along the frequency axis.
    """
    rows, columns = stack.planes[0].shape
    images = np.zeros((len(contrasts), len(stack.planes), rows, columns), np.float32)
    offsets = (np.arange(sub_slices) - (sub_slices - 1) / 2) * stack.thickness_mm * 0.8 / max(sub_slices, 2)
    structures = tuple(SagittalStructure) if sagittal else tuple(Structure)
    bits = np.zeros(images.shape[1:], np.uint32)
    for n, plane in enumerate(stack.planes):
        body = _draw_body(anatomy, plane, contrasts, noise)
        for offset in offsets:
            canvas = Canvas(plane.moved(float(offset)), contrasts, noise)
            canvas.images[:], canvas.labels[:], canvas.texture = body.images, body.labels, body.texture
            drawing = draw_spine(anatomy, canvas)
            images[:, n] += canvas.images / sub_slices
            if offset == 0:
                masks: Mapping[Any, Mask] = (
                    sagittal_masks(drawing, anatomy) if sagittal else axial_masks(drawing)
                )
                for number, structure in enumerate(structures):
                    bits[n] |= masks[structure].astype(np.uint32) << np.uint32(number)
                fat = uniform_filter(fat_share(canvas.labels), 3)
        images[:, n] += _moved(images[:, n] * fat, shift_px, 0 if sagittal else 1) - images[:, n] * fat
    return images, MaskStack(structures=tuple(s.value for s in structures), bits=bits)


def _draw_body(anatomy: Anatomy, plane: Plane, contrasts: tuple[Contrast, ...], noise: Noise) -> Canvas:
    """The body around the spine: drawn on every second pixel, its fine texture on all."""
    half = Plane(
        origin=plane.origin + 0.5 * (plane.row_step + plane.column_step),
        row_step=2 * plane.row_step,
        column_step=2 * plane.column_step,
        shape=((plane.shape[0] + 1) // 2, (plane.shape[1] + 1) // 2),
    )
    coarse, canvas = Canvas(half, contrasts, noise), Canvas(plane, contrasts, noise)
    draw_body(anatomy, coarse)
    rows, columns = plane.shape
    canvas.labels[:] = np.repeat(np.repeat(coarse.labels, 2, 0), 2, 1)[:rows, :columns]
    canvas.texture = noise.at(plane, plane.whole, (0.6, 0.6, 0.6))
    for n, contrast in enumerate(contrasts):
        smooth = _twice(_twice(coarse.images[n]).T).T[:rows, :columns]
        canvas.images[n] = smooth * (1 + contrast.texture[canvas.labels] * canvas.texture)
    marble(anatomy, canvas)
    return canvas


def _moved(images: Array, pixels: float, axis: int) -> Array:
    """Images (contrasts, rows, columns) moved by a fraction of a pixel along rows (0) or columns (1)."""
    whole = int(np.floor(pixels))
    rest = np.float32(pixels - whole)
    result: Array = (1 - rest) * np.roll(images, whole, axis + 1) + rest * np.roll(
        images, whole + 1, axis + 1
    )
    return result


def _twice(image: Array) -> Array:
    """Twice as many rows, interpolated."""
    padded = np.concatenate([image[:1], image, image[-1:]])
    result = np.empty((2 * len(image), image.shape[1]), np.float32)
    result[0::2] = 0.25 * padded[:-2] + 0.75 * padded[1:-1]
    result[1::2] = 0.75 * padded[1:-1] + 0.25 * padded[2:]
    return result
