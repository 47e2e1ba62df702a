// Answers on their way to the server: sent one by one in the order they were given, kept in
// this tab until the server has them, tried again when it cannot be reached. A key made once
// for each answer lets the server take a repeated one for what it is.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

class AnswerQueue {
  /** `changed` is called whenever what `has`, `words` or `refused` say may have changed. */
  constructor(readId, changed) {
    Object.assign(this, { readId, changed, timer: null, wait: FIRST_WAIT_MS, trouble: "", refused: new Map() });
    this.place = `lss-answers:${readId}`;
    this.waiting = JSON.parse(sessionStorage.getItem(this.place) ?? "[]");
    this.sending = false;
    this.again = () => this.send();
    window.addEventListener("online", this.again);
  }

  stop() {
    clearTimeout(this.timer);
    window.removeEventListener("online", this.again);
    this.changed = () => {};
  }

  add(answer) {
    this.refused.delete(answer.site);
    this.waiting.push({ ...answer, key: crypto.randomUUID() });
    this.keep();
    this.send();
  }

  keep() {
    if (this.waiting.length) sessionStorage.setItem(this.place, JSON.stringify(this.waiting));
    else sessionStorage.removeItem(this.place);
    this.changed();
  }

  has(site) {
    return this.waiting.some((answer) => answer.site === site);
  }

  async send() {
    if (this.sending || !this.waiting.length) return;
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
  async post({ key, ...answer }) {
    try {
      const response = await fetch(`/answers/${encodeURIComponent(this.readId)}`, {
        method: "POST",
        keepalive: true,
        cache: "no-store",
        headers: { "Content-Type": "application/json", "X-LSS-Request": "1", "Idempotency-Key": key },
        body: JSON.stringify(answer),
      });
      if (response.status === 401) return "Signed out";
      if (response.status >= 500 || response.status === 429) return "The server does not answer";
      if (!response.ok) this.refused.set(answer.site, await response.text());
      return "";
    } catch {
      return "No connection";
    }
  }

  /** Ask the server for something of this read; null where it does not answer. */
  async ask(what, body) {
    const headers = { "Content-Type": "application/json", "X-LSS-Request": "1" };
    const options = { method: "POST", cache: "no-store", headers, body: JSON.stringify(body) };
    return fetch(`/sittings/${encodeURIComponent(this.readId)}/${what}`, options).catch(() => null);
  }

  /** The state in words: all saved, saving, or kept until the server can be reached. */
  get words() {
    if (this.refused.size) return ["refused", [...this.refused.values()].at(-1)];
    const count = this.waiting.length;
    if (!count) return ["saved", "All answers saved"];
    if (!this.trouble) return ["saving", "Saving"];
    const kept = `${count} ${count === 1 ? "answer is" : "answers are"} kept here and tried again.`;
    const remedy = this.trouble === "Signed out" ? " Sign in again in another tab, leave this one open." : "";
    return ["kept", `${this.trouble}: ${kept}${remedy}`];
  }
}
