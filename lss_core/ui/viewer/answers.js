// Answers on their way to the server: sent one by one in the order they were given, kept in this browser
// until the server has them, tried again when it cannot be reached. A key made once for each answer lets
// the server take a repeated one for what it is; `base` says how many answers of the site we knew of, so
// that none is laid over one that came from elsewhere. What is said of the whole case goes the same way.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

class AnswerQueue {
  /** `changed` is called whenever what `has`, `words` or `refused` say may have changed. */
  constructor(readId, pen, changed) {
    Object.assign(this, { readId, pen, changed, timer: null, wait: FIRST_WAIT_MS, trouble: "", refused: new Map() });
    this.place = `lss-answers:${readId}`;
    this.waiting = JSON.parse(localStorage.getItem(this.place) ?? "[]");
    this.sending = false;
    this.again = () => this.send();
    window.addEventListener("online", this.again);
  }

  stop() {
    clearTimeout(this.timer);
    window.removeEventListener("online", this.again);
    this.changed = () => {};
  }

  add(answer, known) {
    const before = this.waiting.findLast(({ site }) => site === answer.site);
    this.push({ ...answer, base: before ? before.base + 1 : known });
  }

  /** Image quality and comment of the whole case. */
  addNote(case_note) {
    this.push({ case_note });
  }

  push(given) {
    this.refused.delete(given.site);
    this.waiting.push({ ...given, key: crypto.randomUUID() });
    this.keep();
    this.send();
  }

  /** What was last said of the whole case and is still on its way. */
  get note() {
    return this.waiting.findLast(({ case_note }) => case_note)?.case_note;
  }

  keep() {
    if (this.waiting.length) localStorage.setItem(this.place, JSON.stringify(this.waiting));
    else localStorage.removeItem(this.place);
    this.changed();
  }

  has(site) {
    return this.waiting.some((answer) => answer.site === site);
  }

  async send() {
    if (this.sending || !this.waiting.length || this.pen.state === "other") return;
    clearTimeout(this.timer);
    this.sending = true;
    this.changed();
    const answer = this.waiting[0];
    const trouble = await this.post(answer);
    this.sending = false;
    this.trouble = trouble;
    if (trouble) {
      this.timer = setTimeout(this.again, this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
      this.changed();
    } else {
      this.wait = FIRST_WAIT_MS;
      this.waiting.shift();
      this.keep();
      this.send();
    }
  }

  /** Empty when the server has dealt with the answer (taken or refused it), else why not yet. */
  async post({ key, case_note, ...answer }) {
    const id = encodeURIComponent(this.readId);
    const path = case_note ? `/sittings/${id}/note` : `/answers/${id}`;
    const response = await asked(path, case_note ?? answer, this.pen.id, { key, keepalive: true });
    if (!response) return t("No connection");
    if (response.status === 401) return t("Signed out");
    if (response.status === 403) return t("Who is signed in now may not answer here");
    if (response.status >= 500 || response.status === 429) return t("The server does not answer");
    if (response.status === 423) {
      this.pen.become("other");
      return t("Another window answers");
    }
    if (!response.ok) this.refused.set(answer.site, await response.text());
    else if (!case_note) this.taken?.(answer);
    return "";
  }

  /** The state in words: all saved, saving, or kept until the server can be reached. */
  get words() {
    if (this.refused.size) return ["refused", [...this.refused.values()].at(-1)];
    const count = this.waiting.length;
    if (!count) return ["saved", t("All answers saved")];
    if (!this.trouble) return ["saving", t("Saving")];
    const kept = tn("{why}: {n} answer is kept here and tried again.", "{why}: {n} answers are kept here and tried again.", count, {
      why: this.trouble,
    });
    const remedy = this.trouble === t("Signed out") ? ` ${t("Sign in again in another tab, leave this one open.")}` : "";
    return ["kept", kept + remedy];
  }
}
