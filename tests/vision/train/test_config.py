"""The configuration: what is wrong is named by file and key; the documents' own are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lss_core.errors import TrainingError
from lss_core.vision.bundle import load_bundle
from lss_core.vision.train.config import load_config
from lss_core.vision.train.place import data_set_of

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = re.findall(r"```toml\n(name.*?)```", (ROOT / "docs" / "train-your-own.md").read_text(), re.DOTALL)
HEAD = 'name = "x"\nlicence = "MIT"\noutput = "o"\nwork = "w"\nstart_from = "s"\n'
DATA = '[[data]]\nkind = "phantom"\ncount = 3\n'


def loaded(folder: Path, text: str):  # type: ignore[no-untyped-def]
    (folder / "my.toml").write_text(text)
    return load_config(folder / "my.toml")


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_documents_examples_are_right(tmp_path: Path, number: int) -> None:
    assert loaded(tmp_path, EXAMPLES[number]).data


def test_the_shipped_bundles_configurations_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSS_SPIDER", "/somewhere")
    folder = ROOT / "models" / "lss-small"
    configs = {path.name: load_config(path) for path in folder.glob("*.toml")}
    trained = {name for config in configs.values() for name, one in config.sections().items() if one}
    assert trained == set(configs["train.toml"].sections())
    assert load_bundle(folder).card.version == max(config.version for config in configs.values())


def test_paths_are_relative_to_the_file_and_variables_are_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", "elsewhere")
    config = loaded(tmp_path, HEAD + DATA + 'folder = "$PLACE/cache"\n')
    assert config.output == tmp_path / "o"
    assert config.data[0].folder == tmp_path / "elsewhere" / "cache"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, r"my\.toml: 'data': Field required"),
        (HEAD + DATA + "sheep = 3\n", r"'data\.0\.phantom\.sheep': there is no such key"),
        (HEAD + DATA + "[presence]\nsteps = 0\n", r"'presence\.steps': Input should be greater"),
        (HEAD + '[[data]]\nkind = "tea"\n', r"'data\.0': Input tag 'tea'"),
        (HEAD + DATA + "only_foramina = true\n", 'only_foramina goes with use = \\["segment", "classify"\\]'),
        (HEAD + DATA + DATA, r"two \[\[data\]\] are called 'phantom'"),
        (HEAD.replace("start_from", "summary") + DATA, r"there is no section for sagittal, .* no start_from"),
        (HEAD + DATA + '[presence]\narchitecture = "resnet"\n', r"'resnet' is not one of regnet_y_400mf"),
        (HEAD + DATA + "[segment.axial]\nshape = [60, 64]\n", r"shape must be multiples of 16"),
        (HEAD + DATA + 'folder = "$NOT_THERE"\n', r"environment variable \$NOT_THERE is not set"),
        ("name = ", r"my\.toml: it is not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_key_and_reason(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message) as caught:
        loaded(tmp_path, text)
    assert "Correct the file" in caught.value.remedy


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="it cannot be read"):
        load_config(tmp_path / "none.toml")


def test_both_layouts_of_spider_are_one_data_set(tmp_path: Path) -> None:
    text = HEAD + '[[data]]\nkind = "spider"\nfolder = "a"\n[[data]]\nkind = "spider_slices"\nfolder = "b"\n'
    assert {data_set_of(data) for data in loaded(tmp_path, text).data} == {"spider"}
