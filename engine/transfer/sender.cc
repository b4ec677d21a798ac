#include "engine/transfer/sender.h"

#include <algorithm>
#include <utility>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/transfer/failure.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {

Sender::Sender(Effects& effects, MachineId machine, TransferId transfer,
               const ShareWithDevice& share)
    : effects_(effects), machine_(machine), transfer_(transfer), share_(share) {}

// --- preparing ----------------------------------------------------------------------------------

void Sender::start() {
  started_ = effects_.now();
  const auto refuse = [&](std::string message) {
    fail(SenderEvent::source_failed, {ErrorCode::invalid_argument, std::move(message), ""}, {});
  };
  if (share_.paths.empty()) return refuse("There is nothing to send");
  if (share_.paths.size() > kMaxEntries) return refuse("More than a million paths were named");
  for (const auto& path : share_.paths) {
    auto named = split_path(path);
    if (!named) return refuse("A path to send must be absolute and end in a name");
    paths_.push_back(std::move(*named));
  }
  auto destination = split_destination(share_.destination);
  if (!destination) {
    return refuse("The destination must be a relative path without empty, \".\" or \"..\" parts");
  }
  destination_ = std::move(*destination);

  effects_.dial(machine_, share_.device);
  walk_ = std::make_unique<Walk>(effects_, machine_, paths_);
  walk_->start();
}

void Sender::on_connected(ConnectionId connection) {
  if (state_ != SenderState::preparing) return;
  connection_ = connection;
  prepare_further();
}

void Sender::on_dial_failed(const Error& error) {
  if (state_ == SenderState::preparing) fail(SenderEvent::dial_failed, error, {});
}

void Sender::prepare_further() {
  if (state_ != SenderState::preparing) return;
  if (!walked_ && walk_->outcome()) {
    if (!*walk_->outcome()) {
      return fail(SenderEvent::source_failed, walk_->outcome()->error(), {});
    }
    manifest_ = walk_->take_manifest();
    walked_ = true;
  }
  if (!walked_ || !connection_) return;
  KITH_CHECK(enter(SenderEvent::prepared));
  control_tag_ = effects_.open_stream(machine_, *connection_, StreamKind::bidirectional);
}

// --- opening, offering --------------------------------------------------------------------------

void Sender::begin_offer() {
  KITH_CHECK(enter(SenderEvent::control_opened));
  effects_.emit(TransferStarted{share_.request, transfer_, share_.device, manifest_.bytes()});
  control_->send(Offer{transfer_, destination_,
                       static_cast<std::uint32_t>(manifest_.entries().size()), manifest_.files(),
                       manifest_.bytes(), walk_->skipped()});
  send_manifest();
}

// In bursts just above the low-water mark, so that StreamWritable asks for the next.
void Sender::send_manifest() {
  const auto& entries = manifest_.entries();
  std::size_t burst = 0;
  while (manifest_sent_ < entries.size() && burst <= kStreamLowWater) {
    ManifestPart part;
    std::size_t size = 0;
    while (manifest_sent_ < entries.size() && size < kManifestPartBytes &&
           part.entries.size() < kMaxEntriesPerPart) {
      size += encoded_size(entries[manifest_sent_]);
      part.entries.push_back(entries[manifest_sent_++]);
    }
    burst += control_->send(part);
  }
}

void Sender::begin_sending() {
  layout_ = std::make_unique<ChunkLayout>(manifest_);
  reader_ = std::make_unique<Reader>(effects_, machine_, manifest_, *layout_, paths_);
  std::uint64_t accepted_bytes = 0;
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    const auto& item = manifest_.items()[i];
    if (items_[i].dropped) {
      reader_->drop_item(i);
    } else {
      items_[i].digests_left = item.files;
      digests_left_ += item.files;
      accepted_bytes += item.bytes;
    }
  }
  digests_.resize(manifest_.entries().size());
  started_ = effects_.now();
  progress_.emplace(accepted_bytes, started_);
  const auto streams = std::min<std::size_t>(kDataStreams, layout_->count());
  for (std::size_t i = 0; i < streams; ++i) {
    DataStream stream;
    stream.tag = effects_.open_stream(machine_, *connection_, StreamKind::unidirectional);
    streams_.push_back(stream);
  }
  reader_->pump();
  advance();
}

