#include "sim/world/device.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/check.h"
#include "sim/network/headers.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

// As many segments as one GSO send of Linux takes: UDP_MAX_SEGMENTS.
constexpr std::size_t kMaxSegments = 64;

// The range from which systems choose ports: RFC 6335 section 6.
constexpr std::uint16_t kFirstEphemeralPort = 49152;

// Roughly what one core hashes: FACTS of BLAKE3 in C are 5 GB/s.
constexpr std::uint64_t kComputeBytesPerNs = 5;

// Opening a socket is not instantaneous, and its outcome is an input of its own.
constexpr Duration kSocketDelay = std::chrono::microseconds(10);
// How long a system takes to tell that an address came or went.
constexpr Duration kNetworkNews = std::chrono::milliseconds(1);
// How long an answer of a name server takes.
constexpr Duration kResolveDelay = std::chrono::milliseconds(20);

}  // namespace

Device::Device(World& world, DeviceIndex index, const DeviceSpec& spec)
    : world_(world),
      index_(index),
      spec_(spec),
      random_(world.random("device", index)),
      delays_(random_.fork("delays")),
      key_{random_.fork("master key").bytes<32>()},
      id_(device_id_of(key_)),
      node_(world.network().add_node(*this, spec.interface)),
      disk_(spec.disk, random_.fork("disk faults"), &world.probes()),
      store_(spec.store) {
  spec_.engine.device_name = spec_.name;
  for (const Address& address : spec_.addresses) world.network().add_address(node_, address);
  for (const AttachmentSpec& attachment : spec_.attachments) {
    attachments_.push_back(world.topology().attach(node_, attachment));
  }
}

Device::~Device() = default;

void Device::start() {
  KITH_CHECK(!running());
  Seed seed = random_.fork("engine seed", lives_).bytes<32>();
  if (seed_tap_) seed_tap_(seed);
  ++lives_;
  const std::int64_t unix_ms = unix_ns() / 1'000'000;
  const Instant now = local_now();
  const RestoredState& restored = store_.content();
  const trace::Start made_of{spec_.engine, key_, restored, seed, unix_ms};
  world_.recorder().started(index_, now, made_of);
  if (recording_ != nullptr) recording_->started(now, made_of);
  engine_ = std::make_unique<Engine>(spec_.engine, key_, restored, seed, now, unix_ms);
  // Commands given by observers wait until what the constructor wants is done and sent.
  stepping_ = true;
  world_.notify(&Observer::on_started, *this, world_.now());
  Step done;
  finish_step(done);
  end_step();
  if (running()) give_later({}, networks());
}

void Device::stop(Ending ending, Unfinished unfinished, const PowerLoss& loss) {
  if (!running()) return;
  KITH_CHECK(!stepping_);
  if (paused_ && paused_->pause.monotonic_stops) clock_.wake(world_.now());
  paused_.reset();
  slept_ = false;
  world_.recorder().stopped(index_, local_now());
  if (recording_ != nullptr) recording_->stopped(local_now());
  engine_.reset();
  drop_underway(ending, unfinished, loss);
  world_.probes().fire(ending == Ending::crashed ? Probe::crash : Probe::kill);
  world_.notify(&Observer::on_stopped, *this, world_.now(), ending);
}

void Device::drop_underway(Ending ending, Unfinished unfinished, const PowerLoss& loss) {
  sockets_.clear();
  ports_.clear();
  groups_.clear();
  inputs_.clear();
  queued_.clear();
  timer_key_ = 0;
  room_awaited_ = false;

  RandomSource fate = random_.fork("ending", lives_);
  std::vector<std::uint64_t> keys;
  for (const auto& [key, underway] : files_) keys.push_back(key);
  fate.shuffle(std::span(keys));
  for (const std::uint64_t key : keys) {
    const bool drawn = fate.chance(1, 2);
    if (unfinished == Unfinished::drawn ? !drawn : unfinished == Unfinished::lost) continue;
    const VirtualDisk::Operation& operation = *files_[key].operation;
    const FileCompleted completed = disk_.finish(operation, unix_ns());
    world_.notify(&Observer::on_file_done, *this, world_.now(), operation.request,
                  completed.outcome);
  }
  files_.clear();
  if (unfinished == Unfinished::drawn) {
    store_.crash(fate);
  } else {
    store_.crash(unfinished == Unfinished::kept ? store_.underway() : 0);
  }
  store_free_at_ = world_.now();
  if (ending == Ending::crashed) {
    disk_.crash(fate, loss);
  } else {
    disk_.kill();
  }
}

