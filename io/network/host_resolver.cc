#include "io/network/host_resolver.h"

#include <boost/asio/error.hpp>
#include <cstring>
#include <string>

#include "io/udp/socket_address.h"

namespace kith::io {
namespace {

// A name with more than these is a mistake or worse.
constexpr std::size_t kMaxAddresses = 32;

using Found = boost::asio::ip::udp::resolver::results_type;

HostResolved answer(const ResolveHost& wanted, const boost::system::error_code& error,
                    const Found& found) {
  if (error) {
    const bool nobody = error == boost::asio::error::host_not_found ||
                        error == boost::asio::error::host_not_found_try_again;
    return {wanted.id,
            failure(nobody ? ErrorCode::not_found : ErrorCode::io_error,
                    "The host " + wanted.host + " could not be looked up: " + error.message() + ".",
                    "Check the name and the connection to the internet.")};
  }
  std::vector<Address> addresses;
  for (const auto& each : found) {
    if (addresses.size() == kMaxAddresses) break;
    sockaddr_storage storage{};
    std::memcpy(&storage, each.endpoint().data(), each.endpoint().size());
    addresses.push_back(from_socket_address(storage));
  }
  return {wanted.id, std::move(addresses)};
}

}  // namespace

HostResolver::HostResolver(Strand strand, std::shared_ptr<Lifetime> lifetime)
    : lifetime_(std::move(lifetime)), resolver_(strand) {}

void HostResolver::resolve(const ResolveHost& wanted, std::function<void(HostResolved)> done) {
  resolver_.async_resolve(wanted.host, std::to_string(wanted.port),
                          [lifetime = lifetime_, wanted, done = std::move(done)](
                              boost::system::error_code error, const Found& found) {
                            lifetime->while_alive([&] { done(answer(wanted, error, found)); });
                          });
}

}  // namespace kith::io
