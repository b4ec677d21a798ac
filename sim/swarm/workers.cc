#include "sim/swarm/workers.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace kith::sim {
namespace {

// Between two questions whether to stop.
constexpr int kLongestWaitMs = 250;

struct Child {
  pid_t process = -1;
  int to = -1;    // numbers, 8 bytes each
  int from = -1;  // lines
  std::optional<std::uint64_t> number;
  std::string text;  // of an unfinished line
};

bool write_all(int file, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(file, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

[[noreturn]] void serve(int numbers, int lines, const Workers::Work& work) {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::uint64_t number = 0;
  while (::read(numbers, &number, sizeof number) == ssize_t{sizeof number}) {
    const std::string line = work(number) + "\n";
    if (!write_all(lines, line.data(), line.size())) break;
  }
  // Without the exit handlers of the parent, whose buffers are copied here.
  std::_Exit(0);
}

bool start(Child& child, const std::vector<Child>& others, const Workers::Work& work) {
  int numbers[2], lines[2];
  if (::pipe(numbers) != 0) return false;
  if (::pipe(lines) != 0) {
    ::close(numbers[0]);
    ::close(numbers[1]);
    return false;
  }
  std::fflush(nullptr);
  child = {};
  child.process = ::fork();
  if (child.process == 0) {
    for (const Child& other : others) {
      if (other.to >= 0) ::close(other.to);
      if (other.from >= 0) ::close(other.from);
    }
    ::close(numbers[1]);
    ::close(lines[0]);
    serve(numbers[0], lines[1], work);
  }
  ::close(numbers[0]);
  ::close(lines[1]);
  child.to = numbers[1];
  child.from = lines[0];
  return child.process > 0;
}

// Lets it end and says how it did.
std::string finish(Child& child) {
  ::close(child.to);
  ::close(child.from);
  int status = 0;
  while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  child = {};
  if (WIFSIGNALED(status)) {
    return fmt::format("ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  }
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

bool give(Child& child, const Workers::Next& next) {
  child.number = next();
  if (!child.number) return false;
  // A child that has died meanwhile is found by its closed pipe.
  write_all(child.to, &*child.number, sizeof *child.number);
  return true;
}

// What can be read without waiting; false at the end of the pipe.
bool receive(Child& child) {
  char buffer[4096];
  const ssize_t size = ::read(child.from, buffer, sizeof buffer);
  if (size < 0) return errno == EINTR;
  child.text.append(buffer, static_cast<std::size_t>(size));
  return size > 0;
}

class Crew {
 public:
  Crew(const Workers::Next& next, const Workers::Work& work, const Workers::Done& done)
      : next_(next), work_(work), done_(done) {}

  bool add() {
    Child child;
    if (!start(child, children_, work_)) return false;
    children_.push_back(child);
    if (!give(children_.back(), next_)) dismiss(children_.size() - 1);
    return true;
  }

  bool busy() const { return !children_.empty(); }

  void abandon() {
    while (busy()) {
      ::kill(children_.back().process, SIGKILL);
      dismiss(children_.size() - 1);
    }
  }

  // Waits a while for something to come and deals with it. False if no child could be started for
  // one that died.
  bool turn() {
    std::vector<pollfd> waiting;
    for (const Child& child : children_) waiting.push_back({child.from, POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), kLongestWaitMs) < 0) return errno == EINTR;
    for (std::size_t i = children_.size(); i-- > 0;) {
      if (waiting[i].revents != 0 && !attend(i)) return false;
    }
    return true;
  }

 private:
  bool attend(std::size_t which) {
    Child& child = children_[which];
    if (!receive(child)) {
      const auto number = child.number;
      const std::string death = dismiss(which);
      if (number) done_(*number, std::nullopt, death);
      return add();
    }
    const std::size_t end = child.text.find('\n');
    if (end == std::string::npos) return true;
    const std::string line = child.text.substr(0, end);
    child.text.erase(0, end + 1);
    done_(*child.number, line, "");
    if (!give(child, next_)) dismiss(which);
    return true;
  }

  std::string dismiss(std::size_t which) {
    const std::string death = finish(children_[which]);
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(which));
    return death;
  }

  const Workers::Next& next_;
  const Workers::Work& work_;
  const Workers::Done& done_;
  std::vector<Child> children_;
};

}  // namespace

Result<void> Workers::run(unsigned processes, const Next& next, const Work& work, const Done& done,
                          const Stopped& stopped) {
  const auto old_handler = std::signal(SIGPIPE, SIG_IGN);
  Crew crew(next, work, done);
  bool alive = true;
  for (unsigned i = 0; i < processes && alive; ++i) alive = crew.add();
  while (alive && crew.busy()) {
    if (stopped && stopped()) {
      crew.abandon();
    } else {
      alive = crew.turn();
    }
  }
  std::signal(SIGPIPE, old_handler);
  if (alive) return {};
  return failure(ErrorCode::io_error,
                 fmt::format("No process could be started: {}.", std::strerror(errno)));
}

}  // namespace kith::sim
