"""The role of a series: from its geometry, its timing and text, and what its images look like.

Each kind of evidence votes for a weighting; timing is what the scanner measured with and weighs
most, text is what somebody typed, content is what is there. A role is given only where the votes
agree on one; the note says what spoke for it when the votes were divided.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lss_core.dicom.content import Content, look, sac_over_front, sac_points
from lss_core.dicom.stacks import Plane
from lss_core.domain import SeriesRole
from lss_core.imaging.volume import Volume


class Weighting(StrEnum):
    """What makes the contrast of an MR image."""

    T1 = "T1"
    T2 = "T2"
    STIR = "STIR"
    ELSE = "another contrast"


ROLES = {
    (Plane.SAGITTAL, Weighting.T1): SeriesRole.SAGITTAL_T1,
    (Plane.SAGITTAL, Weighting.T2): SeriesRole.SAGITTAL_T2,
    (Plane.SAGITTAL, Weighting.STIR): SeriesRole.SAGITTAL_STIR,
    (Plane.AXIAL, Weighting.T2): SeriesRole.AXIAL_T2,
}

WORDS = ("SeriesDescription", "ProtocolName", "SequenceName", "PulseSequenceName", "AcquisitionContrast")
ELSEWHERE = (
    r"flair|fluid|dwi|diff|adc|dti|\bepi\b|t2 ?\*|medic|merge|\bpd\b|proton|myelo|ciss|fiesta|swi|perf"
)
SPOKEN = (
    (Weighting.STIR, re.compile(r"stir|tirm")),
    (Weighting.ELSE, re.compile(ELSEWHERE)),
    (Weighting.T1, re.compile(r"(?<![a-z0-9])t1|t1(?![0-9])")),
    (Weighting.T2, re.compile(r"(?<![a-z0-9])t2|t2(?![0-9])")),
)
"""What words say, the most telling first."""
LOCALISER = re.compile(r"loc(?![kh])|scout|survey|3[ -]?pl|three ?plane|calib|\bref\b|test ?bolus")
OTHER_REGION = re.compile(
    r"brain|head|neck|c[ -]?spine|cervic|t[ -]?spine|thorac|knee|\bhip|shoulder|breast|prostate|heart|card"
    r"|liver|wrist|ankle"
)
LUMBAR = re.compile(r"l[ -]?spine|lumb|lws")
UNUSABLE_KINDS = {"FAT", "OPP_PHASE", "OUT_PHASE", "P", "PHASE", "PHASE MAP", "ADC", "PROJECTION IMAGE"}
"""Image types of maps and fat images, that come beside the images to grade."""

SAC_BRIGHT = 0.26
AXIAL_SAC_BRIGHT, AXIAL_SAC_DARK = 1.8, 1.3
SAC_UNSURE = 0.03
SAC_CLEAR = 0.12
FAT_DARK = 0.8

TIMED_VOTES, SAID_VOTES, SEEN_VOTES, HINTED_VOTES = 4, 2, 3, 1

FEWEST_SLICES = 3
COARSEST_MM = 1.7
SMALLEST_SIDE_MM = 90.0
FEWEST_PART_SLICES = 8


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What a stack seems to be: its plane and weighting, None where nothing tells it.

    content: None where the stack is not for grading. timed: echo and repetition time speak for it.
    said: what its text says.
    """

    plane: Plane
    weighting: Weighting | None
    content: Content | None = None
    timed: bool = False
    said: Weighting | None = None
    notes: tuple[str, ...] = ()

    @property
    def sac(self) -> float:
        """How much the sac outshines its surroundings, 0 where that is unknown."""
        return 0.0 if self.content is None or math.isnan(self.content.sac) else self.content.sac

    @property
    def fat(self) -> float:
        """How bright the fat under the skin is, infinite where that is unknown."""
        return math.inf if self.content is None or math.isnan(self.content.fat) else self.content.fat

    @property
    def role(self) -> SeriesRole:
        """The role that plane and weighting make."""
        return (
            SeriesRole.OTHER
            if self.weighting is None
            else ROLES.get((self.plane, self.weighting), SeriesRole.OTHER)
        )


def weigh(volume: Volume, plane: Plane, texts: Mapping[str, str], *, several: bool) -> Guess:
    """What one stack seems to be. `several`: it is one of the stacks of a series."""
    words = " ".join(texts.get(name, "") for name in WORDS).lower().replace("_", " ")
    unfit = _unfit(volume, plane, words, texts, several=several)
    if unfit:
        return Guess(plane=plane, weighting=None, notes=(unfit,))
    content = look(volume, plane)
    timed, said = _timed(texts), _said(words)
    seen, votes_seen = _seen(content)
    votes: Counter[Weighting] = Counter()
    for kind, weight in ((timed, TIMED_VOTES), (said, SAID_VOTES), (seen, votes_seen)):
        if kind is not None:
            votes[Weighting.STIR if kind is Weighting.T2 and said is Weighting.STIR else kind] += weight
    if not votes:
        return Guess(plane=plane, weighting=None, content=content, notes=("nothing tells its weighting",))
    first, _ = votes.most_common(1)[0]
    against = sorted(kind.value for kind in votes if kind is not first)
    notes = (f"taken as {first.value}, though something says {' and '.join(against)}",) if against else ()
    return Guess(
        plane=plane, weighting=first, content=content, timed=timed is not None, said=said, notes=notes
    )


