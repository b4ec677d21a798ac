// Devices and what joins them. Few are drawn with their names, many as a dot each in the box of
// their site; what joins two sites is then one line.

const kMostNamed = 48;
const kBoxTitle = 18;
const kDot = 12; // room of a node among many

const figures = (() => {
  const count = (...names) => {
    const wanted = new Set(names.map(kindNamed));
    const counts = new Float64Array(run.devices.length);
    for (let i = 0; i < entries.size; ++i) {
      if (wanted.has(entries.kind[i]) && entries.device[i] >= 0) {
        counts[entries.device[i]] += entries.count[i];
      }
    }
    return counts;
  };
  return {
    starts: count("started"), ends: count("killed", "lost power"), paired: count("paired"),
    transfers: count("transfer completed"), messages: count("message received"),
    violations: count("violation"),
  };
})();

const map = {
  nodes: run.topology.nodes.map(([name, group, device, note]) => ({name, group, device, note})),
  edges: run.topology.edges,
  places: [],
  boxes: [],

  nodeOf: null, // by device
  layout(width) {
    this.boxes = [];
    this.named = this.nodes.length <= kMostNamed;
    const groups = new Map();
    this.nodes.forEach((node, index) => {
      if (!groups.has(node.group)) groups.set(node.group, []);
      groups.get(node.group).push(index);
    });
    if (groups.size > 1) return this.layoutBoxes(groups, width);
    if (this.named) return this.layoutRing(width);
    const columns = Math.max(1, Math.floor((width - 20) / kDot));
    this.places = this.nodes.map((_, i) =>
      [16 + (i % columns) * kDot, 20 + Math.floor(i / columns) * kDot]);
    return 30 + Math.ceil(this.nodes.length / columns) * kDot;
  },
  layoutRing(width) {
    const count = this.nodes.length;
    const height = count <= 2 ? 130 : Math.min(520, 180 + count * 12);
    const [radiusX, radiusY] = [Math.min(width / 2 - 150, Math.max(230, 90 + count * 14)), height / 2 - 40];
    this.places = this.nodes.map((_, i) => {
      const angle = (count <= 2 ? Math.PI : -Math.PI / 2) + 2 * Math.PI * i / count;
      return [width / 2 + Math.max(60, radiusX) * Math.cos(angle),
        height / 2 + radiusY * Math.sin(angle)];
    });
    return height;
  },
  // Boxes of sites in lines, each as wide as its nodes want.
  layoutBoxes(groups, width) {
    const [stepX, stepY] = this.named ? [150, 44] : [kDot, kDot];
    let [x, y, tall] = [12, 12, 0];
    for (const [group, members] of groups) {
      const columns = Math.max(1, Math.ceil(Math.sqrt(members.length * (this.named ? 0.6 : 2.2))));
      const lines = Math.ceil(members.length / columns);
      const wide = Math.max(columns * stepX, this.named ? 0 : 84) + 16;
      const high = lines * stepY + kBoxTitle + 14;
      if (x + wide > width - 12 && x > 12) {
        [x, y, tall] = [12, y + tall + (this.named ? 40 : 22), 0];
      }
      this.boxes.push({x, y, wide, high, name: run.topology.groups[group] ?? ""});
      members.forEach((node, i) => {
        this.places[node] = [x + 8 + (i % columns + 0.5) * stepX,
          y + kBoxTitle + 6 + (Math.floor(i / columns) + 0.5) * stepY];
      });
      x += wide + (this.named ? 60 : 22);
      tall = Math.max(tall, high);
    }
    return y + tall + 16;
  },

  draw() {
    const height = this.layout(Math.floor($("map").clientWidth));
    const {pen} = surface($("map"), height);
    this.drawBoxes(pen);
    this.drawEdges(pen);
    const at = view.cursor ?? view.to;
    let down = 0;
    this.nodes.forEach((node, i) => {
      const off = node.device >= 0 && isDown(node.device, at);
      if (off) ++down;
      this.drawNode(pen, node, this.places[i], off);
    });
    $("topology-note").textContent = `${grouped(run.devices.length)} devices` +
      `${this.boxes.length ? ` at ${grouped(this.boxes.length)} places` : ""}, ` +
      `${grouped(this.edges.length)} ${this.edges.length === 1 ? "link" : "links"}. ` +
      `At ${clock(at)} ${grouped(down)} of them ${down === 1 ? "is" : "are"} down (hollow).` +
      (run.sightings.length ? " Ringed: it was seen to violate something." : "");
  },
  drawBoxes(pen) {
    for (const box of this.boxes) {
      pen.fillStyle = colours.raised;
      pen.strokeStyle = colours.line;
      pen.fillRect(box.x, box.y, box.wide, box.high);
      pen.strokeRect(box.x + 0.5, box.y + 0.5, box.wide - 1, box.high - 1);
      pen.fillStyle = colours.quiet;
      pen.textAlign = "left";
      fittedText(pen, box.name, box.x + 8, box.y + kBoxTitle / 2 + 3, box.wide - 14);
    }
  },
  drawEdges(pen) {
    pen.strokeStyle = colours.quiet;
    const joined = this.boxes.length && !this.named ? this.joinedBoxes() : null;
    pen.globalAlpha = Math.max(0.06, Math.min(0.7, 12 / Math.sqrt(this.edges.length + 1)));
    if (joined) {
      pen.globalAlpha = Math.max(0.15, Math.min(0.6, 6 / Math.sqrt(joined.size + 1)));
      for (const {from, to, count} of joined.values()) {
        pen.lineWidth = 0.7 + Math.log10(count);
        line(pen, ...middleOf(from), ...middleOf(to));
      }
    } else {
      for (const [from, to] of this.edges) line(pen, ...this.places[from], ...this.places[to]);
    }
    pen.lineWidth = 1;
    pen.globalAlpha = 1;
    if (!this.named || this.edges.length > 8) return;
    pen.textAlign = "center";
    pen.fillStyle = colours.quiet;
    for (const [from, to, note] of this.edges) {
      const [x, y] = this.places[from].map((value, axis) => (value + this.places[to][axis]) / 2);
      pen.fillText(note, x, y - 10);
    }
  },
  joinedBoxes() {
    const boxOf = (node) => this.boxes.find((box) => {
      const [x, y] = this.places[node];
      return x >= box.x && x < box.x + box.wide && y >= box.y && y < box.y + box.high;
    });
    const owners = this.nodes.map((_, i) => boxOf(i));
    const joined = new Map();
    for (const [from, to] of this.edges) {
      const [a, b] = [this.boxes.indexOf(owners[from]), this.boxes.indexOf(owners[to])].sort(
        (first, second) => first - second);
      if (a === b) continue;
      const key = a * this.boxes.length + b;
      if (!joined.has(key)) joined.set(key, {from: this.boxes[a], to: this.boxes[b], count: 0});
      ++joined.get(key).count;
    }
    return joined;
  },
  drawNode(pen, node, [x, y], off) {
    const radius = this.named ? 7 : 3.5;
    const shown = node.device < 0 || view.rowOf[node.device] >= 0;
    pen.globalAlpha = shown ? 1 : 0.25;
    pen.fillStyle = node.device < 0 ? colours.quiet : colours.transfer;
    pen.strokeStyle = colours.life;
    pen.beginPath();
    if (node.device < 0) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    else pen.arc(x, y, radius, 0, 2 * Math.PI);
    if (off) {
      pen.fillStyle = colours.paper;
      pen.lineWidth = 2;
    }
    pen.fill();
    if (off) pen.stroke();
    pen.lineWidth = 1;
    if (node.device >= 0 && figures.violations[node.device]) {
      pen.strokeStyle = colours.violation;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(x, y, radius + 2.5, 0, 2 * Math.PI);
      pen.stroke();
      pen.lineWidth = 1;
    }
    if (this.named) {
      pen.font = kFont;
      pen.textAlign = "center";
      pen.fillStyle = colours.ink;
      fittedText(pen, node.name, x, y + radius + 11, 140);
    }
    pen.globalAlpha = 1;
  },

  nodeAt(x, y) {
    const reach = this.named ? 14 : 6;
    return this.nodes[this.places.findIndex((place) =>
      Math.hypot(place[0] - x, place[1] - y) <= reach)];
  },
  textAt(x, y) {
    const node = this.nodeAt(x, y);
    if (!node) return "";
    const index = this.nodes.indexOf(node);
    const links = this.edges.filter(([from, to]) => from === index || to === index);
    const lines = links.slice(0, 5).map(([from, to, note]) =>
      `${this.nodes[from === index ? to : from].name}: ${note}`);
    if (links.length > 5) lines.push(`and ${grouped(links.length - 5)} more links`);
    const violations = node.device < 0 ? 0 : figures.violations[node.device];
    return [node.name, node.note, violations ? `${grouped(violations)} violations` : "", ...lines]
      .filter((text) => text).join("\n");
  },
};

const middleOf = (box) => [box.x + box.wide / 2, box.y + box.high / 2];

function fillDeviceList() {
  $("device-title").textContent = run.devices.length > kMostListed
    ? `The first ${grouped(kMostListed)} devices as a table` : "The devices as a table";
  const siteOf = new Map(map.nodes.map((node) => [node.device, run.topology.groups[node.group]]));
  const columns = ["starts", "ends", "paired", "transfers", "messages", "violations"];
  $("device-list").tBodies[0].replaceChildren(
    ...run.devices.slice(0, kMostListed).map((name, device) => element("tr", {},
      element("td", {}, element("button", {type: "button", className: "link",
        onclick: () => showOnly(name)}, name)),
      element("td", {}, siteOf.get(device) ?? ""),
      ...columns.map((column) => element("td", {className: "number"},
        grouped(figures[column][device]))))));
}

function showOnly(name) {
  $("device-filter").value = name;
  view.filterDevices(name);
}

function attachMap() {
  $("map").addEventListener("click", (event) => {
    const node = map.nodeAt(event.offsetX, event.offsetY);
    showOnly(node && node.device >= 0 ? nameOf(node.device) : "");
  });
  attachTip($("map"), (x, y) => map.textAt(x, y));
}
