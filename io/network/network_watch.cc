#include "io/network/network_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

#include "io/base/unique_fd.h"
#include "io/network/interfaces.h"

namespace kith::io {
namespace {

// One change comes as many messages: an interface, then each of its addresses.
constexpr auto kSettling = std::chrono::milliseconds(100);

UniqueFd open_news() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return UniqueFd();
  }
  return fd;
}

}  // namespace

NetworkWatch::NetworkWatch(Strand strand, std::shared_ptr<Lifetime> lifetime, Changed changed)
    : lifetime_(std::move(lifetime)),
      changed_(std::move(changed)),
      news_(strand),
      settling_(strand) {}

void NetworkWatch::start() {
  if (UniqueFd fd = open_news()) {
    news_.assign(fd.release());
    wait_news();
  }
  look();
}

void NetworkWatch::stop() {
  boost::system::error_code ignored;
  news_.close(ignored);
  settling_.cancel();
}

void NetworkWatch::wait_news() {
  news_.async_wait(Descriptor::wait_read,
                   [this, lifetime = lifetime_](boost::system::error_code error) {
                     if (error) return;
                     lifetime->while_alive([&] { look_later(); });
                   });
}

// What the messages say is not read: the system is asked for everything when they end. A full
// buffer loses messages and tells so by an error, which is news as well.
void NetworkWatch::look_later() {
  std::array<char, 8192> ignored;
  while (::recv(news_.native_handle(), ignored.data(), ignored.size(), 0) > 0) {
  }
  wait_news();
  if (settling_now_) return;
  settling_now_ = true;
  settling_.expires_after(kSettling);
  settling_.async_wait([this, lifetime = lifetime_](boost::system::error_code error) {
    if (error) return;
    lifetime->while_alive([&] {
      settling_now_ = false;
      look();
    });
  });
}

void NetworkWatch::look() {
  std::vector<NetworkInterface> now = network_interfaces();
  if (told_ && now == known_) return;
  told_ = true;
  known_ = now;
  changed_(NetworkChanged{std::move(now)});
}

}  // namespace kith::io
