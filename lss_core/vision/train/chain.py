"""The stage 'ensemble': the bundle's whole chain on studies that no network has learned from.

The validation part fits the ensemble, the test part tests it. What was seen of a study is kept in
the work folder, so a run that was killed goes on with the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from lss_core.domain import Condition
from lss_core.vision.bundle import Bundle
from lss_core.vision.engine import Engine
from lss_core.vision.ensemble import Ensemble
from lss_core.vision.train.ensemble import Evidence, fitted, results_of, unfitted, with_ensemble
from lss_core.vision.train.left_out import study_or_none
from lss_core.vision.train.place import Entry, Place
from lss_core.vision.train.sources.base import Case
from lss_core.vision.train.splits import Part
from lss_core.vision.train.whole import write_text

APART = "studies kept apart"
"""Where the card keeps the figures of the whole chain."""


def fit_ensemble(place: Place, bundle: Bundle) -> Bundle:
    """The bundle with its ensemble and the chain's figures on its card."""
    asked = place.config.ensemble
    assert asked is not None, "the stage has a section"
    engine = Engine(with_ensemble(bundle, unfitted()), place.arithmetic.device.type)
    fitting = _evidence(place, engine, Part.VALIDATION, asked.fit_studies)
    testing = _evidence(place, engine, Part.TEST, asked.test_studies)
    ensemble = Ensemble(conditions={condition: fitted(fitting, condition) for condition in Condition})
    results: dict[str, Any] = {
        condition.value: results_of(testing, condition, ensemble) for condition in Condition
    }
    results["studies"] = {"fitted on": _studies(fitting), "tested on": _studies(testing)}
    made = with_ensemble(bundle, ensemble)
    noted = {**made.card.results, APART: results}
    return Bundle(folder=made.folder, card=made.card.model_copy(update={"results": noted}))


def _evidence(place: Place, engine: Engine, part: Part, most: int) -> list[Evidence]:
    chosen = list(_in_turn(place, part))
    chosen = chosen[:most] if most else chosen
    found = []
    for number, (entry, case) in enumerate(chosen):
        place.progress(number / len(chosen), f"ensemble: {part} study {number + 1} of {len(chosen)}")
        path = place.file("evidence", entry, case, ".json")
        if not path.is_file():
            write_text(path, json.dumps(_seen(place, engine, entry, case)))
        kept = json.loads(path.read_text(encoding="utf-8"))
        found += [Evidence.model_validate({**one, "study": number}) for one in kept]
    return found


def _in_turn(place: Place, part: Part) -> Iterator[tuple[Entry, Case]]:
    """The cases of a part, one of each source after the other."""
    graded = [entry for entry in place.entries_for("ensemble") if entry.source.graded]
    for cases in zip_longest(*(entry.cases[part] for entry in graded)):
        yield from ((entry, case) for entry, case in zip(graded, cases, strict=True) if case is not None)


def _seen(place: Place, engine: Engine, entry: Entry, case: Case) -> list[dict[str, Any]]:
    """What the chain sees of the sites of a case whose grade is known; nothing where it is left out."""
    study = study_or_none(place, entry, case)
    if study is None:
        return []
    graded = engine.grade(study.series)
    found = [
        Evidence(
            study=0,
            site=finding.site.key,
            truth=study.grades[finding.site],
            measurements=dict(finding.measurements),
            streams=dict(finding.streams),
            reason=finding.not_gradable and finding.not_gradable.value,
        )
        for finding in graded.findings.sites
        if finding.site in study.grades
    ]
    return [one.model_dump() for one in found]


def _studies(evidence: list[Evidence]) -> int:
    return len({one.study for one in evidence})
