from __future__ import annotations

import pytest

from lss_core.ui.viewer.data import measurement_in_words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sac_area_mm2", 104.3, ("Sac area", "104", "mm²")),
        ("recess_height_mm", 3.456, ("Recess height", "3.46", "mm")),
        ("sac_area_ratio", 0.5, ("Sac area ratio", "0.50", "")),
        ("canal_ap_mm", 14.2, ("Canal AP", "14.2", "mm")),
        ("sac_mean", -1234.0, ("Sac mean", "-1234", "")),
    ],
)
def test_a_measurement_is_shown_in_words_with_its_unit(
    name: str, value: float, words: tuple[str, str, str]
) -> None:
    assert measurement_in_words(name, value) == words
