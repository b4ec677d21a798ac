#include "engine/transfer/writer.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/transfer/failure.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {

Writer::Writer(Effects& effects, MachineId machine, const Manifest& manifest,
               const ChunkLayout& layout, const StagingPaths& paths)
    : effects_(effects),
      machine_(machine),
      manifest_(manifest),
      layout_(layout),
      paths_(paths),
      dropped_items_(manifest.items().size()),
      asked_for_(manifest.entries().size()) {}

bool Writer::add(std::uint32_t number, Bytes data, StreamId stream, std::uint64_t held) {
  Chunk chunk;
  chunk.pieces = layout_.pieces(number);
  chunk.data = SharedBytes(std::move(data));
  chunk.unwritten_pieces = chunk.pieces.size();
  chunk.credit = {stream, held};
  std::vector<HashPiece> pieces;
  pieces.reserve(chunk.pieces.size());
  for (const auto& piece : chunk.pieces) {
    pieces.push_back({piece.index, piece.offset, piece.length, piece.whole_file});
  }
  effects_.compute(machine_, number, chunk.data, std::move(pieces));
  for (std::uint32_t i = 0; i < chunk.pieces.size(); ++i) to_begin_.push_back({number, i});

  // At most the first piece of a chunk is of a file of several.
  const auto first = chunk.pieces.front().entry;
  const bool opens_large = !chunk.pieces.front().whole_file && files_.count(first) == 0;
  chunks_.emplace(number, std::move(chunk));
  if (opens_large && !dropped(first)) {
    if (large_files_ == kMaxOpenLargeFiles) return false;
    open(first);
  }
  pump();
  return true;
}

void Writer::pump() {
  while (!stopped_ && !error_ && in_flight_ < kMaxFileOps) {
    if (!to_begin_.empty()) {
      const auto ref = to_begin_.front();
      to_begin_.pop_front();
      begin(ref);
    } else if (!begin_next_empty()) {
      return;
    }
  }
}

void Writer::begin(const PieceRef& ref) {
  const auto entry = chunks_.at(ref.chunk).pieces[ref.piece].entry;
  if (dropped(entry)) return finish_piece(ref);
  const auto found = files_.find(entry);
  auto& file = found != files_.end() ? found->second : open(entry);
  if (file.state == File::State::opening) {
    file.waiting.push_back(ref);
  } else {
    write(file, ref);
  }
}

bool Writer::begin_next_empty() {
  const auto& entries = manifest_.entries();
  while (next_empty_ < entries.size()) {
    const auto entry = next_empty_++;
    if (entries[entry].directory || entries[entry].size_bytes > 0 || dropped(entry)) continue;
    open(entry);
    hashes_.push_back({entry, blake3({})});
    return true;
  }
  return false;
}

Writer::File& Writer::open(std::uint32_t entry) {
  const auto size = manifest_.entries()[entry].size_bytes;
  auto& file = files_[entry];
  file.unwritten_pieces = size == 0 ? 0 : piece_count(size);
  file.handle = effects_.file_handle();
  file.large = size > kPieceBytes;
  if (file.large) ++large_files_;
  asked_for_[entry] = true;
  ask(Step::open, entry,
      FileOpen{{}, file.handle, paths_.hidden(manifest_, entry), FileOpen::Mode::create});
  return file;
}

void Writer::write(File& file, const PieceRef& ref) {
  const auto& chunk = chunks_.at(ref.chunk);
  const auto& piece = chunk.pieces[ref.piece];
  ++file.writes_in_flight;
  ask(Step::write, std::uint64_t{ref.chunk} << 32 | ref.piece,
      FileWrite{
          {}, file.handle, piece.file_offset(), chunk.data.slice(piece.offset, piece.length)});
}

void Writer::on_file(const Ticket& ticket, const Result<FileOutcome>& outcome) {
  --in_flight_;
  const auto entry = static_cast<std::uint32_t>(ticket.subject);
  const auto step = static_cast<Step>(ticket.step);
  if (step == Step::open) {
    on_open(entry, outcome);
  } else if (step == Step::write) {
    on_write({static_cast<std::uint32_t>(ticket.subject >> 32), entry}, outcome);
  } else {
    auto& file = files_.at(entry);
    if (!outcome) fail(entry, outcome.error());
    if (step == Step::close) {
      file.state = File::State::closed;
      if (outcome && !file.given_up) stored_.push_back(entry);
      forget_file_if_done(entry);
    } else if (file.given_up || !outcome) {
      file.state = File::State::open;
      give_up(entry, file);
    } else if (step == Step::attributes) {
      ask(Step::sync, entry, FileSync{{}, file.handle});
    } else {
      file.state = File::State::open;
      close(entry, file);
    }
  }
  pump();
}

void Writer::on_open(std::uint32_t entry, const Result<FileOutcome>& outcome) {
  auto& file = files_.at(entry);
  file.state = outcome ? File::State::open : File::State::closed;
  const auto waiting = std::exchange(file.waiting, {});
  if (!outcome) fail(entry, outcome.error());
  if (!outcome || file.given_up) {
    give_up(entry, file);
    for (const auto& ref : waiting) finish_piece(ref);
    return;
  }
  for (const auto& ref : waiting) write(file, ref);
  complete_if_written(entry, file);
}

