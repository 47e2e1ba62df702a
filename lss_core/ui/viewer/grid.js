// The grid of 25 sites beside the viewports. Read: the reader's grades, nothing preselected.
// Review: the model's grades, read only. Rows are levels; columns run from the patient's
// right to his left, as the axial pictures do.

/** The style variable of a grade's colour, or of 'not gradable'. */
const gradeColour = (grade) => `var(--grade-${grade?.value ?? "none"})`;

class Grid {
  constructor(app) {
    this.app = app;
    this.element = make("aside", "panel");
    this.selected = null;
    this.asking = ""; // "reason": why it is not gradable; "submit": sure?
    this.answers = new Map();
    this.element.addEventListener("click", (event) => this.clicked(event.target));
    this.element.addEventListener("keydown", (event) => {
      if (event.target.name === "password" && event.key === "Enter") this.sign();
    });
    this.element.addEventListener("change", (event) => {
      if (event.target.name === "onward") this.onward = event.target.checked;
    });
  }

  /** Take what the page says. Answers given here and not yet in the page's data stay. */
  update(data) {
    const changed = data.read?.id !== this.data?.read?.id || data.case_id !== this.data?.case_id;
    this.data = data;
    this.keys = data.grid.rows.flatMap((row) => row.sites);
    this.element.classList.toggle("review", data.mode === "review");
    if (changed) {
      this.answers.clear();
      this.saved = new Map();
      this.selected = null;
      this.asking = "";
      this.queue?.stop();
      this.queue = data.read && new AnswerQueue(data.read.id, () => this.settle());
      this.queue?.waiting.forEach((answer) => this.answers.set(answer.site, answer));
      this.queue?.send(); // what was left from before a refresh
    }
    for (const [site, answer] of Object.entries(data.read?.answers ?? {})) {
      if (!this.answers.has(site)) this.answers.set(site, answer);
      if (!this.saved.has(site)) this.saved.set(site, answer);
    }
    this.render();
  }

  /** After the queue has moved: a refused answer gives way to the last one saved. */
  settle() {
    for (const [site, answer] of this.answers) {
      if (this.queue.refused.has(site)) {
        if (this.saved.has(site)) this.answers.set(site, this.saved.get(site));
        else this.answers.delete(site);
      } else if (!this.queue.has(site)) this.saved.set(site, answer);
    }
    this.render();
  }

  get locked() {
    return !this.data.read || this.data.read.submitted;
  }

  select(site, { tell = true } = {}) {
    if (!this.keys.includes(site)) return;
    this.selected = site;
    this.asking = "";
    this.render();
    this.app.selected(site, tell);
  }

  move(rows, columns) {
    const width = this.data.grid.columns.length;
    const at = this.keys.indexOf(this.selected);
    const to = at < 0 ? 0 : at + rows * width + columns;
    if (to >= 0 && to < this.keys.length) this.select(this.keys[to]);
  }

  nextOpen() {
    const at = this.keys.indexOf(this.selected);
    const order = this.keys.map((_, i) => this.keys[(at + 1 + i) % this.keys.length]);
    const open = order.find((site) => !this.answers.has(site));
    if (open) this.select(open);
  }

  answer(given) {
    if (this.locked || !this.selected) return;
    this.asking = "";
    this.answers.set(this.selected, { site: this.selected, ...given });
    this.queue.add({ site: this.selected, ...given });
    if (this.onward) this.move(0, 1);
  }

