#include "io/driver/driver.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>
#include <variant>

#include "engine/base/check.h"
#include "io/base/entropy.h"

namespace kith::io {
namespace {

// Receive calls in one turn of a socket, up to 1 MiB each.
constexpr int kReceivesPerTurn = 4;

// Timers that fire at once in one turn; more wait for the next.
constexpr int kTimersPerTurn = 8;

constexpr auto kHousekeepingInterval = std::chrono::seconds(10);
constexpr auto kEntropyInterval = std::chrono::hours(1);

// How long stop() waits for full sockets.
constexpr auto kStopPatience = std::chrono::seconds(2);

std::size_t worker_count(std::size_t wanted) {
  if (wanted != 0) return wanted;
  return std::max<std::size_t>(Driver::kMinWorkers, std::thread::hardware_concurrency());
}

// CLOCK_MONOTONIC is what std::chrono::steady_clock reads on Linux.
std::chrono::steady_clock::time_point time_point_of(Instant at) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at.ns));
}

}  // namespace

Driver::Driver(Strand strand, std::shared_ptr<Lifetime> lifetime, RecordedEngine engine,
               Database database, std::function<void(Event)> sink, const DriverOptions& options)
    : lifetime_(std::move(lifetime)),
      strand_(strand),
      engine_(std::move(engine)),
      sink_(std::move(sink)),
      completions_(strand, while_alive([this] { on_completions(); })),
      pool_(worker_count(options.worker_threads)),
      disk_(
          pool_, [this](FileCompleted completed) { completions_.push(std::move(completed)); },
          options.disk),
      store_(std::make_unique<Store>(
          std::move(database),
          [this](StoreCompleted completed) { completions_.push(std::move(completed)); },
          *options.effects)),
      sockets_(strand, *this, lifetime_, options.udp, *options.effects),
      networks_(strand, lifetime_, [this](NetworkChanged changed) { give(std::move(changed)); }),
      resolver_(strand, lifetime_),
      timer_(strand),
      housekeeping_(strand),
      entropy_due_(monotonic_now() + kEntropyInterval) {}

Driver::~Driver() { end_now(); }

void Driver::start() {
  wait_housekeeping();
  networks_.start();
  settle();
}

void Driver::give(Input input) {
  queued_.push_back(std::move(input));
  if (!handling_) settle();
}

// --- what happens -------------------------------------------------------------------------------

void Driver::on_readable(SocketId socket) {
  for (int call = 0; call < kReceivesPerTurn; ++call) {
    Error error;
    const auto outcome = sockets_.receive(
        socket, [this](const DatagramsReceived& batch) { handle(batch); }, error);
    if (outcome == SocketSet::Receive::gone) return;
    if (outcome == SocketSet::Receive::failed) {
      sockets_.close(socket);
      queued_.push_back(SocketFailed{socket, std::move(error)});
    }
    settle();
    if (ended()) return;
    if (outcome != SocketSet::Receive::more) break;
  }
  sockets_.wait_readable(socket);
}

void Driver::on_writable(SocketId socket) {
  if (sockets_.resume(socket)) queued_.push_back(SocketWritable{socket});
  settle();
}

void Driver::on_completions() {
  for (const Input& input : completions_.take()) {
    if (const auto* stored = std::get_if<StoreCompleted>(&input)) {
      KITH_CHECK(commits_outstanding_ > 0);
      --commits_outstanding_;
      if (!stored->outcome && store_outcome_) store_outcome_ = stored->outcome;
    }
    if (!deaf_) handle(input);
  }
  settle();
}

void Driver::on_timer() {
  timer_at_ = Instant::never();
  settle();
}

void Driver::on_housekeeping() {
  const auto change = clock_watch_.check();
  if (change.wall_clock_set || change.slept) queued_.push_back(WallClock{wall_clock_ms()});
  if (change.slept || monotonic_now() >= entropy_due_) {
    Entropy entropy;
    fill_with_entropy(entropy.bytes);
    queued_.push_back(entropy);
    entropy_due_ = monotonic_now() + kEntropyInterval;
  }
  wait_housekeeping();
  settle();
}

void Driver::wait_housekeeping() {
  housekeeping_.expires_after(kHousekeepingInterval);
  housekeeping_.async_wait(while_alive([this](boost::system::error_code error) {
    if (!error) on_housekeeping();
  }));
}

// --- the loop -----------------------------------------------------------------------------------

void Driver::handle(const Input& input) {
  handling_ = true;
  engine_.handle(monotonic_now(), input);
  drain_outputs();
}