// --- inputs of streams --------------------------------------------------------------------------

void Sender::on_stream_ready(std::uint64_t tag, StreamId stream) {
  if (state_ == SenderState::ended) {
    effects_.emit(ResetStream{*connection_, stream, wire_code(ErrorCode::cancelled)});
    if (tag == control_tag_) {
      effects_.emit(StopStream{*connection_, stream, wire_code(ErrorCode::cancelled)});
    }
    return;
  }
  if (tag == control_tag_) {
    control_.emplace(effects_, *connection_, stream);
    return begin_offer();
  }
  const auto found =
      std::find_if(streams_.begin(), streams_.end(), [&](const auto& at) { return at.tag == tag; });
  KITH_CHECK(found != streams_.end());
  found->stream = stream;
  found->ready = true;
  effects_.emit(StreamWrite{*connection_, stream, SharedBytes(to_bytes(transfer_.bytes)), false});
  advance();
}

void Sender::on_received(StreamId stream, ByteView bytes, bool fin) {
  KITH_CHECK(control_ && control_->stream() == stream);
  control_->on_received(bytes);
  while (auto message = control_->next()) {
    if (!*message) return violated("transfer.frame_malformed");
    on_message(**message);
  }
  if (fin && state_ != SenderState::ended) violated("transfer.control_ended_early");
}

void Sender::on_writable(StreamId stream) {
  if (state_ == SenderState::ended) return;
  if (control_ && control_->stream() == stream) return send_manifest();
  for (auto& data : streams_) {
    if (data.ready && data.stream == stream) data.blocked = false;
  }
  advance();
}

// A data stream that the receiver stops says nothing: why it does is said on the control stream.
void Sender::on_stream_ended(StreamId stream, std::uint64_t code) {
  if (state_ == SenderState::ended || !control_ || control_->stream() != stream) return;
  const auto said = code_from_wire(code);
  fail(SenderEvent::aborted, reported_by_peer(said, TransferDirection::sending), said);
}

void Sender::on_connection_closed(const Error& error) {
  if (control_) control_->abandon();
  if (state_ == SenderState::ended) return;
  fail(SenderEvent::connection_lost, error, {});
}

// --- messages, in the order of the table --------------------------------------------------------

void Sender::on_message(const Message& message) {
  std::visit([&](const auto& said) { on(said); }, message);
}

void Sender::on(const Accept& accept) {
  // Not before the whole manifest is out: nobody can accept what it has not seen.
  if (manifest_sent_ < manifest_.entries().size() || !enter(SenderEvent::accepted)) {
    return violated("transfer.accept_unexpected");
  }
  items_.resize(manifest_.items().size());
  const auto known = std::min(items_.size(), accept.refused_items.size());
  for (std::size_t i = 0; i < known; ++i) items_[i].dropped = accept.refused_items[i];
  begin_sending();
}

void Sender::on(const Decline& decline) {
  if (!next_state(state_, SenderEvent::declined)) return violated("transfer.decline_unexpected");
  control_->close();
  fail(SenderEvent::declined, reported_by_peer(decline.code, TransferDirection::sending), {});
}

void Sender::on(const Written& written) {
  if (!enter(SenderEvent::written)) return violated("transfer.progress_unexpected");
  if (written.bytes < progress_->bytes_done() || written.bytes > progress_->bytes_total()) {
    return violated("transfer.progress_impossible");
  }
  progress_->advance(written.bytes);
  if (progress_->is_due(effects_.now())) report_progress();
}

