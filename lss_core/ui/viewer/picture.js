// How a viewport draws its slice: grey, overlay, lines of the other viewports, marks, labels.

// Pictures are dark in the light look too, so what is drawn on them keeps its colours.
const LINE = "#6ea8dc";
const FOCUS = "#ffd34d";

class Picture {
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
    this.drawLevels(view);
    this.drawScale(view);
  }

  /** The slice and its overlay, through the transform of its geometry. */
  place(view) {
    const { context, pixels } = this;
    const values = pixels.slice(this.slice);
    this.labels.message.textContent = values ? "" : this.app.pixels?.failed || t("Loading");
    if (!values) return;
    const { plane, right, down, scale } = view;
    const [a, b] = [scale * plane.columnMm * dot(plane.x, right), scale * plane.columnMm * dot(plane.x, down)];
    const [c, d] = [scale * plane.rowMm * dot(plane.y, right), scale * plane.rowMm * dot(plane.y, down)];
    const [e, f] = this.toScreen(view, plane.origin);
    context.setTransform(a, b, c, d, e - (a + c) / 2, f - (b + d) / 2);
    context.imageSmoothingEnabled = true;
    if (this.wanted != null && this.preset(this.wanted)) this.wanted = null;
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

  /** The discs that the reader has marked himself, on the sagittal pictures. */
  drawLevels(view) {
    if (orientationOf(view.plane) !== "sagittal") return;
    const { context } = this;
    const pixel = this.app.pixelRatio;
    context.font = `${12 * pixel}px sans-serif`;
    context.fillStyle = context.strokeStyle = FOCUS;
    context.lineWidth = 1.5 * pixel;
    for (const [level, point] of this.app.levels.marks) {
      const [x, y] = this.toScreen(view, point);
      context.beginPath();
      context.moveTo(x - 16 * pixel, y);
      context.lineTo(x - 6 * pixel, y);
      context.stroke();
      context.fillText(level.replace("_", "-"), x - 56 * pixel, y + 4 * pixel);
    }
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
    context.fillText(t("{length} mm", { length: mm }), x + 4 * pixel, y - 5 * pixel);
  }

  label({ plane, right, down, scale, fit }) {
    const { meta } = this.pixels;
    const [centre, width] = this.shownWindow;
    const axis = { sagittal: 0, coronal: 1, axial: 2 }[orientationOf(plane)];
    const texts = {
      left: lettersOf(opposite(right)), right: lettersOf(right),
      top: lettersOf(opposite(down)), bottom: lettersOf(down),
      name: meta.name,
      place: [t("Slice {k} / {slices}", { k: this.slice + 1, slices: meta.slices }), blockText(meta, this.slice, plane),
        sideText(axis, middleOf(plane)[axis])].filter(Boolean).join("\n"),
      window: t("W {width}  C {centre}", { width: Math.round(width), centre: Math.round(centre) }) +
        (scale === fit ? "" : `\n${t("Zoom {factor}", { factor: inDigits(scale / fit, 1) })}`),
    };
    for (const [name, text] of Object.entries(texts)) setText(this.labels[name], text);
  }

  explain() {
    for (const label of Object.values(this.labels)) setText(label, "");
    const { pixels } = this.app;
    const waiting = !pixels?.ready && !pixels?.failed;
    setText(this.labels.message, pixels?.failed || (waiting ? t("Loading") : t("No {series} in this case", { series: titleOf(this.role) })));
  }
}

/** First and last slice of the block that a slice belongs to, where there is more than one block. */
function blockEnds(meta, slice) {
  if (meta.block[meta.slices - 1] === 0) return [];
  const block = meta.block[slice];
  return [meta.block.indexOf(block), meta.block.lastIndexOf(block)];
}

/** Which block of slices a slice belongs to, and how far it is tilted; empty for one straight stack. */
function blockText(meta, slice, plane) {
  const blocks = meta.block[meta.slices - 1] + 1;
  const tilt = Math.round((Math.acos(Math.min(Math.max(...plane.normal.map(Math.abs)), 1)) * 180) / Math.PI);
  const tilted = tilt > 0 && orientationOf(plane) === "axial" ? t("tilted {n}°", { n: tilt }) : "";
  const block = blocks > 1 ? t("block {k} of {n}", { k: meta.block[slice] + 1, n: blocks }) : "";
  return [block, tilted].filter(Boolean).join(", ");
}

/** A position along a body axis in words: '12.3 mm left'. */
function sideText(axis, mm) {
  const length = inDigits(Math.abs(mm), 1);
  const [more, less] = [
    [t("{length} mm left", { length }), t("{length} mm right", { length })],
    [t("{length} mm back", { length }), t("{length} mm front", { length })],
    [t("{length} mm up", { length }), t("{length} mm down", { length })],
  ][axis];
  return mm >= 0 ? more : less;
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
