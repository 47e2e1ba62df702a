"""Structured logs: one JSON object a line on standard error, never patient data."""

from __future__ import annotations

import logging
import sys

import structlog

from lss_core.settings import Settings


def configure_logs(settings: Settings, *, quiet: bool = False) -> None:
    """Send this process's events at or above the level set, as JSON, to standard error.

    quiet: warnings and errors alone where no level has been set, as beside a progress bar.
    """
    level = "WARNING" if quiet and "log_level" not in settings.model_fields_set else settings.log_level
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
