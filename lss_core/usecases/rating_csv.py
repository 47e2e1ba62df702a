"""Ratings from a long CSV: one row a rating, checked row by row; a bad row is refused with its place."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lss_core.domain import RaterKind, Site
from lss_core.errors import StatisticsError

NEEDED = ("case", "rater", "grade")
NOT_GRADABLE = {"ng", "not gradable", "not_gradable"}
SESSION = "session"
ARM = "arm"


@dataclass(frozen=True, kw_only=True)
class CsvRating:
    """One row: `line` of the file, NaN for no grade or score, `refused` where 'not gradable' was said."""

    line: int
    case: str
    site: str
    rater: str
    grade: float
    refused: bool
    score: float
    probabilities: tuple[float, ...] | None
    attributes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CsvRatings:
    """A file's rows, the names of its attributes, and the SHA-256 of its bytes."""

    name: str
    sha256: str
    attributes: tuple[str, ...]
    rows: tuple[CsvRating, ...]

    def refuse(self, line: int, reason: str, remedy: str) -> StatisticsError:
        """A refusal that names the file and the row."""
        return StatisticsError(f"{self.name}, row {line}", reason=reason, remedy=remedy)


def read_ratings(path: Path, scale: Sequence[float]) -> CsvRatings:
    """The ratings of a UTF-8 CSV with a header.

    Columns: case, site (or condition and level, and side), rater, grade; if there are any, score,
    p0 ... one for each grade of the scale, not_gradable; every column is an attribute too. An empty grade is
    missing; one of NG, not gradable, or anything in not_gradable, is 'not gradable'. Raises
    StatisticsError with file, row, reason and remedy for anything else.
    """
    text, digest = _text(path)
    lines = csv.reader(io.StringIO(text))
    header = _header(path.name, next(lines, []), len(scale))
    rows = []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        place = f"{path.name}, row {lines.line_num}"
        if len(cells) != len(header):
            reason = f"it has {len(cells)} cells, the header {len(header)}"
            raise StatisticsError(place, reason=reason, remedy="Quote cells that hold commas")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        rows.append(_rating(place, lines.line_num, row, scale))
    if not rows:
        raise StatisticsError(path.name, reason="it has no ratings", remedy="Give one row for each rating")
    return CsvRatings(name=path.name, sha256=digest, attributes=header, rows=tuple(rows))


def kinds_of(ratings: CsvRatings, models: Sequence[str]) -> dict[str, RaterKind]:
    """What each rater is, in the order of the file.

    Models are those named, those with probabilities, and those whose column `kind` says so; that column
    may say reader, model, adjudicator or reference. All others are readers. Raises StatisticsError for a
    name that is not in the file and a kind that does not exist.
    """
    kinds: dict[str, RaterKind] = {}
    for row in ratings.rows:
        said = row.attributes.get("kind", "")
        if said and said not in set(RaterKind):
            known = ", ".join(kind.value for kind in RaterKind)
            raise ratings.refuse(row.line, f"kind '{said}' does not exist", f"Use one of {known}")
        kind = RaterKind(said) if said else None
        if row.rater in models or (kind is None and row.probabilities is not None):
            kind = RaterKind.MODEL
        if kind is not None or row.rater not in kinds:
            kinds[row.rater] = kind or RaterKind.READER
    for name in models:
        check_rater(ratings, name)
    return kinds


def without(ratings: CsvRatings, names: Sequence[str]) -> CsvRatings:
    """The ratings without those of some raters. Raises StatisticsError for a name that is not in the file."""
    for name in names:
        check_rater(ratings, name)
    return replace(ratings, rows=tuple(row for row in ratings.rows if row.rater not in names))


def only(ratings: CsvRatings, wanted: Sequence[tuple[str, str]]) -> CsvRatings:
    """The rows that hold the values of these columns, or nothing there, as a model's have no arm.

    Raises StatisticsError for a column that is not in the file, and a value that is in none of its rows.
    """
    for column, value in wanted:
        check_attribute(ratings, column)
        known = dict.fromkeys(filter(None, (row.attributes[column] for row in ratings.rows)))
        if value not in known:
            reason = f"no row has '{value}' in the column '{column}'"
            raise StatisticsError(ratings.name, reason=reason, remedy=f"Name one of {', '.join(known)}")
        kept = tuple(row for row in ratings.rows if row.attributes[column] in ("", value))
        ratings = replace(ratings, rows=kept)
    return ratings


def mixed_arms(ratings: CsvRatings, by: Sequence[str]) -> str:
    """What to know where raters answered the same site in several arms that nothing tells apart; else ''."""
    if ARM not in ratings.attributes or ARM in by:
        return ""
    arms: dict[tuple[str, str, str], dict[str, None]] = {}
    for row in ratings.rows:
        if arm := row.attributes[ARM]:
            arms.setdefault((row.rater, row.case, row.site), {})[arm] = None
    raters = dict.fromkeys(key[0] for key, own in arms.items() if len(own) > 1)
    if not raters:
        return ""
    known = ", ".join(dict.fromkeys(arm for own in arms.values() for arm in own))
    return (
        f"{', '.join(raters)} answered sites in several arms ({known}). The answer of the first session "
        f"counts, in whatever arm it was given: name an arm with --only {ARM}=..., or make groups with "
        f"--by {ARM}."
    )


