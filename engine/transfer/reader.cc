#include "engine/transfer/reader.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {
namespace {

// A file that was there when the tree was read and is not now has changed.
ErrorCode as_change(ErrorCode code) {
  return code == ErrorCode::not_found ? ErrorCode::source_changed : code;
}

}  // namespace

Reader::Reader(Effects& effects, MachineId machine, const Manifest& manifest,
               const ChunkLayout& layout, const std::vector<NamedPath>& paths)
    : effects_(effects),
      machine_(machine),
      manifest_(manifest),
      layout_(layout),
      paths_(paths),
      dropped_items_(manifest.items().size()) {}

void Reader::drop_item(std::uint32_t item) {
  if (dropped_items_[item]) return;
  dropped_items_[item] = true;
  const auto& range = manifest_.items()[item];
  auto at = files_.lower_bound(range.first);
  while (at != files_.end() && at->first < range.end) {
    const auto current = at++;
    give_up(current->first, current->second);
  }
}

void Reader::pump() {
  while (!stopped_) {
    if (in_flight_ >= kMaxFileOps) return;
    if (!to_begin_.empty()) {
      const auto ref = to_begin_.front();
      to_begin_.pop_front();
      begin(ref);
    } else if (next_chunk_ < layout_.count() && chunks_.size() < kReadAheadChunks) {
      start_chunk();
    } else if (next_empty_ < manifest_.entries().size()) {
      stat_next_empty();
    } else {
      return;
    }
  }
}

void Reader::start_chunk() {
  const auto number = next_chunk_++;
  auto pieces = layout_.pieces(number);
  const bool wanted = std::any_of(pieces.begin(), pieces.end(),
                                  [&](const auto& piece) { return !dropped(piece.entry); });
  if (!wanted) return;
  Chunk chunk;
  chunk.unread_pieces = pieces.size();
  if (pieces.size() > 1) chunk.assembled.resize(layout_.length(number));
  chunk.pieces = std::move(pieces);
  for (std::uint32_t i = 0; i < chunk.pieces.size(); ++i) to_begin_.push_back({number, i});
  chunks_.emplace(number, std::move(chunk));
  ++unread_chunks_;
}

void Reader::begin(const PieceRef& ref) {
  const auto entry = chunks_.at(ref.chunk).pieces[ref.piece].entry;
  if (dropped(entry)) return finish_piece(ref, nullptr);
  auto found = files_.find(entry);
  if (found == files_.end()) {
    found = files_.try_emplace(entry, manifest_.entries()[entry].size_bytes).first;
    found->second.handle = effects_.file_handle();
    ++in_flight_;
    effects_.file(ticket(Step::open, entry), FileOpen{{}, found->second.handle, path_of(entry)});
  }
  auto& file = found->second;
  if (file.state == File::State::opening) {
    file.waiting.push_back(ref);
  } else {
    read(file, ref);
  }
}

void Reader::read(File& file, const PieceRef& ref) {
  const auto& piece = chunks_.at(ref.chunk).pieces[ref.piece];
  ++file.reads_in_flight;
  ++in_flight_;
  const auto subject = std::uint64_t{ref.chunk} << 32 | ref.piece;
  effects_.file(ticket(Step::read, subject),
                FileRead{{}, file.handle, piece.file_offset(), piece.length});
}

void Reader::stat_next_empty() {
  const auto entry = next_empty_++;
  const auto& file = manifest_.entries()[entry];
  if (file.directory || file.size_bytes > 0 || dropped(entry)) return;
  ++in_flight_;
  effects_.file(ticket(Step::stat_empty, entry), FileStat{{}, path_of(entry)});
}

