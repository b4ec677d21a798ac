#pragma once

// One device: a real engine with a virtual machine around it, run by the loop of kith/engine.h.
//
//   datagrams, timers, completions, commands --> step: handle, outputs until drained, datagrams of
//   every writable socket, timer armed, invariants checked
//
// Disk, store, key and addresses outlive the engine: start, stop, start again. A death can be
// planned for any effect (crash.h), also in the middle of a step. The engine lives by the clocks of
// its device (host_clock.h), everything else by the world's. It owns the sockets and the delays of
// effects; it does not own links (network.h) or what files are worth after a crash
// (virtual_disk.h).

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/trace/recorder.h"
#include "engine/trace/recording_writer.h"
#include "kith/engine.h"
#include "sim/disk/virtual_disk.h"
#include "sim/disk/virtual_store.h"
#include "sim/network/network.h"
#include "sim/world/crash.h"
#include "sim/world/host_clock.h"
#include "sim/world/observer.h"
#include "sim/world/pause.h"
#include "sim/world/timeline.h"
#include "sim/world/topology.h"

namespace kith::sim {

class World;

struct DeviceSpec {
  std::string name;
  std::vector<Address> addresses;  // on wires; ports are not looked at
  std::vector<AttachmentSpec> attachments;
  Config engine;  // its device_name is set from `name`
  InterfaceSpec interface;
  DiskSpec disk;
  StoreSpec store;
  // How long a Compute job takes beside the time its bytes need.
  Duration compute_least = std::chrono::microseconds(5);
  Duration compute_most = std::chrono::microseconds(100);
};

class Device final : private EventTarget, private DatagramSink {
 public:
  Device(World& world, DeviceIndex index, const DeviceSpec& spec);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  DeviceIndex index() const { return index_; }
  const std::string& name() const { return spec_.name; }
  const DeviceId& id() const { return id_; }
  NodeId node() const { return node_; }
  bool running() const { return engine_ != nullptr; }
  // How often it was started.
  std::uint64_t lives() const { return lives_; }

  // Records all its engines from now on; before start(). The writer outlives the device's run.
  void record_to(trace::RecordingWriter& recording) { recording_ = &recording; }

  // Makes an engine from what the store holds. It is not running.
  void start();
  // Ends the engine, if it is running.
  void stop(Ending ending, Unfinished unfinished = Unfinished::drawn, const PowerLoss& loss = {});

  // Plans a death at an effect, instead of one that was planned before.
  void crash_at(const Crash& crash);
  // Whether a planned death is still to come.
  bool crash_planned() const;
  // How many effects of a kind there were, over all lives.
  std::uint64_t effects(EffectKind kind) const { return effects_[static_cast<std::size_t>(kind)]; }

  // Nothing of it runs for a while: see pause.h. Does nothing to a device that is not running.
  void pause(const Pause& pause);
  bool paused() const { return paused_.has_value(); }

  // From now on its clocks gain so many parts per million.
  void change_clock_rate(std::int32_t ppm);
  // Somebody sets its wall clock. The engine hears of it as from io's driver: within seconds.
  void set_wall_clock(Duration by);
  // The system refuses to send until then: datagrams are dropped and the engine is not told, as
  // io's sockets do with errors of single sends (EPERM, ENETUNREACH, ...).
  void refuse_sends(Instant until) { sends_refused_until_ = until; }

  // What the engine takes for now, and files are dated by.
  Instant local_now() const;
  std::int64_t unix_ns() const;

  // See, and may alter, what the engine gives before anyone else sees it: every output,
  // datagrams with the room they lie in, when it wants to be woken. For bugs that tests plant to
  // show that a checker sees them.
  using OutputTap = std::function<void(Output&)>;
  void set_output_tap(OutputTap tap) { output_tap_ = std::move(tap); }
  using TransmitTap = std::function<void(Transmit&, std::span<std::byte> room)>;
  void set_transmit_tap(TransmitTap tap) { transmit_tap_ = std::move(tap); }
  using WakeupTap = std::function<void(Instant now, std::optional<Wakeup>&)>;
  void set_wakeup_tap(WakeupTap tap) { wakeup_tap_ = std::move(tap); }
  // The same for the randomness that an engine is given when it is made.
  using SeedTap = std::function<void(Seed&)>;
  void set_seed_tap(SeedTap tap) { seed_tap_ = std::move(tap); }

  // Gives the engine a command: at once, or after the step that is under way. Dropped if the
  // device is not running.
  void submit(Command command);

  // Where others may reach a socket that is listening on `port`: the addresses that the device has
  // now.
  std::vector<Address> addresses(std::uint16_t port) const;
  // The first of them, for a device that has one.
  Address address(std::uint16_t port) const { return addresses(port).front(); }
  // The same, as a person tells it who knows her router: also those of gateways that forward.
  std::vector<Address> known_addresses(std::uint16_t port) const;

  // Whether it finds others by itself.
  bool discovers() const { return spec_.engine.discovery.mdns || spec_.engine.discovery.dht; }

  // The versions of IP that it has addresses of, now or when it is connected.
  std::vector<Address::Family> families() const;

  // Where it is joined to realms, in the order of its spec.
  std::size_t attachment_count() const { return attachments_.size(); }
  const Attachment& attachment(std::size_t which) const { return attachments_[which]; }
  // It comes to a network or leaves it.
  void attach(std::size_t which, bool connected, bool ipv6_only = false);

