"""Reader studies: the published ones of the shared folder, and small ones made on the spot."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lss_core.stats.mrmc.study import ReaderStudy

Maker = Callable[..., ReaderStudy]


def _table(path: Path, reader: str, modality: str) -> ReaderStudy:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    modalities, readers, cases = (
        tuple(dict.fromkeys(row[name] for row in rows)) for name in (modality, reader, "case")
    )
    scores, truth = np.full((len(modalities), len(readers), len(cases)), np.nan), np.zeros(len(cases))
    for row in rows:
        case = cases.index(row["case"])
        scores[modalities.index(row[modality]), readers.index(row[reader]), case] = float(row["rating"])
        truth[case] = float(row["truth"])
    return ReaderStudy(
        scores=scores,
        truth=truth,
        patients=np.arange(len(cases)),
        modalities=modalities,
        readers=readers,
        cases=cases,
    )


@pytest.fixture(scope="session")
def vandyke(shared_data: Path) -> ReaderStudy:
    """Van Dyke et al. 1993: cine MRI (1) and spin-echo MRI (2), 5 readers, 45 of 114 cases positive."""
    return _table(shared_data / "stats" / "vandyke.csv", "reader", "treatment")


@pytest.fixture(scope="session")
def kundel(shared_data: Path) -> ReaderStudy:
    """Kundel et al.: screen-film (1) of 95 cases, soft and hard copy (2, 3) of 95 others, 4 readers."""
    return _table(shared_data / "stats" / "kundel.csv", "reader", "treatment")


@pytest.fixture(scope="session")
def imrmc_example(shared_data: Path) -> ReaderStudy:
    """dfMRMC_example of iMRMC: two modalities, five readers, 40 negative and 40 positive cases."""
    path = shared_data / "stats" / "imrmc_dfMRMC_example.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    truth = {row["caseID"]: float(row["score"]) for row in rows if row["readerID"] == "truth"}
    read = [row for row in rows if row["readerID"] != "truth"]
    modalities, readers = (
        tuple(dict.fromkeys(row[name] for row in read)) for name in ("modalityID", "readerID")
    )
    cases = tuple(truth)
    scores = np.full((len(modalities), len(readers), len(cases)), np.nan)
    for row in read:
        where = (
            modalities.index(row["modalityID"]),
            readers.index(row["readerID"]),
            cases.index(row["caseID"]),
        )
        scores[where] = float(row["score"])
    return ReaderStudy(
        scores=scores,
        truth=np.array(list(truth.values())),
        patients=np.arange(len(cases)),
        modalities=modalities,
        readers=readers,
        cases=cases,
    )


@pytest.fixture(scope="session")
def make() -> Maker:
    """A study of scores (modalities, readers, cases) and a truth; one case a patient unless told."""

    def maker(scores, truth, patients=None, modalities=None) -> ReaderStudy:
        scores = np.asarray(scores, dtype=float)
        t, r, n = scores.shape
        return ReaderStudy(
            scores=scores,
            truth=np.asarray(truth, dtype=float),
            patients=np.arange(n) if patients is None else np.asarray(patients),
            modalities=modalities or tuple("ABCDEF"[:t]),
            readers=tuple(f"r{j}" for j in range(r)),
            cases=tuple(f"c{c}" for c in range(n)),
        )

    return maker


@pytest.fixture(scope="session")
def drawn(make: Maker) -> Maker:
    """A study drawn at random: readers and patients have their own levels, scores are 0 to 5."""

    def draw(seed, *, modalities=2, readers=3, patients=12, sites=1, gain=1.5) -> ReaderStudy:
        rng = np.random.default_rng(seed)
        n = patients * sites
        truth = np.tile([0, 1], n)[:n] if sites == 1 else rng.integers(0, 2, n)
        truth[:4] = [0, 1, 0, 1]
        truth[-4:] = [0, 1, 0, 1]
        owner = np.repeat(np.arange(patients), sites)
        level = (
            gain * truth
            + rng.normal(0, 1, patients)[owner]
            + rng.normal(0, 0.5, (modalities, readers, 1)) * truth
            + rng.normal(0, 1, (modalities, readers, n))
        )
        return make(np.clip(np.round(level + 2), 0, 5), truth, owner)

    return draw
