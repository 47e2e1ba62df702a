"""Rows of docs/validation.md on reader studies: ours beside what other programs print of the same data.

    python benchmarks/validation_mrmc.py ../shared/data/stats

`rows` gives statistic, data set, ours, theirs, what their rounding allows, and the source.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from lss_core.stats.mrmc.covariance import Variance
from lss_core.stats.mrmc.dbm import dorfman_berbaum_metz
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.result import Analysis, Fixed
from lss_core.stats.mrmc.study import Measure, Metric, ReaderStudy
from lss_core.stats.power import Pilot, mrmc_cases, mrmc_power

IOWA = "OR-DBM MRMC 2.51 (RJafroc, inst/IowaResults/VanDyke.txt)"
MRMCAOV = "MRMCaov, docs/jss/MRMCaov.tex"
RJAFROC = "RJafroc, goodValues361/OutputReport/dataset02WilcoxonDBMH.txt"
PLANNED = "RJafroc, tests of sample size and the table of SsPowerTable(dataset02)"
AUC = Measure(metric=Metric.AUC)


class Row(NamedTuple):
    """One statistic: `rounding` is half a unit of the last digit that the source prints."""

    statistic: str
    data: str
    ours: float
    theirs: float
    rounding: float
    source: str


def van_dyke(data: Path) -> ReaderStudy:
    """Two modalities, five readers, 114 cases."""
    with (data / "vandyke.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    scores, truth = np.full((2, 5, 114), np.nan), np.zeros(114)
    names = list(dict.fromkeys(row["case"] for row in found))
    for row in found:
        case = names.index(row["case"])
        scores[int(row["treatment"]) - 1, int(row["reader"]) - 1, case] = float(row["rating"])
        truth[case] = float(row["truth"])
    return ReaderStudy(
        scores=scores,
        truth=truth,
        patients=np.arange(114),
        modalities=("1", "2"),
        readers=("1", "2", "3", "4", "5"),
        cases=tuple(names),
    )


def rows(data: Path) -> list[Row]:
    """All rows, from the folder that holds vandyke.csv."""
    study = van_dyke(data)
    random = obuchowski_rockette(study, AUC)
    return [
        *_tests(study),
        *_components(random),
        *_covariances(study),
        *_sensitivity(study),
        *_pseudovalues(study),
        *_plans(random),
    ]


def _row(statistic: str, ours: float, printed: str, source: str) -> Row:
    digits = len(printed.partition(".")[2])
    return Row(statistic, "Van Dyke", float(ours), float(printed), 0.5 * 10.0**-digits, source)


def _tests(study: ReaderStudy) -> list[Row]:
    errors, lows = ("0.02075", "0.01872", "0.01485"), ("-0.08796", "-0.08049", "-0.08502")
    highs, chances = ("0.00036", "-0.00711", "-0.00258"), ("0.0517", "0.0193", "0.0420")
    first, second = ("0.03317360", "0.02428971", "0.02482994"), ("0.02156637", "0.01677632", "0.01615303")
    values = ("-0.04380032",) * 3
    columns = zip(values, errors, lows, highs, chances, first, second, strict=True)
    printed = dict(zip((Fixed.NONE, Fixed.READERS, Fixed.CASES), columns, strict=True))
    names = ("difference", "its error", "low", "high", "p", "error of mean 1", "error of mean 2")
    found = []
    for fixed, theirs in printed.items():
        analysis = obuchowski_rockette(study, AUC, fixed=fixed)
        one = analysis.differences[0]
        ours = (
            one.estimate.value,
            one.standard_error,
            one.estimate.low,
            one.estimate.high,
            one.p_value,
            *(mean.standard_error for mean in analysis.means),
        )
        found += [
            _row(f"OR, AUC, {fixed.label}: {name}", value, text, IOWA)
            for name, value, text in zip(names, ours, theirs, strict=True)
        ]
    return found


def _components(random: Analysis) -> list[Row]:
    printed = {
        "MS(T)": "0.00479617",
        "MS(R)": "0.00383620",
        "MS(TR)": "0.00055103",
        "Var(R)": "0.00153500",
        "Var(TR)": "0.00020040",
        "Var(Error)": "0.00080229",
        "Cov1": "0.00034661",
        "Cov2": "0.00034407",
        "Cov3": "0.00023903",
    }
    return [_row(f"OR, AUC: {name}", random.components[name], text, IOWA) for name, text in printed.items()]


def _covariances(study: ReaderStudy) -> list[Row]:
    printed = {
        Variance.DELONG: ("4.484854", "15.06611", "0.05123303", "0.0003395265"),
        Variance.UNBIASED: ("4.489614", "15.03418", "0.0511618", "0.000339065"),
    }
    found = []
    for variance, theirs in printed.items():
        analysis = obuchowski_rockette(study, AUC, variance=variance)
        test = analysis.overall
        assert test is not None
        ours = (test.value, test.df2, test.p_value, analysis.components["Cov2"])
        found += [
            _row(f"OR, AUC, {variance.value}: {name}", value, text, MRMCAOV)
            for name, value, text in zip(("F", "df2", "p", "Cov2"), ours, theirs, strict=True)
        ]
    return found


def _sensitivity(study: ReaderStudy) -> list[Row]:
    analysis = obuchowski_rockette(study, Measure(metric=Metric.SENSITIVITY, threshold=3))
    one, test = analysis.differences[0], analysis.overall
    assert test is not None
    ours = {
        "difference": (one.estimate.value, "-0.09777778"),
        "its error": (one.standard_error, "0.03780451"),
        "F": (test.value, "6.689493"),
        "df2": (test.df2, "15.71732"),
        "p": (test.p_value, "0.02008822"),
    }
    return [_row(f"OR, sensitivity at 3: {name}", *pair, MRMCAOV) for name, pair in ours.items()]


def _pseudovalues(study: ReaderStudy) -> list[Row]:
    printed = {
        "MS(C)": "0.39686988",
        "MS(TC)": "0.09984808",
        "MS(TRC)": "0.03997160",
        "Var(C)": "0.02724923",
        "Var(TC)": "0.01197530",
        "Var(RC)": "0.01226473",
    }
    analysis = dorfman_berbaum_metz(study, AUC, fixed=Fixed.READERS)
    found = [
        _row(f"DBM, AUC: {name}", analysis.components[name], text, RJAFROC) for name, text in printed.items()
    ]
    return [*found, _row("DBM, AUC, fixed readers: p", analysis.differences[0].p_value, "0.0210", RJAFROC)]


def _plans(random: Analysis) -> list[Row]:
    parts, effect = random.components, random.differences[0].estimate.value
    pilot = Pilot(
        var_tr=parts["Var(TR)"],
        var=parts["Var(Error)"],
        cov1=parts["Cov1"],
        cov2=parts["Cov2"],
        cov3=parts["Cov3"],
        cases=114,
    )
    found = [
        _row("power, 6 readers, 111 cases", mrmc_power(pilot, effect=effect, readers=6, cases=111).power,
             "0.5526116", PLANNED),
        _row("power, 10 fixed readers, 131 cases",
             mrmc_power(pilot, effect=effect, readers=10, cases=131, fixed=Fixed.READERS).power,
             "0.80091813", PLANNED),
        _row("power, 10 readers, 53 fixed cases",
             mrmc_power(pilot, effect=effect, readers=10, cases=53, fixed=Fixed.CASES).power,
             "0.80496663", PLANNED),
    ]  # fmt: skip
    for readers, cases in ((4, 1089), (6, 251), (10, 163), (100, 103)):
        ours = mrmc_cases(pilot, effect=effect, readers=readers).cases
        found.append(_row(f"cases for a power of 0.8, {readers} readers", ours, str(cases), PLANNED))
    return found


if __name__ == "__main__":
    for row in rows(Path(sys.argv[1])):
        off = row.ours - row.theirs
        print(f"{row.statistic:50} {row.ours:14.9f} {row.theirs:14.9f} {off:10.1e}  {row.source}")
