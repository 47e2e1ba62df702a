// The bar above the pictures: window, lines, keys, and the overlay's legend where there are masks.

/** An element with a class, attributes, and `text`. */
function make(tag, className = "", { text, ...attributes } = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Mouse and keys that are the same for everybody, in the order of the help. */
const FIXED_HELP = () => [
  [t("Wheel, or Page Up and Page Down"), t("previous, next slice")],
  [t("Click"), t("mark a point; the other viewports go there")],
  [t("Drag"), t("move the picture")],
  [t("Right drag, or Shift and drag"), t("window: across is width, down is centre")],
  [t("Ctrl and wheel"), t("zoom")],
  [t("Double click"), t("one viewport alone, and back")],
  [t("Shift and 1 to 5"), t("window: stored, automatic, high, low contrast, dark structures")],
];
const GRID_HELP = () => [[t("Arrow keys"), t("move in the grid")]];
const LOOK_HELP = () => [[t("Up and Down"), t("previous, next slice")], [t("Left and Right"), t("previous, next viewport")]];
const OVERLAY_HELP = () => [["O", t("overlay on and off")]];

class Toolbar {
  constructor(app) {
    this.app = app;
    this.element = make("header", "bar");
    this.help = make("dialog", "help");
    this.help.addEventListener("click", (event) => this.choose(event.target));
  }

  render() {
    const { app } = this;
    this.element.replaceChildren(
      this.presets(),
      this.button(t("Lines"), () => app.toggleLines(), app.linesShown),
      this.button(t("Reset view"), () => app.resetView()),
      this.button(t("Keys (?)"), () => this.toggleHelp()),
    );
    if (app.data.read) {
      this.element.append(
        this.button(t("Grades"), () => this.toggleScheme()),
        this.button(t("Second window"), () => app.screen.toggle(), app.screen.open),
        this.button(t("Grid beside"), () => app.toggleSwitch("beside"), !!app.preferences.switches.beside),
      );
    }
    if (app.pixels?.failed) this.element.append(this.button(t("Try again"), () => app.open()));
    if (this.said) this.element.append(make("span", "hint", { text: this.said, role: "status" }));
    const shown = app.viewports.filter(({ element, pixels }) => !element.hidden && pixels?.meta.structures);
    if (shown.length) this.element.append(make("span", "hint", { text: t("Overlay") }), this.slider(), this.legend(shown));
  }

  /** A button that hands the keyboard back to the component; `on` where it is a switch. */
  button(text, act, on) {
    const made = make("button", "plain", { text, ...(on === undefined ? {} : { "aria-pressed": String(on) }) });
    made.addEventListener("click", () => {
      act();
      this.app.takeKeys();
    });
    return made;
  }

  presets() {
    const list = make("select", "", { "aria-label": t("Window") });
    list.append(make("option", "", { text: t("Window"), value: "" }));
    presetNames().forEach((text, i) => list.append(make("option", "", { text: `${text} (Shift ${i + 1})`, value: i })));
    list.addEventListener("change", () => {
      this.app.preset(Number(list.value));
      list.value = "";
      this.app.takeKeys();
    });
    return list;
  }

  slider() {
    const slider = make("input", "", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": t("Opacity of the overlay") });
    slider.value = this.app.overlayOpacity;
    slider.addEventListener("input", () => {
      this.app.overlayOpacity = Number(slider.value);
      this.app.redraw();
    });
    return slider;
  }

  /** The structures on the screen by the lie of their pictures: a colour may mean two things on two of them. */
  legend(viewports) {
    const groups = new Map();
    for (const { pixels } of viewports) {
      const lies = orientationOf(planeOf(pixels.meta, 0));
      groups.set(lies, new Set([...(groups.get(lies) ?? []), ...pixels.meta.structures]));
    }
    const legend = make("div", "legend");
    for (const [lies, structures] of groups) {
      if (groups.size > 1) legend.append(make("span", "hint", { text: planeName(lies).replace(/^./, (first) => first.toUpperCase()) }));
      this.chips(legend, structures);
    }
    return legend;
  }

  chips(legend, structures) {
    for (const name of structures) {
      const chip = this.button(this.app.data.structure_names?.[name] ?? name.replaceAll("_", " "), () => this.app.toggleStructure(name), !this.app.hidden.has(name));
      chip.className = "chip";
      chip.style.setProperty("--chip", this.app.colourOf(name));
      legend.append(chip);
    }
  }

  say(text) {
    this.said = text;
    this.render();
  }

  toggleHelp() {
    if (this.help.open) return this.close();
    this.waiting = null;
    this.help.dataset.shows = "keys";
    this.drawHelp();
    this.help.show();
    this.app.takeKeys();
  }

  close() {
    this.waiting = null;
    this.help.close();
    this.app.takeKeys();
  }

  /** The keys, each that can be changed with a button; `trouble` says why the last one could not. */
  drawHelp(trouble = "") {
    const { grid, read } = this.app.data;
    const fixed = [...(grid ? GRID_HELP() : LOOK_HELP()), ...(read ? [] : OVERLAY_HELP()), ...FIXED_HELP()];
    const list = make("dl");
    for (const [keys, what] of fixed) list.append(make("dt", "", { text: keys }), make("dd", "", { text: what }));
    for (const [action, , , what] of this.app.keys.shown) {
      const text = this.waiting === action ? t("Press a key") : keyText(this.app.keys.keyOf(action));
      const name = make("dt");
      name.append(read ? make("button", "key", { "data-action": action, text, title: t("Change this key") }) : text);
      list.append(name, make("dd", "", { text: what() }));
    }
    const hints = [t("? or Esc closes this."), ...(read ? [t("Click a key to change it.")] : [])];
    this.help.replaceChildren(
      make("h3", "", { text: t("Mouse and keys") }), list,
      make("p", "trouble", { text: trouble, role: "alert" }), make("p", "hint", { text: hints.join(" ") }),
    );
    if (read) this.help.append(make("button", "plain", { "data-action": "defaults", text: t("Keys as at first") }));
  }

  choose(target) {
    const { action } = target.closest("[data-action]")?.dataset ?? {};
    if (!action) return;
    if (action === "defaults") this.app.prefer("keys", {});
    else this.waiting = action;
    this.drawHelp();
    this.app.takeKeys();
  }

  /** What the grades mean, by condition, in the words of the study's protocol. */
  toggleScheme() {
    if (this.help.open) return this.close();
    const parts = this.app.data.scheme.flatMap(({ label, grades }) => {
      const list = make("dl", "scheme");
      for (const { grade, text, drawing } of grades) {
        const what = make("dd", "", { text });
        what.prepend(make("img", "drawing", { src: drawing, alt: "" }));
        list.append(make("dt", "", { text: grade }), what);
      }
      return [make("h3", "", { text: label }), list];
    });
    this.help.dataset.shows = "scheme";
    this.help.replaceChildren(...parts, make("p", "hint", { text: t("Esc closes this.") }));
    this.help.show();
    this.app.takeKeys();
  }

  /** Keys of the help, which takes all of them while it is open. */
  key(event) {
    if (this.help.open && this.waiting) {
      if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return true;
      const trouble = event.key === "Escape" ? "" : this.app.keys.set(this.waiting, event.key);
      if (!trouble) this.waiting = null;
      this.drawHelp(trouble);
    } else if (event.key === "?") this.toggleHelp();
    else if (this.help.open && event.key === "Escape") this.close();
    else return this.help.open;
    return true;
  }
}
