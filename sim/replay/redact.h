#pragma once

// Makes of a recording a timeline that can be shown to others: when what happened, and how large it
// was. It does not replay. It holds no key, word, name, path, address, body, content or time of
// day: devices, transfers, messages and addresses are numbered in the order in which they appear.
//
// Only what is listed in redact.cc is ever written; a field that is not known there stays out.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/trace/recording.h"
#include "kith/address.h"
#include "kith/ids.h"

namespace kith::sim {

class Redactor {
 public:
  // One JSON object, without the end of the line. Records come in their order.
  std::string line(const trace::Record& record);

 private:
  friend class Details;

  std::uint64_t number(const Address& address);
  std::uint64_t number(const DeviceId& device);
  std::uint64_t number(const TransferId& transfer);
  std::uint64_t number(const MessageId& message);

  std::uint64_t step_ = 0;
  std::optional<Instant> begun_;
  std::map<Address, std::uint64_t> addresses_;
  std::map<DeviceId, std::uint64_t> devices_;
  std::map<TransferId, std::uint64_t> transfers_;
  std::map<MessageId, std::uint64_t> messages_;
};

}  // namespace kith::sim
