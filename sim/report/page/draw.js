// Canvases, their colours, the axis of time that several of them share, and the tip at the pointer.

const kGutter = () => (window.innerWidth < 700 ? 110 : 240);
const kFont = '12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';
const kSmallFont = '10px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';

let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours = {};
  for (const name of ["paper", "raised", "line", "faint", "ink", "quiet", "accent", "good", "bad",
    ...families.map((family) => family.key)]) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
  colours.series = ["transfer", "fault", "connection", "pairing", "message", "other", "life"]
    .map((name) => colours[name]);
}

// Clears a canvas of that height and gives what draws on it, in CSS pixels.
function surface(canvas, height) {
  const width = Math.floor(canvas.clientWidth);
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, width, height);
  pen.font = kFont;
  pen.textBaseline = "middle";
  return {pen, width, height};
}

// From time to pixels right of the gutter.
function timeScale(width, from = view.from, to = view.to, gutter = kGutter()) {
  const pixels = Math.max(1, width - gutter - 8);
  return {
    gutter, pixels, perPixel: (to - from) / pixels,
    x: (at) => gutter + (at - from) / (to - from) * pixels,
    at: (x) => from + (x - gutter) / pixels * (to - from),
  };
}

// A step of 1, 2 or 5 times a power of ten.
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least);
}

const kRuler = 24;
function drawRuler(pen, scale, height, top = kRuler) {
  const step = niceStep(Math.max(scale.perPixel * 90, 1));
  pen.font = kFont;
  pen.textAlign = "center";
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const x = Math.round(scale.x(at)) + 0.5;
    pen.strokeStyle = colours.faint;
    line(pen, x, top, x, height);
    pen.fillStyle = colours.quiet;
    const label = clock(at, step);
    const half = pen.measureText(label).width / 2;
    const end = scale.gutter + scale.pixels + 6;
    pen.fillText(label, Math.min(Math.max(x, scale.gutter + half), end - half), top / 2);
  }
  pen.strokeStyle = colours.line;
  line(pen, scale.gutter, top + 0.5, scale.gutter + scale.pixels, top + 0.5);
}

function line(pen, fromX, fromY, toX, toY) {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(toX, toY);
  pen.stroke();
}

// As much of a text as fits, ended at `x`.
function fittedText(pen, text, x, y, room) {
  let shown = text;
  if (pen.measureText(shown).width > room) {
    let letters = [...text];
    letters = letters.slice(0, Math.max(1, Math.ceil(room / 4)));
    const wide = () => pen.measureText(`${letters.join("")}…`).width;
    while (letters.length > 1 && wide() > room) letters.pop();
    shown = `${letters.join("")}…`;
  }
  pen.fillText(shown, x, y);
}

function drawCursor(pen, scale, top, height) {
  if (view.cursor === null || view.cursor < view.from || view.cursor > view.to) return;
  const x = scale.x(view.cursor);
  pen.strokeStyle = colours.accent;
  pen.lineWidth = 1.5;
  line(pen, x, top, x, height);
  pen.lineWidth = 1;
}

// Families differ in form as well as in colour.
function drawMark(pen, family, x, y, radius) {
  pen.fillStyle = colours[family];
  pen.beginPath();
  if (family === "violation") {
    pen.moveTo(x, y - radius * 1.3);
    pen.lineTo(x + radius * 1.2, y + radius);
    pen.lineTo(x - radius * 1.2, y + radius);
  } else if (family === "fault") {
    pen.moveTo(x, y - radius * 1.3);
    pen.lineTo(x + radius * 1.3, y);
    pen.lineTo(x, y + radius * 1.3);
    pen.lineTo(x - radius * 1.3, y);
  } else if (family === "life" || family === "other") {
    pen.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
  } else if (family === "connection") {
    pen.moveTo(x - radius, y - radius);
    pen.lineTo(x + radius * 1.1, y);
    pen.lineTo(x - radius, y + radius);
  } else if (family === "message") {
    pen.rect(x - radius * 0.45, y - radius * 1.1, radius * 0.9, radius * 2.2);
  } else {
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }
  pen.fill();
}

const tip = {
  show(event, text) {
    const box = $("tip");
    box.textContent = text;
    box.hidden = false;
    const {width, height} = box.getBoundingClientRect();
    const left = event.clientX + 14 + width > window.innerWidth ? event.clientX - width - 10
      : event.clientX + 14;
    const above = event.clientY + 14 + height > window.innerHeight;
    box.style.left = `${Math.max(4, left)}px`;
    box.style.top = `${Math.max(4, above ? event.clientY - height - 10 : event.clientY + 14)}px`;
  },
  hide() { $("tip").hidden = true; },
};

// Shows what `textAt(x, y)` says about the place under the pointer.
function attachTip(canvas, textAt) {
  canvas.addEventListener("pointermove", (event) => {
    const text = event.buttons ? "" : textAt(event.offsetX, event.offsetY);
    if (text) tip.show(event, text);
    else tip.hide();
  });
  canvas.addEventListener("pointerleave", tip.hide);
}