void Reader::on_file(const Ticket& done, const Result<FileOutcome>& outcome) {
  --in_flight_;
  const auto entry = static_cast<std::uint32_t>(done.subject);
  switch (static_cast<Step>(done.step)) {
    case Step::open:
      on_open(entry, outcome);
      break;
    case Step::read:
      on_read({static_cast<std::uint32_t>(done.subject >> 32), entry}, outcome);
      break;
    case Step::stat:
      on_stat(entry, outcome);
      break;
    case Step::stat_empty:
      on_stat_empty(entry, outcome);
      break;
    case Step::close:
      // The file was only read, so an error of closing it says nothing about what was sent.
      files_.at(entry).state = File::State::closed;
      forget_file_if_done(entry);
      break;
  }
  pump();
}

void Reader::on_open(std::uint32_t entry, const Result<FileOutcome>& outcome) {
  auto& file = files_.at(entry);
  file.state = outcome ? File::State::open : File::State::closed;
  const auto waiting = std::exchange(file.waiting, {});
  const auto* info = outcome ? std::get_if<FileInfo>(&*outcome) : nullptr;
  if (!file.settled && (info == nullptr || !as_announced(entry, *info))) {
    fail_file(entry, outcome ? ErrorCode::source_changed : as_change(outcome.error().code));
  } else if (file.settled) {
    close(entry, file);
  }
  if (stopped_) return;
  if (const auto still = files_.find(entry); still != files_.end() && !still->second.settled) {
    for (const auto& ref : waiting) read(still->second, ref);
  } else {
    for (const auto& ref : waiting) finish_piece(ref, nullptr);
  }
}

void Reader::on_read(const PieceRef& ref, const Result<FileOutcome>& outcome) {
  const auto piece = chunks_.at(ref.chunk).pieces[ref.piece];
  auto& file = files_.at(piece.entry);
  --file.reads_in_flight;
  if (file.settled) {
    close(piece.entry, file);
    if (!stopped_) finish_piece(ref, nullptr);
    return;
  }
  const auto* bytes = outcome ? std::get_if<SharedBytes>(&*outcome) : nullptr;
  if (bytes == nullptr || bytes->size() != piece.length) {
    fail_file(piece.entry, outcome ? ErrorCode::source_changed : outcome.error().code);
    finish_piece(ref, nullptr);
    return;
  }
  if (--file.unread_pieces == 0) {
    ++in_flight_;
    effects_.file(ticket(Step::stat, piece.entry), FileStat{{}, path_of(piece.entry)});
    close(piece.entry, file);
  }
  finish_piece(ref, bytes);
}

void Reader::on_stat(std::uint32_t entry, const Result<FileOutcome>& outcome) {
  const auto found = files_.find(entry);
  if (found == files_.end() || found->second.settled) return;
  const auto* info = outcome ? std::get_if<FileInfo>(&*outcome) : nullptr;
  if (info == nullptr || !as_announced(entry, *info)) {
    return fail_file(entry, outcome ? ErrorCode::source_changed : as_change(outcome.error().code));
  }
  found->second.unchanged = true;
  report_if_done(entry);
}

void Reader::on_stat_empty(std::uint32_t entry, const Result<FileOutcome>& outcome) {
  if (stopped_ || dropped(entry)) return;
  const auto* info = outcome ? std::get_if<FileInfo>(&*outcome) : nullptr;
  if (info != nullptr && as_announced(entry, *info)) {
    hashes_.push_back({entry, blake3({})});
  } else {
    fail_file(entry, outcome ? ErrorCode::source_changed : as_change(outcome.error().code));
  }
}

void Reader::on_compute(std::uint32_t number, const std::vector<PieceHash>& hashes) {
  if (stopped_) return;
  auto& chunk = chunks_.at(number);
  KITH_CHECK(hashes.size() == chunk.pieces.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto& piece = chunk.pieces[i];
    const auto found = files_.find(piece.entry);
    if (found == files_.end() || found->second.settled) continue;
    found->second.digest.add(piece.index, hashes[i]);
    report_if_done(piece.entry);
  }
  chunk.hashed = true;
  forget_chunk_if_done(number);
  pump();
}

