// Pixels of cases: streamed from the server's own routes, kept for the case shown, the next
// and the one before, for one user. Nothing here outlives the page.

const KEPT_CASES = 3;
const cases = new Map();
let casesOf = null;

/** A case's pixels, asked for now if they are not here yet. Another user empties the store. */
function openCase(user, id, priority) {
  if (user !== casesOf) {
    cases.forEach((old) => old.stop());
    cases.clear();
    casesOf = user;
  }
  let found = cases.get(id);
  if (!found || found.failed) found = new CasePixels(id, priority);
  cases.delete(id);
  cases.set(id, found);
  for (const [old, pixels] of cases) {
    if (cases.size <= KEPT_CASES) break;
    pixels.stop();
    cases.delete(old);
  }
  return found;
}

class CasePixels {
  constructor(id, priority) {
    this.id = id;
    this.series = [];
    this.ready = false; // the manifest is here
    this.complete = false;
    this.failed = "";
    this.listeners = new Set();
    this.abort = new AbortController();
    this.run(priority);
  }

  stop() {
    this.abort.abort();
    this.listeners.clear();
  }

  tell() {
    this.listeners.forEach((listener) => listener());
  }

  async run(priority) {
    const options = { signal: this.abort.signal, priority, cache: "no-store" };
    const base = `/pixels/${encodeURIComponent(this.id)}`;
    try {
      const manifest = await (await answered(await fetch(`${base}/manifest`, options))).json();
      this.manifest = manifest;
      this.series = manifest.series.map((meta) => new SeriesPixels(meta));
      this.ready = true;
      this.tell();
      const tell = () => this.tell();
      const shown = ROLES.map((role) => this.best(role)).filter(Boolean);
      const others = this.series.filter((one) => !shown.includes(one));
      await Promise.all(shown.map((one) => one.stream(base, options, tell)));
      this.complete = true;
      performance.mark("lss-complete", { detail: this.id });
      this.tell();
      for (const one of shown) await one.fetchMasks(base, options, tell);
      for (const one of others) await one.stream(base, options, tell);
      for (const one of others) await one.fetchMasks(base, options, tell);
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.failed = error.plain ?? t("The images could not be loaded. Check the connection.");
      this.tell();
    }
  }

  /** The first series of a role, or null. */
  best(role) {
    return this.series.find((one) => one.meta.role === role) ?? null;
  }
}

class SeriesPixels {
  constructor(meta) {
    const [slices, rows, columns] = meta.shape;
    this.meta = { ...meta, slices, rows, columns };
    this.size = rows * columns;
    this.bytes = null;
    this.here = new Uint8Array(slices); // 1 where a slice has arrived
    this.arrived = 0;
    this.masks = null; // Uint32Array of all slices, a bit a structure
    this.rank = null; // structures from the smallest to the largest: the smallest is on top
    this.auto = null; // window from the image: centre, width
    this.range = null;
  }

  slice(k) {
    return this.here[k] ? new Int16Array(this.bytes.buffer, k * this.size * 2, this.size) : null;
  }

  maskSlice(k) {
    return this.masks && this.masks.subarray(k * this.size, (k + 1) * this.size);
  }

  /** Read the stream of whole slices; the header says in which order they come. */
  async stream(base, options, tell) {
    const response = await answered(await fetch(`${base}/${encodeURIComponent(this.meta.id)}/voxels`, options));
    const order = response.headers.get("X-Slice-Order").split(",").map(Number);
    const length = this.size * 2;
    const bytes = (this.bytes = new Uint8Array(length * this.meta.slices));
    const reader = response.body.getReader();
    let at = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      let from = 0;
      while (from < value.length) {
        const turn = Math.floor(at / length), inSlice = at % length;
        const count = Math.min(length - inSlice, value.length - from);
        bytes.set(value.subarray(from, from + count), order[turn] * length + inSlice);
        from += count;
        at += count;
        if (inSlice + count === length) this.take(order[turn]);
      }
      tell();
    }
    if (this.arrived < this.meta.slices) throw new Error("the stream ended early");
  }

  take(k) {
    this.here[k] = 1;
    this.arrived += 1;
    if (!this.auto) this.measure(k);
  }

  /** Percentiles of one slice, for the automatic window. */
  measure(k) {
    const sample = this.slice(k).filter((_, i) => i % 5 === 0).sort();
    const at = (share) => sample[Math.floor(share * (sample.length - 1))];
    const low = at(0.02), high = Math.max(at(0.995), low + 1);
    this.auto = [(low + high) / 2, high - low];
    this.range = Math.max(at(1) - at(0), this.meta.window?.[1] ?? 0, 1); // what a drag is measured by
  }

  async fetchMasks(base, options, tell) {
    const names = this.meta.structures;
    if (!names || this.masks) return;
    const response = await answered(await fetch(`${base}/${encodeURIComponent(this.meta.id)}/masks`, options));
    const masks = new Uint32Array(await response.arrayBuffer());
    const counts = names.map(() => 0);
    for (let i = 0; i < masks.length; i += 3) {
      for (let bits = masks[i], n = 0; bits; bits >>>= 1, n++) if (bits & 1) counts[n] += 1;
    }
    this.rank = names.map((_, n) => n).sort((a, b) => counts[a] - counts[b]);
    this.masks = masks;
    tell();
  }
}

/** The response, or an error whose `plain` text is fit for the screen. */
async function answered(response) {
  if (response.ok) return response;
  const error = new Error(`status ${response.status}`);
  error.plain =
    response.status === 401
      ? t("You are signed out. Sign in again to see the images.")
      : response.status < 500 ? await response.text() : t("The server could not send the images.");
  throw error;
}
