#include "engine/discovery/mdns/querier.h"

#include <algorithm>

#include "engine/base/append.h"
#include "engine/discovery/mdns/limits.h"

namespace kith::mdns {
namespace {

Instant within_first_delay(Instant now, RandomSource& random) {
  const auto spread = static_cast<std::uint64_t>((kLongestDelay - kShortestDelay).count());
  return now + kShortestDelay + Duration(random.below(spread));
}

bool asks(const dns::Message& query, const dns::Question& question) {
  return std::any_of(query.questions.begin(), query.questions.end(),
                     [&](const dns::Question& each) { return each == question; });
}

// Whether all instances among a query's known answers are known here too.
bool all_known(const dns::Message& query, const Names& names, const Cache& cache,
               const std::set<dns::Name>& own) {
  return std::all_of(query.answers.begin(), query.answers.end(), [&](const dns::Record& record) {
    const auto* ptr = std::get_if<dns::Ptr>(&record.data);
    return !ptr || record.name != names.service || own.contains(ptr->target) ||
           cache.has_instance(ptr->target);
  });
}

}  // namespace

Browse::Browse(Instant now, RandomSource random)
    : random_(std::move(random)), next_(now), interval_(kFirstQueryInterval) {
  next_ = soon(now);
}

// Section 5.2: devices that came up together do not ask together.
Instant Browse::soon(Instant now) { return within_first_delay(now, random_); }

// The pause is never the same for all, so that not always the same device asks for the others.
void Browse::step(Instant now) {
  last_ = now;
  next_ = soon(now + interval_);
  interval_ = std::min(interval_ * 2, kLongestQueryInterval);
}

dns::Question Browse::ask(Instant now, const Names& names) {
  const dns::Question question{names.service, dns::Type::ptr, dns::kClassIn, first_};
  first_ = false;
  suppressed_ = 0;
  suppression_.reset();
  step(now);
  return question;
}

void Browse::ask_again(Instant now) {
  if (next_ <= now + kAskAgain) return;
  next_ = soon(now + kAskAgain);
  interval_ = 2 * kAskAgain;
}

void Browse::on_query(Instant now, const Address& source, const dns::Message& query,
                      const Names& names, const Cache& cache, const std::set<dns::Name>& own) {
  if (first_) return;
  const bool known = all_known(query, names, cache, own);
  if (query.questions.empty()) {
    // More known answers: some answers that are not known here will not be given.
    if (!known && suppression_ && suppression_->source == source && now < suppression_->until) {
      suppression_.reset();
      next_ = soon(now);
    }
    return;
  }
  if (!known || !asks(query, {names.service, dns::Type::ptr, dns::kClassIn, false})) return;
  // Only a question about as late as ours would be counts for it.
  const bool due_soon = (now - last_) * 2 >= next_ - last_;
  if (!due_soon || suppressed_ == kMaxSuppressedInARow) return;
  ++suppressed_;
  suppression_ = Suppression{source, now + kLongestKnownAnswerDelay};
  step(now);
}

void Resolve::update(Instant now, const dns::Name& instance, const Cache& cache) {
  if (!cache.has_instance(instance) || lacking(instance, cache).empty()) {
    attempts_.erase(instance);
  } else if (!attempts_.contains(instance)) {
    attempts_[instance].next = within_first_delay(now, random_);
  }
}

std::vector<dns::Question> Resolve::lacking(const dns::Name& instance, const Cache& cache) {
  std::vector<dns::Question> questions;
  const auto srv = cache.find(instance, dns::Type::srv);
  if (srv.empty()) questions.push_back({instance, dns::Type::srv, dns::kClassIn, false});
  if (cache.find(instance, dns::Type::txt).empty()) {
    questions.push_back({instance, dns::Type::txt, dns::kClassIn, false});
  }
  if (!srv.empty()) {
    const dns::Name& host = std::get<dns::Srv>(srv.back()->record.data).target;
    if (cache.find(host, dns::Type::a).empty() && cache.find(host, dns::Type::aaaa).empty()) {
      questions.push_back({host, dns::Type::a, dns::kClassIn, false});
      questions.push_back({host, dns::Type::aaaa, dns::kClassIn, false});
    }
  }
  return questions;
}

void Resolve::advance(Instant now, Attempt& attempt) {
  const Duration pause = kFirstQueryInterval * (1 << attempt.count);
  ++attempt.count;
  attempt.next = attempt.count == kMaxResolveAttempts ? Instant::never() : now + pause;
}

std::vector<dns::Question> Resolve::ask(Instant now, const Cache& cache) {
  std::vector<dns::Question> questions;
  if (next() > now) return questions;
  for (auto& [instance, attempt] : attempts_) {
    if (attempt.next > now + kLongestDelay) continue;
    if (questions.size() >= kMaxResolveQuestions) {
      attempt.next = now + kLongestDelay;
      continue;
    }
    for (const dns::Question& question : lacking(instance, cache)) {
      append_once(questions, question);
    }
    advance(now, attempt);
  }
  return questions;
}

void Resolve::on_query(Instant now, const dns::Message& query, const Cache& cache) {
  if (!query.answers.empty()) return;
  for (auto& [instance, attempt] : attempts_) {
    if (attempt.next == Instant::never()) continue;
    const auto questions = lacking(instance, cache);
    const bool all = std::all_of(questions.begin(), questions.end(),
                                 [&](const auto& question) { return asks(query, question); });
    // Not the first time: a question that another device repeats must not be all there is.
    if (all && attempt.count > 0 && attempt.next <= now + kFirstQueryInterval) {
      advance(now, attempt);
    }
  }
}

Instant Resolve::next() const {
  Instant next = Instant::never();
  for (const auto& [instance, attempt] : attempts_) next = std::min(next, attempt.next);
  return next;
}

}  // namespace kith::mdns