void Sender::on(const ItemDone& done) {
  if (!enter(SenderEvent::item_done)) return violated("transfer.item_unexpected");
  if (done.item >= items_.size()) return violated("transfer.item_unknown");
  auto& item = items_[done.item];
  if (item.done || item.dropped || item.digests_left > 0) {
    return violated("transfer.item_impossible");
  }
  item.done = true;
  const auto digest = item_digest(manifest_, done.item, digests_);
  effects_.emit(ItemCompleted{transfer_, TransferDirection::sending, share_.paths[done.item],
                              manifest_.items()[done.item].bytes, digest.bytes,
                              effects_.now() - started_});
}

void Sender::on(const Done&) {
  const bool settled = std::all_of(items_.begin(), items_.end(),
                                   [](const auto& item) { return item.done || item.dropped; });
  if (!settled || !next_state(state_, SenderEvent::done)) {
    return violated("transfer.done_unexpected");
  }
  complete();
}

void Sender::on(const Abort& abort) {
  if (!next_state(state_, SenderEvent::aborted)) return violated("transfer.abort_unexpected");
  fail(SenderEvent::aborted, reported_by_peer(abort.code, TransferDirection::sending), abort.code);
}

// What only a sender says.
template <class Unexpected>
void Sender::on(const Unexpected&) {
  violated("transfer.message_of_a_sender");
}

// --- sending ------------------------------------------------------------------------------------

void Sender::on_file(const Ticket& ticket, const Result<FileOutcome>& outcome) {
  if (ticket.part == Part::walk) {
    walk_->on_file(ticket, outcome);
    return prepare_further();
  }
  reader_->on_file(ticket, outcome);
  advance();
}

void Sender::on_compute(std::uint64_t subject, const std::vector<PieceHash>& hashes) {
  if (state_ == SenderState::ended) return;
  reader_->on_compute(static_cast<std::uint32_t>(subject), hashes);
  advance();
}

void Sender::advance() {
  if (state_ != SenderState::sending) return;
  send_digests();
  send_chunks();
  finish_if_all_sent();
}

void Sender::send_digests() {
  for (const auto& failed : reader_->take_failures()) {
    auto& item = items_[manifest_.item_of(failed.entry)];
    if (item.dropped) continue;
    item.dropped = true;
    digests_left_ -= item.digests_left;
    if (!item_error_) item_error_ = file_failed(failed.code, manifest_.path(failed.entry));
    control_->send(failed);
  }
  FileHashes message;
  for (auto& hash : reader_->take_hashes()) {
    auto& item = items_[manifest_.item_of(hash.entry)];
    if (item.dropped) continue;
    --item.digests_left;
    --digests_left_;
    digests_[hash.entry] = hash.digest;
    message.hashes.push_back(hash);
    if (message.hashes.size() == kMaxHashesPerFrame) {
      control_->send(std::exchange(message, {}));
    }
  }
  if (!message.hashes.empty()) control_->send(message);
}

void Sender::send_chunks() {
  for (std::size_t tried = 0; tried < streams_.size() && reader_->has_ready(); ++tried) {
    auto& stream = streams_[next_stream_];
    next_stream_ = (next_stream_ + 1) % streams_.size();
    if (!stream.ready || stream.blocked) continue;
    if (stream.primed && reader_->ready_bytes() <= kStreamLowWater && reader_->more_coming()) {
      continue;
    }
    std::size_t burst = 0;
    while (reader_->has_ready() && burst <= kStreamLowWater) {
      const auto chunk = reader_->take_ready();
      burst += kChunkHeaderBytes + chunk.data.size();
      write_chunk(stream, chunk);
    }
    stream.primed = true;
    stream.blocked = burst > kStreamLowWater;
    tried = 0;
  }
  reader_->pump();
}

void Sender::write_chunk(const DataStream& stream, const Reader::ReadyChunk& chunk) {
  ByteWriter header;
  header.u32(chunk.chunk).u32(static_cast<std::uint32_t>(chunk.data.size()));
  effects_.emit(
      StreamWrite{*connection_, stream.stream, SharedBytes(std::move(header).take()), false});
  effects_.emit(StreamWrite{*connection_, stream.stream, chunk.data, false});
}

