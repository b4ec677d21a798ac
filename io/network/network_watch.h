#pragma once

// Tells when the interfaces or addresses of this machine change, as the kernel does (rtnetlink(7)).

#include <functional>
#include <memory>
#include <vector>

#include "io/driver/lifetime.h"
#include "io/driver/strand.h"
#include "kith/network.h"

namespace kith::io {

class NetworkWatch {
 public:
  using Changed = std::function<void(NetworkChanged)>;

  // `changed` is called on the strand with what there is: soon, and whenever it differs from what
  // was told before. Not after `lifetime` has ended.
  NetworkWatch(Strand strand, std::shared_ptr<Lifetime> lifetime, Changed changed);

  void start();
  void stop();

 private:
  void wait_news();
  void look_later();
  void look();

  std::shared_ptr<Lifetime> lifetime_;
  Changed changed_;
  Descriptor news_;  // closed where the kernel refuses such a socket
  Timer settling_;
  bool settling_now_ = false;
  bool told_ = false;
  std::vector<NetworkInterface> known_;
};

}  // namespace kith::io
