// Events by device and time, the overview above them, and the table of what is in view.

const kOverviewHeight = 54;
const kMostHeight = 560;
const kLaneHeight = 12;
const kMostListed = 300;

// Faults by moment: one that struck many devices is one line.
const faultLines = (() => {
  const fault = kindNamed("fault");
  const lines = new Map();
  for (let i = 0; i < entries.size; ++i) {
    if (entries.kind[i] === fault) lines.set(`${entries.at[i]} ${entries.text[i]}`, i);
  }
  return [...lines.values()];
})();

const timeline = {
  rowScale: 1, // as chosen by a person
  top: 0, // how far the rows are scrolled, in pixels
  lanes: [], // families that have entries, when rows are high enough to keep them apart
  shown: 0,

  layout() {
    const present = families.filter(({key}) => kinds.some((kind) => kind.family.key === key &&
      kind.count > 0));
    const rows = Math.max(1, view.rows.length);
    const natural = rows <= 6 ? present.length * kLaneHeight + 10 : rows <= 24 ? 24
      : Math.max(kMostHeight - kRuler, 0) / rows;
    this.rowHeight = Math.min(natural * this.rowScale, 400);
    this.height = kRuler + Math.min(kMostHeight - kRuler, Math.max(rows * this.rowHeight, 40));
    this.top = Math.max(0, Math.min(this.top, rows * this.rowHeight - (this.height - kRuler)));
    this.lanes = this.rowHeight >= present.length * 7 ? present.map((family) => family.index) : [];
  },
  rowTop(row) { return kRuler + row * this.rowHeight - this.top; },
  // Where in its row the marks of a kind stand.
  markY(row, kind) {
    const lane = this.lanes.indexOf(kinds[kind].family.index);
    const share = lane < 0 ? 0.5 : (lane + 0.5) / this.lanes.length;
    const inset = this.lanes.length ? 4 : 0;
    return this.rowTop(row) + inset + share * (this.rowHeight - 2 * inset);
  },

  draw() {
    this.layout();
    const {pen, width, height} = surface($("events"), this.height);
    const scale = timeScale(width);
    this.scale = scale;
    this.drawRows(pen, width, height);
    drawRuler(pen, scale, height);
    pen.save();
    pen.beginPath();
    pen.rect(scale.gutter, kRuler, scale.pixels + 8, height);
    pen.clip();
    this.drawDowntimes(pen, height);
    this.drawFaults(pen, height);
    this.drawEntries(pen, width, height);
    drawCursor(pen, scale, kRuler, height);
    pen.restore();
    this.tell();
  },

  drawRows(pen, width, height) {
    const labelled = this.rowHeight >= 11;
    pen.save();
    pen.beginPath();
    pen.rect(0, kRuler, width, height);
    pen.clip();
    view.rows.forEach((device, row) => {
      const y = this.rowTop(row);
      if (y + this.rowHeight < kRuler || y > height || !labelled) return;
      if (row % 2 === 1) {
        pen.fillStyle = colours.raised;
        pen.fillRect(0, y, width, this.rowHeight);
      }
      this.drawLabels(pen, device, row, y);
    });
    pen.restore();
    if (labelled) return;
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    fittedText(pen, `${grouped(view.rows.length)} devices`, kGutter() - 10, kRuler + 12,
      kGutter() - 16);
  },
  drawLabels(pen, device, row, y) {
    const lanes = this.lanes.length > 0 && this.rowHeight / this.lanes.length >= 10 &&
      kGutter() > 150;
    pen.font = kFont;
    pen.fillStyle = colours.ink;
    pen.textAlign = lanes ? "left" : "right";
    const room = lanes ? kGutter() - 100 : kGutter() - 16;
    fittedText(pen, nameOf(device), lanes ? 10 : kGutter() - 10, y + this.rowHeight / 2, room);
    if (!lanes) return;
    pen.font = kSmallFont;
    pen.textAlign = "right";
    for (const lane of this.lanes) {
      pen.fillStyle = colours[families[lane].key];
      const kind = kinds.findIndex((each) => each.family.index === lane);
      pen.fillText(families[lane].title, kGutter() - 10, this.markY(row, kind));
    }
  },
  drawDowntimes(pen, height) {
    pen.fillStyle = stripes(pen);
    view.rows.forEach((device, row) => {
      const y = this.rowTop(row);
      if (y + this.rowHeight < kRuler || y > height) return;
      const list = downtimes[device];
      for (let i = 0; i < list.length; i += 2) {
        if (list[i + 1] < view.from || list[i] > view.to) continue;
        const x = this.scale.x(Math.max(list[i], view.from));
        pen.fillRect(x, y, Math.max(1, this.scale.x(Math.min(list[i + 1], view.to)) - x),
          Math.max(1, this.rowHeight - 1));
      }
    });
  },
  drawFaults(pen, height) {
    pen.strokeStyle = colours.fault;
    pen.globalAlpha = 0.55;
    pen.setLineDash([4, 4]);
    let last = -1;
    for (const i of faultLines) {
      const x = Math.round(this.scale.x(entries.at[i])) + 0.5;
      if (x === last || !view.has(i)) continue;
      last = x;
      line(pen, x, kRuler, x, height);
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  },

  // What is drawn last lies on top: first what there is most of. A pixel takes one mark of a kind.
  drawEntries(pen, width, height) {
    const small = this.rowHeight < 9;
    const radius = Math.min(4, this.lanes.length ? 4 : this.rowHeight / 3);
    const layers = families.map(() => []);
    this.shown = 0;
    view.eachShown((i) => {
      ++this.shown;
      layers[kinds[entries.kind[i]].family.index].push(i);
    });
    for (const family of [...families].reverse()) {
      const taken = new Set();
      pen.fillStyle = colours[family.key];
      for (const i of layers[family.index]) {
        const row = entries.device[i] < 0 ? -1 : view.rowOf[entries.device[i]];
        if (row < 0) continue;
        const y = this.markY(row, entries.kind[i]);
        if (y < kRuler - 6 || y > height + 6) continue;
        const x = this.scale.x(entries.at[i]);
        const place = Math.round(x * (small ? 1 : 2)) * 4096 + Math.round(y);
        if (taken.has(place)) continue;
        taken.add(place);
        const end = this.scale.x(entries.at[i] + entries.span[i]);
        if (end - x > 3) pen.fillRect(x, y - Math.min(2, this.rowHeight / 3), end - x,
          Math.min(4, Math.max(1, this.rowHeight * 0.6)));
        if (small && family.index > 1) {
          pen.fillRect(x, y - this.rowHeight / 2, 1.5, Math.max(1, this.rowHeight));
        } else {
          drawMark(pen, family.key, x, y, Math.max(2.5, radius));
        }
      }
    }
  },

  tell() {
    const canvas = $("events");
    canvas.dataset.from = Math.round(view.from);
    canvas.dataset.to = Math.round(view.to);
    canvas.dataset.shown = this.shown;
    canvas.dataset.rows = view.rows.length;
    const step = (view.to - view.from) / 100;
    $("status").textContent = `${clock(view.from, step)} to ${clock(view.to, step)}, ` +
      `${grouped(this.shown)} of ${grouped(entries.size)} marks, ` +
      `${grouped(view.rows.length)} of ${grouped(run.devices.length)} devices`;
    this.list();
  },
  list() {
    $("list-title").textContent = this.shown > kMostListed
      ? `The first ${grouped(kMostListed)} of ${grouped(this.shown)} in view as a table`
      : `The ${grouped(this.shown)} in view as a table`;
    if (!$("list-box").open) return;
    const rows = [];
    view.eachShown((i) => {
      const kind = kinds[entries.kind[i]];
      rows.push(element("tr", {}, element("td", {className: "number"}, momentLink(entries.at[i])),
        element("td", {}, nameOf(entries.device[i])), element("td", {}, nameOf(entries.other[i])),
        element("td", {}, kind.name), element("td", {}, entries.text[i]),
        element("td", {className: "number"}, grouped(entries.count[i]))));
      return rows.length < kMostListed;
    });
    $("list").tBodies[0].replaceChildren(...rows);
  },

  // The marks under a place, nearest first.
  marksAt(x, y) {
    if (!this.scale || x < this.scale.gutter || y < kRuler) return [];
    const near = [];
    const reach = Math.max(6, this.rowHeight / 2);
    const from = this.scale.at(x - 6);
    const to = this.scale.at(x + 6);
    const end = firstEntry(to);
    for (let i = firstEntry(from - entries.longest); i < end && near.length < 2000; ++i) {
      const row = entries.device[i] < 0 ? -1 : view.rowOf[entries.device[i]];
      if (row < 0 || !view.has(i) || entries.at[i] + entries.span[i] < from) continue;
      const away = Math.abs(this.markY(row, entries.kind[i]) - y);
      if (away > (this.lanes.length ? 7 : reach)) continue;
      const start = this.scale.x(entries.at[i]);
      const last = this.scale.x(entries.at[i] + entries.span[i]);
      near.push([away + Math.max(0, start - x, x - last), i]);
    }
    return near.sort((a, b) => a[0] - b[0]).map(([, i]) => i);
  },
  textAt(x, y) {
    const marks = this.marksAt(x, y);
    const most = 6;
    const lines = marks.slice(0, most).map(sentence);
    if (marks.length > most) lines.push(`and ${grouped(marks.length - most)} more here`);
    if (lines.length) return lines.join("\n");
    const row = Math.floor((y - kRuler + this.top) / this.rowHeight);
    return x < kGutter() && y > kRuler && row < view.rows.length ? nameOf(view.rows[row]) : "";
  },
};

function sentence(i) {
  const kind = kinds[entries.kind[i]].name;
  const other = entries.other[i] < 0 ? "" : ` (${nameOf(entries.other[i])})`;
  const text = entries.text[i] ? `: ${entries.text[i]}` : "";
  const times = entries.count[i] > 1
    ? `, ${grouped(entries.count[i])} times until ${clock(entries.at[i] + entries.span[i])}` : "";
  return `${clock(entries.at[i])}  ${nameOf(entries.device[i])} ${kind}${other}${text}${times}`;
}

function stripes(pen) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const brush = tile.getContext("2d");
  brush.strokeStyle = colours.life;
  brush.globalAlpha = 0.6;
  for (const shift of [-6, 0, 6]) line(brush, shift, 6, shift + 6, 0);
  return pen.createPattern(tile, "repeat");
}