// What the sink answers meanwhile waits until the engine has said everything.
void Driver::drain_outputs() {
  handling_ = true;
  while (auto output = engine_.poll_output()) {
    std::visit([this](auto& concrete) { carry_out(std::move(concrete)); }, *output);
  }
  handling_ = false;
}

void Driver::handle_queued() {
  while (!queued_.empty()) {
    const Input input = std::move(queued_.front());
    queued_.pop_front();
    handle(input);
  }
}

// Brings the outside to where the engine wants it after one or more inputs.
void Driver::settle() {
  if (!deaf_) {
    handle_queued();
    fire_due_timers();
    flush();
    close_flushed_sockets();
  }
  arm_timer();
  if (stop_done_) finish_stop();
}

void Driver::fire_due_timers() {
  for (int fired = 0; fired < kTimersPerTurn; ++fired) {
    const auto wakeup = engine_.get().next_wakeup();
    if (!wakeup || wakeup->at > monotonic_now()) return;
    handle(TimerFired{});
    handle_queued();
  }
}

void Driver::flush() {
  const bool more = sockets_.flush(engine_);
  drain_outputs();
  if ((!more && queued_.empty()) || turn_posted_) return;
  turn_posted_ = true;
  boost::asio::post(strand_, while_alive([this] {
                      turn_posted_ = false;
                      settle();
                    }));
}

void Driver::close_flushed_sockets() {
  if (to_close_.empty() || turn_posted_ || sockets_.blocked()) return;
  for (const SocketId socket : to_close_) sockets_.close(socket);
  to_close_.clear();
}

// A timer that fires too early costs a wake-up, and moving it later a system call for almost every
// packet: so it is only ever moved earlier.
void Driver::arm_timer() {
  const auto wakeup = engine_.get().next_wakeup();
  Instant at = stop_by_;
  if (wakeup && !deaf_) at = std::min(at, wakeup->at);
  if (at == Instant::never() || timer_at_ <= at) return;
  timer_at_ = at;
  timer_.expires_at(time_point_of(at));
  timer_.async_wait(while_alive([this](boost::system::error_code error) {
    if (!error) on_timer();
  }));
}

// --- ending -------------------------------------------------------------------------------------

// Queued before anything is flushed: a socket that one of them ends stays open for what the others
// have to say over it.
void Driver::stop(std::vector<Command> last, std::function<void(Result<void>)> done) {
  for (Command& command : last) queued_.push_back(std::move(command));
  stop_done_ = std::move(done);
  stop_by_ = monotonic_now() + kStopPatience;
  settle();
}

void Driver::finish_stop() {
  if (!deaf_) {
    const bool flushed = !turn_posted_ && !sockets_.blocked();
    if (!flushed && monotonic_now() < stop_by_) return;
    deaf_ = true;
    stop_by_ = Instant::never();
    sockets_.close_all();
  }
  if (commits_outstanding_ > 0) return;
  const auto done = std::exchange(stop_done_, nullptr);
  end_now();
  done(store_outcome_);
}

void Driver::end_now() {
  if (ended()) return;
  lifetime_->end();
  completions_.close();
  pool_.stop();
  pool_.join();
  store_.reset();
  sockets_.close_all();
  networks_.stop();
  resolver_.stop();
  engine_.end_recording();
  timer_.cancel();
  housekeeping_.cancel();
  if (const auto done = std::exchange(stop_done_, nullptr)) {
    done(failure(ErrorCode::cancelled, "The device ended before it had stopped."));
  }
}

// --- what the engine asks for -------------------------------------------------------------------

void Driver::carry_out(OpenSocket output) { queued_.push_back(sockets_.open(output)); }

void Driver::carry_out(CloseSocket output) { to_close_.insert(output.socket); }

void Driver::carry_out(JoinGroup output) { sockets_.join(output); }

void Driver::carry_out(LeaveGroup output) { sockets_.leave(output); }

void Driver::carry_out(ResolveHost output) {
  resolver_.resolve(output, [this](HostResolved resolved) { give(std::move(resolved)); });
}

void Driver::carry_out(StoreCommit output) {
  ++commits_outstanding_;
  store_->submit(std::move(output));
}

void Driver::carry_out(Compute output) {
  boost::asio::post(pool_,
                    [this, job = std::move(output)] { completions_.push(run_compute(job)); });
}

void Driver::carry_out(Event output) { sink_(std::move(output)); }

}  // namespace kith::io
