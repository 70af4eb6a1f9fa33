#include "tickhouse/io/journal/journal.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "tickhouse/io/journal/journal_bytes.h"
#include "tickhouse/io/journal/object_journal.h"

namespace tickhouse::io {

namespace {

class FileJournal : public Journal {
 public:
  FileJournal(std::string path, std::unique_ptr<FileSystem::AppendableFile> file, JournalBytes scan,
              int64_t size, int64_t dropped_bytes)
      : path_(std::move(path)),
        file_(std::move(file)),
        records_(std::move(scan.records)),
        dropped_bytes_(dropped_bytes),
        size_(size) {}

  const std::vector<std::string>& records() const override { return records_; }
  int64_t dropped_bytes() const override { return dropped_bytes_; }

  Status Append(std::string_view record) override {
    TICKHOUSE_TRY(CheckJournalRecord(path_, record));
    std::scoped_lock lock(mutex_);
    TICKHOUSE_TRY(state_);
    const std::string bytes = EncodeJournalRecord(size_, record);
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
  TICKHOUSE_ASSIGN(JournalBytes scan, ReadJournalBytes(bytes, path));
  auto opened = fs.OpenAppend(path);
  if (!opened && opened.error().kind == ErrorKind::kUnsupported) {
    return OpenObjectJournal(fs, path);
  }
  TICKHOUSE_ASSIGN(auto file, std::move(opened));
  TICKHOUSE_ASSIGN(const FileInfo info, fs.Stat(path));
  if (info.size != static_cast<int64_t>(bytes.size())) {
    return Fail(ErrorKind::kConflict,
                fmt::format("{}: grew while it was opened; another run appends to it", path));
  }
  auto size = static_cast<int64_t>(scan.good_bytes);
  const int64_t dropped = info.size - size;
  if (dropped > 0) TICKHOUSE_TRY(file->Truncate(size));
  if (size == 0) {
    TICKHOUSE_TRY(file->Append(std::as_bytes(std::span(kJournalMagic))));
    size = static_cast<int64_t>(kJournalMagic.size());
  }
  if (dropped > 0 || scan.good_bytes == 0) TICKHOUSE_TRY(file->Sync());
  return std::make_unique<FileJournal>(path, std::move(file), std::move(scan), size, dropped);
}

Result<std::vector<std::string>> ReadJournal(FileSystem& fs, const std::string& path) {
  TICKHOUSE_ASSIGN(const bool exists, fs.Exists(path));
  if (!exists) return ReadObjectJournal(fs, path);
  TICKHOUSE_ASSIGN(const std::string bytes, fs.ReadWhole(path, kMaxJournalBytes));
  TICKHOUSE_ASSIGN(JournalBytes scan, ReadJournalBytes(bytes, path));
  return std::move(scan.records);
}

}  // namespace tickhouse::io
