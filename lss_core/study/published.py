"""Figures that the source of the method printed, to be shown beside a study's own.

Tumko et al., European Spine Journal 2024, doi 10.1007/s00586-023-08089-2: seven readers, the mean of
their own figures, and the model against the majority reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import Condition
from lss_core.texts import later

SOURCE = "Tumko et al. 2024"

ABSTRACT_NOTE = later(
    "The source's tables and its abstract differ for the model in central stenosis: sensitivity 0.90 and "
    "specificity 0.88 in the table, 0.93 and 0.85 in the abstract. Both are kept."
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """One rater's printed figures; None where the source prints none."""

    sensitivity: float
    specificity: float
    auc: float | None
    kappa_binary: float | None
    kappa_graded: float | None
    fleiss: float | None = None
    alpha: float | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedCondition:
    """What is printed of a condition: the mean reader, the model, and the abstract's other model figures."""

    readers: Published
    model: Published
    model_abstract: Published | None = None
    note: str = ""


PUBLISHED: Mapping[Condition, PublishedCondition] = {
    Condition.CENTRAL: PublishedCondition(
        readers=Published(
            sensitivity=0.86,
            specificity=0.866,
            auc=0.82,
            kappa_binary=0.72,
            kappa_graded=0.62,
            fleiss=0.65,
            alpha=0.70,
        ),
        model=Published(
            sensitivity=0.90,
            specificity=0.88,
            auc=0.89,
            kappa_binary=0.77,
            kappa_graded=0.68,
            fleiss=0.76,
            alpha=0.80,
        ),
        model_abstract=Published(
            sensitivity=0.93, specificity=0.85, auc=None, kappa_binary=None, kappa_graded=None
        ),
        note=ABSTRACT_NOTE,
    ),
    Condition.LATERAL_RECESS: PublishedCondition(
        readers=Published(sensitivity=0.83, specificity=0.94, auc=0.76, kappa_binary=0.37, kappa_graded=0.32),
        model=Published(sensitivity=0.92, specificity=0.80, auc=0.87, kappa_binary=0.21, kappa_graded=0.19),
    ),
    Condition.FORAMINAL: PublishedCondition(
        readers=Published(sensitivity=0.81, specificity=0.91, auc=0.89, kappa_binary=0.63, kappa_graded=0.56),
        model=Published(sensitivity=0.89, specificity=0.86, auc=0.87, kappa_binary=0.54, kappa_graded=0.48),
    ),
}
