#include "io/echo/output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "io/cli/human_output.h"
#include "io/cli/json_output.h"

namespace kith::echo {
namespace {

using Json = nlohmann::ordered_json;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::unique_ptr<cli::Output> make_output(bool json) {
  if (json) return std::make_unique<cli::JsonOutput>(stdout, stderr);
  return std::make_unique<cli::HumanOutput>(stdout, stderr, cli::inspect_terminal(stdout, stderr));
}

Json described(const Echoed& echoed) {
  return {{"bytes", echoed.bytes},
          {"peer", echoed.peer.to_hex()},
          {"seconds", seconds(echoed.elapsed)}};
}

void write_line(const Echoed& echoed, std::string_view direction) {
  cli::write_text(stdout, fmt::format("Echoed {} bytes {} {} in {:.3f} s.\n", echoed.bytes,
                                      direction, echoed.peer.to_hex(), seconds(echoed.elapsed)));
}

}  // namespace

EchoOutput::EchoOutput(bool json) : json_(json), common_(make_output(json)) {}

void EchoOutput::listening(const DeviceId& id, const std::vector<Address>& addresses) {
  if (json_) return common_->listening(id, addresses, "");
  std::string text = fmt::format("Echoing as {}\nat", id.to_hex());
  for (const Address& address : addresses) text += " " + address.to_string();
  cli::write_text(stdout, text + ". Ctrl-C ends it.\n");
}

void EchoOutput::accepted(const DeviceId& peer) {
  if (json_) return cli::write_json(stdout, "accepted", {{"peer", peer.to_hex()}});
  cli::write_text(stdout, fmt::format("{} has connected.\n", peer.to_hex()));
}

void EchoOutput::echoed(const Echoed& echoed) {
  if (json_) return cli::write_json(stdout, "echoed", described(echoed));
  write_line(echoed, "to");
}

void EchoOutput::echoed(const Echoed& echoed, const DialTimes& times) {
  if (!json_) return write_line(echoed, "by");
  Json fields = described(echoed);
  fields["connect_seconds"] = seconds(times.connected);
  fields["first_byte_seconds"] = echoed.bytes == 0 ? Json() : Json(seconds(times.first_byte));
  cli::write_json(stdout, "echoed", fields);
}

}  // namespace kith::echo
