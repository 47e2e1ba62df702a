"""The commands: each calls one use case and shows what it gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lss_core.cli.accounts import accounts
from lss_core.cli.mrmc import mrmc, power
from lss_core.cli.protocol import protocol
from lss_core.cli.record import export, take_in_ratings, take_in_reference, take_in_study, trail
from lss_core.cli.report import report
from lss_core.cli.show import (
    IN_PART,
    REFUSED,
    Json,
    operator,
    out,
    print_json,
    print_table,
    progress_bar,
    study_named,
    warn_of_open_door,
    workspace_here,
)
from lss_core.cli.statistics import analyse
from lss_core.cli.train import train
from lss_core.domain import Condition, Grade, Level, Verdict
from lss_core.errors import DicomError
from lss_core.logs import configure_logs
from lss_core.settings import get_settings

if TYPE_CHECKING:
    from lss_core.usecases.importing import ImportReport
    from lss_core.usecases.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Import lumbar MRI, grade stenosis, export ratings. Research use only, not a medical device.",
)


@app.callback()
def begin() -> None:
    """What every command does first."""
    configure_logs(get_settings(), quiet=True)


app.add_typer(accounts, name="users")
app.add_typer(trail, name="audit")
app.add_typer(protocol, name="protocol")
app.command()(export)
app.command("import-study")(take_in_study)
app.command("import-ratings")(take_in_ratings)
app.command("import-reference")(take_in_reference)
app.command()(analyse)
app.command()(mrmc)
app.command()(report)
app.command()(train)
app.add_typer(power, name="power")


@app.command()
def demo(
    cases: Annotated[int, typer.Option(min=2, help="How many synthetic cases.")] = 24,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Only where there is no case yet.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove its cases and its users instead.")] = False,
) -> None:
    """Make the demo study: synthetic cases, graded by the model and by simulated readers."""
    from lss_core.usecases.cases import list_studies
    from lss_core.usecases.demo import demo_exists, make_demo, remove_demo

    workspace = workspace_here()
    if remove:
        remove_demo(workspace)
        out.print("The demo study's cases and users are removed.")
        return
    has_cases = any(study.cases for study in list_studies(workspace, operator()))
    if if_empty and has_cases and not demo_exists(workspace):
        return
    with progress_bar() as report:
        made = make_demo(workspace, cases=cases, progress=report)
    out.print(f"Demo study of {made.cases} synthetic cases. Sign in as {', '.join(made.users)};")
    out.print(f"the password of each is {made.password}", highlight=False)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders or zips of DICOM.")],
    as_json: Json = False,
) -> None:
    """Import DICOM studies; every file gets a verdict."""
    from lss_core.usecases.importing import import_paths

    workspace = workspace_here()
    with progress_bar(quiet=as_json) as report:
        imported = import_paths(workspace, operator(), paths, progress=report)
    warn_of_open_door(workspace)
    counts = Counter(file.verdict for file in imported.files)
    if as_json:
        print_json(_import_as_json(imported, counts))
    else:
        _print_import(imported, counts)
    if not imported.files:
        names = ", ".join(str(path) for path in paths)
        raise DicomError(names, reason="there is no file in it", remedy="Name a folder, file or zip of DICOM")
    if counts[Verdict.REFUSED] or counts[Verdict.QUARANTINED]:
        raise typer.Exit(IN_PART)


@app.command()
def grade(
    cases: Annotated[list[str] | None, typer.Argument(help="Case ids; see the command 'cases'.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Grade a DICOM folder without a database.")] = None,
    ungraded: Annotated[bool, typer.Option("--ungraded", help="All cases without a finished run.")] = False,
    bundle: Annotated[str, typer.Option(help="A bundle by its name, or its folder; else LSS_BUNDLE.")] = "",
    as_json: Json = False,
) -> None:
    """Let the model grade cases of the database, or a folder of DICOM files."""
    from lss_core.usecases.grading import findings_as_json, grade_case, grade_folder
    from lss_core.usecases.workspace import open_workspace

    if (folder is not None) + bool(cases) + ungraded != 1:
        raise typer.BadParameter("name cases, or give --folder, or --ungraded")
    settings = get_settings()
    settings = settings.model_copy(update={"bundle": bundle or settings.bundle})
    graded = []
    with progress_bar(quiet=as_json) as report:
        if folder is not None:
            graded.append(grade_folder(settings, folder, progress=report))
        else:
            workspace = open_workspace(settings)
            for case in cases or _ungraded(workspace):
                findings = grade_case(workspace, operator(), case, progress=report)
                graded.append(findings_as_json(case, findings))
    if as_json:
        print_json(graded[0] if folder is not None else graded)
    elif not graded:
        out.print("Every case is graded.")
    for one in () if as_json else graded:
        print_table(f"Case {one['case']}, bundle {one['bundle']}, {one['seconds']:.0f} s", _grade_rows(one))


@app.command("cases")
def list_them(as_json: Json = False) -> None:
    """List the studies and their cases."""
    from lss_core.usecases.cases import list_cases, list_studies

    workspace, user = workspace_here(), operator()
    rows = [
        {
            "case": case.case_id,
            "study": study.title,
            "imported": case.imported_at.isoformat(sep=" ", timespec="minutes"),
            "series": ", ".join(f"{s.role.label} {s.slices}" for s in case.series),
            "model": case.model_status,
        }
        for study in list_studies(workspace, user)
        for case in list_cases(workspace, user, study.id)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table("Cases", rows)
    else:
        out.print("No case yet. Import some: python -m lss_core ingest FOLDER")


@app.command()
def reference(
    study: Annotated[str, typer.Option(help="The study's title; needed when there are several.")] = "",
    name: Annotated[str, typer.Option(help="What to call it.")] = "Majority of the panel",
    as_json: Json = False,
) -> None:
    """Freeze the majority of the panel's submitted reads as a new version of the reference standard."""
    from lss_core.usecases.reference import adjudications_due, make_majority_reference, open_reads

    workspace = workspace_here()
    study_id = study_named(workspace, study)
    due = sum(one.settled is None for one in adjudications_due(workspace, operator(), study_id))
    unread = open_reads(workspace, operator(), study_id)
    made = make_majority_reference(workspace, operator(), study_id, name=name)
    if as_json:
        counts = {"sites": made.grades, "open_ties": due, "open_reads": unread}
        print_json({"reference": made.id, "name": made.name, "version": made.version, **counts})
        return
    out.print(f"{made.name}, version {made.version}: {made.grades} sites; {due} wait for the adjudicator.")
    if unread:
        out.print(f"Reads of the panel not submitted yet, which have no vote: {unread}.")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Look at versions, devices, database, bundle and free disk."""
    from lss_core.usecases.doctor import examine

    checks = list(examine(get_settings()))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        rows = [
            {"": "well" if c.well else "AMISS", "what": c.name, "found": c.found, "remedy": c.remedy}
            for c in checks
        ]
        print_table("Doctor", rows)
    if not all(check.well for check in checks):
        raise typer.Exit(REFUSED)


def _ungraded(workspace: Workspace) -> list[str]:
    from lss_core.usecases.cases import list_cases, list_studies

    return [
        case.case_id
        for study in list_studies(workspace, operator())
        for case in list_cases(workspace, operator(), study.id)
        if case.model_status != "done"
    ]


def _import_as_json(imported: ImportReport, counts: Counter[Verdict]) -> dict[str, Any]:
    return {
        "cases": [
            {
                "case": case.case_id,
                "status": case.status,
                "differences": list(case.differences),
                "series": [
                    {"role": one.role, "slices": one.slices, "notes": list(one.notes)} for one in case.series
                ],
            }
            for case in imported.cases
        ],
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "files": [
            {"path": str(file.path), "verdict": file.verdict, "reason": file.reason}
            for file in imported.files
        ],
    }


def _print_import(imported: ImportReport, counts: Counter[Verdict]) -> None:
    cases = [
        {
            "case": case.case_id,
            "status": case.status,
            "series": ", ".join(f"{one.role.label} {one.slices}" for one in case.series),
            "differences": "; ".join(case.differences),
        }
        for case in imported.cases
    ]
    print_table("Cases", cases)
    reasons = Counter((f.verdict, f.reason) for f in imported.files if f.verdict is not Verdict.TAKEN)
    rows = [{"files": n, "verdict": verdict, "reason": why} for (verdict, why), n in reasons.most_common()]
    print_table(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict), rows)


def _grade_rows(graded: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "level": Level(site["level"]).label,
            "condition": Condition(site["condition"]).label,
            "side": site["side"] or "",
            "grade": "" if site["grade"] is None else Grade(site["grade"]).name.lower(),
            "p(moderate or severe)": f"{sum(site['probabilities'][2:]):.2f}" if site["probabilities"] else "",
            "not gradable": site["reason"] or "",
        }
        for site in graded["sites"]
    ]