// --- planned deaths -----------------------------------------------------------------------------

void Device::crash_at(const Crash& crash) {
  const bool divisible =
      crash.effect == EffectKind::store_commit || crash.effect == EffectKind::file;
  KITH_CHECK_MSG(crash.moment != Moment::during || divisible, "a datagram has no middle");
  KITH_CHECK(crash.nth > 0);
  plan_ = PlannedCrash{crash, effects(crash.effect) + crash.nth};
}

bool Device::crash_planned() const { return plan_ && world_.now() < plan_->crash.until; }

bool Device::dies_at(EffectKind kind, std::uint64_t number, Moment moment) const {
  return crash_planned() && plan_->crash.effect == kind && plan_->number == number &&
         plan_->crash.moment == moment;
}

void Device::die() {
  const Crash crash = plan_->crash;
  plan_.reset();
  dying_ = false;
  world_.probes().fire(Probe::crash_at_effect);
  stop(crash.ending, crash.unfinished, crash.loss);
  if (crash.down) schedule(*crash.down, Kind::restart, lives_);
}

void Device::submit(Command command) {
  if (!running()) return;
  queued_.push_back(std::move(command));
  if (!stepping_ && !paused_) run_queued();
}

std::vector<Address> Device::addresses(std::uint16_t port) const {
  std::vector<Address> all = world_.network().addresses(node_);
  for (Address& address : all) address.port = port;
  return all;
}

std::vector<Address> Device::known_addresses(std::uint16_t port) const {
  std::vector<Address> known = addresses(port);
  for (const Attachment& attachment : attachments_) {
    const auto forwarded = world_.topology().forwarded_address(attachment);
    if (forwarded && attachment.connected) known.push_back(*forwarded);
  }
  return known;
}

std::vector<Address::Family> Device::families() const {
  std::set<Address::Family> families;
  for (const Address& address : spec_.addresses) families.insert(address.family);
  for (const Attachment& attachment : attachments_) {
    for (const Address& address : attachment.addresses) families.insert(address.family);
  }
  return {families.begin(), families.end()};
}

void Device::attach(std::size_t which, bool connected, bool ipv6_only) {
  world_.topology().connect(attachments_[which], connected, ipv6_only);
  if (running()) give_later(kNetworkNews, networks());
}

std::optional<Address> Device::address_on(std::uint32_t interface, Address::Family family) const {
  for (const NetworkInterface& each : networks().interfaces) {
    if (each.index != interface) continue;
    for (const NetworkAddress& address : each.addresses) {
      if (address.ip.family == family) return address.ip;
    }
  }
  return std::nullopt;
}

// Wires carry no multicast.
NetworkChanged Device::networks() const {
  NetworkChanged networks;
  const auto add = [&](std::uint32_t index, bool multicast, const std::vector<Address>& addresses) {
    NetworkInterface interface {
      index, fmt::format("net{}", index), multicast, {}
    };
    for (Address address : addresses) {
      address.port = 0;
      const std::uint8_t prefix_bits = address.family == Address::Family::ipv4 ? 24 : 64;
      if (!world_.network().has_address(node_, address)) continue;
      interface.addresses.push_back({address, prefix_bits});
    }
    if (!interface.addresses.empty()) networks.interfaces.push_back(std::move(interface));
  };
  if (!spec_.addresses.empty()) add(1, false, spec_.addresses);
  for (std::size_t i = 0; i < attachments_.size(); ++i) {
    add(static_cast<std::uint32_t>(i + 1), true, attachments_[i].addresses);
  }
  return networks;
}

