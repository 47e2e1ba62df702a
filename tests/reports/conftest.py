"""A report's values without a database: two conditions, a model, three readers, one of whom read little."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lss_core.domain import SITES, Condition, Estimate
from lss_core.reports.values import (
    BundleFacts,
    ConditionPart,
    DifferencePart,
    FlowPart,
    Number,
    OutcomePart,
    PanelPart,
    PublishedPart,
    RaterPart,
    ReaderFacts,
    ReferenceFacts,
    StepPart,
    StudyReport,
    TestPart,
)

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
                     model_value=0.7, readers_mean=0.8, difference=estimate(-0.1), p=0.01, p_holm=0.02),
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
    )  # fmt: skip
