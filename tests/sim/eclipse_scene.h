#pragma once

// Two people who meet by words while somebody who knows where in the DHT they will look has
// surrounded the place: sybils around it, and impostors at the addresses to which its lies lead.
//
//   0 s    60 servers of the DHT, the two devices, one in a café
//   30 s   the party comes: it somehow knows the words' rendezvous key, not the words
//   120 s  words are shown; 130 s: that device goes home, and an impostor gets the café's address
//   150 s  the words are typed at the other one, which looks for a minute
//
// Both people say yes to whatever they are asked. An impostor who learns of the rendezvous from
// what is put guesses passwords at every address that it can name.

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "engine/pairing/code.h"
#include "sim/adversaries/sybil.h"
#include "tests/sim/stranger.h"

namespace kith::sim {

// What leads the joiner to the device that shows the words, beside the DHT.
enum class OtherChannel : std::uint8_t { none, lan, typed };
std::string_view to_string(OtherChannel channel);

struct EclipseSpec {
  std::uint64_t seed = 1;
  OtherChannel channel = OtherChannel::none;
  std::size_t servers = 60;
  std::size_t sybils = 200;          // none: nobody attacks
  std::size_t choices = 64;          // SybilSpec
  bool lies_about_addresses = true;  // SybilSpec::claimed
  bool knows_words = false;          // then its guesses are right
};

class EclipseScene final : private EventTarget, private Observer {
 public:
  explicit EclipseScene(const EclipseSpec& spec);

  void run();

  struct Outcome {
    bool paired = false;           // both, with each other
    bool wrong = false;            // either, with anybody else
    std::optional<Duration> took;  // from typing to the later one's news
  };
  Outcome outcome();
  const Sybils* sybils() const { return sybils_.get(); }
  // Connections that took an impostor for the one they wanted.
  std::uint64_t deceived() const;
  // Datagrams that reached an impostor who waits.
  std::uint64_t dialled_impostors() const;
  const Stranger::Guesses& guesses() const { return guesser_->guesses(); }
  // Queries of the joiner's node that met a forged value, and all that was malformed.
  std::uint64_t dropped_by_joiner();
  // The key of the words that were foreseen is the one that was met under.
  bool foreseen() const { return foreseen_; }

 private:
  enum class Act : std::uint64_t { surround, show, go_home, type, guess };

  void add_people(const Address& cafe, const Address& home_outside);
  void add_server(const Address& address);
  void surround();
  void go_home();
  void type_words();
  void guess();
  void on_event(Instant now, std::uint64_t argument) override;
  void on_started(Device& device, Instant at) override;
  void on_output(Device& device, Instant at, const Output& output) override;

  EclipseSpec spec_;
  pairing::CodeEntropy words_foreseen_;
  World world_;
  RandomSource random_;
  std::vector<std::string> entrances_;
  std::vector<Address> entrance_addresses_;
  std::unique_ptr<Sybils> sybils_;
  std::unique_ptr<Stranger> guesser_;
  std::unique_ptr<Stranger> claimed_;
  std::unique_ptr<Stranger> successor_;  // in the café
  std::optional<pairing::CodeEntropy> words_;
  bool foreseen_ = false;
  std::uint64_t requests_ = 0;
  std::array<std::optional<Instant>, 2> paired_at_;
  Instant typed_at_;
};

}  // namespace kith::sim
