// The simulated disk and store do what the real ones do: one suite for both.

#include <array>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "sim/disk/virtual_disk.h"
#include "sim/disk/virtual_store.h"
#include "tests/io/disk_conformance.h"
#include "tests/io/store_conformance.h"

namespace kith::testing {
namespace {

// Completes what was submitted in a drawn order.
class SimulatedDisk final : public DiskUnderTest {
 public:
  SimulatedDisk() { disk_.make_directory(base()); }

  std::string base() const override { return "/some/where"; }

  void submit(FileEffect effect) override { underway_.push_back(disk_.begin(std::move(effect))); }

  std::vector<FileCompleted> run_until_idle() override {
    random_.shuffle(std::span(underway_));
    std::vector<FileCompleted> completions;
    for (const auto& operation : underway_)
      completions.push_back(disk_.finish(*operation, ++time_));
    underway_.clear();
    return completions;
  }

  void make_symlink(const std::string& path, const std::string& target) override {
    disk_.make_symlink(path, target);
  }

 private:
  sim::VirtualDisk disk_;
  std::vector<std::unique_ptr<sim::VirtualDisk::Operation>> underway_;
  RandomSource random_{std::array<std::byte, 32>{}};
  std::int64_t time_ = 1'700'000'000'000'000'000;
};

class SimulatedStore final : public StoreUnderTest {
 public:
  void submit(StoreCommit commit) override { store_.begin({}, std::move(commit)); }

  std::vector<StoreCompleted> run_until_idle() override {
    std::vector<StoreCompleted> completions;
    while (store_.underway() > 0) completions.push_back(store_.finish());
    return completions;
  }

  RestoredState restart() override {
    store_.crash(random_);
    return store_.content();
  }

 private:
  sim::VirtualStore store_;
  RandomSource random_{std::array<std::byte, 32>{}};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Simulated, DiskConformance, ::testing::Types<SimulatedDisk>);
INSTANTIATE_TYPED_TEST_SUITE_P(Simulated, StoreConformance, ::testing::Types<SimulatedStore>);

}  // namespace
}  // namespace kith::testing