void Writer::on_write(const PieceRef& ref, const Result<FileOutcome>& outcome) {
  const auto piece = chunks_.at(ref.chunk).pieces[ref.piece];
  auto& file = files_.at(piece.entry);
  --file.writes_in_flight;
  if (!outcome) {
    fail(piece.entry, outcome.error());
    give_up(piece.entry, file);
  } else if (file.given_up) {
    close(piece.entry, file);
  } else {
    --file.unwritten_pieces;
    bytes_written_ += piece.length;
    complete_if_written(piece.entry, file);
  }
  finish_piece(ref);
}

// The mode comes with the attributes, so until then nobody but the owner can open the file.
void Writer::complete_if_written(std::uint32_t entry, File& file) {
  if (file.unwritten_pieces > 0) return;
  const auto& attributes = manifest_.entries()[entry];
  file.state = File::State::completing;
  ask(Step::attributes, entry,
      FileSetAttributes{{}, file.handle, attributes.mode, attributes.modified_ns});
}

void Writer::on_compute(std::uint32_t number, const std::vector<PieceHash>& hashes) {
  const auto found = chunks_.find(number);
  if (stopped_ || found == chunks_.end()) return;
  auto& chunk = found->second;
  KITH_CHECK(hashes.size() == chunk.pieces.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) add_hash(chunk.pieces[i], hashes[i]);
  chunk.hashed = true;
  forget_chunk_if_done(number);
}

void Writer::add_hash(const Piece& piece, const PieceHash& hash) {
  if (dropped(piece.entry)) return;
  if (piece.whole_file) {
    hashes_.push_back({piece.entry, Digest{hash}});
    return;
  }
  const auto size = manifest_.entries()[piece.entry].size_bytes;
  auto& digest = digests_.try_emplace(piece.entry, size).first->second;
  digest.add(piece.index, hash);
  if (!digest.complete()) return;
  hashes_.push_back({piece.entry, digest.digest()});
  digests_.erase(piece.entry);
}

void Writer::finish_piece(const PieceRef& ref) {
  auto& chunk = chunks_.at(ref.chunk);
  if (--chunk.unwritten_pieces > 0) return;
  if (chunk.credit.bytes > 0) credits_.push_back(std::exchange(chunk.credit, {}));
  chunk.data = {};
  forget_chunk_if_done(ref.chunk);
}

void Writer::forget_chunk_if_done(std::uint32_t number) {
  const auto found = chunks_.find(number);
  if (found->second.unwritten_pieces == 0 && found->second.hashed) chunks_.erase(found);
}

void Writer::forget_file_if_done(std::uint32_t entry) {
  const auto found = files_.find(entry);
  const auto& file = found->second;
  if (file.state != File::State::closed) return;
  if (file.large) --large_files_;
  files_.erase(found);
}

void Writer::drop_item(std::uint32_t item) {
  if (dropped_items_[item]) return;
  dropped_items_[item] = true;
  const auto& range = manifest_.items()[item];
  for (auto at = files_.lower_bound(range.first); at != files_.end() && at->first < range.end;) {
    const auto current = at++;
    give_up(current->first, current->second);
  }
  digests_.erase(digests_.lower_bound(range.first), digests_.lower_bound(range.end));
}

void Writer::give_up(std::uint32_t entry, File& file) {
  file.given_up = true;
  close(entry, file);
}

// As soon as nothing else is in flight for the file.
void Writer::close(std::uint32_t entry, File& file) {
  if (file.state == File::State::open && file.writes_in_flight == 0) {
    file.state = File::State::closing;
    ask(Step::close, entry, FileClose{{}, file.handle});
  }
  forget_file_if_done(entry);
}

void Writer::fail(std::uint32_t entry, const Error& error) {
  if (!error_) error_ = disk_failed(error, manifest_.path(entry));
}

std::vector<Writer::Credit> Writer::take_credits() { return std::exchange(credits_, {}); }

std::vector<FileHash> Writer::take_hashes() { return std::exchange(hashes_, {}); }

std::vector<std::uint32_t> Writer::take_stored() { return std::exchange(stored_, {}); }

void Writer::stop() {
  if (stopped_) return;
  stopped_ = true;
  to_begin_.clear();
  for (auto& [number, chunk] : chunks_) {
    if (chunk.credit.bytes > 0) credits_.push_back(std::exchange(chunk.credit, {}));
  }
  for (auto at = files_.begin(); at != files_.end();) {
    const auto current = at++;
    give_up(current->first, current->second);
  }
}

template <class Request>
void Writer::ask(Step step, std::uint64_t subject, Request request) {
  ++in_flight_;
  effects_.file(Ticket{machine_, Part::writer, static_cast<std::uint8_t>(step), subject},
                std::move(request));
}

}  // namespace kith::transfer
