// A read as this window knows it: what the server has, what is on its way, who holds the pen, what the
// model or the reference says where the server lets it be shown.

class Sitting {
  constructor(read, changed) {
    Object.assign(this, { read, changed, model: null, reference: null, calls: new Map(), trouble: "" });
    this.answers = new Map();
    this.saved = new Map();
    this.versions = new Map();
    this.pen = new Pen(read.id, (newest) => this.penned(newest));
    this.queue = new AnswerQueue(read.id, this.pen, () => this.settle());
    this.queue.taken = ({ site, base }) => this.versions.set(site, base + 1);
    this.clock = new Clock(read.id, this.pen);
    for (const answer of this.queue.waiting) if (answer.site) this.answers.set(answer.site, answer);
    this.take(read);
    if (read.aided) this.fetch("model");
    if (read.submitted && read.kind === "training") this.fetch("feedback");
  }

  stop() {
    this.queue.stop();
    this.clock.stop();
    this.pen.stop();
    this.stopped = true;
    this.changed = () => {};
  }

  /** What the server says, from the page or a reply; what is on its way stays as it was given here. */
  take(read) {
    this.read = { ...read, note: this.queue.note ?? read.note };
    for (const [site, count] of Object.entries(read.versions)) {
      if (count < (this.versions.get(site) ?? 0)) continue;
      this.versions.set(site, count);
      if (!read.answers[site]) continue;
      this.saved.set(site, read.answers[site]);
      if (!this.queue.has(site)) this.answers.set(site, read.answers[site]);
    }
  }

  penned(newest) {
    if (newest) this.take(newest);
    this.changed();
    this.queue?.send();
  }

  /** After the queue has moved: a refused answer gives way to the last one saved. */
  settle() {
    for (const [site, answer] of this.answers) {
      if (this.queue.refused.has(site)) {
        if (this.saved.has(site)) this.answers.set(site, this.saved.get(site));
        else this.answers.delete(site);
      } else if (!this.queue.has(site)) this.saved.set(site, answer);
    }
    if (this.queue.refused.size && !this.queue.waiting.length && !this.looked) {
      this.looked = true;
      this.pen.ask().finally(() => (this.looked = false)); // brings what was answered elsewhere
    }
    this.changed();
  }

  get locked() {
    return this.read.submitted || this.pen.state === "other";
  }

  /** Whether a site's answer says all that is asked. */
  done(site) {
    const given = this.answers.get(site);
    if (!given) return false;
    if (given.grade == null) return true;
    const { call, score } = this.read.asks;
    return !(call && given.positive == null) && !(score && given.score == null);
  }

  get open() {
    return this.read.sites.filter((site) => !this.done(site));
  }

  /** Whether the read may be signed: all is answered, and the server has it. */
  get complete() {
    const quality = !this.read.asks.image_quality || this.read.note.image_quality;
    return !this.locked && !this.open.length && !this.queue.waiting.length && !!quality;
  }

  /** The call at a site: just given here, or part of the answer. */
  callAt(site) {
    return this.calls.get(site) ?? this.answers.get(site)?.positive;
  }

  call(site, positive) {
    if (!this.locked && this.read.asks.call) this.calls.set(site, positive);
  }

  /** Whether a grade goes with the call at a site; the call comes first where it is asked. */
  fits(site, grade) {
    return !this.read.asks.call || this.callAt(site) === grade >= 2;
  }

  grade(site, grade) {
    if (this.locked || !this.fits(site, grade)) return false;
    const before = this.answers.get(site);
    const call = this.read.asks.call ? { positive: grade >= 2 } : {};
    const score = before?.score != null && before.score >= 50 === grade >= 2 ? { score: before.score } : {};
    this.answer(site, { grade, ...call, ...score, ...(before?.note ? { note: before.note } : {}) });
    return true;
  }

  /** Change part of a site's answer: its score or its comment. */
  amend(site, part) {
    const before = this.answers.get(site);
    if (this.locked || !before) return;
    const { base, key, ...said } = before;
    this.answer(site, { ...said, ...part });
  }

  answer(site, given) {
    if (this.locked) return;
    this.calls.delete(site);
    this.answers.set(site, { ...given, site });
    this.queue.add({ ...given, site }, this.versions.get(site) ?? 0);
  }

  /** The first answer again, in the second stage. */
  keep(site) {
    const first = this.read.first[site];
    if (first) this.answer(site, first);
    return !!first;
  }

  ask(what, body = {}, options = {}) {
    return asked(`/sittings/${encodeURIComponent(this.read.id)}/${what}`, body, this.pen.id, options);
  }

  /** Ask for something that changes the read at once; the refusal is kept to be shown. */
  async act(what, body) {
    const response = await this.ask(what, body);
    this.trouble = !response ? t("The server does not answer. Try again in a moment.") : response.ok ? "" : await response.text();
    if (response?.status === 423) this.pen.become("other");
    if (response?.ok && response.status === 200) this.take(await response.json());
    this.changed();
    return !!response?.ok;
  }

  note(part) {
    if (this.locked) return;
    const note = { ...this.read.note, ...part };
    this.read = { ...this.read, note };
    this.queue.addNote(note);
  }

  async sign(password) {
    await this.clock.send();
    const signed = await this.act("signature", { password });
    if (signed && this.read.kind === "training") await this.fetch("feedback");
    return signed;
  }

  /** What the model says, or the reference after practice; the server alone decides whether it comes. */
  async fetch(what) {
    const response = await this.ask(what);
    if (response?.ok) this[what === "model" ? "model" : "reference"] = await response.json();
    else if (!this.stopped) setTimeout(() => this.fetch(what), LONGEST_WAIT_MS);
    this.changed();
  }
}
