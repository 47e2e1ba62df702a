// One viewport: a slice of one series on a canvas, with its window, zoom, pan and overlay.
// 16-bit values are kept; a look-up table turns them into grey.

const PRESETS = [
  ["As stored", (pixels) => pixels.meta.window],
  ["Automatic", (pixels) => pixels.auto],
  ["High contrast", ({ auto }) => auto && [auto[0], auto[1] * 0.6]],
  ["Low contrast", ({ auto }) => auto && [auto[0] * 1.2, auto[1] * 1.7]],
  ["Dark structures", ({ auto }) => auto && [auto[0] * 0.45, auto[1] * 0.45]],
];

// Pictures are dark in the light look too, so what is drawn on them keeps its colours.
const LINE = "#6ea8dc";
const FOCUS = "#ffd34d";

class Viewport {
  constructor(app, role, title) {
    Object.assign(this, { app, role, title, pixels: null });
    this.element = make("section", "viewport", { "data-role": role, "aria-label": title });
    this.canvas = this.element.appendChild(make("canvas"));
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.labels = {};
    for (const name of ["left", "right", "top", "bottom", "name", "place", "window", "message"]) {
      this.labels[name] = this.element.appendChild(make("div", `label ${name}`));
    }
    this.choice = this.element.appendChild(make("select", "choice", { "aria-label": `Series in ${title}` }));
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
    const chosen = this.pixels && PRESETS[number]?.[1](this.pixels);
    if (chosen) this.window = [...chosen];
    this.app.redraw();
  }

  // Drawing: called by the app, once a frame at most.

  draw() {
    const { context, canvas, pixels } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const empty = !pixels || !canvas.width;
    this.element.classList.toggle("empty", empty);
    if (empty) return this.explain();
    const view = this.view;
    this.place(view);
    this.label(view);
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (this.app.linesShown) this.drawLines(view);
    this.drawMark(view);
    this.drawScale(view);
  }

  /** The slice and its overlay, through the transform of its geometry. */
  place(view) {
    const { context, pixels } = this;
    const values = pixels.slice(this.slice);
    this.labels.message.textContent = values ? "" : this.app.pixels?.failed || "Loading";
    if (!values) return;
    const { plane, right, down, scale } = view;
    const [a, b] = [scale * plane.columnMm * dot(plane.x, right), scale * plane.columnMm * dot(plane.x, down)];
    const [c, d] = [scale * plane.rowMm * dot(plane.y, right), scale * plane.rowMm * dot(plane.y, down)];
    const [e, f] = this.toScreen(view, plane.origin);
    context.setTransform(a, b, c, d, e - (a + c) / 2, f - (b + d) / 2);
    context.imageSmoothingEnabled = true;
    this.fillGrey(values);
    context.drawImage(this.grey, 0, 0);
    const opacity = this.app.overlayOpacity;
    if (opacity > 0 && pixels.masks) {
      this.fillPaint();
      context.globalAlpha = opacity;
      context.drawImage(this.paint, 0, 0);
      context.globalAlpha = 1;
    }
  }

  fillGrey(values) {
    const { meta } = this.pixels;
    const [centre, width] = this.shownWindow;
    const drawn = `${meta.id} ${this.slice} ${centre} ${width}`;
    if (drawn === this.drawnGrey) return;
    this.drawnGrey = drawn;
    const table = this.lookUp(centre, width);
    const image = imageFor(this, "grey", meta);
    const out = image.words;
    for (let i = 0; i < values.length; i++) out[i] = table[values[i] & 0xffff];
    image.context.putImageData(image.data, 0, 0);
  }

  /** The look-up table from a 16-bit value to opaque grey. */
  lookUp(centre, width) {
    if (this.tableOf === `${centre} ${width}`) return this.table;
    this.tableOf = `${centre} ${width}`;
    const low = centre - width / 2;
    for (let v = -32768; v < 32768; v++) {
      const grey = Math.min(Math.max(Math.round(((v - low) / width) * 255), 0), 255);
      this.table[v & 0xffff] = 0xff000000 | (grey * 0x010101);
    }
    return this.table;
  }

  /** Colour each pixel by the smallest visible structure on it, borders stronger than insides. */
  fillPaint() {
    const { meta, rank } = this.pixels;
    const drawn = `${meta.id} ${this.slice} ${this.app.overlayVersion}`;
    if (drawn === this.drawnPaint) return;
    this.drawnPaint = drawn;
    const bits = this.pixels.maskSlice(this.slice);
    const visible = rank.filter((n) => !this.app.hidden.has(meta.structures[n]));
    const colours = meta.structures.map((name) => this.app.wordOf(name));
    const colourOf = new Map([[0, 0]]);
    const image = imageFor(this, "paint", meta);
    const out = image.words;
    let last = 0, colour = 0;
    for (let i = 0; i < bits.length; i++) {
      if (bits[i] !== last) {
        last = bits[i];
        colour = colourOf.get(last);
        if (colour === undefined) {
          const top = visible.find((n) => (last >>> n) & 1);
          colourOf.set(last, (colour = top === undefined ? 0 : colours[top]));
        }
      }
      out[i] = colour;
    }
    const columns = meta.columns;
    for (let i = 0; i < out.length - columns - 1; i++) {
      const own = out[i] & 0xffffff;
      const border = own !== (out[i + 1] & 0xffffff) || own !== (out[i + columns] & 0xffffff);
      if (out[i] && !border) out[i] = (0x70000000 | own) >>> 0;
    }
    image.context.putImageData(image.data, 0, 0);
  }

