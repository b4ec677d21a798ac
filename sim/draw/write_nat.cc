#include "sim/draw/write_nat.h"

#include "sim/draw/drawing.h"

namespace kith::sim {

using nlohmann::json;

json write_nat(const NatSpec& nat) {
  json keys{{"filtering", to_string(nat.filtering)},
            {"unreplied_timeout_s", document_seconds(nat.unreplied_timeout)},
            {"replied_timeout_s", document_seconds(nat.replied_timeout)},
            {"absolute_timeout_s", document_seconds(nat.absolute_timeout)},
            {"inbound_refreshes", nat.inbound_refreshes},
            {"table_size", nat.table_size},
            {"when_full", to_string(nat.when_full)},
            {"udp_blocked", nat.udp_blocked}};
  if (nat.translate) {
    keys.update({{"mapping", to_string(nat.mapping)},
                 {"port_policy", to_string(nat.port_policy)},
                 {"hairpin", to_string(nat.hairpin)},
                 {"pooling", to_string(nat.pooling)},
                 {"unsolicited_poisons", nat.unsolicited_poisons}});
  }
  return keys;
}

}  // namespace kith::sim
