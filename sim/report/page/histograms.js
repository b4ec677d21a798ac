// Distributions of measured values: a histogram each, and its quantiles.

const kBins = 40;
const kQuantiles = [["least", 0], ["p10", 0.1], ["median", 0.5], ["p90", 0.9], ["p99", 0.99],
  ["most", 1]];

// The least value that at least this share of all does not exceed.
function quantile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Bins of equal width, or of equal ratio where the values span more than a factor of 50.
function binsOf(sorted) {
  const [least, most] = [sorted[0], sorted[sorted.length - 1]];
  const ratio = least > 0 && most / least > 50;
  const into = ratio ? Math.log : (value) => value;
  const outOf = ratio ? Math.exp : (value) => value;
  const from = into(least);
  const step = (into(most) - from) / kBins || 1;
  const bins = Array.from({length: kBins}, (_, i) =>
    ({from: outOf(from + i * step), to: outOf(from + (i + 1) * step), count: 0}));
  const place = (value) => (into(value) - from) / (step * kBins);
  for (const value of sorted) {
    ++bins[Math.min(kBins - 1, Math.floor(place(value) * kBins))].count;
  }
  return {bins, place, ratio};
}

function drawHistogram({name, unit, seen, values}) {
  const text = unit === "ns" ? duration : rate;
  const sorted = Float64Array.from(values).sort();
  const {bins, place, ratio} = binsOf(sorted);
  const [width, height, base] = [420, 150, 122];
  const tallest = Math.max(...bins.map((bin) => bin.count));
  const each = width / kBins;
  const bars = bins.filter((bin) => bin.count).map((bin) => {
    const tall = Math.max(1.5, bin.count / tallest * (base - 14));
    return svg("rect", {x: bins.indexOf(bin) * each + 0.5, y: base - tall, width: each - 1,
      height: tall}, svg("title", {},
      `${text(bin.from)} to ${text(bin.to)}: ${grouped(bin.count)}`));
  });
  const middle = place(quantile(sorted, 0.5)) * width;
  const label = (x, anchor, value) => svg("text", {x, y: base + 16, "text-anchor": anchor}, value);
  const [least, most] = [sorted[0], sorted[sorted.length - 1]];
  const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${name}: histogram; its quantiles follow`},
  svg("line", {class: "axis", x1: 0, x2: width, y1: base, y2: base}), ...bars,
  svg("line", {class: "median", x1: middle, x2: middle, y1: 0, y2: base}),
  label(0, "start", text(least)), label(width, "end", text(most)),
  ...(ratio ? [label(width / 2, "middle", "(logarithmic)")] : []));
  return element("figure", {},
    element("figcaption", {}, name, element("span", {className: "quiet"},
      ` · ${grouped(seen)} ${seen === 1 ? "value" : "values"}`)),
    picture,
    element("dl", {className: "quantiles"}, ...kQuantiles.map(([title, share]) =>
      element("div", {}, element("dt", {}, title),
        element("dd", {}, text(quantile(sorted, share)))))));
}

function fillHistograms() {
  const drawn = run.distributions.filter(({values}) => values.length).map(drawHistogram);
  const missing = run.distributions.filter(({values}) => !values.length).map(({name}) => name);
  if (missing.length) {
    drawn.push(element("p", {className: "quiet"}, `Without a value: ${missing.join(", ")}.`));
  }
  $("histograms").replaceChildren(...drawn);
}
