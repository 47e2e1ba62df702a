"""Masks of the structures from the labels of a drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import SagittalStructure, Structure
from lss_core.phantom.anatomy import Anatomy
from lss_core.phantom.canal import Drawing
from lss_core.phantom.tissue import Tissue as T

Mask = NDArray[np.bool_]

_SAC = (T.DURA, T.CSF, T.CORD, T.CAUDA)
_AXIAL = {
    Structure.DISC: (T.DISC, T.NUCLEUS, T.HERNIATION),
    Structure.DURAL_SAC: _SAC,
    Structure.NERVE: (T.CORD, T.CAUDA),
    Structure.NERVE_ROOT: (T.ROOT, T.GANGLION),
    Structure.HERNIATION: (T.HERNIATION,),
    Structure.KIDNEY: (T.KIDNEY, T.KIDNEY_SINUS),
    Structure.MUSCLE: (T.MUSCLE, T.PSOAS),
    Structure.VEIN: (T.CAVA,),
    Structure.ARTERY: (T.AORTA,),
    Structure.VERTEBRAL_ARCH: (T.PEDICLE, T.LAMINA, T.TRANSVERSE, T.ARCH_CORTEX),
    Structure.SPINOUS_PROCESS: (T.SPINOUS, T.SPINOUS_CORTEX),
    Structure.FACET_JOINT: (T.JOINT,),
    Structure.ARTICULAR_PROCESS: (T.ARTICULAR, T.ARTICULAR_CORTEX),
    Structure.LIGAMENTUM_FLAVUM: (T.FLAVUM,),
}
_ARCH = (T.PEDICLE, T.LAMINA, T.TRANSVERSE, T.ARCH_CORTEX, T.SPINOUS, T.SPINOUS_CORTEX, T.ARTICULAR,
         T.ARTICULAR_CORTEX)
_SAGITTAL = {
    SagittalStructure.DISC: (T.DISC, T.NUCLEUS, T.HERNIATION),
    SagittalStructure.VERTEBRA: (T.BODY, T.BODY_CORTEX, T.BODY_VEIN, *_ARCH),
    SagittalStructure.SACRUM: (T.SACRUM, T.SACRUM_CORTEX),
    SagittalStructure.SPINAL_CANAL: _SAC,
    SagittalStructure.CORD: (T.CORD, T.CAUDA),
    SagittalStructure.POSTERIOR_LONGITUDINAL_LIGAMENT: (T.PLL,),
    SagittalStructure.SPINOUS_PROCESS: (T.SPINOUS, T.SPINOUS_CORTEX),
}


def _table(tissues: tuple[T, ...]) -> Mask:
    table = np.zeros(len(T), np.bool_)
    table[list(tissues)] = True
    return table


def axial_masks(drawing: Drawing) -> dict[Structure, Mask]:
    """Masks of all 17 structures. The canal holds the sac, roots and fat; recess and foramen their roots."""
    labels = drawing.canvas.labels
    masks = {structure: _table(tissues)[labels] for structure, tissues in _AXIAL.items()}
    return {**masks, **drawing.regions}


def sagittal_masks(drawing: Drawing, anatomy: Anatomy) -> dict[SagittalStructure, Mask]:
    """Masks of all 7 structures; the arch of sacral vertebrae counts to the sacrum."""
    labels = drawing.canvas.labels
    masks = {structure: _table(tissues)[labels] for structure, tissues in _SAGITTAL.items()}
    border = anatomy.discs[8].frame
    below = drawing.canvas.plane.along(border.origin, border.axes[2], drawing.canvas.plane.whole) < -6
    arch = _table(_ARCH)[labels] & below
    masks[SagittalStructure.SACRUM] |= arch
    masks[SagittalStructure.VERTEBRA] &= ~arch
    masks[SagittalStructure.DISC] &= ~_below_sacral(drawing, anatomy)
    return masks


def _below_sacral(drawing: Drawing, anatomy: Anatomy) -> Mask:
    """Pixels below the middle of S1: discs there are not counted."""
    frame = anatomy.vertebrae[9].frame
    result: Mask = drawing.canvas.plane.along(frame.origin, frame.axes[2], drawing.canvas.plane.whole) < 0
    return result