// A button that moves everything to a moment.
function momentLink(at) {
  return element("button", {type: "button", className: "link", onclick: () => goTo(at)}, clock(at));
}

function goTo(at, device = -1) {
  if (device >= 0 && view.rowOf[device] < 0) {
    $("device-filter").value = "";
    view.filterDevices("");
  }
  if (device >= 0) {
    timeline.layout();
    timeline.top = view.rowOf[device] * timeline.rowHeight - kMostHeight / 2;
  }
  view.cursor = at;
  const width = Math.min(view.to - view.from, Math.max(whole / 100, 2 * kSecond));
  view.show(at - width / 2, at + width / 2);
  $("timeline").scrollIntoView();
}

// --- overview -----------------------------------------------------------------------------------

const overview = {
  draw() {
    const {pen, width, height} = surface($("overview"), kOverviewHeight);
    const scale = timeScale(width, 0, whole);
    this.scale = scale;
    const columns = Math.ceil(scale.pixels / 2) + 1;
    const heaps = families.map(() => new Float64Array(columns));
    const sums = new Float64Array(columns);
    for (let i = 0; i < entries.size; ++i) {
      if (!view.has(i)) continue;
      const column = Math.floor(entries.at[i] / whole * (columns - 1));
      heaps[kinds[entries.kind[i]].family.index][column] += entries.count[i];
      sums[column] += entries.count[i];
    }
    const most = Math.max(1, ...sums);
    const tall = (sum) => (height - 8) * Math.sqrt(sum / most); // so that single events are seen
    for (let column = 0; column < columns; ++column) {
      let y = height;
      const unit = sums[column] ? tall(sums[column]) / sums[column] : 0;
      for (const family of [...families].reverse()) {
        const part = heaps[family.index][column] * unit;
        if (!part) continue;
        pen.fillStyle = colours[family.key];
        pen.fillRect(scale.gutter + column * 2, y - part, 2, part);
        y -= part;
      }
    }
    this.drawBrush(pen, height);
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    pen.fillText("The whole run", scale.gutter - 10, height / 2);
  },
  drawBrush(pen, height) {
    const from = this.scale.x(view.from);
    const to = Math.max(from + 2, this.scale.x(view.to));
    pen.fillStyle = colours.paper;
    pen.globalAlpha = 0.65;
    pen.fillRect(this.scale.gutter, 0, from - this.scale.gutter, height);
    pen.fillRect(to, 0, this.scale.gutter + this.scale.pixels - to, height);
    pen.globalAlpha = 1;
    pen.strokeStyle = colours.accent;
    pen.strokeRect(from + 0.5, 0.5, to - from - 1, height - 1);
  },
};

