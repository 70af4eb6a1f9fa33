// Tick CSV files of any size, plain or packed, chunk by chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/io/compress/byte_stream.h"
#include "tickhouse/io/csv/csv_dialect.h"
#include "tickhouse/io/csv/csv_tick_parser.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// Told of every row that could not become a tick, in the order of the file, with line numbers of
/// the file. A failure it returns ends the reading with that failure (strict mode, or a full disk).
using RejectSink = std::function<Status(const RejectedRow& row)>;

struct CsvReadOptions {
  std::optional<CsvDialect> dialect;  ///< Empty: told by the first lines.
  Zone source_zone = {};              ///< Where the dialect has no zone of its own.
  bool with_volumes = false;
  std::size_t chunk_bytes = std::size_t{1} << 20;
  RejectSink on_reject;  ///< Empty: rejected rows are counted only.
};

/// Reads a stream to chunks of parsed rows. Memory: one chunk, its rows, and up to one line of
/// kMaxCsvLineBytes, whatever the size of the input. Lines may cross chunk ends. After a failure
/// the same one comes again; whole lines read before a damage of the packed data are handed out
/// first. One thread at a time.
class CsvChunkReader {
 public:
  /// `path` is for messages. kUnsupported: no dialect fits the first lines.
  static Result<std::unique_ptr<CsvChunkReader>> Open(std::unique_ptr<ByteStream> stream,
                                                      std::string path, CsvReadOptions options);
  /// By content: packed files are unpacked on the way.
  static Result<std::unique_ptr<CsvChunkReader>> Open(std::unique_ptr<ReadableFile> file,
                                                      CsvReadOptions options);

  /// True: `*out` has 1 or more rows (its `rejected` have line numbers of the file). False: the
  /// end.
  Result<bool> Next(ParsedCsv* out);

  CsvDialect dialect() const { return parse_.dialect; }
  /// The zone in which times without an offset were read.
  Zone zone() const { return ZoneOfDialect(parse_.dialect).value_or(parse_.source_zone); }
  int64_t lines() const { return lines_; }
  int64_t rejected() const { return rejected_; }
  /// Bytes of the (packed) file consumed, for progress.
  int64_t consumed() const { return stream_->consumed(); }
  /// Canonical, where rows name one; known after the first rows.
  const std::optional<std::string>& symbol() const { return symbol_; }

 private:
  CsvChunkReader(std::unique_ptr<ByteStream> stream, std::string path, CsvReadOptions options);
  Status ChooseDialect(std::optional<CsvDialect> forced);
  void Fill();
  bool ReadMore();
  void SkipRestOfLongLine();
  void ParseWholeLines(ParsedCsv* out);
  Status ReportRejects(const ParsedCsv& parsed);

  std::unique_ptr<ByteStream> stream_;
  std::string path_;
  RejectSink on_reject_;
  CsvParseOptions parse_;
  std::vector<char> buffer_;
  std::size_t filled_ = 0;
  bool at_end_ = false;
  bool at_start_ = true;
  std::optional<Error> stream_failure_;
  std::optional<Error> failure_;
  CsvCarry carry_;
  int64_t lines_ = 0;
  int64_t rejected_ = 0;
  std::optional<std::string> symbol_;
};

/// The same as a TickReader: prices as doubles, a batch a chunk. Owns `chunks`.
class CsvTickReader : public TickReader {
 public:
  explicit CsvTickReader(std::unique_ptr<CsvChunkReader> chunks) : chunks_(std::move(chunks)) {}
  Result<bool> Next(TickBatch* batch) override;
  const CsvChunkReader& chunks() const { return *chunks_; }

 private:
  std::unique_ptr<CsvChunkReader> chunks_;
  ParsedCsv parsed_;
};

Result<std::unique_ptr<CsvTickReader>> OpenCsvTicks(std::unique_ptr<ReadableFile> file,
                                                    CsvReadOptions options);

}  // namespace tickhouse::io
