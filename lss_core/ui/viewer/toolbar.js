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

const HELP = [
  ["Wheel, or Page Up and Page Down", "previous, next slice"],
  ["Click", "mark a point; the other viewports go there"],
  ["Drag", "move the picture"],
  ["Right drag, or Shift and drag", "window: across is width, down is centre"],
  ["Ctrl and wheel, or + and -", "zoom"],
  ["Double click, or Space", "one viewport alone, and back"],
  ["Shift and 1 to 5", "window: stored, automatic, high, low contrast, dark structures"],
  ["V", "next viewport"],
  ["L", "lines of the other slices on and off"],
  ["Home", "zoom, place and window as at first"],
];
const GRID_HELP = [["Arrow keys", "move in the grid"]];
const READ_HELP = [
  ["0 1 2 3", "grade the chosen site"],
  ["N, then a digit", "not gradable, with the reason"],
  ["Enter", "next site without an answer"],
  ["S, then Enter", "submit the read, once every site has an answer"],
];
const OVERLAY_HELP = [["O", "overlay on and off"]];
const LOOK_HELP = [["Up and Down", "previous, next slice"], ["Left and Right", "previous, next viewport"]];

class Toolbar {
  constructor(app) {
    this.app = app;
    this.element = make("header", "bar");
    this.help = make("dialog", "help");
  }

  render() {
    const { app } = this;
    this.element.replaceChildren(
      this.presets(),
      this.button("Lines", () => app.toggleLines(), app.linesShown),
      this.button("Reset view", () => app.resetView()),
      this.button("Keys (?)", () => this.toggleHelp()),
    );
    if (app.pixels?.failed) this.element.append(this.button("Try again", () => app.open()));
    const shown = app.viewports.filter(({ element, pixels }) => !element.hidden && pixels?.meta.structures);
    if (shown.length) this.element.append(make("span", "hint", { text: "Overlay" }), this.slider(), this.legend(shown));
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
    const list = make("select", "", { "aria-label": "Window" });
    list.append(make("option", "", { text: "Window", value: "" }));
    PRESETS.forEach(([text], i) => list.append(make("option", "", { text: `${text} (Shift ${i + 1})`, value: i })));
    list.addEventListener("change", () => {
      this.app.focused.preset(Number(list.value));
      list.value = "";
      this.app.takeKeys();
    });
    return list;
  }

  slider() {
    const slider = make("input", "", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": "Opacity of the overlay" });
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
      if (groups.size > 1) legend.append(make("span", "hint", { text: `${lies[0].toUpperCase()}${lies.slice(1)}` }));
      this.chips(legend, structures);
    }
    return legend;
  }

  chips(legend, structures) {
    for (const name of structures) {
      const chip = this.button(name.replaceAll("_", " "), () => this.app.toggleStructure(name), !this.app.hidden.has(name));
      chip.className = "chip";
      chip.style.setProperty("--chip", this.app.colourOf(name));
      legend.append(chip);
    }
  }

  toggleHelp() {
    if (this.help.open) return this.help.close();
    const { grid, read } = this.app.data;
    const own = [...(grid ? GRID_HELP : LOOK_HELP), ...(read ? READ_HELP : OVERLAY_HELP)];
    const list = make("dl");
    for (const [keys, what] of [...own, ...HELP]) list.append(make("dt", "", { text: keys }), make("dd", "", { text: what }));
    this.help.replaceChildren(make("h3", "", { text: "Mouse and keys" }), list, make("p", "hint", { text: "? or Esc closes this." }));
    this.help.show();
    this.app.takeKeys();
  }

  /** Keys of the help, which takes all of them while it is open. */
  key(event) {
    if (event.key === "?") this.toggleHelp();
    else if (this.help.open && event.key === "Escape") this.help.close();
    else return this.help.open;
    return true;
  }
}
