#include "tickhouse/io/journal/journal.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

namespace tickhouse::io {

namespace {

constexpr std::string_view kMagic = "tickjrn1";  // The last character is the version.
constexpr std::string_view kMarker = "\xA7REC";  // Where a record may begin.
constexpr std::size_t kFrame = 12;               // Marker, length, checksum.
constexpr int64_t kMaxJournalBytes = int64_t{1} << 31;

void PutLittleEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

uint32_t GetLittleEndian32(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The offset is in the checksum, so that a record is only good where it was written: a copy of a
// journal inside a record, or a block that landed elsewhere, does not pass.
uint32_t Checksum(int64_t offset, std::string_view record) {
  std::string place;
  PutLittleEndian(static_cast<uint64_t>(offset), 8, &place);
  PutLittleEndian(record.size(), 4, &place);
  const auto* place_bytes = reinterpret_cast<const Bytef*>(place.data());
  const auto* record_bytes = reinterpret_cast<const Bytef*>(record.data());
  const uLong sum = crc32_z(0, place_bytes, place.size());
  return static_cast<uint32_t>(crc32_z(sum, record_bytes, record.size()));
}

std::string EncodeRecord(int64_t offset, std::string_view record) {
  std::string bytes(kMarker);
  PutLittleEndian(record.size(), 4, &bytes);
  PutLittleEndian(Checksum(offset, record), 4, &bytes);
  bytes += record;
  return bytes;
}

// The record that begins at `offset`, if a whole and undamaged one does.
std::optional<std::string_view> RecordAt(std::string_view file, std::size_t offset) {
  const std::string_view rest = file.substr(offset);
  if (rest.size() < kFrame || !rest.starts_with(kMarker)) return std::nullopt;
  const std::size_t length = GetLittleEndian32(rest.substr(4));
  if (length > kMaxJournalRecord || length > rest.size() - kFrame) return std::nullopt;
  const std::string_view record = rest.substr(kFrame, length);
  if (Checksum(static_cast<int64_t>(offset), record) != GetLittleEndian32(rest.substr(8))) {
    return std::nullopt;
  }
  return record;
}

struct Scan {
  std::vector<std::string> records;
  std::size_t good_bytes = 0;
};

// A file that a crash left before its first byte was whole: shorter than the header, or zeros.
bool IsUnborn(std::string_view file) {
  if (file.size() > kMagic.size()) return false;
  return kMagic.starts_with(file) || file.find_first_not_of('\0') == std::string_view::npos;
}

Result<Scan> ScanJournal(std::string_view file, const std::string& path) {
  Scan scan;
  if (IsUnborn(file) && file != kMagic) return scan;
  const std::string_view name = kMagic.substr(0, kMagic.size() - 1);
  if (!file.starts_with(name)) {
    return Fail(ErrorKind::kCorrupt, fmt::format("{}: not a journal of tickhouse", path));
  }
  if (!file.starts_with(kMagic)) {
    return Fail(
        ErrorKind::kUnsupported,
        fmt::format("{}: a journal of another version; use the program that wrote it", path));
  }
  scan.good_bytes = kMagic.size();
  while (const auto record = RecordAt(file, scan.good_bytes)) {
    scan.records.emplace_back(*record);
    scan.good_bytes += kFrame + record->size();
  }
  for (std::size_t at = file.find(kMarker, scan.good_bytes); at != std::string_view::npos;
       at = file.find(kMarker, at + 1)) {
    if (at == scan.good_bytes || !RecordAt(file, at)) continue;
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: the record at byte {} is damaged and good ones follow at byte {}; "
                            "restore the file or remove it to start over",
                            path, scan.good_bytes, at));
  }
  return scan;
}

class FileJournal : public Journal {
 public:
  FileJournal(std::string path, std::unique_ptr<FileSystem::AppendableFile> file, Scan scan,
              int64_t size, int64_t dropped_bytes)
      : path_(std::move(path)),
        file_(std::move(file)),
        records_(std::move(scan.records)),
        dropped_bytes_(dropped_bytes),
        size_(size) {}

  const std::vector<std::string>& records() const override { return records_; }
  int64_t dropped_bytes() const override { return dropped_bytes_; }

  Status Append(std::string_view record) override {
    if (record.size() > kMaxJournalRecord) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: a record of {} bytes; at most {} are allowed", path_,
                              record.size(), kMaxJournalRecord));
    }
    std::scoped_lock lock(mutex_);
    TICKHOUSE_TRY(state_);
    const std::string bytes = EncodeRecord(size_, record);
    Status status = file_->Append(std::as_bytes(std::span(bytes)));
    const bool appended = status.has_value();
    if (appended) status = file_->Sync();
    if (!status) return UndoAppend(std::move(status).error(), /*retry=*/!appended);
    size_ += static_cast<int64_t>(bytes.size());
    return {};
  }

 private:
  // A failed sync may have lost earlier pages as well: only reading the file again tells.
  Status UndoAppend(Error error, bool retry) {
    error = error.WithContext(path_);
    const Status cut = file_->Truncate(size_);
    if (!cut || !retry) state_ = Fail(error);
    return Fail(std::move(error));
  }

  const std::string path_;
  std::unique_ptr<FileSystem::AppendableFile> file_;
  const std::vector<std::string> records_;
  const int64_t dropped_bytes_;
  std::mutex mutex_;
  int64_t size_;
  Status state_;
};

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(FileSystem& fs, const std::string& path) {
  std::string bytes;
  TICKHOUSE_ASSIGN(const bool exists, fs.Exists(path));
  if (exists) {
    TICKHOUSE_ASSIGN(bytes, fs.ReadWhole(path, kMaxJournalBytes));
  }
  TICKHOUSE_ASSIGN(Scan scan, ScanJournal(bytes, path));
  TICKHOUSE_ASSIGN(auto file, fs.OpenAppend(path));
  TICKHOUSE_ASSIGN(const FileInfo info, fs.Stat(path));
  if (info.size != static_cast<int64_t>(bytes.size())) {
    return Fail(ErrorKind::kConflict,
                fmt::format("{}: grew while it was opened; another run appends to it", path));
  }
  auto size = static_cast<int64_t>(scan.good_bytes);
  const int64_t dropped = info.size - size;
  if (dropped > 0) TICKHOUSE_TRY(file->Truncate(size));
  if (size == 0) {
    TICKHOUSE_TRY(file->Append(std::as_bytes(std::span(kMagic))));
    size = static_cast<int64_t>(kMagic.size());
  }
  if (dropped > 0 || scan.good_bytes == 0) TICKHOUSE_TRY(file->Sync());
  return std::make_unique<FileJournal>(path, std::move(file), std::move(scan), size, dropped);
}

Result<std::vector<std::string>> ReadJournal(FileSystem& fs, const std::string& path) {
  TICKHOUSE_ASSIGN(const std::string bytes, fs.ReadWhole(path, kMaxJournalBytes));
  TICKHOUSE_ASSIGN(Scan scan, ScanJournal(bytes, path));
  return std::move(scan.records);
}

}  // namespace tickhouse::io
