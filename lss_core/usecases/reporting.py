"""A study's report: the numbers of the page Results and the facts behind them, written as a file."""

from __future__ import annotations

import csv
import hashlib
import io
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from lss_core import __version__
from lss_core.domain import ALL_SITES, SITES
from lss_core.reports.values import Format, ReaderFacts, StudyReport
from lss_core.reports.write import written
from lss_core.store import audit, ratings, references, studies
from lss_core.study.published import SOURCE
from lss_core.texts import Language
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.figures import BINARY, FULL_READER, GRADED, KAPPAS
from lss_core.usecases.report_arms import times_part
from lss_core.usecases.report_facts import bundle_facts, case_facts, reader_facts, reference_facts
from lss_core.usecases.report_parts import condition_part
from lss_core.usecases.result_comparison import MARGIN
from lss_core.usecases.result_data import RESAMPLES, SEED, study_data
from lss_core.usecases.result_differences import FOREST
from lss_core.usecases.results import StudyResults, study_results
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = ["Format", "ReportFile", "report_data", "study_report", "write_report"]

DATA_COLUMNS = (
    "case", "site", "rater", "kind", "arm", "grade", "not_gradable", "p0", "p1", "p2", "p3",
)  # fmt: skip
ORDER = tuple(dict.fromkeys((*SITES, *ALL_SITES)))
"""The order of sites that the data's hash rests on: a study of 25 keeps it whatever else may be graded."""
PACKAGES = ("numpy", "scipy", "matplotlib", "typst", "python-docx")


@dataclass(frozen=True, kw_only=True)
class ReportFile:
    """A report as a download: its name, its MIME type, its content."""

    name: str
    mime: str
    content: bytes


MIME = {
    Format.HTML: "text/html",
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def write_report(
    workspace: Workspace,
    user: User,
    study_id: str,
    *,
    kind: Format,
    language: Language = Language.ENGLISH,
    reference_id: str | None = None,
    arm: str | None = None,
    margin: float = MARGIN,
) -> ReportFile:
    """The report of a study against a reference standard, by default the newest majority.

    Of the answers in one `arm`, by default the first of several, '' for the newest in any, beside the
    comparison of the first two; `margin` is that of non-inferiority. Coordinators and statisticians. Raises
    StatisticsError where there is no reference, no such arm, or the margin is not above 0, NotFoundError for
    an unknown study or reference.
    """
    report = study_report(workspace, user, study_id, reference_id=reference_id, arm=arm, margin=margin)
    content = written(report, kind, language)
    with workspace.store.write() as tx:
        audit.record(
            tx, at=workspace.now(), actor=user.id, act="report.write", subject=study_id, format=kind.value,
            language=language.value, data_sha256=report.data_sha256,
        )  # fmt: skip
    name = f"report-{study_id}-{report.made_at:%Y%m%d}-{language.value}.{kind.value}"
    return ReportFile(name=name, mime=MIME[kind], content=content)


def study_report(
    workspace: Workspace,
    user: User,
    study_id: str,
    *,
    reference_id: str | None = None,
    arm: str | None = None,
    margin: float = MARGIN,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> StudyReport:
    """What the report says, before it is put into words. As `write_report`."""
    results = study_results(
        workspace, user, study_id, reference_id=reference_id, arm=arm, resamples=resamples, seed=seed
    )
    data = study_data(workspace, user, study_id, results.reference.id)
    chosen = data.first_arm if arm is None else arm
    table = report_data(workspace, user, study_id, reference_id=results.reference.id)
    imported, series = case_facts(workspace, study_id)
    readers, adjudicators = reader_facts(workspace, study_id)
    silent = _silent(results, readers)
    return StudyReport(
        title=results.study.title,
        study_id=study_id,
        synthetic=results.study.synthetic,
        made_at=workspace.now(),
        imported=imported,
        series=series,
        reference=reference_facts(workspace, results),
        readers=tuple(reader for reader in readers if reader.name not in silent),
        adjudicators=adjudicators,
        bundles=bundle_facts(workspace, study_id),
        resamples=results.resamples,
        seed=results.seed,
        level=results.level,
        full_share=FULL_READER,
        software=_software(),
        data_sha256=hashlib.sha256(table.encode()).hexdigest(),
        data_rows=table.count("\n") - 1,
        sites=tuple(site for site in ALL_SITES if site in {own for _, own in data.sites}),
        conditions=tuple(
            condition_part(
                workspace,
                user,
                data,
                own,
                arm=chosen,
                margin=margin,
                silent=silent,
                resamples=resamples,
                seed=seed,
            )
            for own in results.conditions
        ),
        binary=tuple(measure.label for measure in BINARY),
        graded=tuple(measure.label for measure in GRADED),
        kappas=tuple(measure.label for measure in KAPPAS),
        forest=tuple(measure.label for measure in FOREST),
        published_source=SOURCE,
        silent=len(silent),
        arm=chosen if len(data.arms) > 1 else "",
        arms=data.arms if len(data.arms) > 1 else (),
        margin=margin,
        times=times_part(workspace, user, data),
    )


def _silent(results: StudyResults, readers: Sequence[ReaderFacts]) -> frozenset[str]:
    """Who has not a single answer among those analysed: raters of the results, and who opened no case."""
    raters = [rater for condition in results.conditions for rater in condition.raters]
    answered = {rater.name for rater in raters if rater.n or rater.not_gradable}
    members = {rater.name for rater in raters} | {reader.name for reader in readers if not reader.opened}
    return frozenset(members - answered)


def report_data(workspace: Workspace, user: User, study_id: str, *, reference_id: str | None = None) -> str:
    """The ratings and the reference that a report rests on, as CSV; the report states its SHA-256.

    One row an answer, the newest of rater, site and arm, sorted; the reference's rows have the kind
    'reference'. Nothing that changes without the results changing is in it. Coordinators and statisticians.
    """
    require_study(workspace, user, study_id, *UNBLINDED)
    data = study_data(workspace, user, study_id, reference_id)
    order = {site: place for place, site in enumerate(ORDER)}
    with workspace.store.read() as tx:
        raters = {rater.id: rater for rater in studies.study_raters(tx, study_id)}
        rows = ratings.study_ratings(tx, study_id, by_arm=True)
        truth = references.reference_grades(tx, data.reference.id)
    found = []
    for row in rows:
        rater, p = raters[row.rater_id], row.probabilities
        own = (rater.name, rater.kind.value, row.arm, _grade(row.grade), row.not_gradable or "")
        found.append((row.case_id, order[row.site], *own, *(p or ("",) * 4)))
    reference = f"{data.reference.name} v{data.reference.version}"
    for word in truth:
        own = (reference, "reference", "", _grade(word.grade), word.not_gradable or "")
        found.append((word.case_id, order[word.site], *own, "", "", "", ""))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(DATA_COLUMNS)
    for case_id, place, *rest in sorted(found, key=lambda row: [str(cell) for cell in row]):
        table.writerow((case_id, ORDER[int(place)].key, *rest))
    return text.getvalue()


def _grade(grade: int | None) -> str:
    return "" if grade is None else str(int(grade))


def _software() -> tuple[tuple[str, str], ...]:
    own = (("lss_core", __version__), ("Python", platform.python_version()))
    return (*own, *((package, metadata.version(package)) for package in PACKAGES))
