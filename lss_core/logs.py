"""Structured logs: one JSON object a line on standard error, never patient data."""

from __future__ import annotations

import logging
import sys

import structlog

from lss_core.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send this process's events at or above the level set, as JSON, to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
