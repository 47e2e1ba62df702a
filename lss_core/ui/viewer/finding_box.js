// Review: what the model says of the chosen site, and what that rests on.

class FindingBox {
  constructor(grid) {
    this.grid = grid;
  }

  get data() {
    return this.grid.data;
  }

  get found() {
    return this.data.findings?.[this.grid.selected];
  }

  draw() {
    return [this.findingBox(), this.evidenceBox()];
  }

  findingBox() {
    const box = make("div", "box");
    const { found, data, grid } = this;
    if (!data.findings) box.append(make("p", "hint", { text: t("The model has not graded this case yet.") }));
    else if (!found) box.append(make("p", "hint", { text: t("Choose a site: click it, or press an arrow key. The viewports go there. Per cent: probability of grade 2 or 3.") }));
    else {
      box.append(make("h3", "", { text: data.labels[grid.selected] }));
      box.append(make("p", "", { text: sentence(grid.inWords(found)) }));
      if (found.note) box.append(make("p", "hint", { text: found.note }));
      if (found.why) box.append(make("p", "", { text: t("Measured: {why}.", { why: found.why }) }));
      if (found.probabilities) {
        box.append(this.bars(found), make("p", "hint", { text: t("Grade: the middle of the four probabilities.") }));
      }
    }
    return box;
  }

  /** The four probabilities as bars with their numbers, and beside them what each stream says. */
  bars({ probabilities, streams }) {
    const list = make("div", "bars");
    list.style.setProperty("--streams", streams.length);
    list.append(make("span"), make("span"), make("span", "number", { text: t("Together") }));
    list.append(...streams.map(({ label }) => make("span", "number", { text: label })));
    for (const { value, label } of this.data.grades) {
      const share = probabilities[value];
      const bar = make("span", "bar");
      bar.style.setProperty("--grade", gradeColour({ value }));
      bar.style.setProperty("--share", `${share * 100}%`);
      list.append(make("span", "", { text: `${value} ${label}` }), bar, make("span", "number", { text: inDigits(share, 2) }));
      list.append(...streams.map((stream) => make("span", "number", { text: inDigits(stream.probabilities[value], 2) })));
    }
    return list;
  }

  /** The measurements that a finding rests on, and the image that shows it best. */
  evidenceBox() {
    const { found } = this;
    if (!found) return "";
    const box = make("div", "box evidence");
    if (found.where) box.append(make("p", "hint", { text: found.where }));
    if (!found.measurements.length) box.append(make("p", "hint", { text: t("Nothing was measured here.") }));
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
      const picture = make("img", "", { alt: t("Pictures the classifiers saw, with class activation") });
      picture.onerror = () => picture.replaceWith(make("p", "hint", { text: t("Nothing was kept of this run. Run the model again.") }));
      picture.src = `/pixels/${encodeURIComponent(this.data.case_id)}/explanations/${encodeURIComponent(this.grid.selected)}`;
      const columns = this.grid.selected.startsWith("foraminal")
        ? t("T1, T2, next T1; then T1 with what spoke for stenosis (orange), and for its severity.")
        : t("Slice, one up, one down (the right side is shown mirrored); then the slice with what spoke for stenosis (orange), and for its severity.");
      box.append(picture, make("p", "hint", { text: columns }));
    };
    box.append(make("summary", "", { text: t("What the classifiers saw") }));
    if (box.open) show();
    box.addEventListener("toggle", () => {
      if (box.open && !this.explained) show();
      this.explained = box.open;
    });
    return box;
  }
}