// --- the run loop -------------------------------------------------------------------------------

void Device::on_event(Instant, std::uint64_t argument) {
  const std::uint64_t key = argument >> kKindBits;
  const auto kind = static_cast<Kind>(argument & ((1u << kKindBits) - 1));
  if (kind == Kind::restart && !running() && key == lives_) return start();
  if (!running()) return;
  if (kind == Kind::wake) return wake(key);
  if (paused_) {
    paused_->events.push_back(argument);
  } else {
    on_own_event(kind, key);
  }
}

void Device::on_own_event(Kind kind, std::uint64_t key) {
  switch (kind) {
    case Kind::timer:
      return on_timer(key);
    case Kind::file:
      return finish_file(key);
    case Kind::store:
      return finish_store(key);
    case Kind::room:
      return on_room(key);
    case Kind::clock_news:
      return tell_clock(key);
    case Kind::restart:
    case Kind::wake:
      return;
    case Kind::input:
      break;
  }
  const auto found = inputs_.find(key);
  if (found == inputs_.end()) return;
  const Input input = std::move(found->second);
  inputs_.erase(found);
  if (const auto* opened = std::get_if<SocketOpened>(&input)) {
    const auto socket = sockets_.find(opened->socket);
    if (socket == sockets_.end()) return;  // closed before it was open
    socket->second.open = true;
  }
  step(input);
}

void Device::on_datagrams(Instant, const Arrival& arrival) {
  const std::vector<SocketId> sockets = sockets_for(arrival);
  if (sockets.empty()) {
    ++unheard_;
    return;
  }
  if (paused_) return hold(arrival);
  const std::uint64_t life = lives_;
  for (const SocketId socket : sockets) {
    if (running() && lives_ == life && sockets_.contains(socket)) receive(socket, arrival);
  }
}

// The one that is bound to the port; of a group, all that joined it there.
std::vector<SocketId> Device::sockets_for(const Arrival& arrival) const {
  std::vector<SocketId> found;
  const auto is_open = [this](SocketId id) { return sockets_.at(id).open; };
  if (is_multicast(arrival.local)) {
    Address group = arrival.local;
    group.port = 0;
    for (auto at = groups_.lower_bound({group, arrival.interface, {}});
         at != groups_.end() && at->group == group && at->interface == arrival.interface; ++at) {
      const bool has_port = sockets_.at(at->socket).local.port == arrival.local.port;
      if (has_port && is_open(at->socket)) found.push_back(at->socket);
    }
  } else if (const auto port = ports_.find({arrival.local.family, arrival.local.port});
             port != ports_.end() && is_open(port->second)) {
    found.push_back(port->second);
  }
  return found;
}

void Device::receive(SocketId socket, const Arrival& arrival) {
  DatagramsReceived received{socket,      arrival.local,  arrival.remote, arrival.interface,
                             arrival.ecn, arrival.stride, arrival.bytes};
  const std::optional<std::size_t> last = last_bytes_received(arrival);
  if (last) received.bytes = received.bytes.first(*last);
  if (!last || *last > 0) step(received);
  if (last && running()) die();
}

// Where in a batch the datagrams end that a device receives before it dies, if it does.
std::optional<std::size_t> Device::last_bytes_received(const Arrival& arrival) {
  const std::size_t stride = std::max<std::size_t>(arrival.stride, 1);
  std::size_t at = 0;
  do {
    const std::uint64_t number = count(EffectKind::datagram_received);
    if (dies_at(EffectKind::datagram_received, number, Moment::before)) return at;
    at = std::min(at + stride, arrival.bytes.size());
    if (dies_at(EffectKind::datagram_received, number, Moment::after)) return at;
  } while (at < arrival.bytes.size());
  return std::nullopt;
}