// --- hands --------------------------------------------------------------------------------------

function attachTimeline() {
  const canvas = $("events");
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drag = {x: event.clientX, y: event.clientY, from: view.from, to: view.to, top: timeline.top,
      moved: false};
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("dragged");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (Math.abs(dx) + Math.abs(dy) > 3) drag.moved = true;
    timeline.top = drag.top - dy;
    const by = -dx * timeline.scale.perPixel;
    view.show(drag.from + by, drag.to + by);
  });
  canvas.addEventListener("pointerup", (event) => {
    canvas.classList.remove("dragged");
    if (drag && !drag.moved && event.offsetX > kGutter()) {
      view.cursor = timeline.scale.at(event.offsetX);
      view.changed();
    }
    drag = null;
  });
  canvas.addEventListener("dblclick", (event) => view.zoom(3, timeline.scale.at(event.offsetX)));
  canvas.addEventListener("wheel", (event) => {
    if (event.shiftKey) {
      event.preventDefault();
      view.pan(Math.sign(event.deltaY || event.deltaX) * 0.1);
    } else if (event.ctrlKey || event.metaKey || document.activeElement === canvas) {
      event.preventDefault();
      view.zoom(1.0015 ** -event.deltaY, timeline.scale.at(event.offsetX));
    }
  }, {passive: false});
  canvas.addEventListener("keydown", (event) => {
    const act = {
      "+": () => view.zoom(2), "=": () => view.zoom(2), "-": () => view.zoom(0.5),
      ArrowLeft: () => view.pan(-0.2), ArrowRight: () => view.pan(0.2),
      0: () => view.show(0, whole), Home: () => view.show(0, view.to - view.from),
      End: () => view.show(whole, whole + view.to - view.from),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  attachTip(canvas, (x, y) => timeline.textAt(x, y));
  attachOverview();
}

// Dragging chooses the time shown, or moves it when it begins inside; a click centres it.
function attachOverview() {
  const canvas = $("overview");
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    const at = overview.scale.at(event.offsetX);
    const zoomed = view.to - view.from < whole;
    drag = {at, from: view.from, to: view.to, inside: zoomed && at > view.from && at < view.to};
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const at = overview.scale.at(event.offsetX);
    if (drag.inside) view.show(drag.from + at - drag.at, drag.to + at - drag.at);
    else if (Math.abs(at - drag.at) > overview.scale.perPixel * 4) {
      view.show(Math.max(0, Math.min(at, drag.at)), Math.min(whole, Math.max(at, drag.at)));
    }
  });
  canvas.addEventListener("pointerup", () => { drag = null; });
}