void Sender::finish_if_all_sent() {
  const bool streams_ready = std::all_of(streams_.begin(), streams_.end(),
                                         [](const auto& stream) { return stream.ready; });
  if (!reader_->drained() || digests_left_ > 0 || !streams_ready) return;
  end_streams();
  KITH_CHECK(enter(SenderEvent::all_sent));
}

void Sender::end_streams() {
  for (const auto& stream : streams_) {
    if (stream.ready) effects_.emit(StreamWrite{*connection_, stream.stream, {}, true});
  }
}

// --- time and outcomes --------------------------------------------------------------------------

void Sender::on_time() {
  const bool moving = state_ == SenderState::sending || state_ == SenderState::finishing;
  if (moving && progress_->is_due(effects_.now())) report_progress();
}

Instant Sender::next_wakeup() const {
  const bool moving = state_ == SenderState::sending || state_ == SenderState::finishing;
  return moving ? progress_->due() : Instant::never();
}

void Sender::report_progress() {
  auto report = progress_->report(effects_.now());
  report.transfer = transfer_;
  report.direction = TransferDirection::sending;
  effects_.emit(std::move(report));
}

void Sender::cancel() {
  if (state_ == SenderState::ended) return;
  fail(SenderEvent::cancelled, {ErrorCode::cancelled, "The transfer was cancelled", ""},
       ErrorCode::cancelled);
}

void Sender::complete() {
  if (!item_error_) progress_->advance(progress_->bytes_total());
  report_progress();
  if (state_ == SenderState::sending) end_streams();
  if (item_error_) return fail(SenderEvent::done, *item_error_, {});
  KITH_CHECK(enter(SenderEvent::done));
  control_->close();
  control_->ignore();
  reader_->stop();
  effects_.emit(TransferCompleted{transfer_, TransferDirection::sending, progress_->bytes_total(),
                                  effects_.now() - started_, walk_->skipped()});
}

void Sender::violated(std::string_view reason) {
  if (state_ == SenderState::ended) return;
  effects_.count(reason);
  fail(SenderEvent::violated,
       {ErrorCode::corrupt, "The receiving device did not follow the protocol",
        "Bring both devices to the same version"},
       ErrorCode::corrupt);
}

void Sender::fail(SenderEvent event, Error error, std::optional<ErrorCode> tell_peer) {
  KITH_CHECK(enter(event));
  if (control_) {
    if (tell_peer) control_->send(Abort{*tell_peer});
    control_->close();
    control_->ignore();
  }
  if (tell_peer) {
    for (const auto& stream : streams_) {
      if (stream.ready) {
        effects_.emit(ResetStream{*connection_, stream.stream, wire_code(*tell_peer)});
      }
    }
  }
  if (walk_) walk_->stop();
  if (reader_) reader_->stop();
  effects_.emit(
      TransferFailed{share_.request, transfer_, TransferDirection::sending, std::move(error)});
}

bool Sender::enter(SenderEvent event) {
  const auto next = next_state(state_, event);
  if (!next) return false;
  state_ = *next;
  return true;
}

bool Sender::finished() const {
  return state_ == SenderState::ended && (!walk_ || walk_->ops_in_flight() == 0) &&
         (!reader_ || reader_->ops_in_flight() == 0);
}

void Sender::check_invariants() const {
  KITH_CHECK(state_ == SenderState::preparing || state_ == SenderState::ended || connection_);
  if (state_ != SenderState::sending && state_ != SenderState::finishing) return;
  std::uint64_t left = 0;
  for (const auto& item : items_) left += item.dropped ? 0 : item.digests_left;
  KITH_CHECK(left == digests_left_);
  KITH_CHECK(progress_->bytes_done() <= progress_->bytes_total());
}

}  // namespace kith::transfer
