"""Synthetic lumbar MRI studies whose anatomy, masks, measurements and grades are known."""

from lss_core.phantom.study import PhantomOptions, PhantomStudy, make_study

__all__ = ["PhantomOptions", "PhantomStudy", "make_study"]
