// Random use of random NATs, compared call by call with one that is written without cleverness.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/sim/naive_nat.h"
#include "tests/sim/nat_scene.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

NatSpec any_spec(bool several_addresses);

// Both of them, and what was seen outside so far.
class Both {
 public:
  Both(const NatSpec& spec, std::vector<Address> ips)
      : nat_(spec, ips, draws(*rc::gen::arbitrary<std::uint64_t>())), naive_(spec, ips) {
    seen_ = {with_port(kPublicIp, 5000)};
  }

  void step();

 private:
  void send_out();
  void send_in();
  void send_hairpin();
  void forward();
  void unforward();

  Address host() const;
  Address remote() const;

  Nat nat_;
  NaiveNat naive_;
  Instant now_;
  std::vector<Address> seen_;
  std::vector<std::pair<Address, Address>> forwards_;
};

RC_GTEST_PROP(NatProperty, behaves_as_a_naive_one, ()) {
  const bool several = *rc::gen::inRange(0, 4) == 0;
  const NatSpec spec = any_spec(several);
  std::vector<Address> ips;
  if (spec.translate) ips = {kPublicIp};
  if (spec.translate && several) ips.push_back(Address::v4(203, 0, 113, 2, 0));
  Both both(spec, ips);
  const int steps = *rc::gen::inRange(1, 200);
  for (int i = 0; i < steps; ++i) both.step();
}

NatSpec any_spec(bool several_addresses) {
  NatSpec spec = cell_spec(*rc::gen::inRange<std::size_t>(0, kNatCells));
  if (*rc::gen::inRange(0, 3) != 0) spec.translate = true;
  spec.pooling = *rc::gen::element(Pooling::paired, Pooling::arbitrary);
  spec.inbound_refreshes = *rc::gen::arbitrary<bool>();
  spec.replied_timeout = *rc::gen::element(seconds(10), seconds(30), seconds(120));
  spec.absolute_timeout = *rc::gen::element(seconds(0), seconds(0), seconds(45));
  spec.table_size = *rc::gen::element<std::size_t>(1, 2, 5, 1000);
  spec.when_full = *rc::gen::element(WhenFull::drop_new, WhenFull::evict_oldest_idle);
  spec.udp_blocked = *rc::gen::inRange(0, 20) == 0;
  // The naive one cannot know what a draw passed over, only what it chose.
  const bool keeps =
      spec.port_policy == PortPolicy::preserve || spec.port_policy == PortPolicy::preserve_overload;
  spec.unsolicited_poisons = keeps && !several_addresses && *rc::gen::arbitrary<bool>();
  return spec;
}

void Both::step() {
  switch (*rc::gen::weightedElement<int>(
      {{8, 0}, {8, 1}, {4, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {3, 7}})) {
    case 0:
      send_out();
      break;
    case 1:
      send_in();
      break;
    case 2:
      send_hairpin();
      break;
    case 3:
      forward();
      break;
    case 4:
      unforward();
      break;
    case 5:
      nat_.reboot(now_);
      naive_.reboot(now_);
      break;
    case 6:
      nat_.rebind(now_);
      naive_.rebind(now_);
      break;
    default:
      now_ = now_ + *rc::gen::element<Duration>(milliseconds(1), seconds(1), seconds(10),
                                                milliseconds(29'999), seconds(30), seconds(120));
      return;  // neither has been told yet
  }
  RC_ASSERT(nat_.mappings() == naive_.mappings());
  RC_ASSERT(nat_.flows() == naive_.flows());
}

void Both::send_out() {
  const Address from = host(), to = remote();
  const Nat::Outbound out = nat_.outbound(now_, from, to);
  std::optional<Address> offered;
  if (out.drop == NatDrop::none) offered = out.source;
  const Nat::Outbound expected = naive_.outbound(now_, from, to, offered);
  RC_ASSERT(to_string(out.drop) == to_string(expected.drop));
  if (!offered) return;
  RC_ASSERT(out.source.to_string() == expected.source.to_string());
  seen_.push_back(out.source);
}

void Both::send_in() {
  const Address external = *rc::gen::elementOf(seen_), from = remote();
  const Nat::Inbound in = nat_.inbound(now_, external, from);
  const Nat::Inbound expected = naive_.inbound(now_, external, from);
  RC_ASSERT(to_string(in.drop) == to_string(expected.drop));
  RC_ASSERT(in.destination.to_string() == expected.destination.to_string());
}

void Both::send_hairpin() {
  if (!nat_.spec().translate) return;
  const Address from = host(), to = *rc::gen::elementOf(seen_);
  // Its own choice of a source shows only if the datagram passes.
  if (nat_.spec().port_policy != PortPolicy::preserve || nat_.external_ips().size() > 1 ||
      nat_.spec().hairpin == Hairpin::internal_source) {
    const Nat::Outbound first = nat_.outbound(now_, from, to);
    std::optional<Address> offered;
    if (first.drop == NatDrop::none) offered = first.source;
    naive_.outbound(now_, from, to, offered);
  }
  const Nat::Hairpinned out = nat_.hairpin(now_, from, to);
  const Nat::Hairpinned expected = naive_.hairpin(now_, from, to, std::nullopt);
  RC_ASSERT(to_string(out.drop) == to_string(expected.drop));
  RC_ASSERT(out.source.to_string() == expected.source.to_string());
  RC_ASSERT(out.destination.to_string() == expected.destination.to_string());
}

void Both::forward() {
  if (nat_.external_ips().size() > 1) return;
  const Address internal = host();
  const bool translate = nat_.spec().translate;
  const std::uint16_t port =
      translate ? *rc::gen::element<std::uint16_t>(5000, 5001, 5002, 7000) : internal.port;
  const Address external = translate ? with_port(kPublicIp, port) : internal;
  const auto made = nat_.forward(now_, port, internal);
  const auto expected = naive_.forward(now_, external, internal);
  RC_ASSERT(made.has_value() == expected.has_value());
  if (!made) return;
  RC_ASSERT(*made == *expected);
  // One endpoint with two forwards sends by either: nothing says by which.
  for (const auto& [old, owner] : forwards_) {
    if (owner != internal || old == external) continue;
    nat_.unforward(now_, external.port, internal);
    naive_.unforward(now_, external);
    return;
  }
  forwards_.emplace_back(external, internal);
  seen_.push_back(external);
}

void Both::unforward() {
  if (forwards_.empty()) return;
  const auto [external, internal] = forwards_.back();
  std::erase(forwards_, std::pair(external, internal));
  nat_.unforward(now_, external.port, internal);
  naive_.unforward(now_, external);
}

Address Both::host() const {
  return inside(*rc::gen::element<std::uint8_t>(2, 3, 4),
                *rc::gen::element<std::uint16_t>(500, 5000, 5001));
}

Address Both::remote() const {
  return outside(*rc::gen::element<std::uint8_t>(1, 2),
                 *rc::gen::element<std::uint16_t>(3478, 3479));
}

}  // namespace
}  // namespace kith::sim
