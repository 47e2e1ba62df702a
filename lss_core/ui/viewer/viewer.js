// The component: three viewports side by side, a grid beside them, one keyboard for both.
// Streamlit calls the default function again whenever the page sends other data, and its last
// result when the component goes; the state of the view lives here and survives both.

const ROLES = ["sagittal_t1", "sagittal_t2", "axial_t2"];

const apps = new WeakMap(); // by the element that Streamlit gives us
const leftViews = new Map(); // how a case was left, by component and case

class App extends Controls {
  constructor(parent, data) {
    super();
    Object.assign(this, { parent, data: null, preferences: kept(data.preferences), pixels: null, mark: null, linesShown: data.preferences?.switches?.lines ?? true, alone: false });
    Object.assign(this, { overlayOpacity: 0.5, overlayVersion: 0, hidden: new Set(), lastCommand: -1 });
    this.root = parent.querySelector(".lss-viewer");
    this.root.replaceChildren();
    this.keys = new Keys(this);
    this.screen = new SecondScreen(this);
    this.toolbar = new Toolbar(this);
    this.root.append(this.toolbar.element, this.toolbar.help);
    this.stage = this.root.appendChild(make("div", "stage"));
    this.views = this.stage.appendChild(make("div", "views"));
    this.viewports = ROLES.map((role) => new Viewport(this, role));
    this.views.append(...this.viewports.map((viewport) => viewport.element));
    this.grid = new Grid(this);
    this.focused = this.viewports[0];
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["keyup", "keypress"]) this.root.addEventListener(kind, (event) => event.stopPropagation());
    this.watch = new ResizeObserver(() => this.resize());
    this.viewports.forEach((viewport) => this.watch.observe(viewport.element));
    this.heard = () => this.arrived();
  }

  destroy() {
    this.remember();
    this.gone = true;
    this.watch.disconnect();
    this.pixels?.listeners.delete(this.heard);
    this.screen.stop();
    this.grid.sitting?.stop();
    this.savePreferences();
    cancelAnimationFrame(this.frame);
    this.root.replaceChildren();
    apps.delete(this.parent);
  }

  get pixelRatio() {
    return window.devicePixelRatio || 1;
  }

  /** The colours for the look the page has now, dark or light. */
  get colours() {
    const page = getComputedStyle(this.root).getPropertyValue("--st-background-color");
    const [red, green, blue] = page.match(/[0-9a-f]{2}/gi)?.map((part) => parseInt(part, 16)) ?? [0, 0, 0];
    return this.data.colours[red + green + blue > 384 ? "light" : "dark"];
  }

  /** New data from the page. The view stays as it is unless the case is another. */
  update({ data, setStateValue, setTriggerValue }) {
    const other = data.case_id !== this.data?.case_id || data.user !== this.data?.user;
    if (other && this.data) this.remember();
    Object.assign(this, { data, setStateValue, setTriggerValue });
    this.dress();
    if (other) this.open();
    if (data.grid) this.grid.update(data);
    this.obey(data.command);
    this.redraw();
  }

  /** Colours and height; the panel only where there is a grid. */
  dress() {
    for (const [name, value] of Object.entries(this.colours)) this.root.style.setProperty(`--${name}`, value);
    this.root.style.height = this.data.height;
    this.root.classList.toggle("grid-beside", !!this.preferences.switches.beside);
    if (!this.data.grid) this.grid.element.remove();
    else if (!this.grid.element.isConnected) this.stage.append(this.grid.element);
    this.overlayVersion += 1;
    this.toolbar.render();
  }

  open() {
    this.pixels?.listeners.delete(this.heard);
    this.mark = null;
    this.opened = false;
    this.levels = new LevelPlaces(this.data.user, this.data.read?.key ?? this.data.case_id);
    performance.mark("lss-opened", { detail: this.data.case_id });
    this.pixels = openCase(this.data.user, this.data.case_id, "high");
    this.pixels.listeners.add(this.heard);
    this.viewports.forEach((viewport) => viewport.show(null));
    this.focus(this.viewports[0]);
    if (document.activeElement === document.body) this.takeKeys();
    this.arrived();
  }

  /** Something of the case has come: the manifest, slices, masks, or a failure. */
  arrived() {
    const { pixels } = this;
    if (pixels.ready && !this.opened) {
      this.opened = true;
      for (const { meta } of pixels.series) meta.name = nameOf(meta, pixels.series);
      const left = leftViews.get(`${this.data.key} ${this.data.case_id}`);
      this.viewports.forEach((viewport, i) => {
        const kept = pixels.series.find((one) => one.meta.id === left?.[i].series);
        viewport.show(kept ?? pixels.best(viewport.role), kept && left[i]);
        if (!kept) viewport.wanted = this.preferences.windows[viewport.role];
      });
      this.viewports.forEach((viewport) => this.fillChoice(viewport));
      this.focus([this.focused, ...this.viewports].find((viewport) => viewport.pixels) ?? this.focused);
      if (this.pendingTarget) this.goTo(this.pendingTarget);
      else if (this.lastSite) this.selected(this.lastSite, false);
      if (this.data.read) this.grid.render();
    }
    if (pixels.complete && this.data.next_case_id) openCase(this.data.user, this.data.next_case_id, "low");
    if (pixels.failed) this.toolbar.render();
    this.redraw();
  }

  remember() {
    leftViews.set(`${this.data.key} ${this.data.case_id}`, this.viewports.map((viewport) => viewport.state));
    this.pendingTarget = null;
    this.lastSite = null;
  }

  // Commands from the page carry a number; one that is not newer than the last is not new.

  obey(command) {
    if (!command || command.seq <= this.lastCommand) return;
    this.lastCommand = command.seq;
    const inGrid = this.data.grid && this.grid.keys.includes(command.site);
    if (inGrid) this.grid.select(command.site, { tell: false });
    else if (command.site) this.selected(command.site, false);
    if (command.point_mm) this.goTo({ point_mm: command.point_mm, mark: true });
  }

  /** The grid has chosen a site: go there, and tell the page. */
  selected(site, tell) {
    this.lastSite = site;
    const target = this.data.targets?.[site] ?? this.placeOf(site);
    const wanted = this.viewports.find(({ role }) => role === (target?.role ?? this.data.focus?.[site]));
    if (wanted && (wanted.pixels || !this.opened)) this.focus(wanted);
    this.mark = null;
    if (target) this.goTo(target);
    if (tell && this.data.mode === "review") this.setStateValue("site", site);
    this.redraw();
  }

  /** Where a site is looked for that the model has not placed, by the reader's marks and the geometry; null before the images are there. */
  placeOf(site) {
    return this.opened ? this.levels.of(site, this.pixels) : null;
  }

  /** Keep the place under the mouse, or the one clicked last, as the disc of a site's level. */
  markLevel(site) {
    const { pointer } = this;
    const point = pointer?.viewport.pixels ? pointer.viewport.toPatient(...pointer.at) : this.mark;
    if (!point) return this.toolbar.say(t("Put the mouse on the disc first."));
    this.toolbar.say("");
    this.levels.set(site.split(":")[1], point);
    this.selected(site, false);
    this.grid.render();
  }

  goTo(target) {
    this.pendingTarget = this.opened ? null : target;
    if (!this.opened) return;
    const { point_mm: point, role, slice } = target;
    for (const viewport of this.viewports) {
      if (!viewport.pixels) continue;
      const own = viewport.role === role && viewport.pixels === this.pixels.best(role);
      if (own && slice != null) viewport.slice = slice;
      else if (point) this.bring(viewport, point);
      if (point) viewport.reveal(point);
    }
    this.mark = target.mark ? point : null;
    this.redraw();
  }

  bring(viewport, point) {
    const { slice, distance } = nearestSlice(viewport.pixels.meta, point);
    if (Number.isFinite(distance)) viewport.slice = slice;
  }

  markAt(viewport, x, y) {
    const point = viewport.toPatient(x, y);
    const { row, column } = toPixel(viewport.plane, point);
    if (!insideFrame(viewport.plane, row, column)) return;
    this.mark = point;
    for (const other of this.viewports) {
      if (other === viewport || !other.pixels) continue;
      this.bring(other, point);
      other.reveal(point);
    }
    if (this.data.report_marks) {
      const { id } = viewport.pixels.meta;
      this.setStateValue("mark", { point_mm: point, series: id, slice: viewport.slice, row, column });
    }
    this.redraw();
  }

  scrolled(viewport) {
    for (const other of this.sagittalsBeside(viewport)) this.bring(other, middleOf(viewport.plane));
    this.redraw();
  }

  moved(viewport) {
    for (const other of this.sagittalsBeside(viewport)) {
      Object.assign(other, { centre: viewport.centre, scale: viewport.scale });
    }
    this.redraw();
  }

  /** The other sagittal pictures, where this one is sagittal: they go together. */
  sagittalsBeside(viewport) {
    const sagittal = (one) => one.pixels && orientationOf(one.plane) === "sagittal";
    return sagittal(viewport) ? this.viewports.filter((one) => one !== viewport && sagittal(one)) : [];
  }

  /** Give a viewport the keyboard; where one fills the row, it is this one. */
  focus(viewport) {
    this.focused = viewport;
    for (const one of this.viewports) {
      one.element.classList.toggle("focused", one === viewport);
      one.element.hidden = this.alone && one !== viewport;
    }
    if (this.data) this.toolbar.render();
    this.redraw();
  }

  maximise(viewport) {
    this.alone = this.views.classList.toggle("alone");
    this.focus(viewport);
  }

  submit(readId) {
    this.setTriggerValue("submitted", readId);
  }

  /** The pictures have moved to another window, or come back. */
  screened() {
    this.resize();
    this.toolbar.render();
    this.watch.disconnect();
    this.viewports.forEach((viewport) => this.watch.observe(viewport.element));
    if (!this.screen.open) this.takeKeys();
  }

  colourOf(structure) {
    return this.data.structures[structure] ?? "#9aa2ac";
  }

  /** A structure's colour as an opaque pixel word. */
  wordOf(structure) {
    const rgb = parseInt(this.colourOf(structure).slice(1), 16);
    return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
  }

  /** Other series of the case may be put into a viewport where there are any. */
  fillChoice(viewport) {
    const { series } = this.pixels;
    const more = series.length > this.viewports.filter((one) => one.pixels).length;
    viewport.choice.hidden = !more;
    const none = viewport.pixels ? [] : [make("option", "", { text: t("Choose a series"), value: "" })];
    const options = series.map(({ meta }) => make("option", "", { text: inWords(meta), value: meta.id }));
    viewport.choice.replaceChildren(...none, ...options);
    viewport.choice.value = viewport.pixels?.meta.id ?? "";
  }

  showSeries(viewport, id) {
    viewport.show(this.pixels.series.find(({ meta }) => meta.id === id) ?? viewport.pixels);
    this.fillChoice(viewport);
    this.toolbar.render();
    this.takeKeys();
    this.redraw();
  }

  resize() {
    for (const { canvas, element } of this.viewports) {
      const width = Math.round(element.clientWidth * this.pixelRatio);
      const height = Math.round(element.clientHeight * this.pixelRatio);
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    }
    if (this.data) this.draw();
  }

  takeKeys() {
    if (this.screen.open && this.screen.other.document.hasFocus()) this.screen.frame.focus({ preventScroll: true });
    else this.root.focus({ preventScroll: true });
  }

  redraw() {
    if (this.gone) return;
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (!this.data || this.gone) return;
    const start = performance.now();
    for (const viewport of this.viewports) if (!viewport.element.hidden) viewport.draw();
    this.drawMs = performance.now() - start;
    const shows = this.opened && this.viewports.some((one) => one.pixels?.here[one.slice]);
    if (shows && this.firstOf !== this.pixels) {
      this.firstOf = this.pixels;
      performance.mark("lss-first-image", { detail: this.data.case_id });
    }
    const { sitting } = this.grid;
    if (shows && sitting && sitting.read.id === this.data.read?.id && !sitting.read.submitted) {
      sitting.clock.start();
    }
  }

  /** What is on the screen, for tests and measurements. */
  describe() {
    return {
      case_id: this.data.case_id,
      complete: !!this.pixels?.complete,
      drawMs: this.drawMs,
      mark: this.mark,
      focused: this.focused.role,
      selected: this.grid.selected,
      viewports: this.viewports.map((one) => ({ role: one.role, ...one.state, view: one.pixels && one.view })),
    };
  }
}

/** A series' label, with a number where the case has several of its kind: 'Other 2'. */
function nameOf(meta, series) {
  const alike = series.filter((one) => one.meta.label === meta.label);
  return alike.length > 1 ? `${meta.label} ${alike.findIndex((one) => one.meta === meta) + 1}` : meta.label;
}

/** A series in a list: 'Other 2, sagittal, 18 slices'. */
function inWords(meta) {
  const lies = orientationOf(planeOf(meta, 0));
  const told = meta.role.startsWith(lies) ? [] : [planeName(lies)];
  return [meta.name, ...told, tn("{n} slice", "{n} slices", meta.slices)].join(", ");
}

/** How a picture lies, in words. */
function planeName(lies) {
  return { sagittal: t("sagittal"), coronal: t("coronal"), axial: t("axial") }[lies];
}

/** A user's preferences with nothing left out. */
function kept(preferences) {
  return { keys: {}, switches: {}, windows: {}, ...preferences };
}

export default function mount(args) {
  const { data, parentElement } = args;
  speak(data.texts);
  let app = apps.get(parentElement);
  if (!app) {
    app = new App(parentElement, data);
    apps.set(parentElement, app);
    app.root.lss = app;
  }
  app.update(args);
  return () => app.destroy();
}
