"""Writes docs/measurements.md and its drawings from the table of quantities.

    python docs/make_measurements.py

The drawings are schematic and to no scale: what is measured is drawn in orange.
"""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from lss_core.domain import Condition  # noqa: E402
from lss_core.measure.quantities import QUANTITIES, Quantity  # noqa: E402

IMAGES = DOCS / "images" / "measurements"

INK, MARK, SOFT = "#5b6472", "#d9730d", "#f6c89a"
BONE, DISC, SAC, FAT, LIGAMENT = "#e8e2d4", "#bcd0dd", "#8fb7e6", "#f4ecb8", "#b9a0c9"

Shapes = list[str]


def path(d: str, fill: str = "none", stroke: str = INK, width: float = 1.2, dashed: bool = False) -> str:
    """A path of SVG."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"{dash}/>'


def ellipse(
    x: float, y: float, a: float, b: float, fill: str, stroke: str = INK, dashed: bool = False
) -> str:
    """An ellipse of SVG."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    shape = f'cx="{x}" cy="{y}" rx="{a}" ry="{b}"'
    return f'<ellipse {shape} fill="{fill}" stroke="{stroke}" stroke-width="1.2"{dash}/>'


def span(x1: float, y1: float, x2: float, y2: float) -> str:
    """A measured length: a line with two dots."""
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.6" fill="{MARK}"/>' for x, y in ((x1, y1), (x2, y2)))
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{MARK}" stroke-width="2.2"/>{dots}'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = MARK, dashed: bool = True) -> str:
    """A helping line."""
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="1.4"{dash}/>'


def text(x: float, y: float, words: str) -> str:
    """Small words."""
    return f'<text x="{x}" y="{y}" font-family="sans-serif" font-size="10" fill="{INK}">{words}</text>'


CANAL = "M78 92 L162 92 L150 128 L120 150 L90 128 Z"
RECESS_LEFT, RECESS_RIGHT = "M146 92 L168 92 L164 104 L146 110 Z", "M94 92 L72 92 L76 104 L94 110 Z"
FLAVUM_LEFT, FLAVUM_RIGHT = "M122 152 L160 118 L166 126 L124 164 Z", "M118 152 L80 118 L74 126 L116 164 Z"
SAC_AT = (120.0, 113.0, 23.0, 15.0)
HERNIATION = "M120 91 C124 106 148 106 150 91 Z"


def axial(sac: str = SAC, recess: str = FAT, flavum: str = LIGAMENT, canal: str = FAT) -> Shapes:
    """Disc, canal, sac, recesses, flava and facets of an axial slice, front up, right side left."""
    return [
        ellipse(120, 50, 84, 42, DISC),
        path(CANAL, canal),
        path(RECESS_LEFT, recess),
        path(RECESS_RIGHT, FAT),
        path(FLAVUM_LEFT, flavum),
        path(FLAVUM_RIGHT, LIGAMENT),
        ellipse(186, 128, 16, 20, BONE),
        ellipse(54, 128, 16, 20, BONE),
        path("M112 166 L128 166 L124 196 L116 196 Z", BONE),
        ellipse(*SAC_AT, sac),
    ]


UPPER, LOWER = "M36 20 L150 26 L156 78 L30 74 Z", "M26 124 L154 116 L150 184 L34 190 Z"
DISC_SIDE = "M30 75 L156 79 Q168 97 154 115 L26 123 Q20 98 30 75 Z"


def disc_side(disc: str = DISC) -> Shapes:
    """Two vertebral bodies and their disc from the side, front on the left, and the canal's line."""
    return [path(UPPER, BONE), path(LOWER, BONE), path(DISC_SIDE, disc), line(182, 16, 182, 194, SAC, False)]


HOLE = "M96 44 Q116 30 134 46 Q146 66 130 88 Q128 118 118 132 Q102 128 100 108 Q84 78 96 44 Z"


def foramen_side(hole: str = FAT) -> Shapes:
    """A foramen from the side: body and disc in front, pedicles above and below, joint behind."""
    return [
        path("M16 20 L96 20 L96 92 L16 92 Z", BONE),
        path("M16 92 L100 92 L104 120 L16 120 Z", DISC),
        path("M16 120 L100 120 L100 190 L16 190 Z", BONE),
        path("M96 20 L176 20 L176 44 L96 44 Z", BONE),
        path("M96 130 L176 130 L176 190 L100 190 Z", BONE),
        path("M134 44 L176 44 L176 130 L124 130 Z", BONE),
        path(HOLE, hole),
        ellipse(115, 60, 9, 9, SAC),
    ]


