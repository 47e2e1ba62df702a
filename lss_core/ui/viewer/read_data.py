"""A sitting as the plain data that the viewer's script reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lss_core.domain import Answer, SiteFinding
from lss_core.texts import known, moment, translated
from lss_core.ui.drawings import as_source, drawing
from lss_core.usecases.reading import ReadState
from lss_core.usecases.signing import meaning_of


def read_data(read: ReadState) -> dict[str, Any]:
    """What the script knows of a read: what is asked, what is answered, whether it is signed."""
    plan, questions = read.plan, read.plan.questions
    return {
        "id": read.read_id,
        "key": read.key,
        "submitted": read.submitted,
        "answers": answers_data(read.answers),
        "versions": dict(read.versions),
        "first": answers_data(read.first),
        "note": {"image_quality": read.note.image_quality, "comment": read.note.comment},
        "sites": [site.key for site in plan.sites],
        "asks": {
            "call": questions.call,
            "score": questions.score,
            "comment": questions.comment,
            "image_quality": questions.image_quality,
        },
        "aided": plan.aided,
        "stage": plan.stage,
        "stages": plan.stages,
        "kind": plan.kind.value,
        "meaning": translated(meaning_of(plan)),
        "signature": _signature(read),
    }


def scheme_data(read: ReadState) -> list[dict[str, Any]]:
    """What the grades mean at the conditions that are read, in the protocol's words."""
    asked = {site.condition for site in read.plan.sites}
    return [
        {
            "key": condition.value,
            "label": translated(condition.label),
            "grades": [
                {
                    "grade": str(int(grade)),
                    "text": known(text),
                    "drawing": as_source(drawing(condition, grade)),
                }
                for grade, text in grades.items()
            ],
        }
        for condition, grades in read.plan.scheme.items()
        if condition in asked
    ]


def answers_data(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Answers by site key."""
    return {site: answer_data(answer) for site, answer in answers.items()}


def answer_data(answer: Answer | SiteFinding) -> dict[str, Any]:
    """One answer; what was not asked or said is left out."""
    said = {
        "grade": None if answer.grade is None else int(answer.grade),
        "not_gradable": None if answer.not_gradable is None else answer.not_gradable.value,
    }
    if isinstance(answer, SiteFinding):
        return said
    more = {"positive": answer.positive, "score": answer.score, "note": answer.note or None}
    return {**said, **{name: value for name, value in more.items() if value is not None}}


def _signature(read: ReadState) -> dict[str, Any] | None:
    signed = read.signature
    if signed is None:
        return None
    return {
        "name": signed.printed_name,
        "meaning": known(signed.meaning),
        "at": moment(signed.signed_at),
        "sha256": signed.answers_sha256,
    }