void Device::step(const Input& input, std::string_view asked_by) {
  KITH_CHECK(running() && !stepping_ && !paused_);
  stepping_ = true;
  const Instant now = local_now();
  world_.recorder().input(index_, now, input);
  if (recording_ != nullptr) recording_->input(now, input);
  world_.notify(&Observer::on_input, *this, world_.now(), input);
  engine_->handle(now, input);
  Step done;
  done.timer = std::holds_alternative<TimerFired>(input);
  done.asked_by = asked_by;
  finish_step(done);
  end_step();
}

void Device::end_step() {
  stepping_ = false;
  if (dying_) return die();
  run_queued();
}

void Device::finish_step(Step& done) {
  for (;;) {
    std::optional<Output> output = engine_->poll_output();
    if (output && output_tap_) output_tap_(*output);
    world_.recorder().output(index_, local_now(), output);
    if (recording_ != nullptr) recording_->output(output);
    if (!output) break;
    ++done.outputs;
    world_.notify(&Observer::on_output, *this, world_.now(), *output);
    std::visit([this](const auto& effect) { carry_out(effect); }, *output);
    if (dying_) return;
  }
  send_datagrams(done);
  if (dying_) return;
  close_sockets();
  done.wakeup = wanted_wakeup();
  arm_timer(done.wakeup);
  engine_->check_invariants();
  world_.notify(&Observer::on_step, *this, world_.now(), done);
}

void Device::run_queued() {
  while (running() && !stepping_ && !queued_.empty()) {
    Command command = std::move(queued_.front());
    queued_.pop_front();
    step(std::move(command));
  }
}

// By the world's clock, as observers live by it.
std::optional<Wakeup> Device::wanted_wakeup() const {
  std::optional<Wakeup> wakeup = engine_->next_wakeup();
  if (wakeup) wakeup->at = world_instant(wakeup->at);
  if (wakeup_tap_) wakeup_tap_(world_.now(), wakeup);
  return wakeup;
}

void Device::arm_timer(const std::optional<Wakeup>& wakeup) {
  if (!wakeup || wakeup->at == Instant::never()) return;
  const Instant at = std::max(wakeup->at, world_.now());
  // A timer that fires too early looks again: wakeups move back far more often than forth.
  if (timer_key_ != 0 && timer_at_ <= at) return;
  timer_at_ = at;
  timer_key_ = ++next_key_;
  schedule(at - world_.now(), Kind::timer, timer_key_);
}

void Device::on_timer(std::uint64_t key) {
  if (key != timer_key_) return;
  timer_key_ = 0;
  const std::optional<Wakeup> wakeup = wanted_wakeup();
  if (!wakeup) return;
  if (wakeup->at > world_.now()) return arm_timer(wakeup);
  step(TimerFired{}, wakeup->reason);
}

// --- sockets ------------------------------------------------------------------------------------

void Device::carry_out(const OpenSocket& output) {
  const Result<Address> local = bind(output.socket, output.bind);
  if (local) {
    give_later(kSocketDelay, SocketOpened{output.socket, *local});
  } else {
    give_later(kSocketDelay, SocketFailed{output.socket, local.error()});
  }
}

Result<Address> Device::bind(SocketId id, const Address& wanted) {
  Address local = wanted;
  const auto is_wanted = [&wanted](Address own) {
    own.port = wanted.port;
    return own == wanted;
  };
  const std::vector<Address> own = world_.network().addresses(node_);
  // What is bound to no address in particular waits for networks to come.
  if (!wanted.is_unspecified() && std::none_of(own.begin(), own.end(), is_wanted)) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("This device has no address {}.", wanted.to_string()));
  }
  if (local.port == 0) {
    local.port = kFirstEphemeralPort;
    while (ports_.contains({local.family, local.port}) && local.port < 65535) ++local.port;
  }
  if (!ports_.emplace(PortKey{local.family, local.port}, id).second) {
    return failure(ErrorCode::already_exists, fmt::format("Port {} is taken.", local.port));
  }
  const bool fresh = sockets_.emplace(id, Socket{local}).second;
  KITH_CHECK_MSG(fresh, "socket {} is already open", id.value);
  return local;
}

