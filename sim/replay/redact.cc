#include "sim/replay/redact.h"

#include <concepts>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

namespace kith::sim {

using Json = nlohmann::ordered_json;

namespace {

template <class Key>
std::uint64_t number_in(std::map<Key, std::uint64_t>& numbers, const Key& key) {
  return numbers.emplace(key, numbers.size() + 1).first->second;
}

std::string name_of(std::string_view kind, std::uint64_t number) {
  return std::string(kind) + " " + std::to_string(number);
}

Json to_json(const Duration& duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

// What is told of each kind of record, and of the fields that inputs have in common by name.
class Details {
 public:
  Details(Redactor& redactor, Json& to) : redactor_(redactor), to_(to) {}

  void tell(const trace::StartedRecord& record) {
    const auto& [version, config, key, restored, seed, unix_ms] = record;
    to_["kind"] = "started";
    to_["code_lifetime_ms"] = to_json(config.pairing_code_lifetime);
    to_["connect_timeout_ms"] = to_json(config.connect_timeout);
    to_["idle_timeout_ms"] = to_json(config.idle_timeout);
    to_["keep_alive_ms"] = to_json(config.keep_alive);
    to_["records"] = restored.size();
  }
  void tell(const trace::InputRecord& record) {
    to_["kind"] = "input";
    to_["input"] = trace::kind_name(trace::kind_of(record.input));
    tell_alternative(record.input);
  }
  void tell(const trace::OutputsRecord& record) {
    to_["kind"] = "outputs";
    to_["outputs"] = Json::array();
    for (const trace::OutputSummary& output : record.outputs) {
      Json& entry = to_["outputs"].emplace_back();
      entry["output"] = trace::kind_name(output.kind);
      entry["size"] = output.size;
      if (output.error) entry["error"] = to_string(*output.error);
    }
  }
  void tell(const trace::DatagramsRecord& record) {
    to_["kind"] = "datagrams";
    to_["socket"] = record.socket.value;
    to_["bytes"] = record.size;
    to_["segment_size"] = record.segment_size;
  }
  void tell(const trace::StoppedRecord&) { to_["kind"] = "stopped"; }
  void tell(const trace::EndedRecord& record) {
    to_["kind"] = "ended";
    to_["end"] = record.end == trace::RecordingEnd::limit ? "limit" : "stopped";
  }

 private:
  template <class... Alternatives>
  void tell_alternative(const std::variant<Alternatives...>& value) {
    std::visit([this](const auto& alternative) { this->tell_alternative(alternative); }, value);
  }

  template <class T>
  void tell_alternative(const T& input) {
    if constexpr (requires { RequestId(input.request); }) to_["request"] = input.request.value;
    if constexpr (requires { SocketId(input.socket); }) to_["socket"] = input.socket.value;
    if constexpr (requires { ConnectionId(input.connection); }) {
      to_["connection"] = input.connection.value;
    }
    if constexpr (requires { StreamId(input.stream); }) to_["stream"] = input.stream.value;
    if constexpr (requires { input.op.value; }) to_["op"] = input.op.value;
    if constexpr (requires { DeviceId(input.device); }) {
      to_["device"] = name_of("device", redactor_.number(input.device));
    }
    if constexpr (requires { TransferId(input.transfer); }) {
      to_["transfer"] = name_of("transfer", redactor_.number(input.transfer));
    }
    if constexpr (requires { MessageId(input.message); }) {
      to_["message"] = name_of("message", redactor_.number(input.message));
    }
    if constexpr (requires { Address(input.remote); }) {
      to_["from"] = name_of("address", redactor_.number(input.remote));
    }
    if constexpr (requires { Address(input.address); }) {
      to_["address"] = name_of("address", redactor_.number(input.address));
    }
    if constexpr (requires { requires std::same_as<bool, decltype(input.accept)>; }) {
      to_["accept"] = input.accept;
    }
    if constexpr (requires { ErrorCode(input.error.code); }) {
      to_["error"] = to_string(input.error.code);
    }
    if constexpr (requires { input.outcome.error().code; }) {
      if (!input.outcome) to_["error"] = to_string(input.outcome.error().code);
    }
    tell_size(input);
  }

  template <class T>
  void tell_size(const T&) {}
  void tell_size(const DatagramsReceived& input) {
    to_["bytes"] = input.bytes.size();
    to_["segment_size"] = input.stride;
  }
  void tell_size(const FileCompleted& input) {
    if (!input.outcome) return;
    if (const auto* read = std::get_if<SharedBytes>(&*input.outcome)) to_["bytes"] = read->size();
    if (const auto* listing = std::get_if<FileListing>(&*input.outcome)) {
      to_["entries"] = listing->size();
    }
  }
  void tell_size(const ComputeCompleted& input) { to_["hashes"] = input.hashes.size(); }
  void tell_size(const ShareWithDevice& input) { to_["paths"] = input.paths.size(); }
  void tell_size(const StreamWrite& input) { to_["bytes"] = input.data.size(); }
  void tell_size(const SendMessage& input) { to_["bytes"] = input.body.size(); }
  void tell_size(const JoinPairing& input) { to_["addresses"] = input.addresses.size(); }

  Redactor& redactor_;
  Json& to_;
};

std::string Redactor::line(const trace::Record& record) {
  if (!begun_) begun_ = record.at;
  Json json;
  json["step"] = ++step_;
  json["at_us"] =
      std::chrono::duration_cast<std::chrono::microseconds>(record.at - *begun_).count();
  Details details(*this, json);
  std::visit([&](const auto& body) { details.tell(body); }, record.body);
  return json.dump();
}

std::uint64_t Redactor::number(const Address& address) { return number_in(addresses_, address); }
std::uint64_t Redactor::number(const DeviceId& device) { return number_in(devices_, device); }
std::uint64_t Redactor::number(const TransferId& transfer) {
  return number_in(transfers_, transfer);
}
std::uint64_t Redactor::number(const MessageId& message) { return number_in(messages_, message); }

}  // namespace kith::sim
