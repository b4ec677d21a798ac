#include "engine/base/text.h"
#include "io/core/make_engine.h"
#include "io/home/home.h"
#include "io/store/database.h"
#include "kith/io/core.h"

namespace kith::io {

Result<HomeView> inspect_home(const CoreOptions& options) {
  auto home = open_home(options.home, options.device_name);
  if (!home) return tl::unexpected(home.error());
  RestoredState restored;
  auto database = Database::open(home->store_path(), Database::Access::read_only);
  if (database) {
    auto loaded = database->load_all();
    if (!loaded) return tl::unexpected(loaded.error());
    restored = std::move(*loaded);
  } else if (database.error().code != ErrorCode::not_found) {
    return tl::unexpected(database.error());
  }
  const auto engine = make_engine(options.engine, *home, restored, nullptr);
  if (!engine) return tl::unexpected(engine.error());
  return HomeView{engine->id(), printable(home->device_name), engine->devices()};
}

}  // namespace kith::io
