"""The command line: `python -m lss_core --help`.

Exit codes: 0 all went well; 1 refused, with the reason and the remedy; 2 the call was
wrong; 3 done in part, some of the input was refused.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from lss_core.domain import Condition, Grade, Level, Role, Verdict
from lss_core.domain import Progress as Report
from lss_core.errors import LssError
from lss_core.logs import configure_logs
from lss_core.settings import get_settings

if TYPE_CHECKING:
    from lss_core.usecases.importing import ImportReport
    from lss_core.usecases.users import User
    from lss_core.usecases.workspace import Workspace

REFUSED, IN_PART = 1, 3

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Import lumbar MRI, grade stenosis, export ratings. Research use only, not a medical device.",
)
accounts = typer.Typer(no_args_is_help=True, help="Who may sign in.")
app.add_typer(accounts, name="users")
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value, for machines.")]
NewPassword = Annotated[
    str,
    typer.Option(
        prompt=True,
        hide_input=True,
        confirmation_prompt=True,
        envvar="LSS_NEW_PASSWORD",
        help="10 characters at least; better left out and typed when asked.",
    ),
]


def main() -> None:
    """Run a command; a refusal is printed as what, why and what to do."""
    try:
        configure_logs(get_settings())
        app()
    except LssError as error:
        err.print(f"[bold]{error.subject}[/]: {error.reason}.\n{error.remedy}.", highlight=False)
        sys.exit(REFUSED)


@app.command()
def demo(
    cases: Annotated[int, typer.Option(min=2, help="How many synthetic cases.")] = 24,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Only where there is no case yet.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove its cases and its users instead.")] = False,
) -> None:
    """Make the demo study: synthetic cases, graded by the model and by simulated readers."""
    from lss_core.usecases.cases import list_studies
    from lss_core.usecases.demo import demo_exists, make_demo, remove_demo

    workspace = _workspace()
    if remove:
        remove_demo(workspace)
        out.print("The demo study's cases and users are removed.")
        return
    has_cases = any(study.cases for study in list_studies(workspace, _operator()))
    if if_empty and has_cases and not demo_exists(workspace):
        return
    with _progress() as report:
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

    workspace = _workspace()
    with _progress(quiet=as_json) as report:
        imported = import_paths(workspace, _operator(), paths, progress=report)
    counts = Counter(file.verdict for file in imported.files)
    if as_json:
        _print_json(_import_as_json(imported, counts))
    else:
        _print_import(imported, counts)
    if counts[Verdict.REFUSED] or counts[Verdict.QUARANTINED]:
        raise typer.Exit(IN_PART)


@app.command()
def grade(
    cases: Annotated[list[str] | None, typer.Argument(help="Case ids; see the command 'cases'.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Grade a DICOM folder without a database.")] = None,
    ungraded: Annotated[bool, typer.Option("--ungraded", help="All cases without a finished run.")] = False,
    as_json: Json = False,
) -> None:
    """Let the model grade cases of the database, or a folder of DICOM files."""
    from lss_core.usecases.grading import findings_as_json, grade_case, grade_folder

    if (folder is not None) + bool(cases) + ungraded != 1:
        raise typer.BadParameter("name cases, or give --folder, or --ungraded")
    graded = []
    with _progress(quiet=as_json) as report:
        if folder is not None:
            graded.append(grade_folder(get_settings(), folder, progress=report))
        else:
            workspace = _workspace()
            for case in cases or _ungraded(workspace):
                findings = grade_case(workspace, _operator(), case, progress=report)
                graded.append(findings_as_json(case, findings))
    if as_json:
        _print_json(graded[0] if folder is not None else graded)
    elif not graded:
        out.print("Every case is graded.")
    for one in () if as_json else graded:
        _print_table(f"Case {one['case']}, bundle {one['bundle']}, {one['seconds']:.0f} s", _grade_rows(one))


@app.command("cases")
def list_them(as_json: Json = False) -> None:
    """List the studies and their cases."""
    from lss_core.usecases.cases import list_cases, list_studies

    workspace, user = _workspace(), _operator()
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
        _print_json(rows)
    elif rows:
        _print_table("Cases", rows)
    else:
        out.print("No case yet. Import some: python -m lss_core ingest FOLDER")


@app.command()
def export(
    study: Annotated[str, typer.Option(help="The study's title; needed when there are several.")] = "",
    target: Annotated[Path | None, typer.Option("--out", help="A CSV file; else standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Export every current rating of a study as a long table, the reference beside it."""
    from lss_core.usecases.export import ratings_csv

    workspace = _workspace()
    text = ratings_csv(workspace, _operator(), _study_id(workspace, study))
    if as_json:
        text = json.dumps(list(csv.DictReader(io.StringIO(text))), indent=2) + "\n"
    if target is None:
        sys.stdout.write(text)
    else:
        target.write_text(text, encoding="utf-8")


