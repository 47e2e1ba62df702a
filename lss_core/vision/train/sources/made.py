"""The sources of a configuration."""

from __future__ import annotations

from lss_core.vision.train.data_config import (
    AxialLabelsData,
    Data,
    GradesData,
    PhantomData,
    RsnaData,
    SpiderData,
)
from lss_core.vision.train.sources.axial_labels import AxialLabels
from lss_core.vision.train.sources.base import Source, StudyReader
from lss_core.vision.train.sources.grades import Grades
from lss_core.vision.train.sources.phantom import Phantoms
from lss_core.vision.train.sources.rsna import Rsna
from lss_core.vision.train.sources.spider import Spider, SpiderSlices


def source_of(data: Data, reader: StudyReader) -> Source:
    """What reads an entry of the configuration."""
    if isinstance(data, PhantomData):
        return Phantoms(data)
    if isinstance(data, RsnaData):
        return Rsna(data, reader)
    if isinstance(data, GradesData):
        return Grades(data, reader)
    if isinstance(data, SpiderData):
        return Spider(data)
    return AxialLabels(data) if isinstance(data, AxialLabelsData) else SpiderSlices(data)
