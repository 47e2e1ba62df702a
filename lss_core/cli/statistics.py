"""The command `analyse`: the statistics of a CSV of ratings, without a database."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lss_core.cli.show import out, print_table

HELP_ADJUST = "Over the groups: holm, bonferroni, fixed-sequence, serial- or parallel-gatekeeping."
HELP_CI = "wilson, clopper-pearson, jeffreys, logit, robust, bootstrap or bca"
SHOWN = (
    ("sensitivity", "sensitivity"),
    ("specificity", "specificity"),
    ("AUC", "auc"),
    ("kappa, binary", "kappa_binary"),
    ("kappa, graded", "kappa_graded"),
    ("kappa, quadratic", "kappa_quadratic"),
)
PANEL = (
    ("Fleiss' kappa", "fleiss_kappa"),
    ("alpha, ordinal", "krippendorff_alpha_ordinal"),
    ("Gwet's AC1", "gwet_ac1"),
    ("Gwet's AC2, quadratic", "gwet_ac2_quadratic"),
    ("Kendall's W", "kendall_w"),
    ("per cent agreement", "percent_agreement"),
)


def analyse(
    ratings: Annotated[Path, typer.Argument(help="CSV: case,site,rater,grade[,score][,p0,p1,...]")],
    reference: Annotated[str, typer.Option(help="A rater's name, majority or leave-one-out.")] = "majority",
    scale: Annotated[str, typer.Option(help="The grades, least severe first.")] = "0,1,2,3",
    positive: Annotated[str, typer.Option(help="The grades that are positive.")] = "2,3",
    by: Annotated[str, typer.Option(help="Columns that make groups, for example condition.")] = "",
    unit: Annotated[str, typer.Option(help="site, or the worst of a level or patient.")] = "site",
    cluster: Annotated[str, typer.Option(help="The column that is drawn and whose units belong together.")]
    = "case",
    ci: Annotated[str, typer.Option(help=HELP_CI)] = "bca",
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap replicates.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the replicates.")] = 1,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    model: Annotated[list[str] | None, typer.Option(help="A rater that is a model; may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A rater to leave out; may be repeated.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=VALUE: rows that hold it, or nothing there; may be repeated."),
    ] = None,
    margin: Annotated[float | None, typer.Option(help="Non-inferiority and equivalence margin.")] = None,
    adjust: Annotated[str, typer.Option(help=HELP_ADJUST)] = "holm",
    primary: Annotated[list[str] | None, typer.Option(help="A group that comes first; repeatable.")] = None,
    target: Annotated[str, typer.Option("--json", help="Write JSON to this file, or - for the screen.")] = "",
) -> None:  # fmt: skip
    """Analyse a CSV of ratings: raters against a reference, agreement, model against readers."""
    from lss_core.usecases.analyse_csv import ADJUSTMENTS, INTERVALS, UNITS, analyse_csv, request_of

    for option, said, known in (
        ("--unit", unit, UNITS), ("--ci", ci, INTERVALS), ("--adjust", adjust, ADJUSTMENTS)
    ):  # fmt: skip
        if said not in known:
            raise typer.BadParameter(f"{option} is one of {', '.join(known)}")
    request = request_of(
        path=ratings,
        reference=reference,
        scale=_numbers(scale, "--scale"),
        positive=_numbers(positive, "--positive"),
        by=tuple(name.strip() for name in by.split(",") if name.strip()),
        unit=unit,
        cluster=cluster,
        interval=ci,
        resamples=resamples,
        seed=seed,
        level=level,
        models=tuple(model or ()),
        exclude=tuple(exclude or ()),
        only=tuple(_pair(own) for own in only or ()),
        margin=margin,
        adjustment=adjust,
        primary=tuple(primary or ()),
    )
    found = analyse_csv(request)
    text = json.dumps(found, indent=2, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    if target:
        Path(target).write_text(text, encoding="utf-8")
    _show(found)


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not (column and equals and value):
        raise typer.BadParameter(f"--only takes COLUMN=VALUE, not '{text}'")
    return column, value


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{option} takes numbers between commas, not '{text}'") from error


def _show(found: Mapping[str, Any]) -> None:
    made = found["analysis"]
    for group in found["groups"]:
        key = ", ".join(f"{name} {value}" for name, value in group["by"].items()) or "All units"
        title = f"{key}: {group['cases']} cases, {group['units']} {made['unit']} units"
        print_table(title, [_rater_row(rater) for rater in group["raters"]])
        if group["panel"] is not None:
            rows = [
                {"agreement of the readers": label, "": _cell(group["panel"][name])} for label, name in PANEL
            ]
            print_table(f"{key}: {len(group['panel']['raters'])} readers", rows)
        rows = [_comparison_row(row) for row in group["comparisons"] if row["other"] == "Mean reader"]
        if rows:
            print_table(f"{key}: model less mean reader", rows)
    if made["warning"]:
        out.print(made["warning"], highlight=False)
    out.print(
        f"Reference {made['reference']}; clusters {made['cluster']}; intervals {made['interval']}, "
        f"{made['level']:.0%}; p adjusted by {made['multiplicity']}; {made['resamples']} resamples, "
        f"seed {made['seed']}; SHA-256 {made['sha256']}",
        highlight=False,
    )


def _rater_row(rater: Mapping[str, Any]) -> dict[str, Any]:
    row = {"rater": rater["name"], "kind": rater["kind"], "n": rater["n"]}
    row |= {"no grade": rater["missing"] + rater["not_gradable"]}
    return row | {label: _cell(rater["estimates"][name]) for label, name in SHOWN}


def _comparison_row(row: Mapping[str, Any]) -> dict[str, Any]:
    head = {"model": row["model"], "statistic": row["statistic"]}
    if "refusal" in row:
        return head | {"difference": row["refusal"], "p": "", "p, adjusted": ""}
    return head | {
        "difference": _cell(row["difference"]),
        "p": f"{row['p']:.3g}",
        "p, adjusted": f"{row['p_adjusted']:.3g}",
    }


def _cell(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "undefined"
    if figure["low"] is None:
        return f"{figure['value']:.2f} (no interval)"
    return f"{figure['value']:.2f} ({figure['low']:.2f}, {figure['high']:.2f})"
