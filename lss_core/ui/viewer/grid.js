// The grid of sites beside the viewports, and the boxes that go with it. Read: the reader's grades, nothing
// preselected. Review: the model's grades, read only. Rows are levels; columns run from the patient's
// right to his left, as the axial pictures do.

/** The style variable of a grade's colour, or of 'not gradable'. */
const gradeColour = (grade) => `var(--grade-${grade?.value ?? "none"})`;

class Grid {
  constructor(app) {
    this.app = app;
    this.element = make("aside", "panel");
    this.selected = null;
    this.asking = ""; // "reason", "quality": a digit; "remaining", "submit": sure?
    this.sitting = null;
    this.answerBox = new AnswerBox(this);
    this.footer = new Footer(this);
    this.finding = new FindingBox(this);
    this.element.addEventListener("click", (event) => this.clicked(event.target));
    this.element.addEventListener("change", (event) => this.entered(event.target));
    this.element.addEventListener("keydown", (event) => this.typed(event));
    this.element.addEventListener("pointerdown", () => this.press(), { capture: true });
  }

  /** Take what the page says. Answers given here and not yet in the page's data stay. */
  update(data) {
    const changed = data.read?.id !== this.data?.read?.id || data.case_id !== this.data?.case_id;
    this.data = data;
    this.all = data.grid.rows.flatMap((row) => row.sites);
    this.keys = data.read ? this.all.filter((site) => data.read.sites.includes(site)) : this.all;
    this.element.classList.toggle("review", data.mode === "review");
    const { asks, aided, stages, kind } = data.read ?? {};
    this.element.classList.toggle("long", !!asks && (asks.image_quality || asks.score || aided || stages > 1 || kind === "training"));
    if (changed) {
      this.sitting?.stop();
      this.sitting = data.read && new Sitting(data.read, () => this.render());
      this.selected = null;
      this.asking = "";
    } else if (data.read) this.sitting.take(data.read);
    this.render();
  }

  get locked() {
    return !this.sitting || this.sitting.locked;
  }

  select(site, { tell = true } = {}) {
    if (!this.keys.includes(site)) return;
    this.selected = site;
    this.asking = "";
    this.sitting?.clock.at(site);
    this.render();
    this.app.selected(site, tell);
  }

  /** To the next site that is asked in a direction; from none to the first. */
  move(rows, columns) {
    const width = this.data.grid.columns.length;
    let at = this.all.indexOf(this.selected);
    if (at < 0) return this.select(this.keys[0]);
    do at += rows * width + columns;
    while (this.all[at] && !this.keys.includes(this.all[at]));
    if (this.all[at]) this.select(this.all[at]);
  }

  nextOpen() {
    const at = this.keys.indexOf(this.selected);
    const order = this.keys.map((_, i) => this.keys[(at + 1 + i) % this.keys.length]);
    const open = order.find((site) => !this.sitting.done(site));
    if (open) this.select(open);
  }

  /** After an answer at the chosen site: on to the next one, where it is wished and nothing is left to ask. */
  answered() {
    this.asking = "";
    this.render();
    if (!this.sitting.done(this.selected)) this.focusOn("score");
    else if (this.app.preferences.switches.onward) this.move(0, 1);
  }

