// Patient geometry, as in lss_core/imaging/volume.py: LPS millimetres, x grows to the
// patient's left, y to the back, z to the head. A slice is a plane with a frame.

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const along = (p, t, v) => [p[0] + t * v[0], p[1] + t * v[1], p[2] + t * v[2]];
const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0],
];
const opposite = (v) => [-v[0], -v[1], -v[2]];

/** The plane and the frame of slice k of a series in the manifest. */
function planeOf(series, k) {
  const x = series.x_axes[k], y = series.y_axes[k];
  return {
    origin: series.positions_mm[k], x, y, normal: cross(x, y),
    rows: series.rows, columns: series.columns,
    rowMm: series.spacing_mm[0], columnMm: series.spacing_mm[1],
  };
}

function toPatient(plane, row, column) {
  return along(along(plane.origin, row * plane.rowMm, plane.y), column * plane.columnMm, plane.x);
}

/** Row and column of a point's foot on the plane, and its signed distance in mm. */
function toPixel(plane, point) {
  const away = minus(point, plane.origin);
  return {
    row: dot(away, plane.y) / plane.rowMm,
    column: dot(away, plane.x) / plane.columnMm,
    distance: dot(away, plane.normal),
  };
}

function insideFrame(plane, row, column) {
  return row >= -0.5 && column >= -0.5 && row <= plane.rows - 0.5 && column <= plane.columns - 0.5;
}

const middleOf = (plane) => toPatient(plane, (plane.rows - 1) / 2, (plane.columns - 1) / 2);

/** Which way a plane lies: the body axis nearest to its normal. */
function orientationOf(plane) {
  const size = plane.normal.map(Math.abs);
  return ["sagittal", "coronal", "axial"][size.indexOf(Math.max(...size))];
}

const RIGHT_WAY_UP = {
  sagittal: { right: [0, 1, 0], down: [0, 0, -1] }, // front at the left, head up
  coronal: { right: [1, 0, 0], down: [0, 0, -1] }, // the patient's right at the left, head up
  axial: { right: [1, 0, 0], down: [0, 1, 0] }, // the patient's right at the left, front up
};

/**
 * The patient directions that run right and down on the screen: the slice's own axes,
 * turned or flipped so that the picture is the right way up however it was stored.
 */
function screenAxes(plane) {
  const wanted = RIGHT_WAY_UP[orientationOf(plane)];
  const stored = Math.abs(dot(plane.x, wanted.right)) >= Math.abs(dot(plane.y, wanted.right));
  const right = stored ? plane.x : plane.y;
  const down = stored ? plane.y : plane.x;
  return {
    right: dot(right, wanted.right) < 0 ? opposite(right) : right,
    down: dot(down, wanted.down) < 0 ? opposite(down) : down,
  };
}

/** Letters of a direction: the body axis it follows most, and a second it leans to by 20 degrees. */
function lettersOf(direction) {
  const names = ["LR", "PA", "HF"];
  return [0, 1, 2]
    .sort((a, b) => Math.abs(direction[b]) - Math.abs(direction[a]))
    .filter((axis, place) => Math.abs(direction[axis]) > (place ? 0.34 : 0) && place < 2)
    .map((axis) => names[axis][direction[axis] > 0 ? 0 : 1])
    .join("");
}

/** Where the frame of `other` meets `plane`: two patient points, or null where it does not. */
function cutOf(plane, other) {
  const lastRow = other.rows - 0.5, lastColumn = other.columns - 0.5;
  const corners = [[-0.5, -0.5], [-0.5, lastColumn], [lastRow, lastColumn], [lastRow, -0.5]]
    .map(([row, column]) => toPatient(other, row, column));
  const heights = corners.map((corner) => dot(minus(corner, plane.origin), plane.normal));
  const points = [];
  for (let i = 0; i < 4; i++) {
    const j = (i + 1) % 4;
    if (heights[i] < 0 === heights[j] < 0) continue;
    const share = heights[i] / (heights[i] - heights[j]);
    points.push(along(corners[i], share, minus(corners[j], corners[i])));
  }
  return points.length === 2 ? points : null;
}

/** The slice whose plane is nearest to a point inside its frame; distance Infinity where none. */
function nearestSlice(series, point) {
  let best = { slice: 0, distance: Infinity };
  for (let k = 0; k < series.slices; k++) {
    const plane = planeOf(series, k);
    const { row, column, distance } = toPixel(plane, point);
    if (Math.abs(distance) < best.distance && insideFrame(plane, row, column)) {
      best = { slice: k, distance: Math.abs(distance) };
    }
  }
  return best;
}

/** Half the distance between neighbouring slices around k: how far a slice speaks for its place. */
function reachOf(series, k) {
  const plane = planeOf(series, k);
  const gaps = [k - 1, k + 1]
    .filter((n) => n >= 0 && n < series.slices && series.block[n] === series.block[k])
    .map((n) => Math.abs(dot(minus(series.positions_mm[n], plane.origin), plane.normal)));
  return Math.max(series.thickness_mm, ...gaps) / 2 + 0.01;
}
