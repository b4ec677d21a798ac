// Engines share nothing: a thousand of them in one process, each a little at a time in an order
// that changes, do byte for byte what each does alone.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "engine/base/random.h"
#include "tests/sim/pairing_scene.h"

namespace kith::sim {
namespace {

constexpr std::size_t kScenes = 500;  // of two engines each
constexpr Duration kTurn = std::chrono::milliseconds(40);
constexpr std::size_t kTurns = 75;
constexpr std::size_t kMessageTurn = 50;  // the pairing is done by then

std::unique_ptr<PairingScene> make_scene(std::size_t index) {
  SceneSpec spec;
  spec.seed = index + 1;
  spec.link.delay = std::chrono::milliseconds(10);
  spec.link.loss = Ppm{20'000};
  auto scene = std::make_unique<PairingScene>(spec);
  scene->pair(0, 1);
  return scene;
}

void take_turn(PairingScene& scene, std::size_t turn) {
  if (turn == kMessageTurn) {
    Device& from = scene.device(0);
    const Device& to = scene.device(1);
    from.submit(AddDeviceAddress{to.id(), to.address(PairingScene::kPort)});
    from.submit(SendMessage{RequestId{1'000'000}, to.id(), R"({"n":1})", {}});
  }
  scene.run_for(kTurn);
}

TEST(Interleaving, a_thousand_engines_do_what_each_does_alone) {
  std::vector<Digest> alone;
  std::size_t paired = 0;
  for (std::size_t i = 0; i < kScenes; ++i) {
    const auto scene = make_scene(i);
    for (std::size_t turn = 0; turn < kTurns; ++turn) take_turn(*scene, turn);
    paired += scene->standing(0, 1) == Standing::paired ? 1 : 0;
    alone.push_back(scene->world().trace_hash());
  }
  EXPECT_GT(paired, kScenes * 9 / 10);
  // Seeds differ, and so do runs: equality below is not that of empty traces.
  auto sorted = alone;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());

  std::vector<std::unique_ptr<PairingScene>> scenes;
  for (std::size_t i = 0; i < kScenes; ++i) scenes.push_back(make_scene(i));
  RandomSource random{Seed{}};
  std::vector<std::size_t> order(kScenes);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    random.shuffle(std::span(order));
    for (const std::size_t i : order) take_turn(*scenes[i], turn);
  }
  for (std::size_t i = 0; i < kScenes; ++i) {
    EXPECT_EQ(scenes[i]->world().trace_hash(), alone[i]) << "seed " << i + 1;
  }
}

}  // namespace
}  // namespace kith::sim
