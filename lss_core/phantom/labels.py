"""Masks of the structures from the labels of a drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import ForamenStructure, SagittalStructure, Structure
from lss_core.phantom.anatomy import Anatomy
from lss_core.phantom.canal import Drawing
from lss_core.phantom.canvas import any_of
from lss_core.phantom.nerves import SAC
from lss_core.phantom.tissue import Tissue

Mask = NDArray[np.bool_]

_AXIAL = {
    Structure.DISC: (Tissue.DISC, Tissue.NUCLEUS, Tissue.HERNIATION),
    Structure.DURAL_SAC: SAC,
    Structure.NERVE: (Tissue.CORD, Tissue.CAUDA),
    Structure.NERVE_ROOT: (Tissue.ROOT, Tissue.GANGLION),
    Structure.HERNIATION: (Tissue.HERNIATION,),
    Structure.KIDNEY: (Tissue.KIDNEY, Tissue.KIDNEY_SINUS),
    Structure.MUSCLE: (Tissue.MUSCLE, Tissue.PSOAS),
    Structure.VEIN: (Tissue.CAVA,),
    Structure.ARTERY: (Tissue.AORTA,),
    Structure.VERTEBRAL_ARCH: (Tissue.PEDICLE, Tissue.LAMINA, Tissue.TRANSVERSE, Tissue.ARCH_CORTEX),
    Structure.SPINOUS_PROCESS: (Tissue.SPINOUS, Tissue.SPINOUS_CORTEX),
    Structure.FACET_JOINT: (Tissue.JOINT,),
    Structure.ARTICULAR_PROCESS: (Tissue.ARTICULAR, Tissue.ARTICULAR_CORTEX),
    Structure.LIGAMENTUM_FLAVUM: (Tissue.FLAVUM,),
}
_ARCH = (
    Tissue.PEDICLE,
    Tissue.LAMINA,
    Tissue.TRANSVERSE,
    Tissue.ARCH_CORTEX,
    Tissue.SPINOUS,
    Tissue.SPINOUS_CORTEX,
    Tissue.ARTICULAR,
    Tissue.ARTICULAR_CORTEX,
)
_SAGITTAL = {
    SagittalStructure.DISC: (Tissue.DISC, Tissue.NUCLEUS, Tissue.HERNIATION),
    SagittalStructure.VERTEBRA: (Tissue.BODY, Tissue.BODY_CORTEX, Tissue.BODY_VEIN, *_ARCH),
    SagittalStructure.SACRUM: (Tissue.SACRUM, Tissue.SACRUM_CORTEX),
    SagittalStructure.SPINAL_CANAL: SAC,
    SagittalStructure.CORD: (Tissue.CORD, Tissue.CAUDA),
    SagittalStructure.POSTERIOR_LONGITUDINAL_LIGAMENT: (Tissue.PLL,),
    SagittalStructure.SPINOUS_PROCESS: (Tissue.SPINOUS, Tissue.SPINOUS_CORTEX),
}
_FORAMEN = {
    ForamenStructure.FAT: (Tissue.EPIDURAL_FAT, Tissue.PERINEURAL_FAT, Tissue.VEIN),
    ForamenStructure.NERVE: (Tissue.ROOT, Tissue.GANGLION, *SAC),
    ForamenStructure.DISC: _SAGITTAL[SagittalStructure.DISC],
    ForamenStructure.BONE: (
        *_SAGITTAL[SagittalStructure.VERTEBRA],
        *_SAGITTAL[SagittalStructure.SACRUM],
    ),
    ForamenStructure.LIGAMENT: (Tissue.FLAVUM,),
}


def axial_masks(drawing: Drawing) -> dict[Structure, Mask]:
    """Masks of all 17 structures. The canal holds the sac, roots and fat; recess and foramen their roots."""
    labels = drawing.canvas.labels
    masks = {structure: any_of(labels, tissues) for structure, tissues in _AXIAL.items()}
    return {**masks, **drawing.regions}


def foramen_masks(drawing: Drawing) -> dict[str, Mask]:
    """Masks of all 5 structures at a neural foramen."""
    return {name: any_of(drawing.canvas.labels, tissues) for name, tissues in _FORAMEN.items()}


def sagittal_masks(drawing: Drawing, anatomy: Anatomy) -> dict[SagittalStructure, Mask]:
    """Masks of all 7 structures; the arch of sacral vertebrae counts to the sacrum."""
    labels = drawing.canvas.labels
    masks = {structure: any_of(labels, tissues) for structure, tissues in _SAGITTAL.items()}
    border = anatomy.discs[8].frame
    below = drawing.canvas.plane.along(border.origin, border.axes[2], drawing.canvas.plane.whole) < -6
    arch = any_of(labels, _ARCH) & below
    masks[SagittalStructure.SACRUM] |= arch
    masks[SagittalStructure.VERTEBRA] &= ~arch
    masks[SagittalStructure.DISC] &= ~_below_sacral(drawing, anatomy)
    return masks


def _below_sacral(drawing: Drawing, anatomy: Anatomy) -> Mask:
    """Pixels below the middle of S1: discs there are not counted."""
    frame = anatomy.vertebrae[9].frame
    result: Mask = drawing.canvas.plane.along(frame.origin, frame.axes[2], drawing.canvas.plane.whole) < 0
    return result
