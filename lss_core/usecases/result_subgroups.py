"""Which cases make subgroups: by scanner and by every attribute of their headers that tells them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

SCANNER = "Scanner"
MOST_VALUES = 12
"""An attribute with more values than this makes no groups."""

OF_NO_INTEREST = (
    "Date", "UID", "Time", "SeriesNumber", "Rows", "Columns", "Bits", "HighBit", "PixelRepresentation",
    "Samples", "PhotometricInterpretation",
)  # fmt: skip
"""Parts of names of attributes that tell nothing of a case."""

Attributes = Mapping[str, Mapping[str, str]]
"""By name of the attribute: the value of each case that has it, by its id."""


def subgroup_attributes(of_cases: Mapping[str, Mapping[str, str]]) -> Attributes:
    """The attributes that split the cases (case id: name: value): those with two to MOST_VALUES values."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for case_id, attributes in of_cases.items():
        for name, value in {**attributes, **_scanner(attributes)}.items():
            if value and not any(part in name for part in OF_NO_INTEREST):
                found[name][case_id] = value
    ordered = sorted(found, key=lambda name: (name != SCANNER, name))
    return {name: found[name] for name in ordered if 1 < len(set(found[name].values())) <= MOST_VALUES}


def _scanner(attributes: Mapping[str, str]) -> dict[str, str]:
    """Maker and field strength in one."""
    field = attributes.get("MagneticFieldStrength", "")
    parts = [attributes.get("Manufacturer", ""), f"{field} T" if field else ""]
    return {SCANNER: " ".join(part for part in parts if part)}