  /** Where the slices of the other viewports cut this one; a tilted block's ends are dotted. */
  drawLines(view) {
    const { focused, viewports } = this.app;
    const others = viewports.filter((one) => one !== this && one.pixels);
    for (const other of others.sort((a, b) => (a === focused) - (b === focused))) {
      const { meta } = other.pixels;
      const plane = other.plane;
      if (Math.abs(dot(plane.normal, view.plane.normal)) > 0.8) continue;
      for (const k of blockEnds(meta, other.slice)) this.line(view, planeOf(meta, k), LINE, [2, 5], 0.55);
      this.line(view, plane, other === focused ? FOCUS : LINE, [], 0.95);
    }
  }

  line(view, plane, colour, dash, alpha) {
    const cut = cutOf(view.plane, plane);
    if (!cut) return;
    const { context } = this;
    const pixel = this.app.pixelRatio;
    context.globalAlpha = alpha;
    context.strokeStyle = colour;
    context.lineWidth = 1.25 * pixel;
    context.setLineDash(dash.map((part) => part * pixel));
    context.beginPath();
    context.moveTo(...this.toScreen(view, cut[0]));
    context.lineTo(...this.toScreen(view, cut[1]));
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** The marked point: a cross where this slice shows it, faint where it lies on another. */
  drawMark(view) {
    const { mark } = this.app;
    if (!mark) return;
    const { row, column, distance } = toPixel(view.plane, mark);
    if (!insideFrame(view.plane, row, column)) return;
    const { context } = this;
    const [x, y] = this.toScreen(view, mark);
    const [gap, arm] = [4 * this.app.pixelRatio, 11 * this.app.pixelRatio];
    context.globalAlpha = Math.abs(distance) <= reachOf(this.pixels.meta, this.slice) ? 1 : 0.3;
    context.strokeStyle = FOCUS;
    context.lineWidth = 1.5 * this.app.pixelRatio;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + dx * gap, y + dy * gap);
      context.lineTo(x + dx * arm, y + dy * arm);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  drawScale({ scale }) {
    const { context, canvas } = this;
    const pixel = this.app.pixelRatio;
    const mm = [100, 50, 20, 10, 5].find((length) => length * scale < canvas.width * 0.4) ?? 5;
    const [x, y] = [14 * pixel, canvas.height - 14 * pixel];
    context.strokeStyle = context.fillStyle = "#cfd6de";
    context.lineWidth = 1.5 * pixel;
    context.beginPath();
    context.moveTo(x, y - 4 * pixel);
    context.lineTo(x, y);
    context.lineTo(x + mm * scale, y);
    context.lineTo(x + mm * scale, y - 4 * pixel);
    context.stroke();
    context.font = `${11 * pixel}px sans-serif`;
    context.fillText(`${mm} mm`, x + 4 * pixel, y - 5 * pixel);
  }

  label({ plane, right, down, scale, fit }) {
    const { meta } = this.pixels;
    const [centre, width] = this.shownWindow;
    const blocks = meta.block[meta.slices - 1] + 1;
    const axis = { sagittal: 0, coronal: 1, axial: 2 }[orientationOf(plane)];
    const texts = {
      left: lettersOf(opposite(right)), right: lettersOf(right),
      top: lettersOf(opposite(down)), bottom: lettersOf(down),
      name: meta.name,
      place: `Slice ${this.slice + 1} / ${meta.slices}` +
        (blocks > 1 ? `, block ${meta.block[this.slice] + 1} of ${blocks}` : "") +
        `\n${sideText(axis, middleOf(plane)[axis])}`,
      window: `W ${Math.round(width)}  C ${Math.round(centre)}` +
        (scale === fit ? "" : `\nZoom ${(scale / fit).toFixed(1)}`),
    };
    for (const [name, text] of Object.entries(texts)) setText(this.labels[name], text);
  }

  explain() {
    for (const label of Object.values(this.labels)) setText(label, "");
    const { pixels } = this.app;
    const waiting = !pixels?.ready && !pixels?.failed;
    setText(this.labels.message, pixels?.failed || (waiting ? "Loading" : `No ${this.title} in this case`));
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
    canvas.addEventListener("pointermove", (event) => this.dragged(event));
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

/** First and last slice of the block that a slice belongs to, where there is more than one block. */
function blockEnds(meta, slice) {
  if (meta.block[meta.slices - 1] === 0) return [];
  const block = meta.block[slice];
  return [meta.block.indexOf(block), meta.block.lastIndexOf(block)];
}

/** A position along a body axis in words: '12.3 mm left'. */
function sideText(axis, mm) {
  const words = [["left", "right"], ["back", "front"], ["up", "down"]][axis];
  return `${Math.abs(mm).toFixed(1)} mm ${words[mm >= 0 ? 0 : 1]}`;
}

/** The buffer of a viewport's hidden canvas in the series' size, as one word a pixel. */
function imageFor(viewport, name, { rows, columns }) {
  const kept = `${name}Image`;
  const canvas = viewport[name];
  if (!viewport[kept] || canvas.width !== columns || canvas.height !== rows) {
    Object.assign(canvas, { width: columns, height: rows });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const data = context.createImageData(columns, rows);
    viewport[kept] = { context, data, words: new Uint32Array(data.data.buffer) };
  }
  return viewport[kept];
}
