"""A report's values without a database: two conditions, a model, three readers, one of whom read little."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from lss_core.domain import SITES, Condition, Estimate
from lss_core.reports.arm_values import (
    ArmsPart,
    ArmTestPart,
    OverridePart,
    ReaderSlope,
    TimeRow,
    TimesPart,
)
from lss_core.reports.values import (
    BundleFacts,
    CalibrationPart,
    ConditionPart,
    DifferencePart,
    FlowPart,
    Number,
    OutcomePart,
    PanelPart,
    PooledPart,
    PublishedPart,
    RaterPart,
    ReaderFacts,
    ReferenceFacts,
    StepPart,
    StudyReport,
    TestPart,
)
from lss_core.stats.probabilities import ReliabilityBin

BINARY = ("Sensitivity", "Specificity", "AUC")
GRADED = ("Sensitivity, weighted", "Specificity, weighted", "AUC, weighted")
KAPPAS = ("Kappa, binary", "Kappa, four grades", "Kappa, quadratic")
FOREST = ("Sensitivity", "Specificity", "Kappa, four grades")
AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def estimate(value: float, half: float = 0.1) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=40, method="patient bootstrap, BCa")


def number(value: float) -> Number:
    return Number(value=value, interval=estimate(value))


def rater(name: str, value: float, *, place: int = -1, **more) -> RaterPart:
    own = {"n": 38, "missing": 1, "not_gradable": 1} | more
    numbers = {label: number(value) for label in (*BINARY, *GRADED, *KAPPAS)}
    matrix = ((8, 2, 0, 0), (1, 7, 2, 0), (0, 1, 8, 1), (0, 0, 2, 6))
    return RaterPart(name=name, place=place, numbers=numbers, **({"confusion": matrix} | own))


def condition_part(condition: Condition) -> ConditionPart:
    grid = (0.0, 0.5, 1.0)
    few = rater("Ann", 0.4, place=0, full=False, n=2, missing=38)
    undefined = Number(refusal="no unit is positive in the reference")
    few = few.__class__(**{**few.__dict__, "numbers": {**few.numbers, "Sensitivity": undefined}})
    return ConditionPart(
        condition=condition,
        cases=8,
        units=40,
        grade_counts=(12, 10, 10, 8),
        reference_not_gradable=2,
        raters=(
            rater("model 1.0", 0.7, is_model=True, curve=((0.0, 0.2, 1.0), (0.0, 0.8, 1.0)),
                  band=((grid, (0.0, 0.6, 1.0)), (grid, (0.3, 1.0, 1.0)))),
            rater("Mean reader", 0.8, is_mean=True, raters=2, confusion=None),
            few,
            rater("Bob", 0.82, place=1),
            rater("Eve", 0.78, place=2),
        ),
        panels=(PanelPart(name="Readers", raters=2, fleiss=number(0.5), alpha=number(0.6)),
                PanelPart(name="model 1.0 with the reference", raters=2, fleiss=number(0.5),
                          alpha=number(0.6))),
        published=(
            PublishedPart(name="Published readers", is_model=False, fleiss=0.65, alpha=0.7,
                          numbers={"Sensitivity": 0.86, "Specificity": 0.87, "AUC": 0.82}),
            PublishedPart(name="Published model", is_model=True, numbers={"Kappa, four grades": 0.68}),
        ),
        published_note="",
        differences=tuple(
            DifferencePart(model="model 1.0", other=other, measure=measure, number=number(-0.1), p=0.2,
                           test="Wald")
            for other in ("Mean reader", "Bob", "Eve")
            for measure in FOREST
        ),
        tests=(
            TestPart(model="model 1.0", figure="Sensitivity", readers=2, units=36, left_out=4,
                     model_value=0.7, readers_mean=0.8, lowest=0.78, highest=0.82, difference=estimate(-0.1),
                     statistic=-2.5, df=30.0, p=0.01, p_holm=0.02, noninferior_p=0.9),
            TestPart(model="model 1.0", figure="Specificity", readers=2, units=36, left_out=4,
                     model_value=0.7, readers_mean=0.8, refusal="no variance"),
        ),
        flow=FlowPart(
            steps=(
                StepPart(title="Imported into the study", count=9, unit="case"),
                StepPart(title="With a reference standard", count=8, unit="case",
                         notes=(("graded by the model", 7),), lost=(("without a reference standard", 1),)),
                StepPart(title=condition.label, count=42, unit="site"),
                StepPart(title="Analysed", count=40, unit="site",
                         lost=(("not gradable in the reference", 2),)),
            ),
            outcomes=(
                OutcomePart(title="Reference positive", units=18, positive=13, negative=5, none=0),
                OutcomePart(title="Reference negative", units=22, positive=6, negative=15, none=1),
            ),
            readers=(("Bob", 38, 1, 1), ("Eve", 38, 1, 1)),
        ),
        pooled=PooledPart(name="Readers, counts pooled", n=76, numbers={"Sensitivity": number(0.81)}),
        calibrations=(calibration(),),
        arms=arms_part(),
    )  # fmt: skip


def calibration() -> CalibrationPart:
    return CalibrationPart(
        model="model 1.0",
        bins=(
            ReliabilityBin(low=0.0, high=0.1, n=30, mean_probability=0.04, share=0.1, observed=estimate(0.1)),
            ReliabilityBin(low=0.9, high=1.0, n=9, mean_probability=0.95, share=1.0, observed=None),
        ),
        scores=(("Brier score, grade 2 or 3", number(0.081), "0"),
                ("Calibration slope", Number(refusal="too few"), "1")),
        sites=40, graded=39, others=(("No answer of the model", 1),),
    )  # fmt: skip


def arms_part() -> ArmsPart:
    """Bob gains, Eve loses; the specificity has no test."""
    slopes = (ReaderSlope(name="Bob", place=1, first=0.7, second=0.8),
              ReaderSlope(name="Eve", place=2, first=0.8, second=0.75))  # fmt: skip
    return ArmsPart(
        arms=("unaided", "aided"),
        tests=(
            ArmTestPart(figure="Sensitivity", units=36, slopes=slopes, first=0.75, second=0.775,
                        difference=estimate(0.025), statistic=0.5, df=math.inf, p=0.6, noninferior_p=0.01,
                        readers_fixed=True),
            ArmTestPart(figure="Specificity", units=36, refusal="no variance"),
        ),
        overrides=(
            OverridePart(before="as the model", after=(("kept his grade", 20, 15),
                                                       ("took the model's", 0, 0))),
        ),
    )  # fmt: skip


@pytest.fixture
def report() -> StudyReport:
    """A study of two conditions with everything a report can show."""
    return StudyReport(
        title="Canals & <foramina>",
        study_id="ST-TEST",
        synthetic=True,
        made_at=AT,
        imported=(AT, AT),
        series={"Sagittal T2": 9, "Axial T2": 8},
        reference=ReferenceFacts(
            name="Majority of the panel", version=2, majority=True, made_at=AT, grades=84,
            decisions={"majority": 80, "adjudicated": 4}, readers_made_it=True, unreferenced=3,
        ),
        readers=(
            ReaderFacts(name="Bob", in_panel=True, simulated=False, submitted=8, opened=9, arms=("unaided",)),
            ReaderFacts(name="Eve", in_panel=True, simulated=True, submitted=8, opened=8, arms=("unaided",)),
        ),
        adjudicators=1,
        sites=SITES,
        bundles=(
            BundleFacts(name="model 1.0", found=True, made="2026-01-02", summary="A network.",
                        intended_use="Research.", training_data=(("Drawings", "CC0"),),
                        networks=(("axial", "unet", "ab" * 32),)),
        ),
        resamples=2000,
        seed=7,
        level=0.95,
        full_share=0.9,
        software=(("lss_core", "0.1.0"), ("numpy", "2.4.6")),
        data_sha256="cd" * 32,
        data_rows=500,
        conditions=(condition_part(Condition.CENTRAL), condition_part(Condition.FORAMINAL)),
        binary=BINARY,
        graded=GRADED,
        kappas=KAPPAS,
        forest=FOREST,
        published_source="Tumko et al. 2024",
        arm="unaided",
        arms=("unaided", "aided"),
        times=TimesPart(
            rows=(TimeRow(reader="Bob", arm="unaided", cases=8, low=2.0, median=2.5, high=3.0),
                  TimeRow(reader="Eve", arm="aided", cases=7, low=1.0, median=1.5, high=2.0)),
            medians={"unaided": 2.5, "aided": 1.5}, interrupted=2, longest_min=60.0,
        ),
    )  # fmt: skip
