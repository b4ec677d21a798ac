#pragma once

// Reads the sender's files into chunks, a bounded number ahead, and hashes each while it is sent.
//
//   open --> read pieces --> stat again --> close
//                |   \-> chunk complete --> ready for a stream
//                |                     \-> Compute --> hash of each piece
//                all pieces hashed and the file as the manifest says --> its digest
//
// A file that is not as the manifest says (type, size, time of change) when it is opened, read or
// looked at again afterwards, fails, and its item with it: what is left of the item is not read,
// and zeros stand for it where it shares a chunk with others. What changes after the last look was
// read before, so it does not matter.

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "engine/transfer/chunks.h"
#include "engine/transfer/codec.h"
#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/names.h"

namespace kith::transfer {

class Reader {
 public:
  // All references outlive the reader.
  Reader(Effects& effects, MachineId machine, const Manifest& manifest, const ChunkLayout& layout,
         const std::vector<NamedPath>& paths);

  // Leaves an item out.
  void drop_item(std::uint32_t item);

  void pump();
  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);
  void on_compute(std::uint32_t chunk, const std::vector<PieceHash>& hashes);

  struct ReadyChunk {
    std::uint32_t chunk = 0;
    SharedBytes data;
  };
  // What the ready chunks take on a stream, headers included.
  std::size_t ready_bytes() const { return ready_bytes_; }
  bool has_ready() const { return !ready_.empty(); }
  ReadyChunk take_ready();
  // A chunk is being read: more will be ready without anything being taken.
  bool more_coming() const { return unread_chunks_ > 0; }
  // Every chunk was taken.
  bool drained() const { return next_chunk_ == layout_.count() && !more_coming() && !has_ready(); }

  // What became known since the last call.
  std::vector<FileHash> take_hashes();
  std::vector<FileFailed> take_failures();

  // Closes what is open and reads nothing more.
  void stop();
  std::size_t ops_in_flight() const { return in_flight_; }

 private:
  enum class Step : std::uint8_t { open, read, stat, close, stat_empty };

  struct Chunk {
    std::vector<Piece> pieces;
    Bytes assembled;  // where several pieces come together
    SharedBytes data;
    std::size_t unread_pieces = 0;
    bool taken = false;
    bool hashed = false;
  };
  struct PieceRef {
    std::uint32_t chunk = 0;
    std::uint32_t piece = 0;
  };
  struct File {
    enum class State : std::uint8_t { opening, open, closing, closed };
    explicit File(std::uint64_t size_bytes)
        : digest(size_bytes), unread_pieces(piece_count(size_bytes)) {}

    State state = State::opening;
    FileHandle handle;
    std::vector<PieceRef> waiting;  // for the open
    FileDigest digest;
    std::uint64_t unread_pieces;
    std::size_t reads_in_flight = 0;
    bool unchanged = false;  // the look after the last read found it as before
    bool settled = false;    // its digest was given out, or it was given up
  };

  void start_chunk();
  void begin(const PieceRef& ref);
  void read(File& file, const PieceRef& ref);
  void stat_next_empty();

  void on_open(std::uint32_t entry, const Result<FileOutcome>& outcome);
  void on_read(const PieceRef& ref, const Result<FileOutcome>& outcome);
  void on_stat(std::uint32_t entry, const Result<FileOutcome>& outcome);
  void on_stat_empty(std::uint32_t entry, const Result<FileOutcome>& outcome);

  void finish_piece(const PieceRef& ref, const SharedBytes* bytes);
  void finish_chunk(std::uint32_t number, Chunk& chunk);
  void forget_chunk_if_done(std::uint32_t number);
  void report_if_done(std::uint32_t entry);
  void fail_file(std::uint32_t entry, ErrorCode code);
  void give_up(std::uint32_t entry, File& file);
  void close(std::uint32_t entry, File& file);
  void forget_file_if_done(std::uint32_t entry);

  bool dropped(std::uint32_t entry) const { return dropped_items_[manifest_.item_of(entry)]; }
  bool as_announced(std::uint32_t entry, const FileInfo& info) const;
  Ticket ticket(Step step, std::uint64_t subject) const;
  FilePath path_of(std::uint32_t entry) const;

  Effects& effects_;
  MachineId machine_;
  const Manifest& manifest_;
  const ChunkLayout& layout_;
  const std::vector<NamedPath>& paths_;

  std::uint32_t next_chunk_ = 0;
  std::uint32_t next_empty_ = 0;  // entry from which empty files are still to be looked at
  std::map<std::uint32_t, Chunk> chunks_;
  std::deque<PieceRef> to_begin_;
  std::deque<std::uint32_t> ready_;
  std::size_t ready_bytes_ = 0;
  std::size_t unread_chunks_ = 0;
  std::map<std::uint32_t, File> files_;  // by entry
  std::vector<bool> dropped_items_;
  std::vector<FileHash> hashes_;
  std::vector<FileFailed> failures_;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;
};

}  // namespace kith::transfer
