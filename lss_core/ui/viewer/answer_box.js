// The box below the grid in which a reader answers at the chosen site: call, grade, score, comment, and what
// stands beside his answer.

/** Words as a sentence: 'Not gradable, outside the image.' */
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`;

class AnswerBox {
  constructor(grid) {
    this.grid = grid;
  }

  get sitting() {
    return this.grid.sitting;
  }

  get given() {
    return this.sitting.answers.get(this.grid.selected);
  }

  draw() {
    const box = make("div", "box answer");
    const { selected, data, locked } = this.grid;
    if (!selected) {
      const text = this.sitting.read.submitted ? t("This read is submitted.") : t("Choose a site: click it, or press an arrow key.");
      box.append(make("p", "hint", { text }));
      return box;
    }
    box.append(make("h3", "", { text: data.labels[selected] }));
    if (this.grid.asking === "reason") box.append(...this.reasons());
    else box.append(...this.call(), this.grades(), ...this.more());
    if (!locked) box.append(this.place());
    return box;
  }

  /** The yes or no that comes before the grade, where the protocol asks for it. */
  call() {
    if (!this.sitting.read.asks.call) return [];
    const called = this.sitting.callAt(this.grid.selected);
    const row = make("div", "calls");
    for (const [value, text, action] of [[true, t("Stenosis present"), "present"], [false, t("Stenosis absent"), "absent"]]) {
      const button = make("button", "plain", { "data-call": String(value), "aria-pressed": String(called === value) });
      button.append(make("span", "", { text }), make("kbd", "", { text: this.key(action) }));
      button.disabled = this.grid.locked;
      row.append(button);
    }
    return [row];
  }

  key(action) {
    return keyText(this.grid.app.keys.keyOf(action));
  }

  grades() {
    const { data, selected, locked } = this.grid;
    const row = make("div", "grades");
    const fits = (value) => this.sitting.fits(selected, value);
    for (const { value, label } of data.grades) {
      const pressed = this.given?.grade === value && fits(value);
      const button = make("button", "grade", { "data-grade": value, "aria-pressed": String(pressed), title: this.meaning(value) });
      button.style.setProperty("--grade", gradeColour({ value }));
      button.append(make("b", "", { text: String(value) }), make("span", "", { text: label }));
      button.disabled = locked || !fits(value);
      row.append(button);
    }
    const none = make("button", "grade", { "data-act": "reason", "aria-pressed": String(!!this.given?.not_gradable) });
    none.append(make("b", "", { text: this.key("not_gradable") }), make("span", "", { text: t("Not gradable") }));
    none.disabled = locked;
    row.append(none);
    return row;
  }

  /** What a grade means by the protocol's scheme, at the chosen site. */
  meaning(grade) {
    const [condition] = this.grid.selected.split(":");
    return this.grid.data.scheme.find(({ key }) => key === condition)?.grades[grade].text ?? "";
  }

  more() {
    const { given, sitting } = this;
    const { asks } = sitting.read;
    const found = [];
    if (given?.not_gradable) found.push(make("p", "hint", { text: sentence(this.grid.inWords(given)) }));
    if (asks.score && given?.grade != null) found.push(this.score(given));
    if (asks.comment) found.push(this.comment(given));
    return [...found, ...this.beside()];
  }

  score(given) {
    const [low, high] = given.grade >= 2 ? [50, 100] : [0, 49];
    const label = make("label", "entry");
    const field = make("input", "", { type: "number", name: "score", min: low, max: high, step: 1 });
    field.value = given.score ?? "";
    field.disabled = this.grid.locked;
    label.append(make("span", "", { text: t("Score, {low} to {high}, then Enter", { low, high }) }), field);
    return label;
  }

  comment(given) {
    const field = make("textarea", "", { name: "comment", rows: 1, maxlength: 2000, "aria-label": t("Comment on this site") });
    field.placeholder = given ? t("Comment ({key})", { key: this.key("comment") }) : t("Comment: after the answer");
    field.value = given?.note ?? "";
    field.disabled = this.grid.locked || !given;
    return field;
  }

  /** His own first answer, the model's with its probabilities, the reference's. */
  beside() {
    const { sitting, grid } = this;
    const { selected } = grid;
    const first = sitting.read.first[selected];
    const found = [];
    if (first) {
      const line = make("p", "beside", { text: t("Your first answer: {answer}", { answer: grid.inWords(first) }) });
      const keep = make("button", "plain", { "data-act": "keep" });
      keep.append(make("span", "", { text: t("Keep") }), make("kbd", "", { text: this.key("keep") }));
      keep.disabled = grid.locked;
      line.append(keep);
      found.push(line);
    }
    if (sitting.read.aided) found.push(this.model());
    if (sitting.reference) {
      const answer = grid.inWords(sitting.reference[selected]);
      found.push(make("p", "beside", { text: t("Reference: {answer}", { answer }) }));
    }
    return found;
  }

  model() {
    const { model } = this.sitting;
    const found = model?.[this.grid.selected];
    if (!model) return make("p", "hint", { text: t("The model's answers are on their way.") });
    if (!found) return make("p", "hint", { text: t("The model has no answer at this site.") });
    const line = make("p", "beside", { text: t("Model: {answer}", { answer: this.grid.inWords(found) }) });
    const shares = found.probabilities?.map((share, grade) => `${grade}: ${Math.round(share * 100)} %`);
    if (shares) line.append(make("span", "hint", { text: shares.join("  ") }));
    return line;
  }

  reasons() {
    const buttons = make("div", "reasons");
    this.grid.data.reasons.forEach(({ key, label }, i) => {
      const button = make("button", "reason", { "data-reason": key });
      button.append(make("b", "", { text: String(i + 1) }), make("span", "", { text: label }));
      buttons.append(button);
    });
    return [
      make("p", "hint", { text: t("Why is it not gradable?") }),
      buttons,
      make("button", "plain", { "data-act": "back", text: t("Back (Esc)") }),
    ];
  }

  /** Whether the pictures went to a place that the reader marked, or to one that is estimated. */
  place() {
    const { app, selected } = this.grid;
    const place = app.placeOf(selected);
    if (!place) return "";
    const text = place.marked
      ? t("The pictures are at the disc that you marked.")
      : t("The pictures are at a place estimated from the slices. {key} marks the disc at the mouse.", { key: this.key("mark_level") });
    return make("p", "hint", { text });
  }
}
