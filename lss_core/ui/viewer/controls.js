// What keys and buttons do to the whole component, and what a reader has set for himself.

class Controls {
  // Keys. None leaves the component: C and R alone mean something to Streamlit.

  key(event) {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("select, input:not([type=checkbox]), textarea")) return;
    if (event.target.closest("button, input") && (event.key === "Enter" || event.key === " ")) return;
    const taken = this.toolbar.key(event) || this.presetKey(event) || this.gridKey(event) || this.viewKey(event) || this.lookKey(event);
    if (taken) event.preventDefault();
  }

  presetKey(event) {
    const preset = event.shiftKey && /^Digit([1-5])$/.exec(event.code);
    if (preset) this.preset(preset[1] - 1);
    return !!preset;
  }

  /** A window for the focused viewport, which has it in the next case too. */
  preset(number) {
    const { focused, data, preferences } = this;
    if (focused.preset(number) && data.read) this.prefer("windows", { ...preferences.windows, [focused.role]: number });
  }

  gridKey(event) {
    if (!this.data.grid) return false;
    if (this.grid.key(event)) return true;
    const action = this.keys.actionOf(event.key);
    if (!action || action in this.viewActs) return false;
    if (action === "scheme") this.toolbar.toggleScheme();
    else this.grid.act(action);
    return true;
  }

  get viewActs() {
    const { focused } = this;
    return {
      zoom_in: () => focused.zoom(1.25),
      zoom_out: () => focused.zoom(0.8),
      alone: () => this.maximise(focused),
      next_viewport: () => this.nextViewport(1),
      lines: () => this.toggleLines(),
      reset: () => this.resetView(),
      screen: () => this.data.grid && this.screen.toggle(),
    };
  }

  viewKey(event) {
    const fixed = { PageUp: () => this.focused.scroll(-1), PageDown: () => this.focused.scroll(1) };
    const overlay = !this.data.read && event.key.toLowerCase() === "o" && (() => this.toggleOverlay());
    const act = fixed[event.key] ?? this.viewActs[this.keys.actionOf(event.key)] ?? overlay;
    if (act) act();
    return !!act;
  }

  lookKey(event) {
    const acts = {
      ArrowUp: () => this.focused.scroll(-1),
      ArrowDown: () => this.focused.scroll(1),
      ArrowLeft: () => this.nextViewport(-1),
      ArrowRight: () => this.nextViewport(1),
    };
    acts[event.key]?.();
    return event.key in acts;
  }

  nextViewport(step) {
    const shown = this.viewports.filter((viewport) => viewport.pixels);
    const at = shown.indexOf(this.focused);
    const next = shown[(at + step + shown.length) % shown.length];
    if (next) this.focus(next);
  }

  resetView() {
    this.focused.reset();
    this.moved(this.focused);
  }

  toggleLines() {
    this.linesShown = !this.linesShown;
    if (this.data.read) this.prefer("switches", { ...this.preferences.switches, lines: this.linesShown });
    this.toolbar.render();
    this.redraw();
  }

  // What the reader has set for himself: here at once, and on the server soon after.

  prefer(name, chosen) {
    this.preferences = { ...this.preferences, [name]: chosen };
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.savePreferences(), 600);
    this.dress();
    if (this.data.grid) this.grid.render();
  }

  savePreferences() {
    if (!this.saving) return;
    clearTimeout(this.saving);
    this.saving = null;
    if (this.data.read) asked("/preferences", this.preferences, "", { keepalive: true });
  }

  toggleSwitch(name) {
    const { switches } = this.preferences;
    this.prefer("switches", { ...switches, [name]: !switches[name] });
  }

  toggleOverlay() {
    [this.overlayOpacity, this.lastOpacity] = this.overlayOpacity ? [0, this.overlayOpacity] : [this.lastOpacity || 0.5, 0];
    this.toolbar.render();
    this.redraw();
  }

  toggleStructure(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    this.overlayVersion += 1;
    this.toolbar.render();
    this.redraw();
  }
}
