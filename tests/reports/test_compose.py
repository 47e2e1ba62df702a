"""What stands in a report: its outline against a file, its checklists, what it says of unusual studies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lss_core.reports.checklists import AUTHORS, CLAIM, STARD_AI
from lss_core.reports.compose import document_of
from lss_core.reports.document import Document, Heading, Paragraph, Picture, Table
from lss_core.reports.texts import Texts
from lss_core.reports.values import BundleFacts
from lss_core.texts import Language

OUTLINE = Path(__file__).parent / "outline.txt"
"""The structure of the report; after a change that is meant, write it anew from `outline`."""


def outline(document: Document) -> str:
    lines = [document.title, document.badge, *(name for name, _ in document.details)]
    for block in document.blocks:
        if isinstance(block, Heading):
            lines.append(f"{'#' * block.depth} {block.number} {block.text}".replace("  ", " "))
        elif isinstance(block, Table):
            lines.append(f"[{block.label or 'table'}] {block.caption} | {' | '.join(block.head)}")
            lines.append(f"    {len(block.rows)} rows")
        elif isinstance(block, Picture):
            lines.append(f"[{block.label}] {block.caption}")
    return "\n".join(lines) + "\n"


def _document(report, language: Language = Language.ENGLISH) -> Document:
    return document_of(report, Texts(language))


def _table(document: Document, anchor: str) -> Table:
    return next(own for own in document.blocks if isinstance(own, Table) and own.anchor == anchor)


def _text(document: Document) -> str:
    said = [f"{block.lead}{block.text}" for block in document.blocks if isinstance(block, Paragraph)]
    return "\n".join(said)


def test_the_structure_of_the_report_is_that_of_the_file(report) -> None:
    assert outline(_document(report)) == OUTLINE.read_text(encoding="utf-8")


def test_claim_has_its_44_items_and_stard_ai_its_40_in_48_rows() -> None:
    """Tejani et al. 2024; Sounderajah et al. 2025, Table 2 (items 15, 16, 17, 26 and 40 have parts)."""
    assert [item.number for item in CLAIM.items] == [str(n) for n in range(1, 45)]
    numbers = [item.number for item in STARD_AI.items]
    assert len(numbers) == 48
    assert list(dict.fromkeys(number.rstrip("abcd") for number in numbers)) == [str(n) for n in range(1, 41)]
    assert [n for n in numbers if not n.isdigit()] == [
        "15a", "15b", "15c", "15d", "16a", "16b", "16c", "17a", "17b", "26a", "26b", "40a", "40b",
    ]  # fmt: skip


def test_every_place_a_checklist_names_is_in_the_report(report) -> None:
    anchors = {block.anchor for block in _document(report).blocks if not isinstance(block, Paragraph)} | {
        "summary"
    }
    for checklist in (CLAIM, STARD_AI):
        for item in checklist.items:
            assert set(item.places) <= anchors, item


def test_an_item_says_where_it_is_answered_or_who_has_to(report) -> None:
    claim, stard = [block for block in _document(report).blocks if isinstance(block, Table)][-2:]
    rows = {row[0]: row[-1] for row in claim.rows if len(row) > 1}
    assert (rows["14"], rows["44"]) == ("1.5", AUTHORS)
    rows = {row[0]: row[-1] for row in stard.rows if len(row) > 1}
    assert rows["24"] == "Figure 1"


def test_a_synthetic_study_is_labelled_so_and_another_is_not(report) -> None:
    document = _document(report)
    assert document.badge == "Synthetic data: no patients. Research use only. Not a medical device."
    assert "This report is of a synthetic demonstration study." in _text(document)
    document = _document(replace(report, synthetic=False))
    assert document.badge == "Research use only. Not a medical device."
    assert "synthetic" not in _text(document).lower()


def test_the_summary_says_difference_interval_and_verdict(report) -> None:
    assert (
        "Central canal. model 1.0 against the mean of the readers (2): Sensitivity 0.70 against 0.80 "
        "(difference −0.10, −0.20 to 0.00; Holm-adjusted p 0.020), the model is lower; "
        "Specificity 0.70 against 0.80, no test."
    ) in _text(_document(report))


def test_the_methods_state_seed_resamples_versions_and_the_digest_of_the_data(report) -> None:
    text = _text(_document(report))
    for said in ("Draws of the bootstrap: 2,000, seed 7", "numpy 2.4.6", "cd" * 32, "version 2, frozen on"):
        assert said in text


def test_members_without_an_answer_are_counted_and_the_arm_of_several_is_named(report) -> None:
    text = _text(_document(replace(report, silent=2, arm="with the model")))
    assert "without a single answer among those analysed, left out of all tables and figures: 2." in text
    assert "figures of readers are of their answers in the arm “with the model”, but for" in text
    text = _text(_document(replace(report, arm="")))
    assert "of their newest answers, in whatever arm" in text
    text = _text(_document(replace(report, arm="", arms=())))
    assert "without a single answer" not in text
    assert "several arms" not in text


def test_a_study_without_a_model_is_reported_without_comparison(report) -> None:
    parts = tuple(
        replace(part, raters=part.raters[1:], differences=(), tests=(), flow=replace(part.flow, outcomes=()))
        for part in report.conditions
    )
    document = _document(replace(report, conditions=parts, bundles=()))
    text = _text(document)
    assert "No model graded the cases of this study." in text
    assert "There is no model, or no reader who answered enough, to compare." in text
    assert "Cases: 8; sites: 40, of them positive in the reference: 18." in text


def test_a_bundle_that_is_gone_and_an_external_reference_are_said(report) -> None:
    reference = replace(report.reference, majority=False, readers_made_it=False, unreferenced=0)
    text = _text(_document(replace(report, bundles=(BundleFacts(name="old 0.1"),), reference=reference)))
    assert "old 0.1: its bundle cannot be read here" in text
    assert "given to the software from outside the study" in text
    assert "favours them" not in text


def test_an_undefined_figure_is_undefined_and_who_answered_little_is_named(report) -> None:
    table = next(b for b in _document(report).blocks if isinstance(b, Table) and b.anchor == "tab:binary")
    ann = next(row for row in table.rows if row[0] == "Ann")
    assert ann[4] == "undefined"
    assert "Answered too little to count in the mean reader: Ann." in table.note


def test_two_arms_are_told_by_test_reader_and_override(report) -> None:
    document = _document(report)
    rows = _table(document, "tab:arms").rows
    assert rows[1] == ("Sensitivity", "36", "0.75", "0.78", "+0.03 (−0.08 to +0.12) †", "0.50 (∞)", "0.600",
                       "0.010")  # fmt: skip
    assert rows[2] == ("Specificity", "36", "", "", "no variance", "", "", "")
    assert "†: of these readers alone" in _table(document, "tab:arms").note
    assert _table(document, "tab:slopes").rows[1:3] == (
        ("Bob", "0.70 → 0.80", ""), ("Eve", "0.80 → 0.75 ↓", ""),
    )  # fmt: skip
    assert _table(document, "tab:overrides").rows[1] == ("as the model", "20 (15 right)", "0 (0 right)")
    assert "margin 0.05; below 0.025" in _table(document, "tab:arms").note


def test_an_override_that_cannot_be_told_says_why(report) -> None:
    parts = tuple(
        replace(part, arms=replace(part.arms, overrides=(), refusal="No model."))
        for part in report.conditions
    )
    document = _document(replace(report, conditions=parts))
    assert "Overrides: No model." in _text(document)
    assert "tab:overrides" not in {block.anchor for block in document.blocks if isinstance(block, Table)}


def test_one_arm_and_no_times_have_no_parts_of_their_own(report) -> None:
    parts = tuple(replace(part, arms=None, calibrations=(), pooled=None) for part in report.conditions)
    document = _document(replace(report, conditions=parts, times=None, arm="", arms=()))
    anchors = {block.anchor for block in document.blocks if not isinstance(block, Paragraph)}
    assert not anchors & {"arms", "times", "calibration", "tab:arms", "fig:slopes", "fig:reliability"}
    assert "Two arms" not in _text(document)


def test_reading_times_and_calibration_are_told(report) -> None:
    document = _document(report)
    assert _table(document, "tab:times").rows == (
        ("Bob", "2.5 (2.0–3.0) [8]", ""), ("Eve", "", "1.5 (1.0–2.0) [7]"),
    )  # fmt: skip
    assert (
        "Sittings over 60 minutes were interrupted and are left out: 2." in _table(document, "tab:times").note
    )
    brier, slope = _table(document, "tab:scores").rows
    assert brier[1] == "0.081 (−0.019 to 0.181)"
    assert slope[1] == "undefined"
    assert _table(document, "tab:coverage").rows[0][1] == "39 (97.5\u00a0%)"


def test_pooled_counts_stand_below_the_readers(report) -> None:
    rows = [row for row in _table(_document(report), "tab:binary").rows if row[0] == "Readers, counts pooled"]
    assert rows[0] == ("Readers, counts pooled", "76", "", "", "0.81 (0.71–0.91)", "", "")


@pytest.mark.parametrize("language", list(Language))
def test_figures_are_drawn_the_same_each_time(report, language) -> None:
    one, two = _document(report, language), _document(report, language)
    assert one == two
