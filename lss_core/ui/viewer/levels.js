// Where the discs are, for going there from the grid: the reader's own marks, and where he has set none (an adjudicator sets none) an
// estimate from how the slices lie. Nothing of it comes from the model: see docs/reading.md.

const LEVELS = ["T12_L1", "L1_L2", "L2_L3", "L3_L4", "L4_L5", "L5_S1"];
const DISC_STEP_MM = 36; // from one lumbar disc to the next, where nothing better is known
const ASIDE_MM = { central: 0, lateral_recess: 9, foraminal: 18 }; // from the midline, where such a site lies

class LevelPlaces {
  constructor(user, readKey) {
    this.place = `lss-levels:${user}:${readKey}`;
    this.marks = new Map(JSON.parse(localStorage.getItem(this.place) ?? "[]"));
  }

  set(level, point) {
    this.marks.set(level, point);
    localStorage.setItem(this.place, JSON.stringify([...this.marks]));
  }

  /** Where a site is looked for: a point and whether the reader has marked its level; null without images. */
  of(site, pixels) {
    const [condition, level, side] = site.split(":");
    const guess = estimated(pixels);
    if (!guess) return null;
    const point = within(guess.frame, this.shifted(guess.places, LEVELS.indexOf(level)));
    const aside = ASIDE_MM[condition] * (side === "right" ? -1 : 1); // x grows to the patient's left
    return { point_mm: [point[0] + aside, point[1], point[2]], marked: this.marks.has(level) };
  }

  /** The estimate moved by what the marks say of it: by the nearest two, or the nearest one at the ends. */
  shifted(guess, at) {
    const known = LEVELS.map((level, i) => [i, this.marks.get(level)])
      .filter(([, mark]) => mark)
      .map(([i, mark]) => [i, minus(mark, guess[i])]);
    if (!known.length) return guess[at];
    const below = known.filter(([i]) => i <= at).at(-1) ?? known[0];
    const above = known.find(([i]) => i >= at) ?? known.at(-1);
    const share = above[0] === below[0] ? 0 : (at - below[0]) / (above[0] - below[0]);
    const shift = along(below[1], share, minus(above[1], below[1]));
    return [guess[at][0], guess[at][1] + shift[1], guess[at][2] + shift[2]];
  }
}

/** The discs from the geometry of the series alone: each block of axial slices lies at a disc, the lowest
    at L5-S1; without blocks the middle of the sagittal picture is taken for L3-L4. */
function estimated(pixels) {
  const sagittal = (pixels.best("sagittal_t2") ?? pixels.best("sagittal_t1"))?.meta;
  const axial = pixels.best("axial_t2")?.meta;
  const frame = sagittal ?? axial;
  if (!frame) return null;
  const plane = planeOf(frame, frame.slices >> 1);
  const middle = middleOf(plane);
  const places = LEVELS.map((_, i) => [middle[0], middle[1], middle[2] + (LEVELS.indexOf("L3_L4") - i) * DISC_STEP_MM]);
  const blocks = axial ? blockMiddles(axial) : [];
  if (blocks.length < 2 || blocks.length > LEVELS.length) return { frame: plane, places };
  blocks.forEach((point, i) => (places[LEVELS.length - blocks.length + i] = [middle[0], point[1], point[2]]));
  for (let i = LEVELS.length - blocks.length - 1; i >= 0; i--) {
    places[i] = [middle[0], places[i + 1][1], places[i + 1][2] + DISC_STEP_MM];
  }
  return { frame: plane, places };
}

/** A point, or the nearest one that the frame of a plane shows. */
function within(plane, point) {
  const { row, column, distance } = toPixel(plane, point);
  const inside = (n, count) => Math.min(Math.max(n, 0), count - 1);
  return along(toPatient(plane, inside(row, plane.rows), inside(column, plane.columns)), distance, plane.normal);
}

/** The middle of each block of an axial series, from the head down. */
function blockMiddles(meta) {
  const count = meta.block[meta.slices - 1] + 1;
  if (count === 1) return [];
  const middles = Array.from({ length: count }, (_, block) => {
    const first = meta.block.indexOf(block), last = meta.block.lastIndexOf(block);
    return middleOf(planeOf(meta, (first + last) >> 1));
  });
  return middles.sort((a, b) => b[2] - a[2]);
}