def spine() -> Shapes:
    """A lumbar spine from the side."""
    places = [(96, 14, 12), (90, 44, 6), (86, 74, 2), (86, 104, -4), (94, 134, -12), (110, 164, -30)]
    boxes = [
        f'<rect x="{x}" y="{y}" width="52" height="20" rx="2" fill="{BONE}" stroke="{INK}" '
        f'transform="rotate({angle} {x + 26} {y + 10})"/>'
        for x, y, angle in places
    ]
    return boxes


def drawings() -> dict[str, Shapes]:
    """What is drawn for each quantity."""
    x, y, a, b = SAC_AT
    normal_sac = ellipse(x, y + 2, a + 12, b + 10, "none", MARK, dashed=True)
    normal_canal = path("M66 88 L174 88 L158 134 L120 162 L82 134 Z", stroke=MARK, dashed=True)
    width, depth = span(x - a, y, x + a, y), span(x, y - b, x, y + b)
    canal_depth = span(120, 92, 120, 150)
    herniated = [*axial(), path(HERNIATION, DISC)]
    return {
        "sac_area_mm2": axial(sac=SOFT),
        "sac_least_area_mm2": [
            *(ellipse(120, 40 + 60 * n, a * k, b * k, SAC if k > 0.7 else SOFT)
              for n, k in enumerate((1.1, 0.6, 0.9))),
            text(160, 44, "above"), text(160, 104, "at the disc"), text(160, 164, "below"),
        ],
        "sac_width_mm": [*axial(), width],
        "sac_height_mm": [*axial(), depth],
        "canal_area_mm2": axial(canal=SOFT, sac=SOFT),
        "canal_width_mm": [*axial(), span(78, 92, 162, 92)],
        "canal_ap_mm": [*axial(), canal_depth],
        "sac_area_ratio": [
            *(ellipse(120, 40 + 60 * n, a * k, b * k, SOFT if n == 1 else SAC, MARK if n == 1 else INK)
              for n, k in enumerate((1.3, 0.8, 1.3))),
            text(160, 44, "vertebra"), text(160, 104, "disc"), text(160, 164, "vertebra"),
        ],
        "sac_neighbour_ratio": [
            *(ellipse(120, 40 + 60 * n, a * k, b * k, SOFT if n == 1 else SAC, MARK if n == 1 else INK)
              for n, k in enumerate((1.1, 0.7, 1.1))),
            text(160, 44, "level above"), text(160, 104, "level"), text(160, 164, "level below"),
        ],
        "sac_height_ratio": [*axial(), depth, normal_sac],
        "canal_area_ratio": [*axial(canal=SOFT, sac=SOFT), normal_canal],
        "canal_ap_ratio": [*axial(), canal_depth, normal_canal],
        "asymmetry_ratio": [
            *axial(), path("M120 98 A23 15 0 0 1 120 128 Z", SOFT, MARK), line(120, 88, 120, 160),
        ],
        "posterior_fat_mm": [*axial(), span(120, 128, 120, 150)],
        "sac_mean": [*axial(sac=SOFT), ellipse(60, 178, 34, 16, "#c9a7a0"), text(44, 181, "muscle")],
        "sac_contrast": [
            *axial(),
            *(f'<circle cx="{108 + 6 * (n % 5)}" cy="{106 + 7 * (n // 5)}" r="2" fill="{MARK}"/>'
              for n in range(10)),
        ],
        "flavum_thickness_mm": [*axial(flavum=SOFT), ellipse(151, 131, 7, 7, "none", MARK)],
        "herniation_width_mm": [*herniated, span(120, 92, 150, 92)],
        "herniation_depth_mm": [*herniated, span(135, 91, 135, 103)],
        "herniation_area_mm2": [*axial(), path(HERNIATION, SOFT, MARK)],
        "herniation_offset_mm": [*herniated, line(120, 70, 120, 160), span(120, 96, 135, 96)],
        "recess_height_mm": [*axial(), span(156, 92, 156, 107)],
        "recess_area_mm2": axial(recess=SOFT),
        "facet_area_mm2": [*axial(), ellipse(186, 128, 16, 20, SOFT, MARK)],
        "disc_height_mm": [*disc_side(), span(90, 77, 90, 119)],
        "posterior_disc_height_mm": [*disc_side(), span(134, 79, 134, 117)],
        "disc_height_ratio": [
            *disc_side(), span(50, 76, 50, 122), span(134, 79, 134, 117), span(25, 99, 162, 99),
        ],
        "disc_wedge_deg": [*disc_side(), line(10, 74, 230, 82), line(10, 125, 230, 111)],
        "disc_bulge_mm": [*disc_side(), line(158, 70, 153, 124), span(156, 97, 163, 97)],
        "listhesis_mm": [
            path("M12 20 L126 26 L132 78 L6 74 Z", BONE), path(LOWER, BONE),
            path("M6 75 L132 79 L154 115 L26 123 Z", DISC), line(132, 78, 132, 128),
            line(154, 116, 149, 184), span(132, 122, 154, 120),
        ],
        "foramen_height_mm": [*foramen_side(), span(116, 37, 116, 132)],
        "foramen_width_mm": [*foramen_side(), span(93, 78, 137, 78)],
        "foramen_area_mm2": foramen_side(hole=SOFT),
        "foramen_room_mm2": [
            *foramen_side(), ellipse(115, 72, 34, 34, "none", MARK, dashed=True),
            path("M96 44 Q116 30 134 46 Q146 66 130 88 L128 102 L102 104 Q84 78 96 44 Z", SOFT, MARK),
            ellipse(115, 60, 9, 9, SAC),
        ],
        "foramen_clearance_mm": [*foramen_side(), ellipse(115, 66, 21, 21, "none", MARK)],
        "foramen_fat_mm2": [*foramen_side(hole=SOFT), ellipse(115, 60, 9, 9, SAC)],
        "lordosis_deg": [*spine(), line(60, 1, 220, 35), line(60, 206, 220, 114)],
        "cobb_deg": [
            *(f'<rect x="{90 + s}" y="{14 + 30 * n}" width="60" height="18" rx="2" fill="{BONE}" '
              f'stroke="{INK}" transform="rotate({r} {120 + s} {23 + 30 * n})"/>'
              for n, (s, r) in enumerate(((0, -9), (8, -5), (13, 0), (13, 4), (8, 8), (0, 0)))),
            line(40, 36, 220, 8), line(40, 124, 220, 148),
        ],
    }  # fmt: skip