  /** True when the key was for the grid itself. */
  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (moves[event.key]) this.move(...moves[event.key]);
    else if (event.key === "Escape" && this.asking) this.ask("");
    else if (this.asking === "quality" && /^[1-5]$/.test(event.key)) this.quality(Number(event.key));
    else if (this.asking === "reason" && /^[1-9]$/.test(event.key)) this.reason(this.data.reasons[event.key - 1]?.key);
    else return false;
    return true;
  }

  /** What an action of the reader's does; false where it does nothing now. */
  act(action) {
    const { sitting, selected } = this;
    if (!sitting) return false;
    if (action === "submit") return sitting.complete && this.ask("submit");
    if (action === "remaining") return this.mayFill && this.ask("remaining");
    if (action === "quality") return !this.locked && this.ask("quality");
    if (action === "next_open") return this.nextOpen();
    if (this.locked || !selected) return false;
    const acts = {
      not_gradable: () => this.ask("reason"),
      present: () => this.call(true),
      absent: () => this.call(false),
      score: () => this.focusOn("score"),
      comment: () => this.focusOn("comment"),
      keep: () => sitting.keep(selected) && this.answered(),
      mark_level: () => this.app.markLevel(selected),
    };
    const grade = /^grade([0-3])$/.exec(action);
    if (grade) return this.grade(Number(grade[1]));
    acts[action]?.();
  }

  get mayFill() {
    const { sitting } = this;
    const filled = !sitting.open.length || sitting.queue.waiting.length;
    return !this.locked && !filled && (!sitting.read.asks.score || Object.keys(sitting.read.first).length > 0);
  }

  call(positive) {
    this.sitting.call(this.selected, positive);
    this.render();
  }

  grade(grade) {
    if (this.sitting.grade(this.selected, grade)) this.answered();
  }

  reason(reason) {
    if (!reason || this.locked) return;
    const note = this.sitting.answers.get(this.selected)?.note;
    this.sitting.answer(this.selected, { not_gradable: reason, ...(note ? { note } : {}) });
    this.answered();
  }

  quality(number) {
    this.asking = "";
    this.sitting.note({ image_quality: number });
  }

  ask(what) {
    this.asking = what;
    this.sitting.trouble = "";
    this.render();
    if (what === "submit") this.focusOn("password");
    else if (what === "remaining") this.element.querySelector("[data-act=fill]").focus();
    else this.app.takeKeys();
  }

  focusOn(name) {
    this.element.querySelector(`[name=${name}]`)?.focus();
  }

  clicked(target) {
    const button = target.closest("button");
    if (!button) return;
    const { site, grade, reason, call, quality, act } = button.dataset;
    if (site) this.select(site);
    else if (call) this.call(call === "true");
    else if (grade) this.grade(Number(grade));
    else if (reason) this.reason(reason);
    else if (quality) this.quality(Number(quality));
    else if (act === "sign") return this.sign();
    else if (act === "fill") return this.fill();
    else if (act === "take") this.sitting.pen.ask(true);
    else if (act === "keep") this.act("keep");
    else if (act) return this.ask(act === "back" ? "" : act);
    if (!this.element.contains(this.element.getRootNode().activeElement?.closest("input, textarea"))) this.app.takeKeys();
  }

  /** Something was typed or ticked. */
  entered({ name, value, checked }) {
    if (name === "onward") this.app.prefer("switches", { ...this.app.preferences.switches, onward: checked });
    else if (name === "comment") this.sitting.amend(this.selected, { note: value });
    else if (name === "case_comment") this.sitting.note({ comment: value });
  }

  typed(event) {
    const { name, value } = event.target;
    if (event.key === "Enter" && name === "password") this.sign();
    else if (event.key === "Enter" && name === "score") this.score(value);
    else if (event.key === "Escape" && name === "password") this.ask("");
    else if (event.key === "Escape" && name) this.app.takeKeys();
    else return;
    event.stopPropagation();
  }

  /** The score as typed; one that contradicts the grade is not taken, and the box says what fits. */
  score(value) {
    const given = this.sitting.answers.get(this.selected);
    const score = Number(value);
    if (value === "" || !given || given.grade == null || !(score >= 0 && score <= 100)) return;
    if (score >= 50 !== given.grade >= 2) return;
    this.sitting.amend(this.selected, { score });
    this.app.takeKeys();
    this.answered();
  }

  async fill() {
    if (await this.sitting.act("remaining", {})) this.ask("");
  }

  async sign() {
    const password = this.element.querySelector("[name=password]").value;
    if (!(await this.sitting.sign(password))) return this.focusOn("password");
    this.asking = "";
    this.render();
    this.app.takeKeys();
    this.app.submit(this.data.read.id);
  }

  /** While a button is pressed it must stay where it is, or its click is lost: draw after that. */
  press() {
    this.pressing = true;
    const release = () => {
      this.pressing = false;
      if (this.stale) this.render();
    };
    window.addEventListener("pointerup", () => setTimeout(release), { once: true, capture: true });
  }

  // Everything below only draws what is above.

  render() {
    const { data } = this;
    this.stale = this.pressing;
    if (this.stale) return;
    const active = this.element.getRootNode().activeElement;
    const inside = this.element.contains(active);
    const typing = inside && active.name ? { name: active.name, value: active.value, at: active.selectionStart } : null;
    if (typing && typing.name === this.wasTyping?.name && this.selected !== this.wasTyping.site) typing.value = null;
    const boxes = data.mode === "read" ? [this.answerBox.draw(), this.footer.draw()] : this.finding.draw();
    this.element.replaceChildren(this.table(), ...boxes);
    this.wasTyping = typing && { name: typing.name, site: this.selected };
    if (typing) this.typeOn(typing);
    else if (inside) this.app.takeKeys();
  }

  /** The field that had the keyboard has it again, with what was being typed. */
  typeOn({ name, value, at }) {
    const field = this.element.querySelector(`[name=${name}]`);
    if (!field) return this.app.takeKeys();
    if (value !== null && field.type !== "checkbox") field.value = value;
    field.focus({ preventScroll: true });
    if (at != null) field.setSelectionRange?.(at, at);
  }

  table() {
    const { rows, columns } = this.data.grid;
    const table = make("table", "sites");
    const sides = table.createTHead().insertRow();
    sides.append(
      make("th"),
      make("th", "side", { colspan: 2, text: t("Patient's right") }),
      make("th"),
      make("th", "side far", { colspan: 2, text: t("Patient's left") }),
    );
    const head = table.tHead.insertRow();
    head.append(make("th", "", { text: t("Level") }), ...columns.map((text) => make("th", "", { text, scope: "col" })));
    const body = table.createTBody();
    for (const { label, sites } of rows) {
      const row = body.insertRow();
      row.append(make("th", "", { text: label, scope: "row" }));
      for (const site of sites) row.insertCell().append(this.keys.includes(site) ? this.cell(site) : "");
    }
    return table;
  }

  cell(site) {
    const found = this.data.mode === "read" ? this.sitting.answers.get(site) : this.data.findings?.[site];
    const grade = this.data.grades.find(({ value }) => value === found?.grade);
    const beside = this.sitting ? this.beside(site) : [];
    const button = make("button", "cell", {
      "data-site": site,
      "aria-label": [`${this.data.labels[site]}: ${this.inWords(found)}`, ...beside.map(({ words }) => words)].join("; "),
      "aria-pressed": String(site === this.selected),
    });
    if (found) {
      button.classList.add("given");
      button.style.setProperty("--grade", gradeColour(grade));
      button.append(make("b", "", { text: grade ? String(grade.value) : t("NG") }));
      const [, , moderate, severe] = found.probabilities ?? [];
      if (severe !== undefined) {
        button.append(make("small", "", { text: `${Math.round((moderate + severe) * 100)} %` }));
      }
    }
    for (const { short } of beside) button.append(make("small", "", { text: short }));
    const { queue } = this.sitting ?? {};
    if (queue?.has(site)) button.append(make("i", queue.trouble ? "kept" : "saving"));
    if (queue?.refused.has(site)) button.append(make("i", "refused"));
    else if (this.sitting && found && !this.sitting.done(site)) button.append(make("small", "", { text: "…" }));
    return button;
  }

  /** What stands beside a reader's answer: his first one, the model's, the reference's. */
  beside(site) {
    const short = (answer) => (answer.grade == null ? t("NG") : String(answer.grade));
    const { read, model, reference } = this.sitting;
    const found = [];
    const first = read.first[site], own = model?.[site], wanted = reference?.[site];
    if (first) found.push({ short: t("1st {grade}", { grade: short(first) }), words: t("your first answer {answer}", { answer: this.inWords(first) }) });
    if (own) found.push({ short: t("M {grade}", { grade: short(own) }), words: t("model {answer}", { answer: this.inWords(own) }) });
    if (wanted) {
      const same = short(wanted) === short(this.sitting.answers.get(site) ?? {}) ? "=" : "≠";
      found.push({ short: t("{same} R {grade}", { same, grade: short(wanted) }), words: t("reference {answer}", { answer: this.inWords(wanted) }) });
    }
    return found;
  }

  inWords(found) {
    if (!found) return t("no answer");
    const grade = this.data.grades.find(({ value }) => value === found.grade);
    const reason = this.data.reasons.find(({ key }) => key === found.not_gradable);
    if (grade) return `${grade.value} ${grade.label}`;
    return t("not gradable, {reason}", { reason: reason?.label.toLowerCase() ?? "" });
  }
}
