#include "tests/sim/planted/file_bugs.h"

#include <memory>

#include "sim/scenario/workload.h"
#include "sim/world/world.h"
#include "tests/sim/planted/victims.h"

namespace kith::sim {

void wrong_permissions(World& world) {
  receiver(world).set_output_tap([](Output& output) {
    if (auto* attributes = std::get_if<FileSetAttributes>(&output)) attributes->mode ^= 0111;
  });
}

void files_made_in_their_place(World& world) {
  const auto made = std::make_shared<int>(0);
  receiver(world).set_output_tap([made](Output& output) {
    auto* open = std::get_if<FileOpen>(&output);
    if (open == nullptr || open->mode != FileOpen::Mode::create) return;
    open->path.relative = "received-" + std::to_string(++*made);
  });
}

// Before it is paired with anyone it tells that it listens, and makes a directory instead the
// second time it has anything to tell.
void a_write_for_a_stranger(World& world) {
  const auto done = std::make_shared<bool>(false);
  receiver(world).set_output_tap([done](Output& output) {
    const auto* event = std::get_if<Event>(&output);
    if (event == nullptr || *done || !std::holds_alternative<DeviceChanged>(*event)) return;
    *done = true;
    output = FileMakeDirectory{{}, {std::string(kInbox), ".kith-part-of-a-stranger"}};
  });
}

// Something that is as quickly done takes their place.
void syncs_left_out(World& world) {
  receiver(world).set_output_tap([](Output& output) {
    if (const auto* sync = std::get_if<FileSync>(&output)) {
      output = FileWrite{sync->op, sync->handle, 0, {}};
    }
  });
}

void removes_the_persons_file(World& world) {
  Device& device = receiver(world);
  const std::string name = "diary";
  device.disk().make_file(std::string(kInbox) + "/" + name, as_byte_view("mine"));
  device.set_output_tap([name](Output& output) {
    if (auto* remove = std::get_if<FileRemove>(&output)) {
      remove->path = {std::string(kInbox), name};
    }
  });
}

void changes_what_is_elsewhere(World& world) {
  receiver(world).set_output_tap([](Output& output) {
    if (auto* remove = std::get_if<FileRemove>(&output)) remove->path = {"/elsewhere", "file"};
  });
}

void files_left_open(World& world) {
  receiver(world).set_output_tap([](Output& output) {
    if (const auto* close = std::get_if<FileClose>(&output)) {
      output = FileSync{close->op, close->handle};
    }
  });
}

}  // namespace kith::sim
