"""A study's protocol: who grades what, how and when, as plain values that can be locked by their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lss_core.domain import SITES, Condition, Grade, Site
from lss_core.errors import ProtocolError
from lss_core.texts import later

LONGEST_NAME = 40
WASH_OUT_DAYS = 28
SEED_LIMIT = 2**63


class ArmKind(StrEnum):
    """What a reader is shown of the model: nothing, its grades at once, or those after his own are locked."""

    UNAIDED = "unaided"
    AIDED = "aided"
    SEQUENTIAL = "sequential"


class AssignmentKind(StrEnum):
    """What an assigned read is for: practice with feedback, the analysis, or a repeat for the analysis."""

    TRAINING = "training"
    TEST = "test"
    REPEAT = "repeat"


class Design(StrEnum):
    """Whether every reader reads every case, or groups of readers read groups of cases."""

    FULLY_CROSSED = "fully_crossed"
    SPLIT_PLOT = "split_plot"


class ReferenceSource(StrEnum):
    """Who makes the reference: a panel that does not read, the readers themselves, or somebody outside."""

    PANEL = "panel"
    READERS = "readers"
    EXTERNAL = "external"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A reading condition. Its name is what reads and results carry."""

    name: str
    kind: ArmKind

    @property
    def stages(self) -> tuple[str, ...]:
        """The arms its reads are stored under: a sequential one makes two, before and with the model."""
        if self.kind is ArmKind.SEQUENTIAL:
            return f"{self.name}: before", f"{self.name}: with model"
        return (self.name,)


PANEL_ARM = Arm(name="panel", kind=ArmKind.UNAIDED)
"""How those read who make the reference as a panel."""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked beyond the grade: a binary call, a score of 0 to 100, a comment, the image quality."""

    call: bool = False
    score: bool = False
    comment: bool = True
    image_quality: bool = False


Scheme = Mapping[Condition, Mapping[Grade, str]]
"""What each grade of each condition means, as readers are shown it."""

SCHEME: Scheme = {
    Condition.CENTRAL: {
        Grade.NONE: later("The dural sac has its normal size; cerebrospinal fluid lies around the roots"),
        Grade.MILD: later("Up to a third of the sac's normal area is lost"),
        Grade.MODERATE: later("A third to two thirds of the sac's normal area are lost"),
        Grade.SEVERE: later("More than two thirds of the sac's normal area are lost"),
    },
    Condition.LATERAL_RECESS: {
        Grade.NONE: later("The recess is wide; the root lies free"),
        Grade.MILD: later("The recess is narrowed; the root is not touched"),
        Grade.MODERATE: later("The root is touched or displaced; some room is left"),
        Grade.SEVERE: later("The root is compressed; no room is left"),
    },
    Condition.FORAMINAL: {
        Grade.NONE: later("Fat surrounds the root on all sides"),
        Grade.MILD: later("Fat is lost on two opposite sides; the root keeps its form"),
        Grade.MODERATE: later("Fat is lost on all sides; the root keeps its form"),
        Grade.SEVERE: later("The root is compressed or deformed"),
    },
}
"""The scheme by default. Central: shares of the normal size after Lurie et al., Spine 2008;
33(14):1605-1610. Foraminal: Lee et al., AJR 2010; 194(4):1095-1098. Lateral recess: after Bartynski and
Lin, AJNR 2003; 24(3):348-360."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a study does. `training_cases` are read first, with feedback, and never analysed.

    Each reader reads each of his cases once in every arm, in as many sessions as there are arms, at least
    `wash_out_days` apart; with `repeat_share` above 0 one more session repeats that share of his cases. In a
    split-plot design readers and cases are divided into `groups`. `seed` draws the reading order.
    Raises ProtocolError for what no study can do.
    """

    sites: tuple[Site, ...] = SITES
    scheme: Scheme = field(default_factory=lambda: SCHEME)
    questions: Questions = Questions()
    arms: tuple[Arm, ...] = (Arm(name="unaided", kind=ArmKind.UNAIDED),)
    wash_out_days: int = WASH_OUT_DAYS
    design: Design = Design.FULLY_CROSSED
    groups: int = 1
    repeat_share: float = 0.0
    training_cases: tuple[str, ...] = ()
    reference: ReferenceSource = ReferenceSource.READERS
    seed: int = 0

    def __post_init__(self) -> None:
        _check(bool(self.sites) and len(set(self.sites)) == len(self.sites), "sites", "name each site once")
        names = [stage for arm in self.arms for stage in arm.stages]
        _check(bool(names), "arms", "name at least one")
        taken = [*names, PANEL_ARM.name]
        _check(
            len({name.casefold() for name in taken}) == len(taken),
            "arms",
            f"give each its own name, other than '{PANEL_ARM.name}'",
        )
        for name in names:
            _check(0 < len(name.strip()) <= LONGEST_NAME, "arms", f"names have 1 to {LONGEST_NAME} letters")
        _check(0 <= self.wash_out_days <= 3650, "wash_out_days", "use 0 to 3650 days")
        _check(0 <= self.repeat_share <= 1, "repeat_share", "use a share of 0 to 1")
        _check(0 <= self.seed < SEED_LIMIT, "seed", "use a whole number of 0 or more")
        crossed = self.design is Design.FULLY_CROSSED
        _check(self.groups == 1 if crossed else self.groups >= 2, "groups", "use 1, split-plot 2 or more")
        _check(
            len(set(self.training_cases)) == len(self.training_cases), "training_cases", "name each case once"
        )

    @property
    def sessions(self) -> int:
        """How many sessions a reader has: one an arm, and one of repeats."""
        return len(self.arms) + (self.repeat_share > 0)

    def arm(self, name: str) -> Arm:
        """The arm of this name; the panel's too, which is none of `arms`. Raises ProtocolError."""
        for arm in (*self.arms, PANEL_ARM):
            if arm.name == name:
                return arm
        raise ProtocolError("arms", reason=f"there is no arm '{name}'", remedy="Name one of the protocol's")