def check_rater(ratings: CsvRatings, name: str) -> None:
    """Raises StatisticsError unless the file has a rater of this name."""
    known = dict.fromkeys(row.rater for row in ratings.rows)
    if name not in known:
        reason = f"there is no rater '{name}'"
        raise StatisticsError(ratings.name, reason=reason, remedy=f"Name one of {', '.join(known)}")


def check_attribute(ratings: CsvRatings, name: str) -> None:
    """Raises StatisticsError unless the file has a column of this name."""
    if name not in ratings.attributes:
        reason = f"there is no column '{name}'"
        raise StatisticsError(
            ratings.name, reason=reason, remedy=f"Name one of {', '.join(ratings.attributes)}"
        )


def _text(path: Path) -> tuple[str, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise StatisticsError(str(path), reason=reason, remedy="Check the path") from error
    try:
        return content.decode("utf-8-sig"), hashlib.sha256(content).hexdigest()
    except UnicodeDecodeError as error:
        raise StatisticsError(
            path.name, reason="it is not UTF-8 text", remedy="Save it as CSV, UTF-8"
        ) from error


def _header(name: str, cells: Sequence[str], grades: int) -> tuple[str, ...]:
    header = tuple(cell.strip() for cell in cells)
    missing = [column for column in NEEDED if column not in header]
    if "site" not in header and not {"condition", "level"} <= set(header):
        missing.append("site (or condition and level)")
    if missing:
        reason = f"the header has no column {', '.join(missing)}"
        remedy = "Give case,site,rater,grade and, where there are any, score,p0,p1,... and attributes"
        raise StatisticsError(f"{name}, row 1", reason=reason, remedy=remedy)
    if len(set(header)) < len(header):
        twice = next(column for column in header if header.count(column) > 1)
        reason = f"the column '{twice}' is there twice"
        raise StatisticsError(f"{name}, row 1", reason=reason, remedy="Name each column once")
    own = [column for column in header if column[:1] == "p" and column[1:].isdigit()]
    if own and set(own) != {f"p{grade}" for grade in range(grades)}:
        reason = f"the columns {', '.join(own)} do not fit a scale of {grades} grades"
        raise StatisticsError(
            f"{name}, row 1", reason=reason, remedy=f"Give p0 to p{grades - 1}, or name the scale"
        )
    return header


def _rating(place: str, line: int, row: Mapping[str, str], scale: Sequence[float]) -> CsvRating:
    site = row["site"] if "site" in row else _site_of(row)
    for column, cell in (("case", row["case"]), ("site", site), ("rater", row["rater"])):
        if not cell:
            raise StatisticsError(place, reason=f"the {column} is empty", remedy="Fill it in")
    refused = row["grade"].lower() in NOT_GRADABLE or bool(row.get("not_gradable"))
    grade = math.nan if refused else _number(place, "grade", row["grade"])
    if not math.isnan(grade) and grade not in scale:
        shown = ", ".join(f"{own:g}" for own in scale)
        raise StatisticsError(
            place,
            reason=f"the grade {row['grade']} is not on the scale {shown}",
            remedy="Correct it, leave it empty, or name the whole scale",
        )
    return CsvRating(
        line=line,
        case=row["case"],
        site=site,
        rater=row["rater"],
        grade=grade,
        refused=refused,
        score=_number(place, "score", row.get("score", "")),
        probabilities=_probabilities(place, row, len(scale)),
        attributes=row,
    )


def _site_of(row: Mapping[str, str]) -> str:
    parts = [row["condition"], row["level"], row.get("side", "")]
    return ":".join(part for part in parts if part) if all(parts[:2]) else ""


def _number(place: str, column: str, cell: str) -> float:
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        reason = f"the {column} '{cell}' is not a number"
        raise StatisticsError(place, reason=reason, remedy="Correct it or leave it empty")
    return value


def _probabilities(place: str, row: Mapping[str, str], grades: int) -> tuple[float, ...] | None:
    cells = [row.get(f"p{grade}", "") for grade in range(grades)]
    if not any(cells):
        return None
    values = tuple(_number(place, f"p{grade}", cell) for grade, cell in enumerate(cells))
    if not all(0 <= value <= 1 for value in values) or not math.isclose(sum(values), 1, abs_tol=1e-4):
        reason = "its probabilities are not shares that add up to 1"
        raise StatisticsError(place, reason=reason, remedy=f"Give all of p0 to p{grades - 1}, or none")
    return values


def level_of(row: CsvRating) -> str | None:
    """The level of a row: its column `level`, or that of a site named as this project names sites."""
    if row.attributes.get("level"):
        return row.attributes["level"]
    try:
        return Site.parse(row.site).level.value
    except ValueError:
        return None
