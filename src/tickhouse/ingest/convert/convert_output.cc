#include "tickhouse/ingest/convert/convert_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace tickhouse::ingest {

namespace {

constexpr std::size_t kRejectsBuffer = std::size_t{64} << 10;
constexpr std::size_t kCopyBuffer = std::size_t{4} << 20;

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// A file that is not there is what we wanted.
Status RemoveIfThere(io::FileSystem& files, const std::string& path, bool* removed) {
  Status status = files.Remove(path);
  *removed = status.has_value();
  if (!status && status.error().kind == ErrorKind::kNotFound) return {};
  return status;
}

}  // namespace

std::string CsvField(std::string_view text) {
  const bool plain = text.find_first_of(std::string_view(",\"\r\n\0", 5)) == std::string_view::npos;
  if (plain) return std::string(text);
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    if (c == '\0') {
      field += "\\0";
    } else {
      field += c;
    }
  }
  return field + '"';
}

ConvertOutput::ConvertOutput(io::FileSystem& files, std::string out, std::string name,
                             io::ParquetTickWriter::Options writer)
    : files_(files),
      out_(std::move(out)),
      name_(std::move(name)),
      writer_options_(std::move(writer)) {}

ConvertOutput::~ConvertOutput() = default;

std::string ConvertOutput::ChunkPath(std::size_t index) const {
  return fmt::format("{}_chunk_{:03}.parquet", name_, index);
}

std::string ConvertOutput::rejects_path() const {
  return rejected_ > 0 ? name_ + ".rejects.csv" : std::string();
}

Result<io::ParquetTickWriter*> ConvertOutput::WriterOf(int64_t chunk) {
  if (chunk != chunk_) {
    // The hash of the source is known only at its end: until then the earlier files stay open, with
    // all rows on disk and only the footer missing.
    if (!writers_.empty()) {
      TICKHOUSE_TRY(writers_.back()->EndRows());
    }
    TICKHOUSE_ASSIGN(auto file, files_.Create(io::JoinPath(out_, ChunkPath(writers_.size()))));
    TICKHOUSE_ASSIGN(auto writer, io::ParquetTickWriter::Open(std::move(file), writer_options_));
    writers_.push_back(std::move(writer));
    chunk_ = chunk;
  }
  return writers_.back().get();
}

Status ConvertOutput::Write(int64_t chunk, const io::PointTicks& ticks) {
  if (ticks.size() == 0) return {};
  TICKHOUSE_ASSIGN(io::ParquetTickWriter * writer, WriterOf(chunk));
  rows_ += static_cast<int64_t>(ticks.size());
  return writer->WritePoints(ticks);
}

Status ConvertOutput::Write(int64_t chunk, const TickBatch& ticks) {
  if (ticks.empty()) return {};
  TICKHOUSE_ASSIGN(io::ParquetTickWriter * writer, WriterOf(chunk));
  rows_ += static_cast<int64_t>(ticks.size());
  return writer->Write(ticks);
}

Status ConvertOutput::AppendFile(const std::string& path, int64_t rows) {
  TICKHOUSE_ASSIGN(const auto from, files_.OpenRead(path));
  TICKHOUSE_ASSIGN(auto to, files_.Create(io::JoinPath(out_, ChunkPath(copies_.size()))));
  std::vector<std::byte> buffer(kCopyBuffer);
  for (int64_t offset = 0; offset < from->size();) {
    const auto left = static_cast<std::size_t>(from->size() - offset);
    const std::span piece = std::span(buffer).first(std::min(left, buffer.size()));
    TICKHOUSE_TRY(from->ReadAt(offset, piece));
    TICKHOUSE_TRY(to->Append(piece));
    offset += static_cast<int64_t>(piece.size());
  }
  copies_.push_back(std::move(to));
  rows_ += rows;
  return {};
}

Status ConvertOutput::Reject(int64_t line, std::string_view reason, std::string_view row) {
  if (!rejects_) {
    TICKHOUSE_ASSIGN(rejects_, files_.Create(io::JoinPath(out_, name_ + ".rejects.csv")));
    rejects_buffer_ = "line,reason,row\n";
  }
  ++rejected_;
  rejects_buffer_ += fmt::format("{},{},{}\n", line, CsvField(reason), CsvField(row));
  if (rejects_buffer_.size() < kRejectsBuffer) return {};
  TICKHOUSE_TRY(rejects_->Append(Bytes(rejects_buffer_)));
  rejects_buffer_.clear();
  return {};
}

Result<std::vector<OutputFile>> ConvertOutput::Publish(const io::TickFileMetadata& metadata) {
  if (rejects_) {
    TICKHOUSE_TRY(rejects_->Append(Bytes(rejects_buffer_)));
    TICKHOUSE_TRY(rejects_->Commit());
  }
  std::vector<OutputFile> outputs;
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    io::TickFileMetadata own = metadata;
    if (writers_.size() > 1) own.more["chunk"] = fmt::format("{} of {}", i + 1, writers_.size());
    writers_[i]->SetMetadata(std::move(own));
    TICKHOUSE_TRY(writers_[i]->Close());
    writers_[i].reset();
  }
  for (auto& copy : copies_) {
    TICKHOUSE_TRY(copy->Commit());
    copy.reset();
  }
  for (std::size_t i = 0; i < writers_.size() + copies_.size(); ++i) {
    const std::string path = ChunkPath(i);
    TICKHOUSE_ASSIGN(const io::FileInfo info, files_.Stat(io::JoinPath(out_, path)));
    outputs.push_back({path, info.size});
  }
  if (!outputs.empty()) TICKHOUSE_TRY(RemoveLeftovers(outputs.size()));
  return outputs;
}

Status ConvertOutput::RemoveLeftovers(std::size_t first_index) {
  bool removed = true;
  for (std::size_t i = first_index; removed; ++i) {
    TICKHOUSE_TRY(RemoveIfThere(files_, io::JoinPath(out_, ChunkPath(i)), &removed));
  }
  if (!rejects_) {
    TICKHOUSE_TRY(RemoveIfThere(files_, io::JoinPath(out_, name_ + ".rejects.csv"), &removed));
  }
  return {};
}

}  // namespace tickhouse::ingest
