#pragma once

// Where another device can reach sockets that listen.

#include <vector>

#include "kith/address.h"

namespace kith::cli {

// A socket bound to all addresses is reachable at each address of this machine: those replace it,
// best first, with loopback only if there is no other.
std::vector<Address> reachable_addresses(const std::vector<Address>& bound,
                                         const std::vector<Address>& of_machine);

// The addresses of the interfaces that are up, port 0, in the order of the system. Link-local IPv6
// is left out: it means nothing without the name of an interface.
std::vector<Address> machine_addresses();

}  // namespace kith::cli
