// The box with what concerns the whole read: how far it is, whether all is saved, the whole case's notes,
// the remaining sites, the signature; and that another window answers.

class Footer {
  constructor(grid) {
    this.grid = grid;
  }

  get sitting() {
    return this.grid.sitting;
  }

  draw() {
    const box = make("div", "box footer");
    const { sitting, grid } = this;
    const total = grid.keys.length, count = total - sitting.open.length;
    const words = sitting.read.submitted ? ["saved", t("Signed and locked")] : sitting.queue.words;
    box.append(
      ...this.stage(),
      make("div", "count", { text: t("{n} of {total} sites answered", { n: count, total }) }),
      make("progress", "", { max: total, value: count, "aria-label": t("Sites answered") }),
      make("p", `state ${words[0]}`, { text: words[1], role: "status" }),
    );
    if (sitting.read.submitted) box.append(...this.signature());
    else if (sitting.pen.state === "other") box.append(...this.elsewhere());
    else if (grid.asking === "submit") box.append(...this.signing());
    else if (grid.asking === "remaining") box.append(...this.filling());
    else box.append(...this.notes(), ...this.buttons());
    if (sitting.trouble) box.append(make("p", "trouble", { text: sitting.trouble, role: "alert" }));
    return box;
  }

  stage() {
    const { kind, stage, stages, aided } = this.sitting.read;
    const found = [];
    if (kind === "training") found.push(t("Practice: it is not analysed, and the reference is shown once you have signed."));
    if (stages > 1 && stage === 1) found.push(t("First without the model. Once you have signed, the model is shown and you answer again."));
    if (stages > 1 && stage === 2) found.push(t("Second answers: the model is shown, your first answers are locked."));
    if (stages === 1 && aided) found.push(t("The model's answers are shown beside yours."));
    return found.map((text) => make("p", "hint", { text }));
  }

  signature() {
    const { signature } = this.sitting.read;
    if (!signature) return [];
    return [
      make("p", "", { text: t("Signed by {name}, {at}", { name: signature.name, at: signature.at }) }),
      make("p", "hint", { text: signature.meaning }),
      make("p", "hint digest", { text: `SHA-256 ${signature.sha256.slice(0, 16)}…`, title: signature.sha256 }),
    ];
  }

  elsewhere() {
    const { waiting } = this.sitting.queue;
    const found = [make("p", "", { text: t("This read is open in another window and is answered there. Here nothing can be changed.") })];
    if (waiting.length) {
      found.push(make("p", "hint", { text: t("Answers kept in this browser: {n}. They are sent when you take over.", { n: waiting.length }) }));
    }
    found.push(make("button", "primary", { "data-act": "take", text: t("Answer here instead") }));
    return found;
  }

  signing() {
    const password = make("input", "", { type: "password", name: "password", "aria-label": t("Your password"), autocomplete: "current-password" });
    password.placeholder = t("Your password");
    return [
      make("p", "", { text: this.sitting.read.meaning }),
      make("p", "hint", { text: t("Sign to submit this read. Its answers cannot be changed afterwards.") }),
      password,
      this.row(make("button", "primary", { "data-act": "sign", text: t("Sign") }), this.back()),
    ];
  }

  filling() {
    const { sitting } = this;
    const n = sitting.open.length;
    const second = Object.keys(sitting.read.first).length > 0;
    const text = second
      ? tn("Keep your first answer at {n} remaining site? It is stored as given all at once.", "Keep your first answers at {n} remaining sites? They are stored as given all at once.", n)
      : tn("Grade {n} remaining site as 0, none? It is stored as given all at once.", "Grade {n} remaining sites as 0, none? They are stored as given all at once.", n);
    const yes = second ? t("Keep them") : t("Grade them 0");
    return [make("p", "", { text }), this.row(make("button", "primary", { "data-act": "fill", text: yes }), this.back())];
  }

  back() {
    return make("button", "plain", { "data-act": "back", text: t("Back (Esc)") });
  }

  row(...parts) {
    const row = make("div", "row");
    row.append(...parts);
    return row;
  }

  /** What is asked of the whole case. */
  notes() {
    const { asks, note } = this.sitting.read;
    if (!asks.image_quality) return [];
    const names = [t("unusable"), t("bad"), t("usable"), t("good"), t("excellent")];
    const row = make("div", "quality", { role: "group", "aria-label": t("Image quality") });
    names.forEach((name, i) => {
      const button = make("button", "plain", { "data-quality": i + 1, "aria-pressed": String(note.image_quality === i + 1) });
      button.append(make("b", "", { text: String(i + 1) }), make("span", "", { text: name }));
      row.append(button);
    });
    const comment = make("textarea", "", { name: "case_comment", rows: 1, maxlength: 2000, "aria-label": t("Comment on the whole case") });
    comment.placeholder = t("Comment on the whole case");
    comment.value = note.comment;
    const key = keyText(this.grid.app.keys.keyOf("quality"));
    const text = this.grid.asking === "quality" ? t("Image quality: press 1 to 5") : t("Image quality of the case ({key})", { key });
    return [make("p", "hint", { text }), row, comment];
  }

  buttons() {
    const { grid, sitting } = this;
    const key = (action) => keyText(grid.app.keys.keyOf(action));
    const submit = make("button", "primary", { "data-act": "submit", text: t("Submit read ({key})", { key: key("submit") }) });
    submit.disabled = !sitting.complete;
    const second = Object.keys(sitting.read.first).length > 0;
    const text = second
      ? t("Keep the remaining ({key})", { key: key("remaining") })
      : t("Remaining are none ({key})", { key: key("remaining") });
    const fill = make("button", "plain", { "data-act": "remaining", text });
    fill.disabled = !grid.mayFill;
    const onward = make("label", "check");
    const tick = make("input", "", { type: "checkbox", name: "onward" });
    tick.checked = !!grid.app.preferences.switches.onward;
    onward.append(tick, t("Go to the next site after an answer"));
    return [this.row(submit, fill), onward];
  }
}
