"""Synthetic lumbar MRI studies whose anatomy, masks, measurements and grades are known."""

from lss_core.phantom.frames import Plane
from lss_core.phantom.study import PhantomOptions, PhantomStudy, make_study, outline_foramina

__all__ = ["PhantomOptions", "PhantomStudy", "Plane", "make_study", "outline_foramina"]
