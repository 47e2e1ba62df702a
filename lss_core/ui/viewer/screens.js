// Two screens: the pictures move to a window of their own, which follows the grid, and come back when it is
// closed. It is the same component: nothing has to be kept in step.

class SecondScreen {
  constructor(app) {
    this.app = app;
    this.closing = () => this.back();
    this.leaving = () => this.other?.close();
    window.addEventListener("pagehide", this.leaving);
  }

  get open() {
    return !!this.other && !this.other.closed;
  }

  toggle() {
    if (this.open) this.back();
    else this.out();
  }

  out() {
    const { app } = this;
    const other = window.open("", "lss-pictures", "popup,width=1280,height=900");
    if (!other) return app.toolbar.say(t("The browser did not allow another window."));
    this.other = other;
    other.document.title = document.title;
    const style = other.document.createElement("style");
    style.textContent = `${styleOf(app.root)}\nhtml, body { margin: 0; height: 100%; background: #000; }`;
    this.frame = other.document.createElement("div");
    this.frame.className = "lss-viewer apart";
    this.frame.tabIndex = 0;
    this.frame.style.cssText = app.root.style.cssText;
    other.document.head.replaceChildren(style);
    other.document.body.replaceChildren(this.frame);
    this.frame.append(app.views);
    this.frame.addEventListener("keydown", (event) => app.key(event));
    for (const kind of INPUTS) other.addEventListener(kind, () => app.grid.sitting?.clock.touch(), { passive: true });
    other.addEventListener("resize", () => app.resize());
    other.addEventListener("pagehide", this.closing);
    app.root.classList.add("split");
    this.frame.focus();
    app.screened();
  }

  back() {
    const { app, other } = this;
    this.other = null;
    app.stage.prepend(app.views);
    app.root.classList.remove("split");
    other?.removeEventListener("pagehide", this.closing);
    other?.close();
    app.screened();
  }

  stop() {
    window.removeEventListener("pagehide", this.leaving);
    if (this.open) this.back();
  }
}

/** The rules that style an element, as text: its own root's, for another document. */
function styleOf(element) {
  const root = element.getRootNode();
  const sheets = [...(root.styleSheets ?? []), ...(root.adoptedStyleSheets ?? [])];
  return sheets.flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText)).join("\n");
}
