// Time in front of the images of a read, by site, active and idle apart. It runs from when the images are
// there; after half a minute without input, and while the window is hidden, it is idle.

const IDLE_AFTER_MS = 30000;
const SEND_EVERY_MS = 15000;
const MOST_AT_ONCE = 40;

class Clock {
  constructor(readId, pen) {
    Object.assign(this, { readId, pen, site: null, running: false, hidden: document.hidden });
    this.place = `lss-spans:${readId}`;
    this.waiting = JSON.parse(localStorage.getItem(this.place) ?? "[]");
    this.now = () => performance.now();
    this.touched = () => this.touch();
    this.seen = () => this.look();
    this.left = () => this.send(true);
    for (const kind of INPUTS) window.addEventListener(kind, this.touched, { passive: true, capture: true });
    document.addEventListener("visibilitychange", this.seen);
    window.addEventListener("pagehide", this.left);
    this.timer = setInterval(() => this.send(), SEND_EVERY_MS);
  }

  /** The images are there. */
  start() {
    if (this.running) return;
    this.running = true;
    this.last = this.input = this.now();
    this.span = { active: 0, idle: 0 };
  }

  /** Stop for good; what was counted is sent. */
  stop() {
    for (const kind of INPUTS) window.removeEventListener(kind, this.touched, { capture: true });
    document.removeEventListener("visibilitychange", this.seen);
    window.removeEventListener("pagehide", this.left);
    clearInterval(this.timer);
    const sent = this.send(true);
    this.running = false;
    return sent;
  }

  touch() {
    if (!this.running) return;
    if (this.now() - this.input > 1000) this.count();
    this.input = this.now();
  }

  look() {
    this.count();
    this.hidden = document.hidden;
    if (this.hidden) this.send();
  }

  /** Add the time since the last count to the span at the site. */
  count() {
    if (!this.running) return;
    const now = this.now();
    const until = this.hidden ? this.last : Math.min(Math.max(this.input + IDLE_AFTER_MS, this.last), now);
    this.span.active += until - this.last;
    this.span.idle += now - until;
    this.last = now;
  }

  /** Another site is looked at from now on. */
  at(site) {
    if (site !== this.site) this.close();
    this.site = site;
  }

  close() {
    if (!this.running) return;
    this.count();
    const [active, idle] = [Math.round(this.span.active), Math.round(this.span.idle)];
    if (active || idle) this.waiting.push({ site: this.site, active_ms: active, idle_ms: idle, key: crypto.randomUUID() });
    this.span = { active: 0, idle: 0 };
  }

  /** Send what was counted, unless it is idle time alone, which waits for the next that is not. */
  async send(leaving = false) {
    this.count();
    if (this.running && (this.span.active || leaving)) this.close();
    this.keep();
    if (this.sending && !leaving) return;
    const spans = this.waiting.slice(0, MOST_AT_ONCE);
    if (!spans.length && !leaving) return;
    if (this.pen.state === "other") return;
    this.sending = true;
    const path = `/sittings/${encodeURIComponent(this.readId)}/spans`;
    const response = await asked(path, { spans, leaving }, this.pen.id, { keepalive: true });
    this.sending = false;
    if (!response || response.status === 401 || response.status >= 500) return;
    const done = new Set(spans.map(({ key }) => key));
    this.waiting = this.waiting.filter(({ key }) => !done.has(key));
    this.keep();
  }

  keep() {
    if (this.waiting.length) localStorage.setItem(this.place, JSON.stringify(this.waiting));
    else localStorage.removeItem(this.place);
  }
}

const INPUTS = ["keydown", "pointerdown", "pointermove", "wheel"];
