#include "engine/transfer/receiver.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/transfer/failure.h"
#include "engine/transfer/limits.h"
#include "engine/transfer/names.h"

namespace kith::transfer {

Receiver::Receiver(Effects& effects, Reception& reception, MachineId machine, const DeviceId& peer,
                   ConnectionId connection, StreamId control)
    : effects_(effects),
      reception_(reception),
      machine_(machine),
      peer_(peer),
      connection_(connection),
      control_(effects, connection, control) {}

// --- inputs of streams --------------------------------------------------------------------------

void Receiver::on_received(StreamId stream, ByteView bytes, bool fin) {
  if (stream == control_.stream()) return on_control(bytes, fin);
  const auto found = std::find_if(streams_.begin(), streams_.end(),
                                  [&](const auto& at) { return at.stream() == stream; });
  if (found != streams_.end()) return on_data(*found, bytes, fin);
  if (!bytes.empty()) effects_.emit(StreamCredit{connection_, stream, bytes.size()});
}

void Receiver::on_control(ByteView bytes, bool fin) {
  control_.on_received(bytes);
  while (auto message = control_.next()) {
    if (!*message) return violated("transfer.frame_malformed");
    on_message(**message);
  }
  if (fin) violated("transfer.control_ended_early");
}

bool Receiver::adopt_stream(StreamId stream) {
  if (!enter(ReceiverEvent::chunk) || streams_adopted_ == kDataStreams) {
    violated("transfer.data_stream_unexpected");
    return false;
  }
  ++streams_adopted_;
  streams_.emplace_back(stream);
  return true;
}

void Receiver::on_data(ChunkStream& stream, ByteView bytes, bool fin) {
  while (!bytes.empty()) {
    switch (stream.read(bytes)) {
      case ChunkStream::Found::nothing:
        break;
      case ChunkStream::Found::header:
        if (!header_acceptable(stream)) {
          if (!bytes.empty()) {
            effects_.emit(StreamCredit{connection_, stream.stream(), bytes.size()});
          }
          return violated("transfer.chunk_impossible");
        }
        stream.begin_chunk();
        break;
      case ChunkStream::Found::chunk: {
        const auto held = stream.pending_bytes();
        if (!writer_->add(stream.chunk(), stream.take_chunk(), stream.stream(), held)) {
          if (!bytes.empty()) {
            effects_.emit(StreamCredit{connection_, stream.stream(), bytes.size()});
          }
          return violated("transfer.too_many_open_files", ErrorCode::limit_exceeded);
        }
        break;
      }
    }
  }
  if (fin) {
    if (stream.pending_bytes() > 0) return violated("transfer.chunk_cut_short");
    const auto ended = stream.stream();
    std::erase_if(streams_, [&](const auto& at) { return at.stream() == ended; });
  }
  advance();
}

bool Receiver::header_acceptable(const ChunkStream& stream) {
  if (stream.chunk() >= layout_->count() || chunks_seen_[stream.chunk()]) return false;
  if (stream.length() != layout_->length(stream.chunk())) return false;
  chunks_seen_[stream.chunk()] = true;
  return true;
}

void Receiver::on_stream_ended(StreamId, std::uint64_t code) {
  if (!open_to(ReceiverEvent::aborted)) return;
  const auto said = code_from_wire(code);
  fail(ReceiverEvent::aborted, reported_by_peer(said, TransferDirection::receiving), said);
}

void Receiver::on_connection_closed(const Error& error) {
  control_.abandon();
  connected_ = false;
  streams_.clear();
  if (open_to(ReceiverEvent::connection_lost)) {
    fail(ReceiverEvent::connection_lost, error, {});
  }
}

// --- messages, in the order of the table --------------------------------------------------------

void Receiver::on_message(const Message& message) {
  std::visit([&](const auto& said) { on(said); }, message);
}

void Receiver::on(const Offer& offer) {
  if (state_ != ReceiverState::awaiting_offer) return violated("transfer.offer_unexpected");
  policy_ = reception_.policy();
  if (policy_.accept == SetReceivePolicy::Accept::none || policy_.inbox.empty()) {
    effects_.count("transfer.refused_by_policy");
    return decline(ReceiverEvent::refused, ErrorCode::refused, "");
  }
  if (offer.entries == 0 || !destination_ok(offer.destination)) {
    return violated("transfer.offer_impossible");
  }
  if (offer.entries > kMaxEntries || offer.bytes > kMaxTransferBytes) {
    effects_.count("transfer.offer_too_large");
    return decline(ReceiverEvent::refused, ErrorCode::limit_exceeded, "");
  }
  if (!reception_.claim(offer.transfer, machine_)) {
    effects_.count("transfer.id_taken");
    return decline(ReceiverEvent::refused, ErrorCode::already_exists, "");
  }
  KITH_CHECK(enter(ReceiverEvent::offered));
  transfer_ = offer.transfer;
  offer_ = offer;
}

void Receiver::on(const ManifestPart& part) {
  if (!enter(ReceiverEvent::manifest_part)) return violated("transfer.manifest_unexpected");
  for (const auto& entry : part.entries) {
    if (manifest_.entries().size() == offer_->entries)
      return violated("transfer.manifest_too_long");
    const auto fault = manifest_.add(entry);
    if (fault != ManifestFault::none) {
      effects_.count(counter_of(fault));
      return violated("transfer.manifest_bad", code_of(fault));
    }
  }
  if (manifest_.entries().size() == offer_->entries) on_manifest_complete();
}

void Receiver::on_manifest_complete() {
  if (manifest_.bytes() != offer_->bytes || manifest_.files() != offer_->files) {
    return violated("transfer.totals_wrong");
  }
  const bool ask = policy_.accept == SetReceivePolicy::Accept::ask;
  KITH_CHECK(enter(ask ? ReceiverEvent::decision_needed : ReceiverEvent::approved));
  if (ask) decide_until_ = effects_.now() + kDecisionTimeout;
  announced_ = true;
  effects_.emit(TransferOffered{*transfer_, peer_, manifest_.summary(), manifest_.bytes(), ask});
}

void Receiver::answer(bool accept) {
  if (state_ != ReceiverState::deciding) return;
  decide_until_ = Instant::never();
  if (accept) {
    KITH_CHECK(enter(ReceiverEvent::approved));
  } else {
    decline(ReceiverEvent::refused, ErrorCode::refused, "The transfer was declined");
  }
}

void Receiver::admit() {
  KITH_CHECK(enter(ReceiverEvent::admitted));
  layout_ = std::make_unique<ChunkLayout>(manifest_);
  chunks_seen_.resize(layout_->count());
  paths_ = std::make_unique<StagingPaths>(policy_.inbox, offer_->destination, *transfer_);
  writer_ = std::make_unique<Writer>(effects_, machine_, manifest_, *layout_, *paths_);
  publisher_ = std::make_unique<Publisher>(effects_, machine_, manifest_, *paths_);
  staging_ = std::make_unique<Staging>(effects_, machine_, manifest_, *paths_, offer_->destination);
  staging_->start();
}

void Receiver::on_staged() {
  KITH_CHECK(enter(ReceiverEvent::staged));
  files_.resize(manifest_.entries().size());
  digests_.resize(manifest_.entries().size());
  items_.resize(manifest_.items().size());
  items_left_ = items_.size();
  for (std::uint32_t i = 0; i < items_.size(); ++i)
    items_[i].files_left = manifest_.items()[i].files;
  started_ = effects_.now();
  progress_.emplace(manifest_.bytes(), started_);
  control_.send(Accept{});
  writer_->pump();
  for (std::uint32_t i = 0; i < items_.size(); ++i) publish_if_whole(i);
}

void Receiver::on(const FileHashes& hashes) {
  if (!enter(ReceiverEvent::hashes)) return violated("transfer.digest_unexpected");
  for (const auto& hash : hashes.hashes) {
    if (hash.entry >= files_.size() || manifest_.entries()[hash.entry].directory ||
        files_[hash.entry].peer_digest) {
      return violated("transfer.digest_impossible");
    }
    add_digest(hash, true);
    if (state_ != ReceiverState::receiving) return;
  }
  advance();
}

void Receiver::on(const FileFailed& failed) {
  if (!enter(ReceiverEvent::file_failed)) return violated("transfer.file_failed_unexpected");
  if (failed.entry >= files_.size() || manifest_.entries()[failed.entry].directory ||
      files_[failed.entry].peer_digest) {
    return violated("transfer.file_failed_impossible");
  }
  const auto item = manifest_.item_of(failed.entry);
  if (!items_[item].dropped) {
    items_[item].dropped = true;
    --items_left_;
    writer_->drop_item(item);
    if (!error_) error_ = file_failed(failed.code, manifest_.path(failed.entry));
  }
  advance();
}

void Receiver::on(const Abort& abort) {
  fail(ReceiverEvent::aborted, reported_by_peer(abort.code, TransferDirection::receiving),
       abort.code);
}

// What only a receiver says.
template <class Unexpected>
void Receiver::on(const Unexpected&) {
  violated("transfer.message_of_a_receiver");
}

// --- what the disk and the pool say -------------------------------------------------------------

void Receiver::on_file(const Ticket& ticket, const Result<FileOutcome>& outcome) {
  switch (ticket.part) {
    case Part::tree:
      staging_->on_file(ticket, outcome);
      break;
    case Part::writer:
      writer_->on_file(ticket, outcome);
      break;
    case Part::publisher:
      publisher_->on_file(ticket, outcome);
      break;
    default:
      cleaner_->on_file(ticket, outcome);
      break;
  }
  advance();
}

void Receiver::on_compute(std::uint64_t subject, const std::vector<PieceHash>& hashes) {
  if (state_ != ReceiverState::receiving) return;
  writer_->on_compute(static_cast<std::uint32_t>(subject), hashes);
  advance();
}

// Takes what the parts have to say, in the order in which it can matter.
void Receiver::advance() {
  if (state_ == ReceiverState::staging) {
    if (staging_->error()) {
      return fail(ReceiverEvent::disk_failed, *staging_->error(), staging_->error()->code);
    }
    if (staging_->complete()) on_staged();
  }
  if (state_ == ReceiverState::receiving) {
    return_credits();
    for (const auto& hash : writer_->take_hashes()) {
      add_digest(hash, false);
      if (state_ != ReceiverState::receiving) return;
    }
    for (const auto entry : writer_->take_stored()) {
      files_[entry].stored = true;
      finish_file_if_done(entry);
    }
    const auto& error = writer_->error() ? writer_->error() : publisher_->error();
    if (error) return fail(ReceiverEvent::disk_failed, *error, error->code);
    progress_->advance(writer_->bytes_written());
    if (progress_->bytes_done() - written_sent_ >= kWrittenInterval) send_written();
    if (progress_->is_due(effects_.now())) report_progress();
    announce_published();
    finish_if_resolved();
  }
  if (state_ == ReceiverState::cleaning) {
    return_credits();
    announce_published();
    clean_if_quiet();
  }
}

// Whichever digest comes second is compared with the first.
void Receiver::add_digest(const FileHash& hash, bool of_peer) {
  auto& file = files_[hash.entry];
  (of_peer ? file.peer_digest : file.own_digest) = true;
  const bool second = file.own_digest && file.peer_digest;
  if (!second) {
    digests_[hash.entry] = hash.digest;
    return;
  }
  if (digests_[hash.entry] != hash.digest) return violated("transfer.digest_mismatch");
  file.verified = true;
  finish_file_if_done(hash.entry);
}

void Receiver::finish_file_if_done(std::uint32_t entry) {
  if (!files_[entry].verified || !files_[entry].stored) return;
  const auto item = manifest_.item_of(entry);
  --items_[item].files_left;
  publish_if_whole(item);
}

void Receiver::publish_if_whole(std::uint32_t item) {
  if (items_[item].files_left == 0 && !items_[item].dropped) publisher_->publish(item);
}

void Receiver::announce_published() {
  for (auto& published : publisher_->take_published()) {
    items_[published.item].published = true;
    --items_left_;
    control_.send(ItemDone{published.item});
    const auto digest = item_digest(manifest_, published.item, digests_);
    effects_.emit(ItemCompleted{*transfer_, TransferDirection::receiving, std::move(published.path),
                                manifest_.items()[published.item].bytes, digest.bytes,
                                effects_.now() - started_});
  }
}

void Receiver::finish_if_resolved() {
  if (items_left_ > 0) return;
  send_written();
  report_progress();
  control_.send(Done{});
  KITH_CHECK(enter(ReceiverEvent::resolved));
  control_.close();
  control_.ignore();
  shut_streams(std::nullopt);
  writer_->stop();
}

void Receiver::return_credits() {
  for (const auto& credit : writer_->take_credits()) {
    if (connected_) effects_.emit(StreamCredit{connection_, credit.stream, credit.bytes});
  }
}

void Receiver::send_written() {
  if (progress_->bytes_done() == written_sent_) return;
  written_sent_ = progress_->bytes_done();
  control_.send(Written{written_sent_});
}

void Receiver::report_progress() {
  auto report = progress_->report(effects_.now());
  report.transfer = *transfer_;
  report.direction = TransferDirection::receiving;
  effects_.emit(std::move(report));
}

// --- time and outcomes --------------------------------------------------------------------------

void Receiver::on_time() {
  if (state_ == ReceiverState::deciding && effects_.now() >= decide_until_) {
    return decline(ReceiverEvent::undecided, ErrorCode::timed_out, "Nobody answered the offer");
  }
  if (state_ == ReceiverState::receiving && progress_->is_due(effects_.now())) {
    send_written();
    report_progress();
  }
}

Instant Receiver::next_wakeup() const {
  if (state_ == ReceiverState::deciding) return decide_until_;
  return state_ == ReceiverState::receiving ? progress_->due() : Instant::never();
}

void Receiver::cancel() {
  if (!open_to(ReceiverEvent::cancelled)) return;
  fail(ReceiverEvent::cancelled, {ErrorCode::cancelled, "The transfer was cancelled", ""},
       ErrorCode::cancelled);
}

void Receiver::decline(ReceiverEvent event, ErrorCode code, std::string message) {
  control_.send(Decline{code});
  fail(event, {code, std::move(message), ""}, {});
}

void Receiver::violated(std::string_view reason, ErrorCode code) {
  if (!open_to(ReceiverEvent::violated)) return;
  effects_.count(reason);
  fail(ReceiverEvent::violated,
       {code,
        code == ErrorCode::limit_exceeded ? "What was sent exceeds a limit of this device"
                                          : "What was sent does not match what was announced",
        "Have it sent again"},
       code);
}

void Receiver::fail(ReceiverEvent event, Error error, std::optional<ErrorCode> tell_peer) {
  KITH_CHECK(enter(event));
  error_ = std::move(error);
  if (tell_peer) control_.send(Abort{*tell_peer});
  control_.close();
  control_.ignore();
  shut_streams(tell_peer);
  if (state_ == ReceiverState::ended) return tell_outcome();
  staging_->stop();
  writer_->stop();
  publisher_->stop();
  return_credits();
  clean_if_quiet();
}

// What an incomplete chunk holds of the connection's window is given back.
void Receiver::shut_streams(std::optional<ErrorCode> code) {
  for (const auto& stream : streams_) {
    if (stream.pending_bytes() > 0) {
      effects_.emit(StreamCredit{connection_, stream.stream(), stream.pending_bytes()});
    }
    if (code) effects_.emit(StopStream{connection_, stream.stream(), wire_code(*code)});
  }
  streams_.clear();
}

void Receiver::clean_if_quiet() {
  if (cleaner_) {
    if (!cleaner_->complete()) return;
    KITH_CHECK(enter(ReceiverEvent::cleaned));
    return tell_outcome();
  }
  if (staging_->ops_in_flight() + writer_->ops_in_flight() + publisher_->ops_in_flight() > 0) {
    return;
  }
  if (!staging_->root_made()) {
    KITH_CHECK(enter(ReceiverEvent::cleaned));
    return tell_outcome();
  }
  cleaner_ = std::make_unique<Cleaner>(effects_, machine_, manifest_, *paths_);
  cleaner_->start([&](std::uint32_t entry) {
    if (publisher_->renamed(manifest_.item_of(entry))) return false;
    return manifest_.entries()[entry].directory ? staging_->asked_for(entry)
                                                : writer_->asked_for(entry);
  });
}

void Receiver::tell_outcome() {
  if (!announced_) return;
  if (error_) {
    effects_.emit(TransferFailed{{}, *transfer_, TransferDirection::receiving, *error_});
  } else {
    effects_.emit(TransferCompleted{*transfer_, TransferDirection::receiving, manifest_.bytes(),
                                    effects_.now() - started_, offer_->skipped});
  }
}

bool Receiver::enter(ReceiverEvent event) {
  const auto next = next_state(state_, event);
  if (!next) return false;
  state_ = *next;
  return true;
}

bool Receiver::open_to(ReceiverEvent event) const {
  return state_ != ReceiverState::ended && next_state(state_, event).has_value();
}

bool Receiver::active() const {
  return state_ == ReceiverState::staging || state_ == ReceiverState::receiving ||
         state_ == ReceiverState::cleaning;
}

void Receiver::check_invariants() const {
  KITH_CHECK(streams_.size() <= kDataStreams);
  if (state_ != ReceiverState::receiving) return;
  const auto open = std::count_if(items_.begin(), items_.end(), [](const auto& item) {
    return !item.published && !item.dropped;
  });
  KITH_CHECK(static_cast<std::size_t>(open) == items_left_);
  KITH_CHECK(written_sent_ <= progress_->bytes_done());
}

}  // namespace kith::transfer