def as_document(protocol: Protocol) -> dict[str, Any]:
    """The protocol as JSON can hold it; `from_document` gives the same one back."""
    return {
        "sites": [site.key for site in protocol.sites],
        "scheme": {
            condition.value: {str(int(grade)): text for grade, text in grades.items()}
            for condition, grades in protocol.scheme.items()
        },
        "questions": {
            "call": protocol.questions.call,
            "score": protocol.questions.score,
            "comment": protocol.questions.comment,
            "image_quality": protocol.questions.image_quality,
        },
        "arms": [{"name": arm.name, "kind": arm.kind.value} for arm in protocol.arms],
        "wash_out_days": protocol.wash_out_days,
        "design": protocol.design.value,
        "groups": protocol.groups,
        "repeat_share": protocol.repeat_share,
        "training_cases": list(protocol.training_cases),
        "reference": protocol.reference.value,
        "seed": protocol.seed,
    }


def from_document(document: Mapping[str, Any]) -> Protocol:
    """The protocol of a document; what it does not name has its default.

    Raises ProtocolError for a key that is not known, and for a value that is none of its kind.
    """
    unknown = sorted(document.keys() - as_document(Protocol()).keys())
    if unknown:
        raise ProtocolError(unknown[0], reason="a protocol has no such part", remedy="Correct its name")
    given = dict(document)
    for part, read in _READERS.items():
        if part in given:
            given[part] = _read_part(part, read, given[part])
    return Protocol(**given)


def sha256(protocol: Protocol) -> str:
    """The hash of the protocol's document in canonical JSON (sorted keys, no spaces, UTF-8)."""
    text = json.dumps(as_document(protocol), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _scheme(given: Mapping[str, Mapping[str, str]]) -> Scheme:
    own = {
        Condition(condition): {Grade(int(grade)): str(text) for grade, text in grades.items()}
        for condition, grades in given.items()
    }
    return {condition: {**texts, **own.get(condition, {})} for condition, texts in SCHEME.items()}


def _exactly(kind: type) -> Any:
    def read(given: Any) -> Any:
        if type(given) is not kind:
            raise ValueError(given)
        return given

    return read


def _share(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError(given)
    return float(given)


def _questions(given: Mapping[str, Any]) -> Questions:
    return Questions(**{name: _exactly(bool)(value) for name, value in given.items()})


_READERS: dict[str, Any] = {
    "sites": lambda given: tuple(Site.parse(key) for key in given),
    "scheme": _scheme,
    "questions": _questions,
    "arms": lambda given: tuple(Arm(name=str(arm["name"]), kind=ArmKind(arm["kind"])) for arm in given),
    "wash_out_days": _exactly(int),
    "design": Design,
    "groups": _exactly(int),
    "repeat_share": _share,
    "training_cases": lambda given: tuple(str(case) for case in given),
    "reference": ReferenceSource,
    "seed": _exactly(int),
}


def _read_part(part: str, read: Any, given: Any) -> Any:
    try:
        return read(given)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = (
            f"'{given}' is not understood" if isinstance(given, str | int | float) else "it is not understood"
        )
        raise ProtocolError(part, reason=reason, remedy="See docs/protocol.md for what it may be") from error


def _check(holds: bool, part: str, remedy: str) -> None:
    if not holds:
        raise ProtocolError(part, reason="its value does not fit", remedy=remedy[:1].upper() + remedy[1:])
