"""Multi-reader multi-case analysis and planning: `python -m lss_core mrmc` and `power`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from lss_core.cli.show import out, print_json, print_table

power = typer.Typer(no_args_is_help=True, help="How many readers, cases or units a study needs.")

JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write JSON to this file, or to standard output for '-'.")
]
Fix = Annotated[
    Literal["none", "readers", "cases"], typer.Option(help="What is no sample of something larger.")
]
Weights = Annotated[
    Literal["unweighted", "linear", "quadratic"], typer.Option(help="Disagreement weights of kappa.")
]
Level = Annotated[float, typer.Option(help="Level of the intervals.")]
Sites = Annotated[int, typer.Option(help="Sites a patient.")]
Correlation = Annotated[float, typer.Option(help="Intraclass correlation of a patient's sites.")]


def mrmc(
    scores: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV with readerID,caseID,modalityID,score; readerID and modalityID 'truth' hold the truth; "
            "patientID where a patient has several cases.",
        ),
    ],
    design: Annotated[
        Literal["fully-crossed", "split-plot"],
        typer.Option(help="Split-plot: not everybody read everything."),
    ] = "fully-crossed",
    metric: Annotated[
        Literal["auc", "sensitivity", "specificity", "kappa"], typer.Option(help="The readers' figure.")
    ] = "auc",
    method: Annotated[
        Literal["or", "dbm", "u-statistic"],
        typer.Option(help="Obuchowski-Rockette, Dorfman-Berbaum-Metz, or Gallas' U-statistics."),
    ] = "or",
    variance: Annotated[
        Literal["delong", "jackknife", "bootstrap", "unbiased"] | None,
        typer.Option(help="Covariance over patients; else the method's own, the jackknife for or."),
    ] = None,
    fix: Fix = "none",
    standalone: Annotated[
        str, typer.Option(help="The modality of a model by itself, compared with the others' readers.")
    ] = "",
    control: Annotated[str, typer.Option(help="The modality that others are compared with.")] = "",
    threshold: Annotated[
        float | None, typer.Option(help="Scores from here up are positive (sensitivity, specificity).")
    ] = None,
    scale: Annotated[str, typer.Option(help="All grades of the scale, for kappa: 0,1,2,3.")] = "",
    weights: Weights = "unweighted",
    margin: Annotated[
        float | None, typer.Option(help="Also test non-inferiority and equivalence with this margin.")
    ] = None,
    level: Level = 0.95,
    resamples: Annotated[int, typer.Option(help="Resamples of the bootstrap.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 1,
    json_to: JsonFile = None,
) -> None:
    """Compare modalities, or a model with readers, in a multi-reader multi-case study."""
    from lss_core.usecases.mrmc import MrmcRequest, analyse_scores

    request = MrmcRequest(
        design=design,
        metric=metric,
        method=method,
        variance=variance or "",
        fix=fix,
        standalone=standalone,
        control=control,
        threshold=threshold,
        scale=_numbers(scale, "--scale"),
        weights=weights,
        margin=margin,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    found = analyse_scores(scores, request)
    if not _written(found, json_to):
        _print_analysis(found)


@power.command("mrmc")
def power_mrmc(
    effect: Annotated[float, typer.Option(help="True difference of the modalities, new less old.")],
    readers: Annotated[int, typer.Option(help="Readers of the planned study.")],
    pilot: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON of 'mrmc --method or' of a pilot study."),
    ] = None,
    var_tr: Annotated[float, typer.Option(help="Var(TR), where there is no --pilot.")] = 0.0,
    var: Annotated[float, typer.Option(help="Var(Error).")] = 0.0,
    cov1: Annotated[float, typer.Option(help="Cov1: one reader, two modalities.")] = 0.0,
    cov2: Annotated[float, typer.Option(help="Cov2: two readers, one modality.")] = 0.0,
    cov3: Annotated[float, typer.Option(help="Cov3: two readers, two modalities.")] = 0.0,
    pilot_cases: Annotated[int, typer.Option(help="The cases that the components rest on.")] = 0,
    cases: Annotated[int | None, typer.Option(help="Cases planned; else as many as the power needs.")] = None,
    wanted: Annotated[float, typer.Option("--power", help="The power wanted.")] = 0.8,
    margin: Annotated[float, typer.Option(help="Plan for non-inferiority with this margin.")] = 0.0,
    alpha: Annotated[float, typer.Option(help="Two-sided error of the first kind.")] = 0.05,
    fix: Fix = "none",
    json_to: JsonFile = None,
) -> None:
    """Plan a reader study: its power, or the cases it needs."""
    from lss_core.usecases.planning import pilot_given, pilot_of, plan_mrmc

    parts = {"var_tr": var_tr, "var": var, "cov1": cov1, "cov2": cov2, "cov3": cov3}
    _show_plan(
        plan_mrmc(
            pilot_of(pilot) if pilot else pilot_given(**parts, cases=pilot_cases),
            effect=effect,
            readers=readers,
            cases=cases,
            power=wanted,
            margin=margin,
            alpha=alpha,
            fix=fix,
        ),
        json_to,
    )


@power.command("kappa")
def power_kappa(
    kappa: Annotated[float, typer.Option(help="The kappa expected.")],
    shares: Annotated[str, typer.Option(help="Shares of the grades: 0.7,0.3.")],
    width: Annotated[float, typer.Option(help="Width of the whole interval.")],
    weights: Weights = "unweighted",
    sites: Sites = 1,
    correlation: Correlation = 0.0,
    level: Level = 0.95,
    json_to: JsonFile = None,
) -> None:
    """Units for a kappa of two raters with an interval of this width."""
    from lss_core.usecases.planning import plan_kappa

    _show_plan(
        plan_kappa(
            kappa=kappa,
            shares=_numbers(shares, "--shares"),
            width=width,
            weights=weights,
            sites=sites,
            correlation=correlation,
            level=level,
        ),
        json_to,
    )


@power.command("sensitivity")
def power_sensitivity(
    sensitivity: Annotated[float, typer.Option(help="The sensitivity, or specificity, expected.")],
    width: Annotated[float, typer.Option(help="Width of the whole interval.")],
    prevalence: Annotated[float, typer.Option(help="Share of the units that count.")] = 1.0,
    sites: Sites = 1,
    correlation: Correlation = 0.0,
    level: Level = 0.95,
    json_to: JsonFile = None,
) -> None:
    """Units for a sensitivity with an interval of this width."""
    from lss_core.usecases.planning import plan_sensitivity

    _show_plan(
        plan_sensitivity(
            sensitivity=sensitivity,
            width=width,
            prevalence=prevalence,
            sites=sites,
            correlation=correlation,
            level=level,
        ),
        json_to,
    )


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise typer.BadParameter(f"{option} takes numbers with commas between, not '{text}'") from None


def _written(found: Mapping[str, Any], json_to: Path | None) -> bool:
    if json_to is None:
        return False
    if str(json_to) == "-":
        print_json(found)
    else:
        json_to.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return True


def _show_plan(found: Mapping[str, Any], json_to: Path | None) -> None:
    if not _written(found, json_to):
        rows = [{"": name, "value": _short(value)} for name, value in found.items() if name != "pilot"]
        print_table("Plan", rows)


def _print_analysis(found: Mapping[str, Any]) -> None:
    data = found["data"]
    out.print(
        f"{found['method']}; {found['random']}; variance: {found['variance']}.\n"
        f"{found['measure']} of {found['n_readers']} readers, {data['n_cases']} cases of "
        f"{data['n_patients']} patients. Research use only.",
        highlight=False,
    )
    tables = {
        "Readers": [_figure(row) for row in found["readers"]],
        "Means of the readers": [_figure(row) for row in found["modalities"]],
        "Differences": [_figure(row) for row in found["differences"]],
        "Margins": [row for one in found["differences"] for row in _margins(one)],
        "Differences of each reader": [_figure(row) for row in found["reader_differences"]],
        "All modalities alike": [_overall(found["overall"])] if found["overall"] else [],
        "Components": [{"": k, "value": f"{v:.8f}"} for k, v in found["components"].items()],
    }
    for title, rows in tables.items():
        if rows:
            print_table(title, rows)
    for note in found["notes"]:
        out.print(f"Note: {note}.", highlight=False)


def _figure(row: Mapping[str, Any]) -> dict[str, str]:
    """A figure or a difference with its error, interval and test, as a table for people shows it."""
    cells = {name: row[name] for name in ("reader", "modality") if name in row}
    if "first" in row:
        cells["difference"] = f"{row['first']} - {row['second']}"
    cells["estimate"] = f"{row['estimate']:.5f}"
    cells["std error"] = f"{row['std_error']:.5f}"
    cells["interval"] = "-" if row["ci_low"] is None else f"{row['ci_low']:.5f} to {row['ci_high']:.5f}"
    if "df" in row:
        cells["df"] = "-" if row["df"] is None else f"{row['df']:.2f}"
    if "p_value" in row:
        cells["t or z"], cells["p"] = f"{row['value']:.3f}", _chance(row["p_value"])
    return cells


def _margins(row: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "difference": f"{row['first']} - {row['second']}",
            "claim": claim,
            "margin": f"{row[claim]['margin']:g}",
            "p": _chance(row[claim]["p_value"]),
            "shown": "yes" if row[claim]["shown"] else "no",
        }
        for claim in ("noninferiority", "equivalence")
        if claim in row
    ]


def _overall(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "statistic": row["statistic"],
        "value": f"{row['value']:.3f}",
        "df": f"{row['df1']:g}" + ("" if row["df2"] is None else f", {row['df2']:.2f}"),
        "p": _chance(row["p_value"]),
    }


def _chance(p_value: float) -> str:
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.4f}"


def _short(value: object) -> str:
    """A number of a plan as people read it."""
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value)
    return "-" if value is None else str(value)