def _unfit(volume: Volume, plane: Plane, words: str, texts: Mapping[str, str], *, several: bool) -> str:
    """Why a stack is not for grading, '' when it may be."""
    slices, rows, columns = volume.shape
    side = min(rows * volume.spacing_mm[0], columns * volume.spacing_mm[1])
    region = f"{texts.get('BodyPartExamined', '')} {words}".lower()
    if LOCALISER.search(words) or "LOCALIZER" in texts.get("ImageType", "").upper():
        return "a localiser"
    if several and slices < FEWEST_PART_SLICES:
        return "a part of a mixed series, probably a localiser"
    if UNUSABLE_KINDS & set(texts.get("ImageType", "").upper().split("\\")):
        return "a map or a fat image"
    if OTHER_REGION.search(region) and not LUMBAR.search(region):
        return "not of the lumbar spine by its text"
    if plane is Plane.CORONAL:
        return "coronal"
    if slices < FEWEST_SLICES:
        return f"only {slices} slice{'s' if slices > 1 else ''}"
    if max(volume.spacing_mm) > COARSEST_MM or side < SMALLEST_SIDE_MM:
        return "too coarse or too small to grade"
    return ""


def _said(words: str) -> Weighting | None:
    return next((weighting for weighting, pattern in SPOKEN if pattern.search(words)), None)


def _timed(texts: Mapping[str, str]) -> Weighting | None:
    """What echo, repetition and inversion time (ms) make of it, for spin echoes at 0.2 to 3 T."""
    echo = _number(texts, "EchoTime") or _number(texts, "EffectiveEchoTime")
    repetition, inversion = _number(texts, "RepetitionTime"), _number(texts, "InversionTime")
    if repetition is None or echo is None:
        return None
    if inversion and 80 <= inversion <= 300 and repetition > 1500:
        return Weighting.STIR
    if inversion and inversion >= 600 and echo >= 60:
        return Weighting.ELSE
    if echo < 35 and (repetition < 1100 or (inversion and repetition < 3500)):
        return Weighting.T1
    if echo >= 60 and repetition >= 1200:
        return Weighting.T2
    return None


def _number(texts: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(texts.get(name, "").split("\\")[0])
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _seen(content: Content) -> tuple[Weighting | None, int]:
    """What the sac's brightness says, and how many votes it has."""
    above = content.sac - SAC_BRIGHT
    if math.isnan(above) or abs(above) < SAC_UNSURE:
        return None, 0
    votes = SEEN_VOTES if abs(above) > SAC_CLEAR else HINTED_VOTES
    return (Weighting.T2 if above > 0 else Weighting.T1), votes


def settle(guesses: Sequence[Guess], volumes: Sequence[Volume]) -> list[Guess]:
    """The guesses of a study's stacks in the light of each other.

    Where two sagittal series look alike and the text of one alone agrees, the other is what its own
    text says. Of two sagittal T2 the one with dark fat is the STIR. The sac where it is bright on a
    sagittal T2 shows where to look on axial slices whose timing says nothing.
    """
    settled = [_outvoted(one, guesses) for one in guesses]
    t2 = [k for k, one in enumerate(settled) if one.role is SeriesRole.SAGITTAL_T2]
    dark = [k for k in t2 if guesses[k].fat < FAT_DARK]
    if dark and len(dark) < len(t2):
        for k in dark:
            settled[k] = replace(settled[k], weighting=Weighting.STIR)
    clearest = max(t2, key=lambda k: guesses[k].sac, default=None)
    if clearest is not None and guesses[clearest].sac > SAC_BRIGHT:
        points = sac_points(volumes[clearest])
        for k, one in enumerate(guesses):
            if one.plane is Plane.AXIAL and one.content is not None and not one.timed:
                settled[k] = _compared(one, sac_over_front(volumes[k], points))
    return settled


def _outvoted(guess: Guess, guesses: Sequence[Guess]) -> Guess:
    """A sagittal guess against its own text, turned to its text when another series is surer of it."""
    seen, said = guess.weighting, guess.said
    if guess.plane is not Plane.SAGITTAL or guess.timed or None in (seen, said) or seen is said:
        return guess
    surer = (one for one in guesses if one.plane is Plane.SAGITTAL and one.weighting is one.said is seen)
    if not any(surer):
        return guess
    notes = (f"taken as {said} by its text, beside another that is {seen}",)
    return replace(guess, weighting=said, notes=notes)


def _compared(guess: Guess, ratio: float) -> Guess:
    """An axial guess, given how bright its sac is beside what lies in front of it."""
    if AXIAL_SAC_DARK <= ratio <= AXIAL_SAC_BRIGHT or math.isnan(ratio) or guess.weighting is Weighting.ELSE:
        return guess
    seen = Weighting.T2 if ratio > AXIAL_SAC_BRIGHT else Weighting.T1
    notes = (
        () if guess.weighting in (None, seen) else (f"taken as {seen.value}, though its text says otherwise",)
    )
    return replace(guess, weighting=seen, notes=notes)
