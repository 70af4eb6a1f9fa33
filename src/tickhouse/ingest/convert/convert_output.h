// What one item leaves behind: NAME_chunk_000.parquet, ..., and NAME.rejects.csv, published
// together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/ingest/convert/convert_state.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"

namespace tickhouse::ingest {

/// Rows in the order of the source. Nothing is visible under OUT before `Publish`; destroying it
/// without leaves nothing. After an error only destruction is allowed. One thread at a time.
class ConvertOutput {
 public:
  /// `name` is the stem below `out`. `writer` serves every chunk; its metadata is given to Publish.
  ConvertOutput(io::FileSystem& files, std::string out, std::string name,
                io::ParquetTickWriter::Options writer);
  ~ConvertOutput();

  /// What the files have besides the prices; before the first row.
  void set_volumes(io::VolumeColumns volumes) { writer_options_.volumes = volumes; }

  /// Rows of a chunk; chunks come in ascending order. A chunk without a row makes no file: files
  /// are numbered without gaps.
  Status Write(int64_t chunk, const io::PointTicks& ticks);
  Status Write(int64_t chunk, const TickBatch& ticks);

  /// A Parquet file that another engine made becomes the next chunk, byte for byte. Not to be mixed
  /// with Write.
  Status AppendFile(const std::string& path, int64_t rows);

  /// One refused row, into the side file "line,reason,row".
  Status Reject(int64_t line, std::string_view reason, std::string_view row);

  int64_t rows() const { return rows_; }
  int64_t rejected() const { return rejected_; }

  /// Commits the side file, then the chunks in order, then removes what an earlier conversion of
  /// the same name left beyond them. A run killed in between leaves whole files, and no record that
  /// it is done.
  Result<std::vector<OutputFile>> Publish(const io::TickFileMetadata& metadata);

  /// Where the side file lies, relative to OUT; empty when nothing was refused.
  std::string rejects_path() const;

 private:
  Result<io::ParquetTickWriter*> WriterOf(int64_t chunk);
  std::string ChunkPath(std::size_t index) const;
  Status RemoveLeftovers(std::size_t first_index);

  io::FileSystem& files_;
  const std::string out_;
  const std::string name_;
  io::ParquetTickWriter::Options writer_options_;
  std::vector<std::unique_ptr<io::ParquetTickWriter>> writers_;
  std::vector<std::unique_ptr<io::WritableFile>> copies_;
  std::unique_ptr<io::WritableFile> rejects_;
  std::string rejects_buffer_;
  int64_t chunk_ = -1;
  int64_t rows_ = 0;
  int64_t rejected_ = 0;
};

/// A field of CSV: quoted when it holds a comma, a quote or a line end; NUL bytes as "\0".
std::string CsvField(std::string_view text);

}  // namespace tickhouse::ingest