  const Engine& engine() const { return *engine_; }
  VirtualDisk& disk() { return disk_; }
  const VirtualDisk& disk() const { return disk_; }
  VirtualStore& store() { return store_; }

  // Datagrams for ports on which nothing listened.
  std::uint64_t datagrams_unheard() const { return unheard_; }

 private:
  static constexpr unsigned kKindBits = 3;
  enum class Kind : std::uint8_t { timer, file, store, input, room, restart, wake, clock_news };

  struct Socket {
    Address local;
    bool open = false;  // the engine has been told
    bool writable = true;
    bool closing = false;
  };
  struct PortKey {
    Address::Family family = Address::Family::ipv4;
    std::uint16_t port = 0;
    friend auto operator<=>(const PortKey&, const PortKey&) = default;
  };
  struct Membership {  // of a socket in a group
    Address group;
    std::uint32_t interface = 0;
    SocketId socket;
    friend auto operator<=>(const Membership&, const Membership&) = default;
  };
  struct FileUnderway {
    std::unique_ptr<VirtualDisk::Operation> operation;
    std::uint64_t number = 0;  // among the effects of its kind
  };
  struct PlannedCrash {
    Crash crash;
    std::uint64_t number = 0;
  };

  void on_event(Instant now, std::uint64_t argument) override;
  void on_datagrams(Instant now, const Arrival& arrival) override;
  void on_own_event(Kind kind, std::uint64_t key);

  void step(const Input& input, std::string_view asked_by = {});
  void finish_step(Step& done);
  void end_step();
  void run_queued();
  void send_datagrams(Step& done);
  void send_from(SocketId id, Socket& socket, Step& done);
  void transmit(const Socket& socket, const Transmit& transmit, ByteView bytes);
  void block_sockets();
  void close_sockets();
  std::optional<Wakeup> wanted_wakeup() const;
  void arm_timer(const std::optional<Wakeup>& wakeup);

  void carry_out(const OpenSocket& output);
  void carry_out(const CloseSocket& output);
  void carry_out(const JoinGroup& output);
  void carry_out(const LeaveGroup& output);
  void carry_out(const ResolveHost& output);
  void carry_out(const StoreCommit& output);
  void carry_out(const Compute& output);
  void carry_out(const Event&) {}  // observers have seen it
  template <class FileEffect>
  void carry_out(const FileEffect& output) {
    begin_file(output);
  }
  void begin_file(FileRequest request);
  void finish_file(std::uint64_t key);
  void finish_store(std::uint64_t life);
  void on_timer(std::uint64_t key);
  void on_room(std::uint64_t life);
  Result<Address> bind(SocketId id, const Address& wanted);

  void schedule(Duration delay, Kind kind, std::uint64_t key);
  void give_later(Duration delay, Input input);
  void drop_underway(Ending ending, Unfinished unfinished, const PowerLoss& loss);

  std::uint64_t count(EffectKind kind) { return ++effects_[static_cast<std::size_t>(kind)]; }
  bool dies_at(EffectKind kind, std::uint64_t number, Moment moment) const;
  void receive(SocketId socket, const Arrival& arrival);
  std::vector<SocketId> sockets_for(const Arrival& arrival) const;
  NetworkChanged networks() const;
  std::optional<Address> address_on(std::uint32_t interface, Address::Family family) const;
  std::optional<std::size_t> last_bytes_received(const Arrival& arrival);
  void die();

  // device_host.cc
  Instant world_instant(Instant local) const;
  void wake(std::uint64_t key);
  void run_held();
  void hold(const Arrival& arrival);
  void rearm_timer();
  void tell_clock(std::uint64_t life);

  World& world_;
  DeviceIndex index_;
  DeviceSpec spec_;
  RandomSource random_;
  RandomSource delays_;
  MasterKey key_;
  DeviceId id_;
  NodeId node_;
  std::vector<Attachment> attachments_;
  trace::RecordingWriter* recording_ = nullptr;
  OutputTap output_tap_;
  TransmitTap transmit_tap_;
  WakeupTap wakeup_tap_;
  SeedTap seed_tap_;
  VirtualDisk disk_;
  VirtualStore store_;

  // What is lost when the engine ends.
  std::unique_ptr<Engine> engine_;
  std::map<SocketId, Socket> sockets_;
  std::map<PortKey, SocketId> ports_;
  std::set<Membership> groups_;
  std::map<std::uint64_t, FileUnderway> files_;  // by key
  std::map<std::uint64_t, Input> inputs_;        // by key
  std::deque<Command> queued_;
  Instant store_free_at_;
  Instant timer_at_;
  std::uint64_t timer_key_ = 0;  // 0: no timer is armed
  bool stepping_ = false;
  bool dying_ = false;  // the planned effect was met in the step that is under way
  bool room_awaited_ = false;

  std::uint64_t next_key_ = 0;  // keys are never used again, so events of past lives find nothing
  std::uint64_t lives_ = 0;
  std::uint64_t unheard_ = 0;
  std::array<std::uint64_t, kEffectKinds> effects_{};
  std::optional<PlannedCrash> plan_;

  HostClock clock_;
  std::optional<PausedState> paused_;
  Instant sends_refused_until_;
  bool slept_ = false;  // and the engine has not been told
  std::uint64_t entropies_ = 0;
};

}  // namespace kith::sim
