"""The reference standard: majority vote of the panel, and an adjudicator where there is none.

Pure rules. A grade wins with more than half of the panel's grades; a tie or a mere plurality wins
nothing. 'Not gradable' is the panel's answer where more than half of it says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lss_core.domain import Grade, Site


class Outcome(StrEnum):
    """What the panel's votes at a site come to."""

    GRADED = "graded"
    NOT_GRADABLE = "not_gradable"
    ADJUDICATION_DUE = "adjudication_due"
    PENDING = "pending"


@dataclass(frozen=True, kw_only=True)
class Vote:
    """The panel's vote at one site: `grade` where the outcome is GRADED, else None.

    `votes` counts the answers by grade, None for 'not gradable'.
    """

    outcome: Outcome
    grade: Grade | None
    votes: Mapping[Grade | None, int]


def majority(answers: Sequence[Grade | None], *, panel: int) -> Vote:
    """The vote of a panel of `panel` readers whose answers so far are `answers` (None: not gradable).

    PENDING until each has answered. Raises ValueError for more answers than readers.
    """
    if len(answers) > panel or panel < 1:
        raise ValueError(f"{len(answers)} answers from a panel of {panel}")
    votes = Counter(answers)
    graded = len(answers) - votes[None]
    if len(answers) < panel:
        return Vote(outcome=Outcome.PENDING, grade=None, votes=votes)
    if 2 * votes[None] > panel:
        return Vote(outcome=Outcome.NOT_GRADABLE, grade=None, votes=votes)
    for grade in Grade:
        if 2 * votes[grade] > graded:
            return Vote(outcome=Outcome.GRADED, grade=grade, votes=votes)
    return Vote(outcome=Outcome.ADJUDICATION_DUE, grade=None, votes=votes)


def majority_of_sites(readers: Sequence[Mapping[Site, Grade | None]]) -> dict[Site, Vote]:
    """The vote at each site that any reader answered; each mapping is one reader's answers in a case."""
    sites = dict.fromkeys(site for reader in readers for site in reader)
    return {
        site: majority([reader[site] for reader in readers if site in reader], panel=len(readers))
        for site in sites
    }
