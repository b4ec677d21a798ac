// What the run was, as the other parts read it, and what of it is shown. Names come from anywhere:
// they become text nodes, never markup.

const run = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const kSecond = 1e6; // times are in microseconds

function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const families = [
  ["fault", "Faults"], ["violation", "Violations"], ["life", "Starts and ends"],
  ["pairing", "Pairings"], ["connection", "Connections"], ["transfer", "Transfers"],
  ["message", "Messages"], ["other", "Others"],
].map(([key, title], index) => ({key, title, index}));
const familyOf = new Map(families.map((family) => [family.key, family]));

const kinds = run.kinds.map(([name, family, count]) =>
  ({name, family: familyOf.get(family), count}));
const kViolation = kinds.length;
kinds.push({name: "violation", family: familyOf.get("violation"), count: run.violations_seen});
const kindNamed = (name) => kinds.findIndex((kind) => kind.name === name);

// All entries with the violations among them, by time, a column each.
const entries = (() => {
  const given = run.entries;
  const kept = given.at.length;
  const size = kept + run.sightings.length;
  const columns = {
    size,
    at: new Float64Array(size),
    span: new Float64Array(size),
    kind: new Uint8Array(size),
    device: new Int32Array(size),
    other: new Int32Array(size),
    count: new Uint32Array(size),
    text: new Array(size),
    longest: 0, // span
  };
  let seen = 0;
  for (let from = 0, to = 0; to < size; ++to) {
    const sighting = run.sightings[seen];
    if (sighting && (from === kept || sighting[1] < given.at[from])) {
      const [checker, at, device, what] = sighting;
      Object.entries({at, span: 0, kind: kViolation, device, other: -1, count: 1,
        text: `${checker}: ${what}`}).forEach(([name, value]) => { columns[name][to] = value; });
      ++seen;
      continue;
    }
    for (const name of ["at", "span", "kind", "device", "other", "count"]) {
      columns[name][to] = given[name][from];
    }
    columns.text[to] = run.texts[given.text[from]];
    columns.longest = Math.max(columns.longest, given.span[from]);
    ++from;
  }
  return columns;
})();

// The first entry not before `at`.
function firstEntry(at) {
  let low = 0;
  let high = entries.size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries.at[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

const nameOf = (device) => (device < 0 ? "" : run.devices[device] ?? "");

// --- figures ------------------------------------------------------------------------------------

const grouped = (number) => number.toLocaleString("en-US");

// Seconds with as many places as a step of that size needs.
function clock(us, step = 1000) {
  const places = Math.max(0, Math.min(6, Math.ceil(6 - Math.log10(Math.max(step, 1)))));
  const seconds = us / kSecond;
  return `${seconds.toLocaleString("en-US",
    {minimumFractionDigits: places, maximumFractionDigits: places})} s`;
}

function scaled(value, base, units) {
  let unit = 0;
  while (Math.abs(value) >= base && unit + 1 < units.length) {
    value /= base;
    ++unit;
  }
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
const size = (bytes) => scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
const duration = (ns) => (ns >= 1e9 && ns < 1e15 ? scaled(ns / 1e9, 1e9, ["s"])
  : scaled(ns, 1000, ["ns", "µs", "ms", "s"]));
const rate = (perSecond) => `${size(perSecond)}/s`;

// --- what is shown ------------------------------------------------------------------------------

const whole = Math.max(run.virtual_us, 1);
const shortest = Math.min(20, whole);

const view = {
  from: 0,
  to: whole,
  cursor: null, // a moment that was clicked
  rows: [], // devices, in order
  rowOf: new Int32Array(run.devices.length), // -1: not shown
  hidden: new Set(), // kinds
  listeners: [],

  changed() { this.listeners.forEach((listener) => listener()); },

  show(from, to) {
    const width = Math.min(whole, Math.max(shortest, to - from));
    const start = Math.min(Math.max(0, from), whole - width);
    this.from = start;
    this.to = start + width;
    this.changed();
  },
  zoom(factor, at = (this.from + this.to) / 2) {
    this.show(at - (at - this.from) / factor, at + (this.to - at) / factor);
  },
  pan(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  },
  filterDevices(text) {
    const wanted = text.trim().toLowerCase();
    const exact = run.devices.findIndex((name) => name === text);
    this.rows = [];
    run.devices.forEach((name, device) => {
      const shown = exact >= 0 ? device === exact : name.toLowerCase().includes(wanted);
      this.rowOf[device] = shown ? this.rows.push(device) - 1 : -1;
    });
    this.changed();
  },
  // Whether an entry is among what was asked for, at any time.
  has(entry) {
    if (this.hidden.has(entries.kind[entry])) return false;
    const device = entries.device[entry];
    const other = entries.other[entry];
    return device < 0 || this.rowOf[device] >= 0 || (other >= 0 && this.rowOf[other] >= 0);
  },
  // Calls for each entry in view, until one returns false.
  eachShown(act) {
    const end = firstEntry(this.to + 1);
    for (let i = firstEntry(this.from - entries.longest); i < end; ++i) {
      if (entries.at[i] + entries.span[i] < this.from || !this.has(i)) continue;
      if (act(i) === false) return;
    }
  },
};

// --- lives --------------------------------------------------------------------------------------

// For each device when it was down: [from, to, from, to, ...].
const downtimes = (() => {
  const down = run.devices.map(() => []);
  const [started, killed, crashed] = ["started", "killed", "lost power"].map(kindNamed);
  for (let i = 0; i < entries.size; ++i) {
    const kind = entries.kind[i];
    if (entries.device[i] < 0 || ![started, killed, crashed].includes(kind)) continue;
    const list = down[entries.device[i]];
    const open = list.length % 2 === 1;
    if ((kind === started) === open) list.push(entries.at[i]);
  }
  down.forEach((list) => { if (list.length % 2 === 1) list.push(whole); });
  return down;
})();

function isDown(device, at) {
  const list = downtimes[device];
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] <= at && (at < list[i + 1] || list[i + 1] === whole)) return true;
  }
  return false;
}
