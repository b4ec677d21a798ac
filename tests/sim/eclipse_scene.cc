#include "tests/sim/eclipse_scene.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr DeviceIndex kShows = 0;
constexpr DeviceIndex kJoins = 1;
constexpr std::uint16_t kPort = 4433;
constexpr std::uint16_t kDhtPort = 6881;
constexpr std::size_t kEntrances = 4;

constexpr Duration kSurroundAt = seconds(30);
constexpr Duration kShowAt = seconds(120);
constexpr Duration kGoHomeAt = seconds(130);
constexpr Duration kTypeAt = seconds(150);
// A joiner waits 60 s for addresses, and a dial that has one 20 s at most.
constexpr Duration kEnd = kTypeAt + seconds(85);
constexpr Duration kGuessEvery = seconds(2);

MemberSpec line(std::int64_t ms) {
  MemberSpec line;
  line.up.delay = milliseconds(ms);
  line.down.delay = milliseconds(ms);
  line.up.loss = line.down.loss = Ppm{5'000};
  return line;
}

// A host of a network in which nobody else is.
Address lonely_address(RandomSource& random, std::set<dht::Prefix>& taken) {
  for (;;) {
    Address address;
    const auto ip = random.bytes<4>();
    std::copy(ip.begin(), ip.end(), address.ip.begin());
    if (dht::is_global(address) && taken.insert(dht::prefix_of(address)).second) return address;
  }
}

pairing::CodeEntropy entropy_of(const PairingCodeReady& code) {
  const auto entropy = parse_pairing_words(fmt::format("{}", fmt::join(code.words, " ")));
  KITH_CHECK(entropy.has_value());
  return *entropy;
}

DeviceSpec shower_of_words() {
  DeviceSpec spec;
  spec.name = "desk";
  return spec;
}

// The device of this seed says the same words wherever it is.
class Oracle final : private Observer {
 public:
  static pairing::CodeEntropy words_of(std::uint64_t seed) {
    Oracle oracle;
    World world(seed);
    Device& device = world.add_device(shower_of_words());
    world.add_observer(oracle);
    device.start();
    world.run_until(world.now() + seconds(1));
    device.submit(StartPairing{{1}});
    world.run_until(world.now() + seconds(1));
    KITH_CHECK(oracle.words_.has_value());
    return *oracle.words_;
  }

 private:
  void on_output(Device&, Instant, const Output& output) override {
    const auto* event = std::get_if<Event>(&output);
    if (event == nullptr) return;
    if (const auto* code = std::get_if<PairingCodeReady>(event)) words_ = entropy_of(*code);
  }

  std::optional<pairing::CodeEntropy> words_;
};

}  // namespace

std::string_view to_string(OtherChannel channel) {
  switch (channel) {
    case OtherChannel::none:
      return "the DHT alone";
    case OtherChannel::lan:
      return "multicast DNS";
    case OtherChannel::typed:
      return "an address typed by hand";
  }
  return "unknown";
}

EclipseScene::EclipseScene(const EclipseSpec& spec)
    : spec_(spec),
      words_foreseen_(Oracle::words_of(spec.seed)),
      world_(spec.seed),
      random_(world_.random("eclipse")) {
  std::set<dht::Prefix> taken;
  std::vector<Address> servers;
  for (std::size_t i = 0; i < spec.servers; ++i) servers.push_back(lonely_address(random_, taken));
  for (std::size_t i = 0; i < kEntrances; ++i) {
    Address entrance = servers[i];
    entrance.port = kDhtPort;
    entrance_addresses_.push_back(entrance);
    entrances_.push_back(entrance.to_string());
  }
  add_people(lonely_address(random_, taken), lonely_address(random_, taken));
  for (const Address& server : servers) add_server(server);
  const auto impostor_at = [&] {
    Address address = lonely_address(random_, taken);
    address.port = kPort;
    return std::make_unique<Stranger>(world_, address, line(5));
  };
  guesser_ = impostor_at();
  claimed_ = impostor_at();
  world_.add_observer(*this);
  for (DeviceIndex i = 0; i < world_.device_count(); ++i) world_.device(i).start();
  for (const auto& [at, act] : {std::pair(kSurroundAt, Act::surround),
                                {kShowAt, Act::show},
                                {kGoHomeAt, Act::go_home},
                                {kTypeAt, Act::type}}) {
    world_.timeline().schedule(world_.now() + at, *this, static_cast<std::uint64_t>(act));
  }
}

void EclipseScene::add_people(const Address& cafe, const Address& home_outside) {
  Topology& topology = world_.topology();
  SiteSpec home;
  home.name = "home";
  home.external = {home_outside};
  home.line = line(12);
  const SiteId at_home = topology.add_site(home);
  SiteSpec away;
  away.name = "away";
  away.line = line(25);
  const SiteId elsewhere = topology.add_site(away);

  Discovery discovery;
  discovery.mdns = spec_.channel == OtherChannel::lan;
  discovery.dht = true;
  discovery.bootstrap = entrances_;

  DeviceSpec shows = shower_of_words();
  shows.engine.discovery = discovery;
  AttachmentSpec in_cafe;
  in_cafe.link = line(10);
  in_cafe.addresses = {cafe};
  AttachmentSpec there;
  there.site = at_home;
  there.link = line(2);
  there.forwarded = true;
  there.forwarded_port = kPort;
  there.connected = false;
  shows.attachments = {in_cafe, there};
  world_.add_device(shows);

  DeviceSpec joins;
  joins.name = "phone";
  joins.engine.discovery = discovery;
  AttachmentSpec place;
  place.site = spec_.channel == OtherChannel::lan ? at_home : elsewhere;
  place.link = line(3);
  joins.attachments = {place};
  world_.add_device(joins);
}

