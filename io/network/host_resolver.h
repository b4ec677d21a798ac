#pragma once

// Looks up host names with the system's resolver, one after the other, on a thread of its own.

#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <memory>

#include "io/driver/lifetime.h"
#include "io/driver/strand.h"
#include "kith/network.h"

namespace kith::io {

class HostResolver {
 public:
  // No answer comes after `lifetime` has ended.
  HostResolver(Strand strand, std::shared_ptr<Lifetime> lifetime);

  // `done` is called on the strand.
  void resolve(const ResolveHost& wanted, std::function<void(HostResolved)> done);
  void stop() { resolver_.cancel(); }

 private:
  std::shared_ptr<Lifetime> lifetime_;
  boost::asio::ip::basic_resolver<boost::asio::ip::udp, Strand> resolver_;
};

}  // namespace kith::io
