"""The figure beside a bundle's card."""

from __future__ import annotations

import shutil
from pathlib import Path

from lss_core.domain import Condition
from lss_core.usecases.reliability import FILE, draw_reliability
from lss_core.vision.bundle import Bundle, load_bundle

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "lss-small"


def test_the_shipped_bundles_reliability_has_a_panel_a_condition_and_is_the_one_beside_its_card(
    tmp_path: Path,
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "bundle", ignore=shutil.ignore_patterns(FILE))
    draw_reliability(load_bundle(tmp_path / "bundle"))
    drawn = (tmp_path / "bundle" / FILE).read_text()
    assert drawn.count('id="axes_') == len(Condition)
    assert drawn == (SHIPPED / FILE).read_text()


def test_a_card_that_tells_no_reliability_gets_no_figure(tmp_path: Path) -> None:
    card = load_bundle(SHIPPED).card.model_copy(update={"results": {}})
    draw_reliability(Bundle(folder=tmp_path, card=card))
    assert not (tmp_path / FILE).exists()