  /** True when the key was for the grid. */
  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (moves[event.key]) this.move(...moves[event.key]);
    else if (event.key === "Escape" && this.asking) this.ask("");
    else if (event.key.toLowerCase() === "s" && this.complete) this.ask("submit");
    else if (this.locked || !this.selected) return false;
    else if (/^[0-9]$/.test(event.key)) this.digit(Number(event.key));
    else if (event.key.toLowerCase() === "n") this.ask("reason");
    else if (event.key === "Enter") this.nextOpen();
    else return false;
    return true;
  }

  digit(number) {
    if (this.asking === "reason") {
      const reason = this.data.reasons[number - 1];
      if (reason) this.answer({ not_gradable: reason.key });
    } else if (this.data.grades.some(({ value }) => value === number)) this.answer({ grade: number });
  }

  ask(what) {
    this.asking = what;
    this.render();
    if (what === "submit") this.confirm.focus();
    else this.app.takeKeys();
  }

  get confirm() {
    return this.element.querySelector("[name=password]");
  }

  /** Sign with the password that was typed; the server locks the read, and the page goes on. */
  async sign() {
    const { id } = this.data.read;
    const response = await this.queue.ask("signature", { password: this.confirm.value });
    if (response?.ok) return this.app.submit(id);
    this.refusal = response ? await response.text() : "The server does not answer.";
    this.ask("submit");
  }

  /** Whether the read may be submitted: every site has an answer, and the server has them all. */
  get complete() {
    return !this.locked && this.answers.size === this.keys.length && !this.queue.waiting.length;
  }

  clicked(target) {
    const button = target.closest("button");
    if (!button) return;
    const { site, grade, reason, act } = button.dataset;
    if (site) this.select(site);
    else if (grade) this.answer({ grade: Number(grade) });
    else if (reason) this.answer({ not_gradable: reason });
    else if (act === "submit-now") return this.sign();
    else if (act) return this.ask(act === "back" ? "" : act);
    this.app.takeKeys();
  }

  // Everything below only draws what is above.

  render() {
    const { data } = this;
    const focused = this.element.contains(this.element.getRootNode().activeElement);
    this.element.replaceChildren(
      this.table(),
      ...(data.mode === "read" ? [this.answerBox(), this.footer()] : [this.findingBox(), this.evidenceBox()]),
    );
    if (focused) (this.confirm ?? this.app.root).focus({ preventScroll: true });
  }

  table() {
    const { rows, columns } = this.data.grid;
    const table = make("table", "sites");
    const sides = table.createTHead().insertRow();
    sides.append(
      make("th"),
      make("th", "side", { colspan: 2, text: "Patient's right" }),
      make("th"),
      make("th", "side far", { colspan: 2, text: "Patient's left" }),
    );
    const head = table.tHead.insertRow();
    head.append(make("th", "", { text: "Level" }), ...columns.map((text) => make("th", "", { text, scope: "col" })));
    const body = table.createTBody();
    for (const { label, sites } of rows) {
      const row = body.insertRow();
      row.append(make("th", "", { text: label, scope: "row" }));
      for (const site of sites) row.insertCell().append(this.cell(site));
    }
    return table;
  }

  cell(site) {
    const found = this.data.mode === "read" ? this.answers.get(site) : this.data.findings?.[site];
    const grade = this.data.grades.find(({ value }) => value === found?.grade);
    const button = make("button", "cell", {
      "data-site": site,
      "aria-label": `${this.data.labels[site]}: ${this.inWords(found)}`,
      "aria-pressed": String(site === this.selected),
    });
    if (found) {
      button.classList.add("given");
      button.style.setProperty("--grade", gradeColour(grade));
      button.append(make("b", "", { text: grade ? String(grade.value) : "NG" }));
      const [, , moderate, severe] = found.probabilities ?? [];
      if (severe !== undefined) {
        button.append(make("small", "", { text: `${Math.round((moderate + severe) * 100)} %` }));
      }
    }
    if (this.queue?.has(site)) button.append(make("i", this.queue.trouble ? "kept" : "saving"));
    if (this.queue?.refused.has(site)) button.append(make("i", "refused"));
    return button;
  }

  inWords(found) {
    if (!found) return "no answer";
    const grade = this.data.grades.find(({ value }) => value === found.grade);
    const reason = this.data.reasons.find(({ key }) => key === found.not_gradable);
    return grade ? `${grade.value} ${grade.label}` : `not gradable, ${reason?.label.toLowerCase()}`;
  }

  answerBox() {
    const box = make("div", "box");
    if (!this.selected) {
      const text = this.locked ? "This read is submitted." : "Choose a site: click it, or press an arrow key.";
      box.append(make("p", "hint", { text }));
      return box;
    }
    const given = this.answers.get(this.selected);
    box.append(make("h3", "", { text: this.data.labels[this.selected] }));
    if (this.asking === "reason") box.append(...this.reasons());
    else {
      const row = make("div", "grades");
      for (const { value, label } of this.data.grades) {
        const button = make("button", "grade", { "data-grade": value, "aria-pressed": String(given?.grade === value) });
        button.style.setProperty("--grade", gradeColour({ value }));
        button.append(make("b", "", { text: String(value) }), make("span", "", { text: label }));
        button.disabled = this.locked;
        row.append(button);
      }
      const none = make("button", "grade", { "data-act": "reason", "aria-pressed": String(!!given?.not_gradable) });
      none.append(make("b", "", { text: "N" }), make("span", "", { text: "Not gradable" }));
      none.disabled = this.locked;
      row.append(none);
      box.append(row);
      if (given?.not_gradable) box.append(make("p", "hint", { text: this.sentence(this.inWords(given)) }));
    }
    return box;
  }

  sentence(words) {
    return words[0].toUpperCase() + words.slice(1) + ".";
  }

  reasons() {
    const list = this.data.reasons.map(({ key, label }, i) => {
      const button = make("button", "reason", { "data-reason": key });
      button.append(make("b", "", { text: String(i + 1) }), make("span", "", { text: label }));
      return button;
    });
    const buttons = make("div", "reasons");
    buttons.append(...list);
    return [
      make("p", "hint", { text: "Why is it not gradable?" }),
      buttons,
      make("button", "plain", { "data-act": "back", text: "Back (Esc)" }),
    ];
  }

  footer() {
    const box = make("div", "box footer");
    const total = this.keys.length, count = this.answers.size;
    const bar = make("progress", "", { max: total, value: count, "aria-label": "Sites answered" });
    const [state, words] = this.locked ? ["saved", "Submitted"] : this.queue.words;
    box.append(make("div", "count", { text: `${count} of ${total} sites answered` }), bar, make("p", `state ${state}`, { text: words, role: "status" }));
    if (this.locked) return box;
    if (this.asking === "submit") {
      box.append(
        make("p", "", { text: this.data.read.meaning }),
        make("p", "hint", { text: "Sign to submit this read. Its answers cannot be changed afterwards." }),
        make("input", "", { type: "password", name: "password", "aria-label": "Your password", autocomplete: "current-password" }),
        make("p", "hint", { text: this.refusal ?? "", role: "alert" }),
        make("button", "primary", { "data-act": "submit-now", text: "Sign" }),
        make("button", "plain", { "data-act": "back", text: "Back (Esc)" }),
      );
      return box;
    }
    const submit = make("button", "primary", { "data-act": "submit", text: "Submit read (S)" });
    submit.disabled = !this.complete;
    const onward = make("label", "check");
    const tick = make("input", "", { type: "checkbox", name: "onward" });
    tick.checked = !!this.onward;
    onward.append(tick, "Go to the next site after an answer");
    box.append(submit, onward);
    return box;
  }

  findingBox() {
    const box = make("div", "box");
    const found = this.data.findings?.[this.selected];
    if (!this.data.findings) box.append(make("p", "hint", { text: "The model has not graded this case yet." }));
    else if (!found) box.append(make("p", "hint", { text: "Choose a site: click it, or press an arrow key. The viewports go there. Per cent: probability of grade 2 or 3." }));
    else {
      box.append(make("h3", "", { text: this.data.labels[this.selected] }));
      box.append(make("p", "", { text: this.sentence(this.inWords(found)) }));
      if (found.note) box.append(make("p", "hint", { text: found.note }));
      if (found.why) box.append(make("p", "", { text: `Measured: ${found.why}.` }));
      if (found.probabilities) {
        box.append(this.bars(found), make("p", "hint", { text: "Grade: the middle of the four probabilities." }));
      }
    }
    return box;
  }

  /** The four probabilities as bars with their numbers, and beside them what each stream says. */
  bars({ probabilities, streams }) {
    const list = make("div", "bars");
    list.style.setProperty("--streams", streams.length);
    list.append(make("span"), make("span"), make("span", "number", { text: "Together" }));
    list.append(...streams.map(({ label }) => make("span", "number", { text: label })));
    for (const { value, label } of this.data.grades) {
      const share = probabilities[value];
      const bar = make("span", "bar");
      bar.style.setProperty("--grade", gradeColour({ value }));
      bar.style.setProperty("--share", `${share * 100}%`);
      list.append(make("span", "", { text: `${value} ${label}` }), bar, make("span", "number", { text: share.toFixed(2) }));
      list.append(...streams.map((stream) => make("span", "number", { text: stream.probabilities[value].toFixed(2) })));
    }
    return list;
  }

  /** The measurements that a finding rests on, and the image that shows it best. */
  evidenceBox() {
    const found = this.data.findings?.[this.selected];
    if (!found) return "";
    const box = make("div", "box evidence");
    if (found.where) box.append(make("p", "hint", { text: found.where }));
    if (!found.measurements.length) box.append(make("p", "hint", { text: "Nothing was measured here." }));
    const table = make("table");
    for (const [name, value, beside] of found.measurements) {
      const row = table.insertRow();
      row.append(make("td", "", { text: name }), make("td", "number", { text: value }), make("td", "hint", { text: beside }));
    }
    box.append(table);
    if (found.probabilities) box.append(this.explanation());
    return box;
  }

  /** What the classifiers saw, fetched when asked for. */
  explanation() {
    const box = make("details", "explanation");
    box.open = !!this.explained;
    const show = () => {
      const picture = make("img", "", { alt: "Pictures the classifiers saw, with class activation" });
      picture.onerror = () => picture.replaceWith(make("p", "hint", { text: "Nothing was kept of this run. Run the model again." }));
      picture.src = `/pixels/${encodeURIComponent(this.data.case_id)}/explanations/${encodeURIComponent(this.selected)}`;
      const columns = this.selected.startsWith("foraminal")
        ? "T1, T2, next T1; then T1 with what spoke for stenosis (orange), and for its severity."
        : "Slice, one up, one down (the right side is shown mirrored); then the slice with what spoke for stenosis (orange), and for its severity.";
      box.append(picture, make("p", "hint", { text: columns }));
    };
    box.append(make("summary", "", { text: "What the classifiers saw" }));
    if (box.open) show();
    box.addEventListener("toggle", () => {
      if (box.open && !this.explained) show();
      this.explained = box.open;
    });
    return box;
  }
}
