// Which window answers a read. One holds the pen, by the server's word; another is told and may take it over.

class Pen {
  /** `changed(read)`: the state is another; `read` is the server's newest, where it came along. */
  constructor(readId, changed) {
    Object.assign(this, { readId, changed, state: "unknown" }); // then "mine" or "other"
    this.place = `lss-pen:${readId}`;
    this.instance = crypto.randomUUID();
    this.id = sessionStorage.getItem(this.place) ?? this.another();
    this.channel = new BroadcastChannel(this.place);
    this.channel.onmessage = ({ data }) => this.heard(data);
    this.channel.postMessage({ hello: this.id, from: this.instance });
    this.again = () => this.ask();
    window.addEventListener("online", this.again);
    this.ask();
  }

  stop() {
    this.channel.close();
    window.removeEventListener("online", this.again);
    this.changed = () => {};
  }

  another() {
    const id = crypto.randomUUID();
    sessionStorage.setItem(this.place, id);
    return id;
  }

  /** A duplicated tab brings its pen along: the newcomer takes another. */
  heard({ hello, mine, took, from, to }) {
    if (hello === this.id) this.channel.postMessage({ mine: this.id, to: from });
    if (mine === this.id && to === this.instance) {
      this.id = this.another();
      this.ask();
    }
    if (took && took !== this.id) this.become("other");
  }

  become(state, read) {
    this.state = state;
    this.changed(read);
  }

  /** Ask the server for the pen; with `take`, from whoever holds it. */
  async ask(take = false) {
    const response = await asked(`/sittings/${encodeURIComponent(this.readId)}/pen`, { take }, this.id);
    if (response?.status === 423) return this.become("other");
    if (!response?.ok) return this.become(this.state);
    if (take) this.channel.postMessage({ took: this.id });
    this.become("mine", await response.json());
  }
}

/** A request of ours with JSON, or null where nothing answers. */
async function asked(path, body, pen, { key = crypto.randomUUID(), keepalive = false } = {}) {
  const headers = { "Content-Type": "application/json", "X-LSS-Request": "1", "Idempotency-Key": key };
  if (pen) headers["X-LSS-Pen"] = pen;
  const options = { method: "POST", cache: "no-store", keepalive, headers, body: JSON.stringify(body) };
  return fetch(path, options).catch(() => null);
}
