"""The part of Methods on the statistical analysis."""

from __future__ import annotations

from lss_core.reports.document import Builder
from lss_core.reports.texts import Texts
from lss_core.reports.values import StudyReport


def add_statistics(to: Builder, report: StudyReport, t: Texts) -> None:
    """What was computed, how, and after whom."""
    level = f"{report.level:.0%}"
    to.part("statistics", t("Statistical analysis"))
    to.items(
        (
            t("Present or absent: sensitivity, specificity and the area under the ROC curve (AUC; Hanley "
              "and McNeil 1982). A model's AUC is of its probabilities of a positive grade; a reader's is "
              "of his one grade, (sensitivity + specificity) / 2, and so lower than that of a curve "
              "through the same point."),
            t("Four grades: the same of each grade against the rest, weighted by how often the grade "
              "occurs in the reference; the weighted sensitivity is the accuracy."),
            t("The mean reader is the mean of the own figures of the readers who answered at least {share} "
              "of the units, not the figure of their pooled counts.", share=f"{report.full_share:.0%}"),
            t("Agreement with the reference: Cohen's kappa (1960), binary, of four grades unweighted, and "
              "quadratically weighted (Cohen 1968), with the bands of Landis and Koch (1977). Agreement "
              "within a panel: Fleiss' kappa (1971) and Krippendorff's alpha for ordinal grades (2011)."),
            t("Intervals: as sites of one patient are not independent, patients were drawn with replacement "
              "{n} times, each with all his sites, the same draws for all figures; {level} intervals are BCa "
              "(Efron 1987). A rate of exactly 0 or 1 has Wilson's interval (1927) over the patients.",
              n=t.count(report.resamples), level=level),
            t("Model against readers in general: the model by itself against the panel, readers and cases "
              "as samples of many (Obuchowski and Rockette 1995; Hillis 2007), at the units that the model "
              "and all these readers graded; covariances by jackknife over patients; two-sided p-values "
              "adjusted over the three conditions (Holm 1979)."),
            t("Model against these readers: differences at the units that both graded, shares with an "
              "interval and test for clustered data (Obuchowski 1998), kappas and the mean reader by the "
              "bootstrap of patients; not adjusted."),
            *_more_statistics(report, t),
        )
    )  # fmt: skip


def _more_statistics(report: StudyReport, t: Texts) -> list[str]:
    """What was done only where there are probabilities, or a second arm."""
    said = []
    if any(part.calibrations for part in report.conditions):
        said.append(
            t("The model's probabilities: ranked probability score (Epstein 1969), Brier score, calibration "
              "error over ten bins, slope and intercept of the logistic recalibration with errors clustered "
              "by patient; shares in the bins have Wilson's interval with the effective size of Rao and "
              "Scott (1992).")
        )  # fmt: skip
    if report.arms:
        said.append(
            t("Two arms of the same readers: the first two, by the analysis of Obuchowski and Rockette with "
              "Hillis' degrees of freedom, at the sites that all of these readers graded in both; "
              "covariances by jackknife over patients; two-sided p-values, not adjusted.")
        )  # fmt: skip
    if any(part.tests for part in report.conditions):
        said.append(
            t("Non-inferiority: one-sided, with the margin {margin}; of the model by itself adjusted over "
              "the three conditions (Holm 1979).", margin=t.number(report.margin))
        )  # fmt: skip
    return said