void EclipseScene::add_server(const Address& address) {
  constexpr std::uint64_t kFarthestMs = 60;
  DeviceSpec server;
  server.name = fmt::format("server {}", world_.device_count());
  server.engine.discovery.dht = true;
  server.engine.discovery.dht_port = kDhtPort;
  server.engine.discovery.bootstrap = entrances_;
  AttachmentSpec internet;
  internet.addresses = {address};
  internet.link = line(static_cast<std::int64_t>(5 + random_.below(kFarthestMs)));
  server.attachments = {internet};
  world_.add_device(server);
}

void EclipseScene::run() { world_.run_until(world_.now() + kEnd); }

// --- what happens --------------------------------------------------------------------------------

void EclipseScene::on_event(Instant, std::uint64_t argument) {
  switch (static_cast<Act>(argument)) {
    case Act::surround:
      return surround();
    case Act::show:
      return world_.device(kShows).submit(StartPairing{{++requests_}});
    case Act::go_home:
      return go_home();
    case Act::type:
      return type_words();
    case Act::guess:
      return guess();
  }
}

void EclipseScene::surround() {
  if (spec_.sybils == 0) return;
  SybilSpec sybils;
  sybils.target =
      dht::mutable_target(pairing::derive_code_keys(words_foreseen_).rendezvous->id(), {});
  sybils.count = spec_.sybils;
  sybils.choices = spec_.choices;
  sybils.entrances = entrance_addresses_;
  if (spec_.lies_about_addresses) sybils.claimed = claimed_->address();
  sybils.link = line(20);
  sybils_ = std::make_unique<Sybils>(world_, sybils);
  guess();
}

void EclipseScene::go_home() {
  Device& device = world_.device(kShows);
  Address cafe = device.attachment(0).addresses.front();
  device.attach(0, false);
  device.attach(1, true);
  if (!sybils_) return;
  cafe.port = kPort;
  successor_ = std::make_unique<Stranger>(world_, cafe, line(10));
}

void EclipseScene::type_words() {
  KITH_CHECK(words_.has_value());
  typed_at_ = world_.now();
  std::vector<Address> typed;
  if (spec_.channel == OtherChannel::typed) typed = world_.device(kShows).known_addresses(kPort);
  world_.device(kJoins).submit(JoinPairing{{++requests_}, *words_, typed});
}

// Whoever put the item shows the words: at the address it was put from, or where lies say it is.
void EclipseScene::guess() {
  world_.timeline().schedule(world_.now() + kGuessEvery, *this,
                             static_cast<std::uint64_t>(Act::guess));
  if (!sybils_->first_item()) return;
  Address at = *sybils_->publisher();
  at.port = kPort;
  if (successor_ && at == successor_->address()) return;  // one of their own
  const SecretKey password = spec_.knows_words
                                 ? pairing::derive_code_keys(words_foreseen_).password.clone()
                                 : SecretKey::random(random_);
  guesser_->guess(at, sybils_->first_item()->key, password);
}

void EclipseScene::on_started(Device& device, Instant) {
  if (device.index() != kShows && device.index() != kJoins) return;
  Address any;
  any.port = kPort;
  device.submit(Listen{{++requests_}, any});
}

void EclipseScene::on_output(Device& device, Instant at, const Output& output) {
  const auto* event = std::get_if<Event>(&output);
  if (event == nullptr) return;
  if (const auto* code = std::get_if<PairingCodeReady>(event)) {
    words_ = entropy_of(*code);
    foreseen_ = *words_ == words_foreseen_;
  } else if (const auto* needed = std::get_if<PairingConfirmationNeeded>(event)) {
    device.submit(ConfirmPairing{needed->request, true});
  } else if (std::holds_alternative<Paired>(*event)) {
    paired_at_[device.index()] = at;
  }
}

// --- what came of it -----------------------------------------------------------------------------

EclipseScene::Outcome EclipseScene::outcome() {
  Outcome outcome;
  std::size_t right = 0;
  for (const DeviceIndex each : {kShows, kJoins}) {
    const DeviceId other = world_.device(each == kShows ? kJoins : kShows).id();
    for (const DeviceSummary& known : world_.device(each).engine().devices()) {
      known.id == other ? ++right : outcome.wrong = true;
    }
  }
  outcome.paired = right == 2 && paired_at_[kShows] && paired_at_[kJoins];
  if (outcome.paired) {
    outcome.took = std::max(*paired_at_[kShows], *paired_at_[kJoins]) - typed_at_;
  }
  return outcome;
}

std::uint64_t EclipseScene::deceived() const {
  std::uint64_t deceived = 0;
  for (const Stranger* each : {guesser_.get(), claimed_.get(), successor_.get()}) {
    if (each != nullptr) deceived += each->deceived();
  }
  return deceived;
}

std::uint64_t EclipseScene::dialled_impostors() const {
  return claimed_->datagrams() + (successor_ ? successor_->datagrams() : 0);
}

std::uint64_t EclipseScene::dropped_by_joiner() {
  return world_.device(kJoins).engine().counters()["discovery.dht_dropped"];
}

}  // namespace kith::sim
