#include "tests/sim/planted/planted_bugs.h"

#include "tests/sim/planted/datagram_bugs.h"
#include "tests/sim/planted/file_bugs.h"
#include "tests/sim/planted/machine_bugs.h"
#include "tests/sim/planted/pairing_bugs.h"

namespace kith::sim {

const std::vector<PlantedBug>& planted_bugs() {
  static const std::vector<PlantedBug> bugs{
      {"wrong_permissions", "published_equals_source", {}, wrong_permissions},
      // Of a tree, what is made elsewhere is missing in its place.
      {"files_made_in_their_place",
       "no_partial_content",
       {"durable_before_acknowledged", "published_equals_source"},
       files_made_in_their_place},
      {"a_write_for_a_stranger", "no_unauthenticated_write", {}, a_write_for_a_stranger},
      {"syncs_left_out",
       "durable_before_acknowledged",
       {"no_partial_content", "old_or_new_after_crash", "published_equals_source"},
       syncs_left_out},
      {"removes_the_persons_file", "path_escape", {}, removes_the_persons_file},
      {"changes_what_is_elsewhere", "path_escape", {}, changes_what_is_elsewhere},
      {"files_left_open", "resources", {}, files_left_open},
      {"another_body", "messages", {}, another_body},
      {"another_byte_of_a_stream", "stream_bytes", {}, another_byte_of_a_stream},
      {"a_commit_forgotten",
       "old_or_new_after_crash",
       {"messages", "peers_are_paired"},
       a_commit_forgotten},
      {"a_timer_that_circles", "timers", {}, a_timer_that_circles},
      {"a_transfer_offered_again", "bounded_retries", {}, a_transfer_offered_again},
      {"a_stranger_for_a_peer", "peers_are_paired", {}, a_stranger_for_a_peer},
      {"asks_twice_after_one_guess", "one_guess", {}, asks_twice_after_one_guess},
      {"answers_four_times", "amplification", {}, answers_four_times},
      {"dials_in_circles", "bounded_retries", {}, dials_in_circles},
      {"draws_the_same_again", "fresh_dials", {}, draws_the_same_again},
      {"restored_with_its_randomness",
       "fresh_nonces",
       {"fresh_dials", "one_guess"},
       restored_with_its_randomness},
      {"asks_fifty_times", "background_traffic", {}, asks_fifty_times},
      {"announces_fifty_times", "background_traffic", {}, announces_fifty_times},
      {"keeps_alive_hundreds_of_times", "background_traffic", {}, keeps_alive_hundreds_of_times},
      {"spoils_most_of_its_data", "prompt_transfers", {}, spoils_most_of_its_data},
  };
  return bugs;
}

}  // namespace kith::sim
