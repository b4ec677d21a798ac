#pragma once

// Runs one engine on real sockets, files, clocks and threads: the loop of kith/engine.h.
//
//   readable --> batches --\                        /--> sockets, disk, store, pool
//   completions ----------> handle -> outputs drained --> events to the sink
//   timer, commands ------/        -> settle: datagrams out, timer armed
//
// Up to a whole receive batch is handled before datagrams are polled: acknowledgements of one batch
// then leave together, and packets are filled with what all of it asked for. A turn is bounded both
// ways, and the next one goes through the io_context, so that nothing starves.
//
// All functions are called within the lifetime: by its functions, or before anything was started.
// The driver takes no protocol decision.

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "io/disk/disk.h"
#include "io/driver/clock.h"
#include "io/driver/completion_queue.h"
#include "io/driver/lifetime.h"
#include "io/driver/recorded_engine.h"
#include "io/driver/socket_set.h"
#include "io/driver/strand.h"
#include "io/network/host_resolver.h"
#include "io/network/network_watch.h"
#include "io/store/store.h"
#include "kith/engine.h"
#include "kith/io/effect_hook.h"

namespace kith::io {

struct DriverOptions {
  std::size_t worker_threads = 0;  // 0: kMinWorkers, or one for each processor if those are more
  UdpFeatures udp;
  DiskFeatures disk;
  EffectHook* effects = &no_effect_hook;  // outlives the driver
};

class Driver : private SocketSet::Owner {
 public:
  // File operations wait for disks more than they compute, and syncing files side by side lets a
  // file system write its journal once for several.
  static constexpr std::size_t kMinWorkers = 4;

  // `sink` takes every event in order, on the strand; it must not call the engine, and commands it
  // gives are carried out after the event.
  Driver(Strand strand, std::shared_ptr<Lifetime> lifetime, RecordedEngine engine,
         Database database, std::function<void(Event)> sink, const DriverOptions& options);
  ~Driver() override;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void start();
  void give(Input input);

  // Carries out the `last` commands together, sends what waits to be sent and stores what waits to
  // be stored, then ends. `done` says whether every record was stored.
  void stop(std::vector<Command> last, std::function<void(Result<void>)> done);
  // Ends at once. Waits for operations that run on other threads, drops those that are queued.
  void end_now();
  bool ended() const { return lifetime_->ended(); }

  const Engine& engine() const { return engine_.get(); }
  UdpCounters udp_counters() const { return sockets_.counters(); }

 private:
  void on_readable(SocketId socket) override;
  void on_writable(SocketId socket) override;
  void on_completions();
  void on_timer();
  void on_housekeeping();

  void handle(const Input& input);
  void handle_queued();
  void drain_outputs();
  void settle();
  void fire_due_timers();
  void flush();
  void close_flushed_sockets();
  void arm_timer();
  void wait_housekeeping();
  void finish_stop();

  void carry_out(OpenSocket output);
  void carry_out(CloseSocket output);
  void carry_out(JoinGroup output);
  void carry_out(LeaveGroup output);
  void carry_out(ResolveHost output);
  void carry_out(StoreCommit output);
  void carry_out(Compute output);
  void carry_out(Event output);
  template <class FileEffect>
  void carry_out(FileEffect output) {
    disk_.submit(std::move(output));
  }

  // `function` as a handler that does nothing once the driver has ended.
  template <class Function>
  auto while_alive(Function function) {
    return [lifetime = lifetime_, function](auto... arguments) {
      lifetime->while_alive([&] { function(arguments...); });
    };
  }

  std::shared_ptr<Lifetime> lifetime_;
  Strand strand_;
  RecordedEngine engine_;
  std::function<void(Event)> sink_;
  CompletionQueue completions_;
  boost::asio::thread_pool pool_;
  Disk disk_;
  std::unique_ptr<Store> store_;
  SocketSet sockets_;
  NetworkWatch networks_;
  HostResolver resolver_;

  std::deque<Input> queued_;     // given while an input was being handled
  std::set<SocketId> to_close_;  // once their last datagrams are sent
  bool handling_ = false;
  bool turn_posted_ = false;

  Timer timer_;
  Instant timer_at_ = Instant::never();  // when the armed timer fires
  Timer housekeeping_;
  ClockWatch clock_watch_;
  Instant entropy_due_;

  std::size_t commits_outstanding_ = 0;
  Result<void> store_outcome_;  // the first failure
  std::function<void(Result<void>)> stop_done_;
  Instant stop_by_ = Instant::never();
  bool deaf_ = false;  // stopping: only records are still waited for
};

}  // namespace kith::io
