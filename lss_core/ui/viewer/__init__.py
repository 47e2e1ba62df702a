"""The viewer: pictures, and the grid of sites beside them, as one Streamlit component."""

from lss_core.ui.viewer.component import Mark, ViewerResult, viewer
from lss_core.ui.viewer.data import READER_REASONS, Command, View, ViewMode

__all__ = ["READER_REASONS", "Command", "Mark", "View", "ViewMode", "ViewerResult", "viewer"]
