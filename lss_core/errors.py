"""One tree of exceptions whose text is fit for a user and holds no patient data.

Anything else that is raised is a bug and surfaces as one.
"""

from __future__ import annotations


class LssError(Exception):
    """A refusal: what, why, and what to do about it.

    `subject` is the file, case or setting in question.
    """

    def __init__(self, subject: str, *, reason: str, remedy: str) -> None:
        super().__init__(f"{subject}: {reason}. {remedy}")
        self.subject = subject
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.subject, self.reason, self.remedy))


def _rebuild(kind: type[LssError], subject: str, reason: str, remedy: str) -> LssError:
    return kind(subject, reason=reason, remedy=remedy)


class SettingsError(LssError):
    """A setting is missing or wrong."""


class DicomError(LssError):
    """A file or a series cannot be taken."""


class GeometryError(LssError):
    """Slices do not form a volume, or a point lies outside it."""


class BundleError(LssError):
    """A bundle has no card, a wrong checksum, or does not fit the code."""


class MeasurementError(LssError):
    """A quantity cannot be measured in these masks."""


class StatisticsError(LssError):
    """A statistic is undefined for these data."""


class StoreError(LssError):
    """The database cannot do what was asked."""


class ImportRefused(StoreError):  # noqa: N818  what it says is a refusal, as all of these are
    """A file was refused whole: `lines` are its wrong lines, each with the reason."""

    def __init__(
        self, subject: str, *, reason: str, remedy: str, lines: tuple[tuple[int, str], ...] = ()
    ) -> None:
        super().__init__(subject, reason=reason, remedy=remedy)
        self.lines = lines


class NotFoundError(StoreError):
    """There is no such case, read, user or run."""


class ConflictError(StoreError):
    """The record has moved on since the caller looked at it."""


class PenError(ConflictError):
    """A read is being answered in another window."""


class AccessError(LssError):
    """The user may not do or see this, or is not signed in."""


class ProtocolError(LssError):
    """A study's protocol asks for what cannot be, or is not ready to go live."""


class TrainingError(LssError):
    """A training run's configuration, data or state cannot be used."""
