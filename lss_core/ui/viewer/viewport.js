// One viewport: a slice of one series on a canvas, with its window, zoom, pan and overlay.
// 16-bit values are kept; a look-up table turns them into grey.

const PRESETS = [
  (pixels) => pixels.meta.window,
  (pixels) => pixels.auto,
  ({ auto }) => auto && [auto[0], auto[1] * 0.6],
  ({ auto }) => auto && [auto[0] * 1.2, auto[1] * 1.7],
  ({ auto }) => auto && [auto[0] * 0.45, auto[1] * 0.45],
];
const presetNames = () => [t("As stored"), t("Automatic"), t("High contrast"), t("Low contrast"), t("Dark structures")];

/** What a viewport is for, in words. */
function titleOf(role) {
  return { sagittal_t1: t("sagittal T1"), sagittal_t2: t("sagittal T2"), axial_t2: t("axial T2") }[role];
}

class Viewport extends Picture {
  constructor(app, role) {
    super();
    const title = titleOf(role);
    Object.assign(this, { app, role, pixels: null });
    this.element = make("section", "viewport", { "data-role": role, "aria-label": title });
    this.canvas = this.element.appendChild(make("canvas"));
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.labels = {};
    for (const name of ["left", "right", "top", "bottom", "name", "place", "window", "message"]) {
      this.labels[name] = this.element.appendChild(make("div", `label ${name}`));
    }
    this.choice = this.element.appendChild(make("select", "choice", { "aria-label": t("Series in {viewport}", { viewport: title }) }));
    this.choice.addEventListener("change", () => app.showSeries(this, this.choice.value));
    this.grey = document.createElement("canvas");
    this.paint = document.createElement("canvas");
    this.table = new Uint32Array(65536);
    this.show(null);
    this.listen();
  }

  /** Show a series (or none), from its middle slice, or as it was left. */
  show(pixels, left) {
    this.pixels = pixels;
    this.drawnGrey = this.drawnPaint = null;
    this.window = left?.window ?? null;
    this.slice = left?.slice ?? (pixels ? pixels.meta.slices >> 1 : 0);
    this.centre = left?.centre ?? null;
    this.scale = left?.scale ?? null;
  }

  /** What must be kept to show the same again. */
  get state() {
    const { slice, centre, scale, window } = this;
    return { series: this.pixels?.meta.id, slice, centre, scale, window };
  }

  reset() {
    this.centre = this.scale = this.window = null; // null: fitted, centred, as stored
  }

  get plane() {
    return planeOf(this.pixels.meta, this.slice);
  }

  /** Centre (a patient point on the slice), screen directions, and canvas pixels a mm. */
  get view() {
    const plane = this.plane;
    const { right, down } = screenAxes(plane);
    const { width, height } = this.canvas;
    const across = Math.abs(dot(right, plane.x)) > 0.5;
    const wide = across ? plane.columns * plane.columnMm : plane.rows * plane.rowMm;
    const high = across ? plane.rows * plane.rowMm : plane.columns * plane.columnMm;
    const fit = Math.min(width / wide, height / high);
    const centre = this.centre
      ? along(this.centre, -toPixel(plane, this.centre).distance, plane.normal)
      : middleOf(plane);
    return { plane, right, down, centre, fit, scale: this.scale ?? fit };
  }

  toScreen({ centre, right, down, scale }, point) {
    const away = minus(point, centre);
    return [this.canvas.width / 2 + scale * dot(away, right), this.canvas.height / 2 + scale * dot(away, down)];
  }

  toPatient(x, y) {
    const { centre, right, down, scale } = this.view;
    const { width, height } = this.canvas;
    return along(along(centre, (x - width / 2) / scale, right), (y - height / 2) / scale, down);
  }

  scroll(steps) {
    if (!this.pixels) return;
    this.slice = Math.min(Math.max(this.slice + steps, 0), this.pixels.meta.slices - 1);
    this.app.scrolled(this);
  }

  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    if (!this.pixels) return;
    const { fit, scale } = this.view;
    const fixed = this.toPatient(x, y);
    this.scale = Math.min(Math.max(scale * factor, fit * 0.5), fit * 20);
    this.centre = along(this.view.centre, 1, minus(fixed, this.toPatient(x, y)));
    this.app.moved(this);
  }

  pan(dx, dy) {
    const { centre, right, down, scale } = this.view;
    this.centre = along(along(centre, -dx / scale, right), -dy / scale, down);
    this.scale = scale;
    this.app.moved(this);
  }

  /** Bring a point into sight without moving a picture that shows it already. */
  reveal(point) {
    if (!this.centre) return;
    const [x, y] = this.toScreen(this.view, point);
    const { width, height } = this.canvas;
    if (x < width * 0.1 || x > width * 0.9 || y < height * 0.1 || y > height * 0.9) this.centre = point;
  }

  get shownWindow() {
    const stored = this.pixels.meta.window;
    return this.window ?? (stored && stored[1] > 1 ? stored : this.pixels.auto) ?? [2048, 4096];
  }

  dragWindow(dx, dy) {
    const [centre, width] = this.shownWindow;
    const step = this.pixels.range / 500;
    this.window = [centre + dy * step, Math.max(width + dx * step, 1)];
    this.app.redraw();
  }

  preset(number) {
    const chosen = this.pixels && PRESETS[number]?.(this.pixels);
    if (chosen) this.window = [...chosen];
    this.app.redraw();
    return !!chosen;
  }

  // Mouse: wheel scrolls; left click marks, left drag pans; right drag (or Shift) sets the
  // window; middle drag or Ctrl zooms; double click fills the row with this viewport.

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", () => this.app.maximise(this));
    canvas.addEventListener("pointerdown", (event) => {
      this.app.focus(this);
      canvas.setPointerCapture(event.pointerId);
      this.drag = { x: event.clientX, y: event.clientY, far: 0, action: actionOf(event) };
      if (event.button === 1) event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      this.app.pointer = { viewport: this, at: this.at(event) };
      this.dragged(event);
    });
    canvas.addEventListener("pointerup", (event) => {
      const { drag } = this;
      this.drag = null;
      if (drag && drag.far < 4 && drag.action === "pan" && this.pixels) this.app.markAt(this, ...this.at(event));
    });
    canvas.addEventListener("pointercancel", () => (this.drag = null));
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * this.app.pixelRatio, (event.clientY - box.top) * this.app.pixelRatio];
  }

  wheel(event) {
    event.preventDefault();
    this.app.focus(this);
    if (event.ctrlKey) return this.zoom(Math.exp(-event.deltaY / 400), ...this.at(event));
    const unit = event.deltaMode === 1 ? 40 : 1; // lines or pixels
    this.turned = (this.turned ?? 0) + event.deltaY * unit;
    const steps = Math.abs(event.deltaY * unit) >= 50 ? Math.sign(event.deltaY) : Math.trunc(this.turned / 40);
    if (steps) this.turned = 0;
    this.scroll(steps);
  }

  dragged(event) {
    const { drag } = this;
    if (!drag || !this.pixels) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.far += Math.abs(dx) + Math.abs(dy);
    Object.assign(drag, { x: event.clientX, y: event.clientY });
    const pixel = this.app.pixelRatio;
    if (drag.action === "window") this.dragWindow(dx, dy);
    else if (drag.action === "zoom") this.zoom(Math.exp(-dy / 150));
    else if (drag.far >= 4) this.pan(dx * pixel, dy * pixel);
  }
}

function actionOf(event) {
  if (event.button === 2 || event.shiftKey) return "window";
  return event.button === 1 || event.ctrlKey || event.metaKey ? "zoom" : "pan";
}