void Device::carry_out(const CloseSocket& output) {
  const auto found = sockets_.find(output.socket);
  if (found != sockets_.end()) found->second.closing = true;
}

void Device::carry_out(const JoinGroup& output) {
  Address group = output.group;
  group.port = 0;
  if (sockets_.contains(output.socket)) groups_.insert({group, output.interface, output.socket});
}

void Device::carry_out(const LeaveGroup& output) {
  Address group = output.group;
  group.port = 0;
  groups_.erase({group, output.interface, output.socket});
}

// A host of the virtual world is named as its device is.
void Device::carry_out(const ResolveHost& output) {
  HostResolved resolved{output.id, world_.resolve(output.host, output.port)};
  give_later(kResolveDelay, std::move(resolved));
}

// After the datagrams of the step have left, as a system sends what was written before a close.
void Device::close_sockets() {
  for (auto at = sockets_.begin(); at != sockets_.end();) {
    if (at->second.closing) {
      ports_.erase({at->second.local.family, at->second.local.port});
      std::erase_if(groups_, [&](const Membership& each) { return each.socket == at->first; });
      at = sockets_.erase(at);
    } else {
      ++at;
    }
  }
}

void Device::send_datagrams(Step& done) {
  for (auto& [id, socket] : sockets_) {
    if (socket.open && socket.writable && !dying_) send_from(id, socket, done);
  }
}

void Device::send_from(SocketId id, Socket& socket, Step& done) {
  const std::span<std::byte> room = world_.send_buffer();
  const Instant now = local_now();
  while (world_.network().can_send(node_)) {
    std::optional<Transmit> sent = engine_->poll_datagrams(now, id, room, kMaxSegments);
    if (sent && transmit_tap_) transmit_tap_(*sent, room);
    const ByteView bytes = sent ? ByteView(room.first(sent->size)) : ByteView();
    world_.recorder().datagrams(index_, now, id, room.size(), kMaxSegments, sent, bytes);
    if (recording_ != nullptr) {
      recording_->datagrams(now, id, room.size(), kMaxSegments, sent, bytes);
    }
    if (!sent) return;
    ++done.transmits;
    world_.notify(&Observer::on_transmit, *this, world_.now(), *sent, bytes);
    transmit(socket, *sent, bytes);
    if (dying_) return;
  }
  block_sockets();
}

void Device::transmit(const Socket& socket, const Transmit& transmit, ByteView bytes) {
  KITH_CHECK(transmit.segment_size > 0);
  Address source = transmit.source;
  if (source.is_unspecified()) {
    const std::optional<Address> own = transmit.interface > 0
                                           ? address_on(transmit.interface, transmit.remote.family)
                                           : world_.network().source_for(node_, transmit.remote);
    if (!own) return;  // the system has no route there
    source = *own;
  } else if (!world_.network().has_address(node_, source)) {
    return;  // nor does it send from an address that it has lost
  }
  source.port = socket.local.port;
  for (std::size_t at = 0; at < bytes.size(); at += transmit.segment_size) {
    const std::uint64_t number = count(EffectKind::datagram_sent);
    dying_ = dies_at(EffectKind::datagram_sent, number, Moment::before);
    if (dying_) return;
    if (world_.now() < sends_refused_until_) {
      world_.probes().fire(Probe::send_error);
    } else {
      world_.network().send(node_, source, transmit.remote, transmit.ecn,
                            bytes.subspan(at, std::min(transmit.segment_size, bytes.size() - at)));
    }
    dying_ = dies_at(EffectKind::datagram_sent, number, Moment::after);
    if (dying_) return;
  }
}

