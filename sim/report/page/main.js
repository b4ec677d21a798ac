// The page's words, its controls, and when what is drawn anew.

function fillHeader() {
  document.title = `${run.scenario}, seed ${run.seed}: ${run.ok ? "passed" : "failed"}`;
  $("scenario").textContent = run.scenario;
  $("description").textContent = run.description;
  $("verdict").textContent = run.ok ? "✓ passed" : "✗ failed";
  $("verdict").classList.add(run.ok ? "good" : "bad");
  const counted = (...names) => names.reduce((sum, name) => sum + kinds[kindNamed(name)].count, 0);
  const facts = [
    ["seed", "Seed", run.seed], ["virtual-time", "Virtual time", clock(run.virtual_us)],
    ["devices", "Devices", run.devices.length], ["datagrams", "Datagrams", run.datagrams],
    ["clock-events", "Events of the clock", run.events], ["faults", "Faults", counted("fault")],
    ["deaths", "Ends of devices", counted("killed", "lost power")],
    ["pairings", "Pairings, each side", counted("paired")],
    ["transfers-completed", "Transfers completed", run.transfers.filter(completed).length],
    ["messages-received", "Messages received", counted("message received")],
    ["violation-count", "Violations", run.violations_seen],
    ["commit", "Commit", run.commit, "code"], ["trace-hash", "Trace hash", run.trace_hash, "code"],
  ];
  $("facts").replaceChildren(...facts.map(([id, title, value, className = ""]) =>
    element("div", {}, element("dt", {}, title), element("dd", {id: `fact-${id}`, className},
      typeof value === "number" ? grouped(value) : value))));
}

function findingLine({name, ok, open, value}) {
  const [mark, className, how] = ok ? ["✓", "good", "met"]
    : open ? ["…", "quiet", "open: the run ended before"] : ["✗", "bad", "not met"];
  return element("li", {},
    element("span", {className: `mark ${className}`}, mark),
    element("span", {}, name, element("span", {className: "quiet"}, ` (${how})`)),
    element("span", {className: "value"}, value));
}

function fillJudgement() {
  $("expectations").replaceChildren(...run.expectations.map(findingLine));
  if (!run.expectations.length) $("expectations").append("The scenario expects nothing.");
  const box = $("violations");
  if (!run.violations.length) {
    box.append(element("p", {className: "good"}, "✓ No checker saw one."));
  } else {
    const kept = run.sightings.length;
    box.append(element("p", {}, `${grouped(run.violations_seen)} seen by ` +
      `${run.violations.map(({name}) => name).join(", ")}.` +
      (kept < run.violations_seen ? ` The first ${grouped(kept)} are kept.` : "")));
    box.append(element("ul", {className: "findings longer"}, ...run.sightings.map(
      ([checker, at, device, what], number) => element("li", {},
        element("span", {className: "mark bad"}, "✗"),
        element("span", {}, element("a", {href: `#violation-${number}`}, clock(at)),
          ` ${nameOf(device)} ${what}`),
        element("span", {className: "value"}, checker)))));
  }
  if (run.omissions.length) {
    $("omissions").append(element("div", {className: "note"},
      "This was too much to keep all of it:",
      element("ul", {}, ...run.omissions.map((text) => element("li", {}, text)))));
  }
}

// A link to a violation moves the timeline there; it can be kept and sent, like any address.
function followHash() {
  const found = /^#violation-(\d+)$/.exec(location.hash);
  const sighting = found && run.sightings[Number(found[1])];
  if (sighting) goTo(sighting[1], sighting[2]);
}

// --- kinds --------------------------------------------------------------------------------------

function markIcon(family) {
  const canvas = element("canvas", {width: 28, height: 28, ariaHidden: "true"});
  canvas.style.cssText = "width:14px;height:14px;border:0;border-radius:0";
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  drawMark(pen, family, 7, 7.5, 4);
  return canvas;
}

function fillKinds() {
  const boxes = new Map();
  const settle = () => {
    for (const [whole, parts] of boxes) {
      const on = parts.filter((part) => part.checked).length;
      whole.checked = on > 0;
      whole.indeterminate = on > 0 && on < parts.length;
    }
    view.changed();
  };
  const choose = (kind, shown) => (shown ? view.hidden.delete(kind) : view.hidden.add(kind));
  const groups = families.map((family) => {
    const members = kinds.map((kind, index) => ({...kind, index}))
      .filter((kind) => kind.family === family && kind.count > 0);
    if (!members.length) return null;
    const parts = members.map((kind) => element("input", {type: "checkbox", checked: true,
      id: `kind-${kind.index}`, onchange: (event) => {
        choose(kind.index, event.target.checked);
        settle();
      }}));
    const whole = element("input", {type: "checkbox", checked: true, id: `family-${family.key}`,
      onchange: (event) => {
        parts.forEach((part, i) => {
          part.checked = event.target.checked;
          choose(members[i].index, part.checked);
        });
        settle();
      }});
    boxes.set(whole, parts);
    return element("div", {className: "family"},
      element("label", {className: "whole"}, whole, markIcon(family.key), family.title),
      ...(members.length === 1 && members[0].name === family.key ? [] : members.map((kind, i) =>
        element("label", {className: "one"}, parts[i], `${kind.name} ${grouped(kind.count)}`))));
  });
  $("kinds").replaceChildren($("kinds").firstElementChild, ...groups.filter((group) => group));
}

// --- drawing ------------------------------------------------------------------------------------

let drawingAsked = false;
function drawSoon() {
  if (drawingAsked) return;
  drawingAsked = true;
  requestAnimationFrame(() => {
    drawingAsked = false;
    drawAll();
  });
}

function drawAll() {
  timeline.draw();
  overview.draw();
  progress.draw();
  paths.draw();
  map.draw();
}

function attachControls() {
  $("device-filter").addEventListener("input",
    (event) => view.filterDevices(event.target.value));
  $("device-names").replaceChildren(
    ...run.devices.map((name) => element("option", {value: name})));
  const buttons = {
    "zoom-in": () => view.zoom(2), "zoom-out": () => view.zoom(0.5),
    "pan-left": () => view.pan(-0.25), "pan-right": () => view.pan(0.25),
    "zoom-all": () => view.show(0, whole),
    "rows-taller": () => { timeline.rowScale *= 1.5; view.changed(); },
    "rows-lower": () => {
      timeline.rowScale = Math.max(1, timeline.rowScale / 1.5);
      view.changed();
    },
  };
  for (const [id, act] of Object.entries(buttons)) $(id).addEventListener("click", act);
  $("list-box").addEventListener("toggle", () => timeline.list());
  window.addEventListener("hashchange", followHash);
  // The same link again changes no address.
  $("violations").addEventListener("click", (event) => {
    if (event.target.hash && event.target.hash === location.hash) followHash();
  });
  window.addEventListener("resize", drawSoon);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColours();
    fillKindsAgain();
    drawSoon();
  });
  attachTimeline();
  attachCharts();
  attachMap();
}

// The marks beside the kinds have colours; what is chosen stays chosen.
function fillKindsAgain() {
  document.querySelectorAll("#kinds .family").forEach((group) => {
    const key = group.querySelector(".whole input").id.replace("family-", "");
    group.querySelector("canvas").replaceWith(markIcon(key));
  });
}

readColours();
fillHeader();
fillJudgement();
fillKinds();
fillDeviceList();
fillHistograms();
attachControls();
view.filterDevices("");
view.listeners.push(drawSoon);
drawAll();
followHash();
document.documentElement.dataset.ready = Math.round(performance.now());
