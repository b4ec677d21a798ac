// Transfers and paths over the time that the timeline shows.

const kProgressHeight = 220;
const kMostPathRows = 60;
const kPathRow = 18;

const touchesRows = (...devices) =>
  devices.some((device) => device >= 0 && view.rowOf[device] >= 0) ||
  devices.every((device) => device < 0);

// --- transfers ----------------------------------------------------------------------------------

const endOf = (transfer) => Math.max(transfer.sent_at, transfer.received_at, transfer.failed_at);
const completed = (transfer) => transfer.sent_at >= 0 || transfer.received_at >= 0;
const titleOf = (transfer) => run.texts[transfer.name] || "(no name)";

function outcomeOf(transfer) {
  if (completed(transfer)) {
    if (transfer.sent_at < 0) return "received; the sender was not told";
    return transfer.received_at < 0 ? "sent; the receiver did not say so" : "completed";
  }
  return transfer.failed_at >= 0 ? `failed: ${run.texts[transfer.failure]}` : "not finished";
}

const progress = {
  shown: [],

  colour(place, transfer) {
    if (this.shown.length <= colours.series.length) return colours.series[place];
    return transfer.failed_at >= 0 && !completed(transfer) ? colours.bad : colours.transfer;
  },
  draw() {
    this.shown = run.transfers.filter(({from, to}) => touchesRows(from, to));
    const none = run.transfers.length === 0;
    $("progress").hidden = $("transfer-box").hidden = none;
    $("transfers-note").textContent = none ? "Nothing was sent." :
      "Each line is a transfer, from nothing to all of its bytes: solid as its receiver says, " +
      "dotted as its sender knows from the receiver's acknowledgements.";
    if (none) return;
    const {pen, width, height} = surface($("progress"), kProgressHeight);
    const scale = timeScale(width);
    this.scale = scale;
    drawRuler(pen, scale, height);
    this.y = (share) => height - 10 - share * (height - kRuler - 20);
    pen.textAlign = "right";
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      pen.strokeStyle = colours.faint;
      line(pen, scale.gutter, this.y(share), scale.gutter + scale.pixels, this.y(share));
      pen.fillStyle = colours.quiet;
      pen.fillText(`${share * 100} %`, scale.gutter - 10, this.y(share));
    }
    pen.save();
    pen.beginPath();
    pen.rect(scale.gutter, kRuler, scale.pixels + 8, height);
    pen.clip();
    pen.globalAlpha = Math.max(0.12, Math.min(1, 14 / Math.sqrt(this.shown.length * 20)));
    this.shown.forEach((transfer, place) => this.drawTransfer(pen, transfer, place));
    pen.globalAlpha = 1;
    drawCursor(pen, scale, kRuler, height);
    pen.restore();
    this.list();
  },
  drawTransfer(pen, transfer, place) {
    if (transfer.began > view.to || (endOf(transfer) >= 0 && endOf(transfer) < view.from)) return;
    pen.strokeStyle = pen.fillStyle = this.colour(place, transfer);
    const total = Math.max(1, transfer.bytes);
    for (const [points, dashes] of [[transfer.sent, [2, 3]], [transfer.received, []]]) {
      if (points.length === 0 || (dashes.length && this.shown.length > 40)) continue;
      pen.setLineDash(dashes);
      pen.lineWidth = dashes.length ? 1.2 : 1.8;
      pen.beginPath();
      pen.moveTo(this.scale.x(transfer.began), this.y(0));
      for (let i = 0; i < points.length; i += 2) {
        pen.lineTo(this.scale.x(points[i]), this.y(Math.min(1, points[i + 1] / total)));
      }
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.lineWidth = 1;
    if (this.shown.length > 40) return;
    if (completed(transfer)) {
      drawMark(pen, "transfer", this.scale.x(endOf(transfer)), this.y(1), 3.5);
    } else if (transfer.failed_at >= 0) {
      drawMark(pen, "violation", this.scale.x(transfer.failed_at), this.y(0), 3.5);
    }
  },
  list() {
    $("transfer-title").textContent = this.shown.length > kMostListed
      ? `The first ${grouped(kMostListed)} of ${grouped(this.shown.length)} transfers as a table`
      : `${grouped(this.shown.length)} of the transfers as a table`;
    if (!$("transfer-box").open) return;
    $("transfer-list").tBodies[0].replaceChildren(
      ...this.shown.slice(0, kMostListed).map((transfer, place) => {
        const end = endOf(transfer);
        const took = end >= 0 ? end - transfer.began : 0;
        const swatch = element("span", {className: "swatch"});
        swatch.style.background = this.colour(place, transfer);
        const cell = (text, className = "") => element("td", {className}, text);
        return element("tr", {}, cell(swatch), cell(titleOf(transfer)),
          cell(nameOf(transfer.from)), cell(nameOf(transfer.to)),
          cell(size(transfer.bytes), "number"), cell(momentLink(transfer.began), "number"),
          cell(took ? clock(took) : "", "number"),
          cell(took && completed(transfer) ? rate(transfer.bytes * kSecond / took) : "", "number"),
          cell(outcomeOf(transfer)));
      }));
  },
  textAt(x, y) {
    if (!this.scale || x < this.scale.gutter) return "";
    const at = this.scale.at(x);
    const near = [];
    for (const transfer of this.shown) {
      const points = transfer.received.length ? transfer.received : transfer.sent;
      let [before, done] = [transfer.began, 0];
      for (let i = 0; i < points.length; i += 2) {
        if (points[i] >= at && at >= before) {
          const share = (at - before) / Math.max(1, points[i] - before);
          const bytes = done + (points[i + 1] - done) * share;
          const away = Math.abs(this.y(bytes / Math.max(1, transfer.bytes)) - y);
          if (away < 8) near.push([away, `${titleOf(transfer)}, ${nameOf(transfer.from)} to ` +
            `${nameOf(transfer.to)}: ${size(bytes)} of ${size(transfer.bytes)}, ` +
            outcomeOf(transfer)]);
          break;
        }
        [before, done] = [points[i], points[i + 1]];
      }
    }
    return near.sort((a, b) => a[0] - b[0]).slice(0, 5).map(([, text]) => text).join("\n");
  },
};

