#include "sim/report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "generated/kith_report_page.h"

namespace kith::sim {
namespace {

constexpr int kFormat = 1;

std::int64_t microseconds(Instant at) { return at.ns / 1000; }

// A JSON text that is appended to. Large lists of numbers would take far more room as values of
// nlohmann::json.
class JsonText {
 public:
  void open(char bracket) {
    separate();
    text_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    fresh_ = false;
  }
  void key(std::string_view name) {
    separate();
    append_quoted(name);
    text_ += ':';
    fresh_ = true;
  }
  template <class Integer>
  void number(Integer value) {
    separate();
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  // 4294967295 would be a poor way to say that there is none.
  void index(std::uint32_t value) {
    number(value == kNoDevice ? std::int64_t{-1} : std::int64_t{value});
  }
  void string(std::string_view value) {
    separate();
    append_quoted(value);
  }
  void boolean(bool value) {
    separate();
    text_ += value ? "true" : "false";
  }
  template <class Range, class Put>
  void list(std::string_view name, const Range& range, Put put) {
    key(name);
    open('[');
    for (const auto& each : range) put(each);
    close(']');
  }

  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }

  // Quotation marks, backslashes and control characters as JSON wants them; what HTML or a script
  // might take for something else as numbers.
  void append_quoted(std::string_view value) {
    const std::string quoted = nlohmann::json(std::string(value))
                                   .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    for (std::size_t i = 0; i < quoted.size(); ++i) {
      const char c = quoted[i];
      if (c == '<' || c == '>' || c == '&' || c == '\'') {
        fmt::format_to(std::back_inserter(text_), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        text_ += c;
      }
    }
  }

  std::string text_;
  bool fresh_ = true;
};

void put_findings(JsonText& json, std::string_view name, const std::vector<Finding>& findings) {
  json.list(name, findings, [&json](const Finding& finding) {
    json.open('{');
    json.key("name");
    json.string(printable(finding.name));
    json.key("ok");
    json.boolean(finding.ok);
    json.key("open");
    json.boolean(finding.open);
    json.key("value");
    json.string(printable(finding.value));
    json.close('}');
  });
}

void put_head(JsonText& json, const Report& report, const PageHead& head) {
  json.key("format");
  json.number(kFormat);
  json.key("scenario");
  json.string(printable(report.scenario));
  json.key("description");
  json.string(printable(head.description));
  json.key("seed");
  json.string(std::to_string(report.seed));  // numbers of scripts are exact to 2^53
  json.key("commit");
  json.string(printable(head.commit));
  json.key("trace_hash");
  json.string(report.trace_hash.to_hex());
  json.key("ok");
  json.boolean(report.ok());
  json.key("virtual_us");
  json.number(report.virtual_time.count() / 1000);
  json.key("datagrams");
  json.number(report.datagrams);
  json.key("events");
  json.number(report.events);
  put_findings(json, "violations", report.violations);
  put_findings(json, "expectations", report.expectations);
  json.key("violations_seen");
  json.number(report.violations_seen);
  json.list("sightings", report.sightings, [&json](const Sighting& sighting) {
    json.open('[');
    json.string(sighting.checker);
    json.number(microseconds(sighting.at));
    json.index(sighting.device);
    json.string(printable(sighting.what));
    json.close(']');
  });
}

void put_topology(JsonText& json, const TopologyView& topology) {
  json.key("topology");
  json.open('{');
  json.list("groups", topology.groups,
            [&json](const std::string& name) { json.string(printable(name)); });
  json.list("nodes", topology.nodes, [&json](const TopologyView::Node& node) {
    json.open('[');
    json.string(printable(node.name));
    json.index(node.group);
    json.index(node.device);
    json.string(printable(node.note));
    json.close(']');
  });
  json.list("edges", topology.edges, [&json](const TopologyView::Edge& edge) {
    json.open('[');
    json.number(edge.from);
    json.number(edge.to);
    json.string(printable(edge.note));
    json.close(']');
  });
  json.close('}');
}

// By column, which is shorter than by row and faster to read.
void put_entries(JsonText& json, const RunLog& log) {
  const std::vector<Entry>& first = log.milestones().entries();
  const std::vector<Entry>& second = log.entries().entries();
  std::vector<Entry> all;
  all.reserve(first.size() + second.size());
  std::merge(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(all),
             [](const Entry& a, const Entry& b) { return a.at < b.at; });

  json.list("texts", log.texts(), [&json](const std::string& text) { json.string(text); });
  json.key("kinds");
  json.open('[');
  for (std::size_t i = 0; i < kEntryKinds; ++i) {
    const auto kind = static_cast<EntryKind>(i);
    json.open('[');
    json.string(entry_kind_name(kind));
    json.string(entry_family(kind));
    json.number(log.count(kind));
    json.close(']');
  }
  json.close(']');
  json.key("entries");
  json.open('{');
  json.list("at", all, [&json](const Entry& entry) { json.number(microseconds(entry.at)); });
  json.list("span", all, [&json](const Entry& entry) {
    json.number(microseconds(entry.last) - microseconds(entry.at));
  });
  json.list("kind", all, [&json](const Entry& entry) { json.number(unsigned{entry.kind}); });
  json.list("device", all, [&json](const Entry& entry) { json.index(entry.device); });
  json.list("other", all, [&json](const Entry& entry) { json.index(entry.other); });
  json.list("text", all, [&json](const Entry& entry) { json.number(entry.text); });
  json.list("count", all, [&json](const Entry& entry) { json.number(entry.count); });
  json.close('}');
}

void put_curve(JsonText& json, std::string_view name, const Curve& curve) {
  json.list(name, curve.points(), [&json](const Curve::Point& point) {
    json.number(microseconds(point.at));
    json.number(point.value);
  });
}

void put_instant(JsonText& json, std::string_view name, const std::optional<Instant>& at) {
  json.key(name);
  json.number(at ? microseconds(*at) : -1);
}

void put_transfers(JsonText& json, const RunLog& log) {
  json.list("transfers", log.transfers(), [&json](const LoggedTransfer& transfer) {
    using Outcome = LoggedTransfer::Outcome;
    json.open('{');
    json.key("from");
    json.index(transfer.from);
    json.key("to");
    json.index(transfer.to);
    json.key("name");
    json.number(transfer.name);
    json.key("bytes");
    json.number(transfer.bytes_total);
    put_instant(json, "began", transfer.began);
    put_instant(json, "sent_at", transfer.sent_at);
    put_instant(json, "received_at", transfer.received_at);
    put_instant(json, "failed_at",
                transfer.outcome == Outcome::failed ? std::optional(transfer.ended) : std::nullopt);
    json.key("failure");
    json.number(transfer.failure);
    put_curve(json, "sent", transfer.sent);
    put_curve(json, "received", transfer.received);
    json.close('}');
  });
}

void put_paths(JsonText& json, const RunLog& log) {
  json.key("pause_us");
  json.number(log.paths().pause().count() / 1000);
  json.list("paths", log.paths().paths(), [&json](const Path& path) {
    json.open('[');
    json.index(path.device);
    json.index(path.peer);
    json.string(path.remote.to_string());
    json.open('[');
    for (const PathSpan& span : path.spans) {
      json.number(microseconds(span.from));
      json.number(microseconds(span.to));
      json.number(span.datagrams);
      json.number(span.bytes);
    }
    json.close(']');
    json.close(']');
  });
}

void put_samples(JsonText& json, std::string_view name, std::string_view unit,
                 const Samples& samples) {
  json.open('{');
  json.key("name");
  json.string(name);
  json.key("unit");
  json.string(unit);
  json.key("seen");
  json.number(samples.seen());
  json.list("values", samples.values(), [&json](std::int64_t value) { json.number(value); });
  json.close('}');
}

}  // namespace

std::string page_data(const Report& report, const RunLog& log, const TopologyView& topology,
                      const PageHead& head) {
  JsonText json;
  json.open('{');
  put_head(json, report, head);
  json.list("devices", log.device_names(), [&json](const std::string& name) { json.string(name); });
  put_topology(json, topology);
  put_entries(json, log);
  put_transfers(json, log);
  put_paths(json, log);
  json.key("distributions");
  json.open('[');
  put_samples(json, "Time to pair", "ns", log.times_to_pair());
  put_samples(json, "Time to direct", "ns", log.times_to_direct());
  put_samples(json, "Time to first message", "ns", log.times_to_first_message());
  put_samples(json, "Time of a message", "ns", log.message_times());
  put_samples(json, "Goodput of transfers", "B/s", log.goodputs());
  json.close(']');
  json.list("omissions", log.omissions(), [&json](const std::string& what) { json.string(what); });
  json.close('}');
  return json.take();
}

// Each slot is filled where it stands, so nothing that is put in is looked at for slots again.
std::string page_of(const Report& report, const RunLog& log, const TopologyView& topology,
                    const PageHead& head) {
  // Whoever named a device could not know it.
  const std::string nonce = report.trace_hash.to_hex().substr(0, 32);
  std::string page;
  std::string_view rest = kPageText;
  for (;;) {
    const std::size_t open = rest.find("{{");
    page += rest.substr(0, open);
    if (open == std::string_view::npos) return page;
    const std::size_t close = rest.find("}}", open);
    const std::string_view slot = rest.substr(open + 2, close - open - 2);
    if (slot == "style") page += kPageStyle;
    if (slot == "script") page += kPageScript;
    if (slot == "nonce") page += nonce;
    if (slot == "data") page += page_data(report, log, topology, head);
    rest = rest.substr(close + 2);
  }
}

}  // namespace kith::sim