// All of them share the interface that is full.
void Device::block_sockets() {
  for (auto& [id, socket] : sockets_) socket.writable = false;
  if (room_awaited_) return;
  room_awaited_ = true;
  schedule(world_.network().room_at(node_) - world_.now(), Kind::room, lives_);
}

void Device::on_room(std::uint64_t life) {
  if (life != lives_) return;
  room_awaited_ = false;
  std::vector<SocketId> blocked;
  for (auto& [id, socket] : sockets_) {
    if (!socket.writable) blocked.push_back(id);
  }
  for (const SocketId id : blocked) {
    const auto found = sockets_.find(id);
    if (!running() || found == sockets_.end() || !world_.network().can_send(node_)) continue;
    found->second.writable = true;
    step(SocketWritable{id});
  }
  // The first of them may have filled the interface again.
  if (!running() || room_awaited_) return;
  const bool still_blocked = std::any_of(sockets_.begin(), sockets_.end(),
                                         [](const auto& entry) { return !entry.second.writable; });
  if (still_blocked) block_sockets();
}

// --- effects ------------------------------------------------------------------------------------

void Device::begin_file(FileRequest request) {
  const std::uint64_t number = count(EffectKind::file);
  dying_ = dies_at(EffectKind::file, number, Moment::before);
  if (dying_) return;
  Duration delay = draw_delay(spec_.disk, request, delays_);
  if (const std::uint32_t slowness = disk_.faults().slowness(world_.now()); slowness > 1) {
    delay *= slowness;
    world_.probes().fire(Probe::disk_slow);
  }
  const std::uint64_t key = ++next_key_;
  files_.emplace(key, FileUnderway{disk_.begin(std::move(request), world_.now()), number});
  schedule(delay, Kind::file, key);
  dying_ = dies_at(EffectKind::file, number, Moment::during);
}

void Device::finish_file(std::uint64_t key) {
  const auto found = files_.find(key);
  if (found == files_.end()) return;
  const FileUnderway underway = std::move(found->second);
  files_.erase(found);
  const FileCompleted completed = disk_.finish(*underway.operation, unix_ns());
  world_.notify(&Observer::on_file_done, *this, world_.now(), underway.operation->request,
                completed.outcome);
  if (dies_at(EffectKind::file, underway.number, Moment::after)) return die();
  step(completed);
}

void Device::carry_out(const StoreCommit& output) {
  const std::uint64_t number = count(EffectKind::store_commit);
  dying_ = dies_at(EffectKind::store_commit, number, Moment::before);
  if (dying_) return;
  store_.begin(world_.now(), output);
  const Duration delay = draw_between(delays_, spec_.store.latency_least, spec_.store.latency_most);
  store_free_at_ = std::max(store_free_at_, world_.now() + delay);
  schedule(store_free_at_ - world_.now(), Kind::store, lives_);
  dying_ = dies_at(EffectKind::store_commit, number, Moment::during);
}

void Device::finish_store(std::uint64_t life) {
  if (life != lives_) return;
  // Commits complete in the order they were issued.
  const std::uint64_t number = effects(EffectKind::store_commit) - store_.underway() + 1;
  const StoreCompleted completed = store_.finish();
  if (!completed.outcome) world_.probes().fire(Probe::store_error);
  if (dies_at(EffectKind::store_commit, number, Moment::after)) return die();
  step(completed);
}

void Device::carry_out(const Compute& output) {
  const Duration delay =
      draw_between(delays_, spec_.compute_least, spec_.compute_most) +
      Duration{static_cast<std::int64_t>(output.data.size() / kComputeBytesPerNs)};
  give_later(delay, run_compute(output));
}

void Device::give_later(Duration delay, Input input) {
  const std::uint64_t key = ++next_key_;
  inputs_.emplace(key, std::move(input));
  schedule(delay, Kind::input, key);
}

void Device::schedule(Duration delay, Kind kind, std::uint64_t key) {
  world_.timeline().schedule(world_.now() + delay, *this,
                             key << kKindBits | static_cast<std::uint64_t>(kind));
}

}  // namespace kith::sim
