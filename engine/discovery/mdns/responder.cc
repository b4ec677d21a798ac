#include "engine/discovery/mdns/responder.h"

#include <algorithm>

#include "engine/discovery/mdns/limits.h"
#include "engine/dns/write.h"

namespace kith::mdns {
namespace {

// Section 7.1: a known answer counts while at least half its life is left.
bool is_known(const dns::Message& query, const dns::Record& record) {
  return std::any_of(query.answers.begin(), query.answers.end(), [&](const dns::Record& known) {
    return known.same_as(record) && known.ttl >= record.ttl / 2;
  });
}

bool contains(const std::vector<dns::Record>& records, const dns::Record& record) {
  return std::any_of(records.begin(), records.end(),
                     [&](const dns::Record& each) { return each.same_as(record); });
}

// What a legacy querier says it takes (RFC 6891 section 6.2.3): the class of OPT, flush bit and
// all.
std::size_t legacy_limit(const dns::Message& query) {
  for (const dns::Record& record : query.additionals) {
    if (record.type() != dns::Type::opt) continue;
    const std::size_t size = record.record_class + (record.cache_flush ? 0x8000U : 0U);
    return std::clamp(size, kLegacyPacketBytes, kMaxPacketBytes);
  }
  return kLegacyPacketBytes;
}

dns::Record legacy(dns::Record record) {
  record.ttl = std::min(record.ttl, kLegacyTtl);
  record.cache_flush = false;
  return record;
}

}  // namespace

template <class Visit>
void Responder::each_announced(Visit visit) {
  for (OwnSet& set : claims_.sets()) {
    if (!set.announced()) continue;
    for (OwnRecord& own : set.records) visit(own);
    visit(set.negative);
  }
}

void Responder::on_query(Instant now, const Address& source, const dns::Message& query) {
  if (source.port != kPort) {
    answer_legacy(source, query);
  } else if (query.questions.empty()) {
    take_out(source, query);
  } else {
    answer(now, source, query);
  }
}

// Section 7.2: the rest of the known answers of a query.
void Responder::take_out(const Address& source, const dns::Message& query) {
  each_announced([&](OwnRecord& own) {
    if (own.pending && own.pending->sole_asker == source && is_known(query, own.record)) {
      own.pending.reset();
    }
  });
  for (UnicastAnswer& waiting : unicast_) {
    if (waiting.to != source) continue;
    std::erase_if(waiting.answers, [&](const auto& record) { return is_known(query, record); });
  }
}

std::vector<OwnRecord*> Responder::matches(const dns::Question& question) {
  std::vector<OwnRecord*> found;
  if (question.question_class != dns::kClassIn && question.question_class != dns::kClassAny) {
    return found;
  }
  for (OwnSet& set : claims_.sets()) {
    if (!set.announced()) continue;
    const std::size_t before = found.size();
    for (OwnRecord& own : set.records) {
      const bool type = question.type == dns::Type::any || question.type == own.record.type();
      if (!type || own.record.name != question.name) continue;
      // The record that enumerates services stands in the set of each instance.
      const bool twice = std::any_of(found.begin(), found.end(), [&](const OwnRecord* each) {
        return each->record.same_as(own.record);
      });
      if (!twice) found.push_back(&own);
    }
    // Section 6.1: the name is ours, the type is not there.
    if (found.size() == before && set.name == question.name) found.push_back(&set.negative);
  }
  return found;
}

Instant Responder::delay(Instant now, const dns::Message& query, bool shared) {
  const bool more = query.header.truncated;
  if (!more && !shared) return now;
  const Duration shortest = more ? kShortestKnownAnswerDelay : kShortestDelay;
  const Duration longest = more ? kLongestKnownAnswerDelay : kLongestDelay;
  const auto extra = random_.below(static_cast<std::uint64_t>((longest - shortest).count()));
  return now + shortest + Duration(extra);
}

void Responder::answer(Instant now, const Address& source, const dns::Message& query) {
  const bool probe = !query.authorities.empty();
  UnicastAnswer unicast{source, now, {}};
  bool shared = false;
  std::vector<OwnRecord*> multicast;
  for (const dns::Question& question : query.questions) {
    for (OwnRecord* own : matches(question)) {
      if (is_known(query, own->record)) continue;
      shared = shared || !own->record.cache_flush;
      // Section 5.4: neighbours that did not hear it for a while shall hear it too.
      const bool lately = own->sent && *own->sent + seconds(own->record.ttl / 4) > now;
      if (!question.unicast_response || !lately) {
        multicast.push_back(own);
      } else if (!contains(unicast.answers, own->record)) {
        unicast.answers.push_back(own->record);
      }
    }
  }
  if (multicast.empty() && unicast.answers.empty()) return;
  // One draw for all of a query's answers: they share a packet (section 6.4).
  const Instant due = probe ? now : delay(now, query, shared);
  for (OwnRecord* own : multicast) {
    schedule(*own, due, source, probe ? kDefenceInterval : kRecordInterval);
  }
  unicast.due = due;
  if (!unicast.answers.empty() && !push(std::move(unicast))) {
    counters_.count(Drop::unicast_answers);
  }
}

void Responder::schedule(OwnRecord& own, Instant due, const Address& asker, Duration interval) {
  if (own.sent) due = std::max(due, *own.sent + interval);
  if (!own.pending) {
    own.pending = PendingAnswer{due, asker};
    return;
  }
  own.pending->due = std::min(own.pending->due, due);
  if (own.pending->sole_asker != asker) own.pending->sole_asker.reset();
}

bool Responder::push(UnicastAnswer answer) {
  const auto of_source =
      std::count_if(unicast_.begin(), unicast_.end(),
                    [&](const UnicastAnswer& each) { return each.to == answer.to; });
  if (unicast_.size() >= kMaxUnicastAnswers ||
      static_cast<std::size_t>(of_source) >= kMaxUnicastAnswersPerSource) {
    return false;
  }
  unicast_.push_back(std::move(answer));
  return true;
}

void Responder::answer_legacy(const Address& source, const dns::Message& query) {
  std::vector<dns::Record> answers;
  for (const dns::Question& question : query.questions) {
    for (const OwnRecord* own : matches(question)) {
      if (!contains(answers, own->record)) answers.push_back(own->record);
    }
  }
  if (answers.empty()) return;
  if (legacy_.size() >= kMaxUnicastAnswers) {
    counters_.count(Drop::unicast_answers);
    return;
  }
  dns::Header header;
  header.id = query.header.id;
  header.response = true;
  header.authoritative = true;
  dns::MessageWriter writer(legacy_limit(query));
  for (const dns::Question& question : query.questions) {
    header.truncated = !writer.add(question) || header.truncated;
  }
  for (const dns::Record& record : answers) {
    header.truncated = !writer.add(dns::Section::answer, legacy(record)) || header.truncated;
  }
  for (const dns::Record& record : additionals(answers, std::nullopt)) {
    if (!writer.add(dns::Section::additional, legacy(record))) break;
  }
  legacy_.emplace_back(source, std::move(writer).finish(header));
}

// Section 7.4, for the one record that others hold too. Whoever repeats our own records to us does
// not silence us.
void Responder::on_response(const dns::Message& response) {
  for (const dns::Record& record : response.answers) {
    if (record.name != names_.enumeration) continue;
    each_announced([&](OwnRecord& own) {
      if (own.pending && own.record.same_as(record) && record.ttl >= own.record.ttl) {
        own.pending.reset();
      }
    });
  }
}

// RFC 6763 section 12, RFC 6762 section 6.2. What goes to all keeps the limit of its record.
std::vector<dns::Record> Responder::additionals(const std::vector<dns::Record>& answers,
                                                std::optional<Instant> multicast_at) {
  std::vector<dns::Record> out;
  const auto add_set = [&](const dns::Name& name) {
    each_announced([&](const OwnRecord& own) {
      const dns::Record& record = own.record;
      if (record.name != name || record.type() == dns::Type::nsec) return;
      if (multicast_at && !own.may_be_sent(*multicast_at, kRecordInterval)) return;
      if (!contains(answers, record) && !contains(out, record)) out.push_back(record);
    });
  };
  for (const dns::Record& answer : answers) {
    if (const auto* ptr = std::get_if<dns::Ptr>(&answer.data)) {
      if (answer.name == names_.service) add_set(ptr->target);
    } else if (answer.type() == dns::Type::a || answer.type() == dns::Type::aaaa) {
      add_set(answer.name);
    }
  }
  std::vector<dns::Name> hosts;
  for (const dns::Record& answer : answers) {
    if (const auto* srv = std::get_if<dns::Srv>(&answer.data)) hosts.push_back(srv->target);
  }
  // Also where the SRV itself was sent a moment ago and is not said again.
  for (const dns::Record& answer : answers) {
    const auto* ptr = std::get_if<dns::Ptr>(&answer.data);
    if (!ptr || answer.name != names_.service) continue;
    each_announced([&](const OwnRecord& own) {
      const auto* srv = std::get_if<dns::Srv>(&own.record.data);
      if (srv && own.record.name == ptr->target) hosts.push_back(srv->target);
    });
  }
  for (const dns::Name& host : hosts) add_set(host);
  return out;
}

void Responder::mark_sent(Instant now, const dns::Record& record) {
  each_announced([&](OwnRecord& own) {
    if (!own.record.same_as(record)) return;
    own.sent = now;
    own.pending.reset();
  });
}

dns::Packets Responder::run_multicast(Instant now) {
  std::vector<dns::Record> answers;
  bool due = false;
  each_announced([&](const OwnRecord& own) { due |= own.pending && own.pending->due <= now; });
  if (!due) return {};
  // Section 6.4: what would follow within the longest delay goes along, where it may.
  each_announced([&](const OwnRecord& own) {
    if (!own.pending || own.pending->due > now + kLongestDelay) return;
    const bool early = own.pending->due > now && !own.may_be_sent(now, kRecordInterval);
    if (!early && !contains(answers, own.record)) answers.push_back(own.record);
  });
  const std::vector<dns::Record> beside = additionals(answers, now);
  for (const dns::Record& record : answers) mark_sent(now, record);
  for (const dns::Record& record : beside) {
    each_announced([&](OwnRecord& own) {
      if (own.record.same_as(record)) own.sent = now;
    });
  }
  return dns::split_response(answers, beside, kMaxPacketBytes);
}

Responder::Answers Responder::run(Instant now) {
  Answers out;
  out.multicast = run_multicast(now);
  out.unicast = std::exchange(legacy_, {});
  for (const UnicastAnswer& waiting : unicast_) {
    if (waiting.due > now || waiting.answers.empty()) continue;
    auto packets = dns::split_response(waiting.answers, additionals(waiting.answers, std::nullopt),
                                       kMaxPacketBytes);
    for (Bytes& packet : packets.packets) out.unicast.emplace_back(waiting.to, std::move(packet));
  }
  std::erase_if(unicast_, [now](const UnicastAnswer& each) { return each.due <= now; });
  return out;
}

Instant Responder::next() const {
  Instant next = Instant::never();
  for (const OwnSet& set : claims_.sets()) {
    if (!set.announced()) continue;
    for (const OwnRecord& own : set.records) {
      if (own.pending) next = std::min(next, own.pending->due);
    }
    if (set.negative.pending) next = std::min(next, set.negative.pending->due);
  }
  for (const UnicastAnswer& waiting : unicast_) next = std::min(next, waiting.due);
  return next;
}

}  // namespace kith::mdns
