#include "tickhouse/io/csv/csv_tick_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

namespace tickhouse::io {

namespace {

/// What of the longest line is kept: one byte more than allowed, so that the parser refuses it.
constexpr std::size_t kLongLineKept = kMaxCsvLineBytes + 1;
constexpr std::size_t kSkipBytes = 64 * 1024;
constexpr std::size_t kLargestLineBuffer = kLongLineKept + kSkipBytes;
constexpr std::size_t kDetectBytes = 64 * 1024;
constexpr std::size_t kSmallestBuffer = 16;

/// The end of the last whole line, 0 when there is none.
std::size_t EndOfLastLine(std::string_view text) {
  const std::size_t at = text.rfind('\n');
  return at == std::string_view::npos ? 0 : at + 1;
}

}  // namespace

CsvChunkReader::CsvChunkReader(std::unique_ptr<ByteStream> stream, std::string path,
                               CsvReadOptions options)
    : stream_(std::move(stream)),
      path_(std::move(path)),
      on_reject_(std::move(options.on_reject)),
      buffer_(std::max(options.chunk_bytes, kSmallestBuffer)) {
  parse_.source_zone = options.source_zone;
  parse_.with_volumes = options.with_volumes;
}

Result<std::unique_ptr<CsvChunkReader>> CsvChunkReader::Open(std::unique_ptr<ByteStream> stream,
                                                             std::string path,
                                                             CsvReadOptions options) {
  const std::optional<CsvDialect> forced = options.dialect;
  std::unique_ptr<CsvChunkReader> reader(
      new CsvChunkReader(std::move(stream), std::move(path), std::move(options)));
  TICKHOUSE_TRY(reader->ChooseDialect(forced));
  return reader;
}

Result<std::unique_ptr<CsvChunkReader>> CsvChunkReader::Open(std::unique_ptr<ReadableFile> file,
                                                             CsvReadOptions options) {
  std::string path = file->path();
  TICKHOUSE_ASSIGN(auto stream, OpenByteStream(std::move(file)));
  return Open(std::move(stream), std::move(path), std::move(options));
}

Status CsvChunkReader::ChooseDialect(std::optional<CsvDialect> forced) {
  if (forced) {
    parse_.dialect = *forced;
    return {};
  }
  if (buffer_.size() < kDetectBytes) buffer_.resize(kDetectBytes);
  Fill();
  if (filled_ == 0 && stream_failure_) return Fail(*stream_failure_);
  auto dialect = DetectCsvDialect({buffer_.data(), std::min(filled_, kDetectBytes)});
  if (!dialect) return Fail(dialect.error().WithContext(path_));
  parse_.dialect = *dialect;
  return {};
}

Result<bool> CsvChunkReader::Next(ParsedCsv* out) {
  out->Clear();
  while (!failure_) {
    Fill();
    if (filled_ == 0 && at_end_) {
      if (!stream_failure_) return false;
      failure_ = stream_failure_;
      break;
    }
    ParseWholeLines(out);
    if (Status told = ReportRejects(*out); !told) {
      failure_ = std::move(told).error();
      break;
    }
    if (out->rows() > 0) return true;
  }
  out->Clear();
  return Fail(*failure_);
}

/// To a full buffer that holds the end of a line, or to the end of the input.
void CsvChunkReader::Fill() {
  while (!at_end_) {
    if (filled_ < buffer_.size()) {
      (void)ReadMore();
    } else if (EndOfLastLine({buffer_.data(), filled_}) > 0) {
      return;
    } else if (buffer_.size() < kLargestLineBuffer) {
      buffer_.resize(std::min(buffer_.size() * 2, kLargestLineBuffer));
    } else {
      SkipRestOfLongLine();
    }
  }
}

bool CsvChunkReader::ReadMore() {
  const auto room = std::as_writable_bytes(std::span(buffer_)).subspan(filled_);
  auto read = stream_->Read(room);
  const std::size_t bytes = read.value_or(0);
  if (!read) stream_failure_ = std::move(read).error();
  at_end_ = bytes == 0;
  filled_ += bytes;
  return !at_end_;
}

/// The buffer holds the beginning of a line longer than any may be: the rest goes by unkept.
void CsvChunkReader::SkipRestOfLongLine() {
  while (true) {
    filled_ = kLongLineKept;
    if (!ReadMore()) return;
    const std::string_view fresh(buffer_.data() + kLongLineKept, filled_ - kLongLineKept);
    const std::size_t line_end = fresh.find('\n');
    if (line_end == std::string_view::npos) continue;
    std::memmove(buffer_.data() + kLongLineKept, fresh.data() + line_end, fresh.size() - line_end);
    filled_ -= line_end;
    return;
  }
}

void CsvChunkReader::ParseWholeLines(ParsedCsv* out) {
  std::size_t end = EndOfLastLine({buffer_.data(), filled_});
  // Behind a damage of the packed data the last line is not the file's end but the damage's.
  if (at_end_ && !stream_failure_) end = filled_;
  ParseCsvChunk({buffer_.data(), end}, at_start_, parse_, &carry_, out);
  at_start_ = false;
  for (RejectedRow& row : out->rejected) row.line += lines_;
  lines_ += out->lines;
  if (out->symbol) symbol_ = out->symbol;
  std::memmove(buffer_.data(), buffer_.data() + end, filled_ - end);
  filled_ -= end;
  if (at_end_) filled_ = 0;
}

Status CsvChunkReader::ReportRejects(const ParsedCsv& parsed) {
  rejected_ += static_cast<int64_t>(parsed.rejected.size());
  if (!on_reject_) return {};
  for (const RejectedRow& row : parsed.rejected) TICKHOUSE_TRY(on_reject_(row));
  return {};
}

Result<bool> CsvTickReader::Next(TickBatch* batch) {
  batch->Clear();
  TICKHOUSE_ASSIGN(const bool more, chunks_->Next(&parsed_));
  if (more) parsed_.MoveRowsTo(batch);
  return more;
}

Result<std::unique_ptr<CsvTickReader>> OpenCsvTicks(std::unique_ptr<ReadableFile> file,
                                                    CsvReadOptions options) {
  TICKHOUSE_ASSIGN(auto chunks, CsvChunkReader::Open(std::move(file), std::move(options)));
  return std::make_unique<CsvTickReader>(std::move(chunks));
}

}  // namespace tickhouse::io