def svg(shapes: Shapes, title: str) -> str:
    """A whole drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 204" width="240" height="204" role="img">'
        f"<title>{title}</title>" + "".join(shapes) + "</svg>\n"
    )


START, END = "<!-- written by docs/make_measurements.py from here -->", "<!-- to here -->"

GROUPS = (
    ("Central canal", Condition.CENTRAL),
    ("Lateral recess", Condition.LATERAL_RECESS),
    ("Foramen", Condition.FORAMINAL),
    ("Whole spine", None),
)


def quantities() -> str:
    """The part of docs/measurements.md that follows from the table."""
    parts = []
    for title, condition in GROUPS:
        parts.append(f"### {title}\n\n")
        parts += [section(name, one) for name, one in QUANTITIES.items() if first_of(one) is condition]
    return "".join(parts)


def page(written: str) -> str:
    """The page with its part between the two marks written anew."""
    before, _, rest = written.partition(START)
    after = rest.partition(END)[2]
    return f"{before}{START}\n\n{quantities()}{END}{after}"


def first_of(quantity: Quantity) -> Condition | None:
    """The condition under which a quantity stands."""
    return quantity.conditions[0] if quantity.conditions else None


def section(name: str, quantity: Quantity) -> str:
    """One quantity: drawing, definition, unit, source, cut-offs."""
    sites = ", ".join(one.label.lower() for one in quantity.conditions) or "the study"
    lines = [
        f"#### {quantity.label}",
        "",
        f"![{quantity.label}](images/measurements/{name}.svg)",
        "",
        f"`{name}`, {f'in {quantity.unit}' if quantity.unit else 'a ratio'}, of: {sites}.",
        quantity.definition,
        f"Source: {quantity.source}.",
        "",
    ]
    if quantity.cut_offs:
        lines += ["| cut-off | means | source |", "|---|---|---|"]
        lines += [
            f"| {cut.worse} {quantity.in_words(cut.limit)} | {cut.means} | {cut.source} |"
            for cut in quantity.cut_offs
        ]
        lines.append("")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page and its drawings."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, shapes in drawings().items():
        (IMAGES / f"{name}.svg").write_text(svg(shapes, QUANTITIES[name].label), encoding="utf-8")
    file = DOCS / "measurements.md"
    file.write_text(page(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
