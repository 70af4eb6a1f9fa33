#include "tickhouse/app/clean/spill_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tickhouse::app {

namespace {

// A file is a row of blocks, each of the columns time, bid and ask of up to so many rows. Written
// and read by one process, so in its byte order and without a header.
constexpr std::size_t kBlockRows = 8'192;
constexpr int64_t kRowBytes = 24;

template <typename T>
Status AppendColumn(io::FileSystem::AppendableFile& file, const std::vector<T>& column) {
  return file.Append(std::as_bytes(std::span(column)));
}

// The file's name, which goes when nobody needs it any more.
class SpillName {
 public:
  SpillName(io::FileSystem* files, std::string path) : files_(files), path_(std::move(path)) {}
  // What cannot be removed now is removed by the next run.
  ~SpillName() { [[maybe_unused]] const Status removed = files_->Remove(path_); }
  SpillName(const SpillName&) = delete;
  SpillName& operator=(const SpillName&) = delete;
  const std::string& path() const { return path_; }

 private:
  io::FileSystem* files_;
  std::string path_;
};

class SpillFileReader : public TickReader {
 public:
  SpillFileReader(std::unique_ptr<SpillName> name, std::unique_ptr<io::ReadableFile> file,
                  int64_t rows)
      : name_(std::move(name)), file_(std::move(file)), rows_left_(rows) {}

  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    if (failed_) return Fail(*failed_);
    if (rows_left_ == 0) return false;
    const auto rows = std::min(kBlockRows, static_cast<std::size_t>(rows_left_));
    Status status = ReadColumn(rows, &batch->time_ns);
    if (status) status = ReadColumn(rows, &batch->bid);
    if (status) status = ReadColumn(rows, &batch->ask);
    if (!status) {
      failed_ = status.error();
      batch->Clear();
      return Fail(*failed_);
    }
    rows_left_ -= static_cast<int64_t>(rows);
    return true;
  }

 private:
  template <typename T>
  Status ReadColumn(std::size_t rows, std::vector<T>* column) {
    column->resize(rows);
    TICKHOUSE_TRY(file_->ReadAt(offset_, std::as_writable_bytes(std::span(*column))));
    offset_ += static_cast<int64_t>(rows * sizeof(T));
    return {};
  }

  std::unique_ptr<SpillName> name_;
  std::unique_ptr<io::ReadableFile> file_;
  int64_t rows_left_;
  int64_t offset_ = 0;
  std::optional<Error> failed_;
};

class SpillFile : public clean::SpillRun {
 public:
  SpillFile(io::FileSystem* files, std::unique_ptr<SpillName> name,
            std::unique_ptr<io::FileSystem::AppendableFile> file)
      : files_(files), name_(std::move(name)), file_(std::move(file)) {}

  Status Write(const TickBatch& batch) override {
    for (std::size_t row = 0; row < batch.size();) {
      const std::size_t end = std::min(batch.size(), row + kBlockRows - block_.size());
      block_.AppendRows(batch, row, end);
      row = end;
      if (block_.size() == kBlockRows) TICKHOUSE_TRY(WriteBlock());
    }
    return {};
  }

  Result<std::unique_ptr<TickReader>> Read() override {
    TICKHOUSE_TRY(WriteBlock());
    file_.reset();
    TICKHOUSE_ASSIGN(auto file, files_->OpenRead(name_->path()));
    if (file->size() != rows_ * kRowBytes) {
      return Fail(ErrorKind::kIo, name_->path() + ": shorter than what was written to it");
    }
    return std::make_unique<SpillFileReader>(std::move(name_), std::move(file), rows_);
  }

 private:
  Status WriteBlock() {
    TICKHOUSE_TRY(AppendColumn(*file_, block_.time_ns));
    TICKHOUSE_TRY(AppendColumn(*file_, block_.bid));
    TICKHOUSE_TRY(AppendColumn(*file_, block_.ask));
    rows_ += static_cast<int64_t>(block_.size());
    block_.Clear();
    return {};
  }

  io::FileSystem* files_;
  std::unique_ptr<SpillName> name_;
  std::unique_ptr<io::FileSystem::AppendableFile> file_;
  TickBatch block_;
  int64_t rows_ = 0;
};

class SpillFiles : public clean::SpillStore {
 public:
  SpillFiles(io::FileSystem* files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}

  Result<std::unique_ptr<clean::SpillRun>> NewRun() override {
    const std::string path = io::JoinPath(folder_, fmt::format("run-{}", next_.fetch_add(1)));
    TICKHOUSE_TRY(files_->MakeFolders(folder_));
    TICKHOUSE_ASSIGN(auto file, files_->OpenAppend(path));
    return std::make_unique<SpillFile>(files_, std::make_unique<SpillName>(files_, path),
                                       std::move(file));
  }

 private:
  io::FileSystem* files_;
  std::string folder_;
  std::atomic<int64_t> next_ = 0;
};

}  // namespace

std::unique_ptr<clean::SpillStore> MakeSpillFiles(io::FileSystem* files, std::string folder) {
  return std::make_unique<SpillFiles>(files, std::move(folder));
}

Status RemoveFilesBelow(io::FileSystem& files, const std::string& folder) {
  auto left = files.ListFiles(folder);
  if (!left) return left.error().kind == ErrorKind::kNotFound ? Status() : Fail(left.error());
  for (const io::FileInfo& info : *left) TICKHOUSE_TRY(files.Remove(info.path));
  return {};
}

}  // namespace tickhouse::app