// --- paths --------------------------------------------------------------------------------------

const paths = {
  // Of one device together, and of these all addresses of one peer.
  all: run.paths.map(([device, peer, remote, spans]) => ({device, peer, remote, spans}))
    .sort((a, b) => a.device - b.device || a.peer - b.peer || a.spans[0] - b.spans[0]),
  rows: [],

  label: (path) => `${nameOf(path.device)} → ${path.peer < 0 ? "?" : nameOf(path.peer)}`,
  draw() {
    const asked = this.all.filter((path) => path.spans.length && touchesRows(path.device));
    this.rows = asked.slice(0, kMostPathRows);
    $("path-rows").hidden = this.rows.length === 0;
    const rest = asked.length > this.rows.length
      ? ` These are the first ${grouped(this.rows.length)} of ${grouped(asked.length)}: name a ` +
        "device above to see its own." : "";
    $("paths-note").textContent = this.rows.length === 0 ? "Nobody sent anything." :
      "The addresses that each device sent to; several of one peer lie below each other. A bar " +
      `is a time without a pause of over ${clock(run.pause_us, 1e6)}, the thicker the more was ` +
      "sent. " +
      `“?”: the engine named nobody whom it reached there.${rest}`;
    if (this.rows.length === 0) return;
    const {pen, width, height} = surface($("path-rows"), kRuler + this.rows.length * kPathRow + 6);
    this.scale = timeScale(width);
    drawRuler(pen, this.scale, height);
    this.rows.forEach((path, row) => this.drawRow(pen, path, row, width));
    drawCursor(pen, this.scale, kRuler, height);
  },
  drawRow(pen, path, row, width) {
    const y = kRuler + row * kPathRow;
    const before = this.rows[row - 1];
    const first = !before || before.device !== path.device || before.peer !== path.peer ||
      path.peer < 0;
    if (first && row > 0) {
      pen.strokeStyle = colours.faint;
      line(pen, 0, y + 0.5, width, y + 0.5);
    }
    this.drawLabels(pen, path, first, y + kPathRow / 2 + 1);
    pen.save();
    pen.beginPath();
    pen.rect(this.scale.gutter, y, this.scale.pixels + 8, kPathRow);
    pen.clip();
    pen.fillStyle = path.peer < 0 ? colours.life : colours.connection;
    for (let i = 0; i < path.spans.length; i += 4) {
      const [from, to, , bytes] = path.spans.slice(i, i + 4);
      if (to < view.from || from > view.to) continue;
      const x = this.scale.x(Math.max(from, view.from));
      const end = this.scale.x(Math.min(to, view.to));
      const perSecond = bytes * kSecond / Math.max(to - from, kSecond);
      const thick = Math.max(2, Math.min(kPathRow - 8, Math.log10(perSecond + 1) * 1.7));
      pen.fillRect(x, y + (kPathRow - thick) / 2, Math.max(1.5, end - x), thick);
    }
    pen.restore();
  },
  drawLabels(pen, path, first, y) {
    pen.font = kSmallFont;
    pen.textAlign = "right";
    pen.fillStyle = colours.quiet;
    const most = kGutter() > 150 ? 124 : 60;
    const wide = Math.min(most, pen.measureText(path.remote).width);
    fittedText(pen, path.remote, kGutter() - 8, y, most);
    if (!first) return;
    pen.font = kFont;
    pen.textAlign = "left";
    pen.fillStyle = colours.ink;
    fittedText(pen, this.label(path), 10, y, kGutter() - wide - 26);
  },
  textAt(x, y) {
    const path = this.rows[Math.floor((y - kRuler) / kPathRow)];
    if (!path || y < kRuler) return "";
    const title = `${this.label(path)} at ${path.remote}`;
    const at = this.scale.at(x);
    const slack = this.scale.perPixel * 3;
    for (let i = 0; i < path.spans.length; i += 4) {
      const [from, to, datagrams, bytes] = path.spans.slice(i, i + 4);
      if (at < from - slack || at > to + slack || x < this.scale.gutter) continue;
      return `${title}\n${clock(from)} to ${clock(to)}: ${grouped(datagrams)} datagrams, ` +
        size(bytes);
    }
    return title;
  },
};

function attachCharts() {
  attachTip($("progress"), (x, y) => progress.textAt(x, y));
  attachTip($("path-rows"), (x, y) => paths.textAt(x, y));
  $("transfer-box").addEventListener("toggle", () => progress.list());
}