@app.command()
def reference(
    study: Annotated[str, typer.Option(help="The study's title; needed when there are several.")] = "",
    name: Annotated[str, typer.Option(help="What to call it.")] = "Majority of the panel",
) -> None:
    """Freeze the panel's majority as a new version of the reference standard."""
    from lss_core.usecases.reference import adjudications_due, make_majority_reference

    workspace = _workspace()
    study_id = _study_id(workspace, study)
    due = sum(one.settled is None for one in adjudications_due(workspace, _operator(), study_id))
    made = make_majority_reference(workspace, _operator(), study_id, name=name)
    out.print(f"{made.name}, version {made.version}: {made.grades} sites; {due} wait for the adjudicator.")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Look at versions, devices, database, bundle and free disk."""
    from lss_core.usecases.doctor import examine

    checks = list(examine(get_settings()))
    if as_json:
        _print_json([asdict(check) for check in checks])
    else:
        rows = [
            {"": "well" if c.well else "AMISS", "what": c.name, "found": c.found, "remedy": c.remedy}
            for c in checks
        ]
        _print_table("Doctor", rows)
    if not all(check.well for check in checks):
        raise typer.Exit(REFUSED)


@accounts.command("list")
def list_accounts(as_json: Json = False) -> None:
    """List who may sign in."""
    from lss_core.usecases.users import list_users

    rows = [
        {"name": user.name, "shown as": user.display_name, "role": user.role}
        for user in list_users(_workspace(), _operator())
    ]
    if as_json:
        _print_json(rows)
    else:
        _print_table("Users" if rows else "No user yet. Add one: python -m lss_core users add NAME", rows)


@accounts.command("add")
def add_account(
    name: Annotated[str, typer.Argument(help="What the user signs in with.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    password: NewPassword,
    shown_as: Annotated[str, typer.Option(help="The name on pages; else the sign-in name.")] = "",
    study: Annotated[str, typer.Option(help="A reader's or adjudicator's study; else 'My study'.")] = "",
    in_panel: Annotated[bool, typer.Option(help="Whether a reader votes in the reference.")] = True,
) -> None:
    """Add a user; a reader or adjudicator becomes a rater of his study."""
    from lss_core.usecases.users import add_user

    workspace = _workspace()
    added = add_user(
        workspace,
        _operator(),
        name=name,
        display_name=shown_as or name,
        role=role,
        password=password,
        study_id=_study_id(workspace, study) if study else None,
        in_panel=in_panel,
    )
    out.print(f"{added.name} may sign in as {added.role}.")


@accounts.command("password")
def change_password(name: str, password: NewPassword) -> None:
    """Give a user another password and end his sign-ins."""
    from lss_core.usecases.users import set_password

    set_password(_workspace(), _operator(), name, password)
    out.print(f"{name} has a new password.")


@accounts.command("remove")
def remove_account(name: str) -> None:
    """Remove a user; what he has answered stays."""
    from lss_core.usecases.users import remove_user

    remove_user(_workspace(), _operator(), name)
    out.print(f"{name} can no longer sign in.")


def _workspace() -> Workspace:
    from lss_core.usecases.workspace import open_workspace

    return open_workspace(get_settings())


def _operator() -> User:
    from lss_core.usecases.users import OPERATOR

    return OPERATOR


def _study_id(workspace: Workspace, title: str) -> str:
    """The study of this title; without a title the only one there is."""
    from lss_core.usecases.cases import list_studies

    studies = list_studies(workspace, _operator())
    found = [study for study in studies if title in ("", study.title)]
    if len(found) != 1:
        titles = ", ".join(f"'{study.title}'" for study in studies) or "none yet"
        raise typer.BadParameter(f"name one of the studies there are with --study: {titles}")
    return found[0].id


def _ungraded(workspace: Workspace) -> list[str]:
    from lss_core.usecases.cases import list_cases, list_studies

    return [
        case.case_id
        for study in list_studies(workspace, _operator())
        for case in list_cases(workspace, _operator(), study.id)
        if case.model_status != "done"
    ]


@contextmanager
def _progress(*, quiet: bool = False) -> Iterator[Report]:
    """A bar on standard error; none for machines."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def report(share: float, what: str) -> None:
            bar.update(task, completed=share, description=what)

        yield report


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
    _print_table("Cases", cases)
    reasons = Counter((f.verdict, f.reason) for f in imported.files if f.verdict is not Verdict.TAKEN)
    rows = [{"files": n, "verdict": verdict, "reason": why} for (verdict, why), n in reasons.most_common()]
    _print_table(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict), rows)


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


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def _print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns after the first row's keys; without rows the title alone."""
    table = Table(*(rows[0] if rows else ()), title=title, title_justify="left")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table if rows else title)
