from __future__ import annotations

import pytest

from lss_core.ui.review import measurement_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sac_area_mm2", ("Sac area", "mm²")),
        ("recess_height_mm", ("Recess height", "mm")),
        ("sac_area_ratio", ("Sac area ratio", "")),
        ("canal_ap_mm", ("Canal AP", "mm")),
        ("canal_ap_ratio", ("Canal AP ratio", "")),
        ("sac_mean", ("Sac mean", "")),
    ],
)
def test_a_measurement_is_shown_in_words_with_its_unit(name: str, words: tuple[str, str]) -> None:
    assert measurement_words(name) == words
