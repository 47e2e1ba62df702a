// What the keys do. All but the arrows and a few more can be changed; what a user has changed is kept on
// the server.

const ACTIONS = [
  ["grade0", "0", "read", () => t("grade 0 at the chosen site")],
  ["grade1", "1", "read", () => t("grade 1")],
  ["grade2", "2", "read", () => t("grade 2")],
  ["grade3", "3", "read", () => t("grade 3")],
  ["not_gradable", "n", "read", () => t("not gradable; then a digit for the reason")],
  ["present", "p", "call", () => t("stenosis present: comes before the grade")],
  ["absent", "a", "call", () => t("stenosis absent")],
  ["score", "e", "score", () => t("enter the score")],
  ["comment", "m", "read", () => t("comment on the site; Esc ends it")],
  ["quality", "q", "quality", () => t("image quality of the case; then a digit, 1 to 5")],
  ["keep", "k", "second", () => t("keep the first answer at the site")],
  ["next_open", "Enter", "read", () => t("next site without an answer")],
  ["remaining", "r", "read", () => t("answer all remaining sites at once")],
  ["submit", "s", "read", () => t("sign and submit the read, once all is answered")],
  ["mark_level", "l", "read", () => t("mark the level's disc at the mouse")],
  ["scheme", "h", "read", () => t("what the grades mean")],
  ["screen", "w", "view", () => t("pictures in a window of their own, and back")],
  ["next_viewport", "v", "view", () => t("next viewport")],
  ["alone", " ", "view", () => t("one viewport alone, and back")],
  ["lines", "i", "view", () => t("lines of the other slices on and off")],
  ["zoom_in", "+", "view", () => t("zoom in")],
  ["zoom_out", "-", "view", () => t("zoom out")],
  ["reset", "Home", "view", () => t("zoom, place and window as at first")],
];

class Keys {
  constructor(app) {
    this.app = app;
  }

  get own() {
    return this.app.preferences.keys;
  }

  keyOf(action) {
    return this.own[action] ?? ACTIONS.find(([name]) => name === action)[1];
  }

  /** The actions that there are now: a read's where one is open, its questions' where it asks them. */
  get shown() {
    const read = this.app.data.read;
    const there = { view: true, read: !!read, call: read?.asks.call, score: read?.asks.score, quality: read?.asks.image_quality, second: read && Object.keys(read.first).length };
    return ACTIONS.filter(([, , where]) => there[where]);
  }

  /** What a key does here; undefined for nothing. */
  actionOf(key) {
    const pressed = named(key);
    return this.shown.find(([action]) => this.keyOf(action) === pressed)?.[0] ?? (pressed === "=" ? "zoom_in" : undefined);
  }

  /** Set a key; empty, or why it cannot be. */
  set(action, key) {
    const chosen = named(key);
    if (FIXED.has(chosen) || chosen.length > 20) return t("This key cannot be set.");
    const other = ACTIONS.find(([name]) => name !== action && this.keyOf(name) === chosen);
    if (other) return t("This key is taken: {what}.", { what: other[3]() });
    this.app.prefer("keys", { ...this.own, [action]: chosen });
    return "";
  }
}

const FIXED = new Set(["?", "Escape", "Tab", "Shift", "Control", "Alt", "Meta", "PageUp", "PageDown", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);

/** A key as it is compared and kept: letters small, whether Shift is held or not. */
const named = (key) => (key.length === 1 ? key.toLowerCase() : key);

/** A key as it is shown. */
const keyText = (key) => (key === " " ? t("Space") : key.length === 1 ? key.toUpperCase() : key);
