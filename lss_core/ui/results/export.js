// Saves the Plotly figure beside it as SVG or PNG, and a table as CSV. Nothing leaves the browser.
const NS = "http://www.w3.org/2000/svg";
const SCALE = 3;
const LINE = 15;
const MARGIN = 8;

function frameOf(element) {
  const root = element.getRootNode();
  return (root.host ?? element).closest('[class*="st-key-lss-figure-"]');
}

function lines(text, width) {
  const most = Math.max(20, Math.floor(width / 5.6));
  return text.split(" ").reduce((found, word) => {
    const last = found[found.length - 1];
    if (last && last.length + word.length < most) found[found.length - 1] = `${last} ${word}`;
    else found.push(word);
    return found;
  }, []);
}

// The legend in rows: each entry a sign in its colour and a name.
function rowsOf(legend, width) {
  const rows = [[]];
  let used = 0;
  for (const entry of legend) {
    const wide = 26 + entry.name.length * 6.2;
    if (used && used + wide > width) { rows.push([]); used = 0; }
    rows[rows.length - 1].push({ ...entry, x: used });
    used += wide;
  }
  return legend.length ? rows : [];
}

function picture(frame, data) {
  const plot = frame?.querySelector(".js-plotly-plot");
  const layers = plot ? [...plot.querySelectorAll(".main-svg")] : [];
  if (!layers.length) return null;
  const drawn = layers[0].getBoundingClientRect();
  const [width, height] = [Math.ceil(drawn.width), Math.ceil(drawn.height)];
  const look = getComputedStyle(frame);
  const page = getComputedStyle(document.querySelector(".stApp"));
  const written = lines(data.caption, width - 2 * MARGIN);
  const legend = rowsOf(data.legend, width - 2 * MARGIN);
  const whole = height + (written.length + legend.length + 2) * LINE + MARGIN;
  const svg = document.createElementNS(NS, "svg");
  const set = (node, values) => Object.entries(values).forEach(([name, value]) => node.setAttribute(name, value));
  set(svg, { width, height: whole, viewBox: `0 0 ${width} ${whole}`, "font-family": look.fontFamily });
  const add = (name, values, text = "") => {
    const node = document.createElementNS(NS, name);
    set(node, values);
    node.textContent = text;
    return svg.appendChild(node);
  };
  add("title", {}, data.title);
  add("desc", {}, data.caption);
  add("rect", { width, height: whole, fill: page.backgroundColor });
  add("text", { x: MARGIN, y: LINE, fill: page.color, "font-size": 13, "font-weight": 600 }, data.title);
  const body = add("g", { transform: `translate(0 ${LINE})` });
  for (const layer of layers) for (const node of layer.childNodes) body.append(node.cloneNode(true));
  body.querySelectorAll(".hoverlayer, .zoomlayer, .select-outline").forEach((node) => node.remove());
  body.querySelectorAll("*").forEach((node) => { node.style.vectorEffect = "none"; });
  legend.forEach((row, at) => row.forEach(({ sign, colour, name, x }) => {
    const y = LINE + height + (at + 1) * LINE;
    add("text", { x: MARGIN + x, y, fill: colour, "font-size": 12 }, sign);
    add("text", { x: MARGIN + x + 15, y, fill: page.color, "font-size": 11 }, name);
  }));
  written.forEach((line, at) => {
    const y = LINE + height + (legend.length + at + 1) * LINE;
    add("text", { x: MARGIN, y, fill: page.color, "fill-opacity": 0.75, "font-size": 11 }, line);
  });
  return { svg, width, height: whole };
}

// An image knows no font of the page, so the page's own goes into it.
async function fontOf(frame) {
  const family = getComputedStyle(frame).fontFamily.split(",")[0].replace(/["']/g, "").trim();
  for (const sheet of document.styleSheets) {
    let rules = [];
    try { rules = [...sheet.cssRules]; } catch { continue; }
    for (const rule of rules) {
      if (!(rule instanceof CSSFontFaceRule)) continue;
      if (rule.style.getPropertyValue("font-family").replace(/["']/g, "") !== family) continue;
      if (rule.style.getPropertyValue("font-style") === "italic") continue;
      const [, url] = rule.style.getPropertyValue("src").match(/url\(["']?([^"')]+)/) ?? [];
      if (!url) continue;
      const file = await (await fetch(new URL(url, sheet.href ?? document.baseURI))).blob();
      const read = new FileReader();
      const done = new Promise((resolve) => { read.onload = () => resolve(read.result); });
      read.readAsDataURL(file);
      return `@font-face { font-family: "${family}"; font-weight: 200 900; src: url(${await done}) }`;
    }
  }
  return "";
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function write(svg) {
  return new XMLSerializer().serializeToString(svg);
}

async function savePng(frame, made, name) {
  const style = document.createElementNS(NS, "style");
  style.textContent = await fontOf(frame).catch(() => "");
  made.svg.prepend(style);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(write(made.svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(made.width * SCALE);
  canvas.height = Math.round(made.height * SCALE);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => save(blob, name), "image/png");
}

export default ({ data, parentElement }) => {
  speak(data.texts);
  const box = parentElement.querySelector(".lss-export");
  box.replaceChildren();
  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.setAttribute("aria-label", t("Download {kind} of {title}", { kind: label, title: data.title }));
    made.onclick = act;
    box.append(made);
  };
  if (data.figure) {
    button("SVG", () => {
      const made = picture(frameOf(box), data);
      if (made) save(new Blob([write(made.svg)], { type: "image/svg+xml" }), `${data.name}.svg`);
    });
    button("PNG", () => {
      const frame = frameOf(box);
      const made = picture(frame, data);
      if (made) savePng(frame, made, `${data.name}.png`);
    });
  }
  if (data.csv) button("CSV", () => save(new Blob([data.csv], { type: "text/csv" }), `${data.name}.csv`));
};