// Without bytes the piece stays zero: its file was given up, and the other side knows.
void Reader::finish_piece(const PieceRef& ref, const SharedBytes* bytes) {
  auto& chunk = chunks_.at(ref.chunk);
  const auto& piece = chunk.pieces[ref.piece];
  if (chunk.pieces.size() == 1) {
    chunk.data = bytes != nullptr ? *bytes : SharedBytes(Bytes(piece.length));
  } else if (bytes != nullptr) {
    std::copy(bytes->view().begin(), bytes->view().end(),
              chunk.assembled.begin() + static_cast<std::ptrdiff_t>(piece.offset));
  }
  if (--chunk.unread_pieces == 0) finish_chunk(ref.chunk, chunk);
}

void Reader::finish_chunk(std::uint32_t number, Chunk& chunk) {
  if (chunk.pieces.size() > 1) chunk.data = SharedBytes(std::move(chunk.assembled));
  std::vector<HashPiece> pieces;
  pieces.reserve(chunk.pieces.size());
  for (const auto& piece : chunk.pieces) {
    pieces.push_back({piece.index, piece.offset, piece.length, piece.whole_file});
  }
  effects_.compute(machine_, number, chunk.data, std::move(pieces));
  --unread_chunks_;
  ready_.push_back(number);
  ready_bytes_ += kChunkHeaderBytes + chunk.data.size();
}

Reader::ReadyChunk Reader::take_ready() {
  KITH_CHECK(!ready_.empty());
  const auto number = ready_.front();
  ready_.pop_front();
  auto& chunk = chunks_.at(number);
  ReadyChunk taken{number, std::move(chunk.data)};
  chunk.taken = true;
  ready_bytes_ -= kChunkHeaderBytes + taken.data.size();
  forget_chunk_if_done(number);
  return taken;
}

void Reader::forget_chunk_if_done(std::uint32_t number) {
  const auto found = chunks_.find(number);
  if (found->second.taken && found->second.hashed) chunks_.erase(found);
}

void Reader::report_if_done(std::uint32_t entry) {
  auto& file = files_.at(entry);
  if (!file.unchanged || !file.digest.complete()) return;
  file.settled = true;
  hashes_.push_back({entry, file.digest.digest()});
  forget_file_if_done(entry);
}

void Reader::fail_file(std::uint32_t entry, ErrorCode code) {
  failures_.push_back({entry, code});
  drop_item(manifest_.item_of(entry));
}

void Reader::give_up(std::uint32_t entry, File& file) {
  file.settled = true;
  close(entry, file);
}

// As soon as nothing is read from it any more.
void Reader::close(std::uint32_t entry, File& file) {
  if (file.state == File::State::open && file.reads_in_flight == 0) {
    file.state = File::State::closing;
    ++in_flight_;
    effects_.file(ticket(Step::close, entry), FileClose{{}, file.handle});
  }
  forget_file_if_done(entry);
}

void Reader::forget_file_if_done(std::uint32_t entry) {
  const auto found = files_.find(entry);
  if (found == files_.end()) return;
  if (found->second.state == File::State::closed && found->second.settled) files_.erase(found);
}

std::vector<FileHash> Reader::take_hashes() { return std::exchange(hashes_, {}); }

std::vector<FileFailed> Reader::take_failures() { return std::exchange(failures_, {}); }

void Reader::stop() {
  stopped_ = true;
  to_begin_.clear();
  for (auto at = files_.begin(); at != files_.end();) {
    const auto current = at++;
    give_up(current->first, current->second);
  }
}

bool Reader::as_announced(std::uint32_t entry, const FileInfo& info) const {
  const auto& announced = manifest_.entries()[entry];
  return info.type == FileType::regular && info.size_bytes == announced.size_bytes &&
         info.modified_ns == announced.modified_ns;
}

Ticket Reader::ticket(Step step, std::uint64_t subject) const {
  return {machine_, Part::reader, static_cast<std::uint8_t>(step), subject};
}

FilePath Reader::path_of(std::uint32_t entry) const {
  const auto& named = paths_[manifest_.item_of(entry)];
  return {named.parent, join(named.name, manifest_.path_below_item(entry))};
}

}  // namespace kith::transfer
