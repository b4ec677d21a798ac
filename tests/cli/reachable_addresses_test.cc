#include "io/cli/reachable_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using testing::ElementsAre;

const Address kLoopback = Address::v4(127, 0, 0, 1, 0);
const Address kLan = Address::v4(192, 0, 2, 1, 0);
const Address kLoopback6 = *Address::parse("[::1]:0");
const Address kGlobal6 = *Address::parse("[2001:db8::1]:0");

TEST(ReachableAddresses, a_given_address_stays_as_it_is) {
  EXPECT_THAT(reachable_addresses({Address::v4(127, 0, 0, 1, 7)}, {kLoopback, kLan}),
              ElementsAre(Address::v4(127, 0, 0, 1, 7)));
}

TEST(ReachableAddresses, all_addresses_means_those_of_the_machine_with_the_port_bound) {
  EXPECT_THAT(reachable_addresses({*Address::parse("0.0.0.0:7"), *Address::parse("[::]:8")},
                                  {kLoopback, kLan, kLoopback6, kGlobal6}),
              ElementsAre(Address::v4(192, 0, 2, 1, 7), *Address::parse("[2001:db8::1]:8")));
}

TEST(ReachableAddresses, loopback_is_better_than_nothing) {
  EXPECT_THAT(reachable_addresses({*Address::parse("0.0.0.0:7")}, {kLoopback, kGlobal6}),
              ElementsAre(Address::v4(127, 0, 0, 1, 7)));
}

TEST(ReachableAddresses, every_machine_has_a_loopback_interface) {
  EXPECT_THAT(machine_addresses(), testing::Contains(kLoopback));
}

}  // namespace
}  // namespace kith::cli
