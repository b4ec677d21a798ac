#pragma once

// Writes what arrives to hidden files and makes each durable.
//
//   chunk --> Compute -------------------> hash of each piece ---> digest of the file
//        \--> open, write each piece --> attributes --> sync --> close: the file is stored
//
// The credit of a chunk is returned when its last piece is written, so what a peer can make this
// side hold is what flow control lets it send. Hashing and writing run side by side. A later
// journal of finished pieces has its place where a sync completes: there, pieces with a known hash
// are durable.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "engine/transfer/chunks.h"
#include "engine/transfer/codec.h"
#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/staging.h"

namespace kith::transfer {

class Writer {
 public:
  // All references outlive the writer.
  Writer(Effects& effects, MachineId machine, const Manifest& manifest, const ChunkLayout& layout,
         const StagingPaths& paths);

  // Begins with the files that have no content.
  void pump();

  // `data` is chunk `number`, whole, and holds `held` bytes of credit on `stream`. False if it
  // would keep more than kMaxOpenLargeFiles files open.
  [[nodiscard]] bool add(std::uint32_t number, Bytes data, StreamId stream, std::uint64_t held);

  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);
  void on_compute(std::uint32_t chunk, const std::vector<PieceHash>& hashes);

  // What still arrives of an item is dropped.
  void drop_item(std::uint32_t item);

  std::uint64_t bytes_written() const { return bytes_written_; }
  const std::optional<Error>& error() const { return error_; }

  // What became known since the last call.
  struct Credit {
    StreamId stream;
    std::uint64_t bytes = 0;
  };
  std::vector<Credit> take_credits();
  std::vector<FileHash> take_hashes();
  std::vector<std::uint32_t> take_stored();

  // Closes what is open, writes nothing more and gives up all credit.
  void stop();
  std::size_t ops_in_flight() const { return in_flight_; }

  // The file was asked for, so it may be there.
  bool asked_for(std::uint32_t entry) const { return asked_for_[entry]; }

 private:
  enum class Step : std::uint8_t { open, write, attributes, sync, close };

  struct Chunk {
    std::vector<Piece> pieces;
    SharedBytes data;
    std::size_t unwritten_pieces = 0;
    bool hashed = false;
    Credit credit;
  };
  struct PieceRef {
    std::uint32_t chunk = 0;
    std::uint32_t piece = 0;
  };
  struct File {
    enum class State : std::uint8_t { opening, open, completing, closing, closed };
    State state = State::opening;
    FileHandle handle;
    std::vector<PieceRef> waiting;  // for the open
    std::uint64_t unwritten_pieces = 0;
    std::size_t writes_in_flight = 0;
    bool large = false;  // has several pieces
    bool given_up = false;
  };

  void begin(const PieceRef& ref);
  bool begin_next_empty();
  File& open(std::uint32_t entry);
  void write(File& file, const PieceRef& ref);

  void on_open(std::uint32_t entry, const Result<FileOutcome>& outcome);
  void on_write(const PieceRef& ref, const Result<FileOutcome>& outcome);
  void complete_if_written(std::uint32_t entry, File& file);
  void finish_piece(const PieceRef& ref);
  void add_hash(const Piece& piece, const PieceHash& hash);
  void forget_chunk_if_done(std::uint32_t number);
  void forget_file_if_done(std::uint32_t entry);
  void give_up(std::uint32_t entry, File& file);
  void close(std::uint32_t entry, File& file);
  void fail(std::uint32_t entry, const Error& error);

  template <class Request>
  void ask(Step step, std::uint64_t subject, Request request);
  bool dropped(std::uint32_t entry) const { return dropped_items_[manifest_.item_of(entry)]; }

  Effects& effects_;
  MachineId machine_;
  const Manifest& manifest_;
  const ChunkLayout& layout_;
  const StagingPaths& paths_;

  std::uint32_t next_empty_ = 0;  // entry from which empty files are still to be made
  std::map<std::uint32_t, Chunk> chunks_;
  std::deque<PieceRef> to_begin_;
  std::map<std::uint32_t, File> files_;          // by entry; those with effects to come
  std::map<std::uint32_t, FileDigest> digests_;  // by entry; of large files
  std::size_t large_files_ = 0;
  std::vector<bool> dropped_items_;
  std::vector<bool> asked_for_;
  std::uint64_t bytes_written_ = 0;
  std::vector<Credit> credits_;
  std::vector<FileHash> hashes_;
  std::vector<std::uint32_t> stored_;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;
  std::optional<Error> error_;
};

}  // namespace kith::transfer
