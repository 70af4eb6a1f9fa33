#include "tickhouse/app/clean/clean_files.h"

#include <algorithm>
#include <utility>

namespace tickhouse::app {

namespace {

class ChosenTickReader : public TickReader {
 public:
  ChosenTickReader(std::string name, std::unique_ptr<io::SelectiveTickReader> reader,
                   clean::ReadRequest request)
      : name_(std::move(name)), reader_(std::move(reader)), request_(std::move(request)) {}

  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    while (batch->empty()) {
      auto more = reader_->NextTimes(&times_);
      if (!more) return Fail(more.error());
      if (!*more) return false;
      if (Status status = Take(batch); !status) return Fail(status.error());
    }
    return true;
  }

 private:
  Status Take(TickBatch* batch) {
    if (!request_.choose) {
      std::swap(batch->time_ns, times_);
      return reader_->FetchAllPrices(&batch->bid, &batch->ask);
    }
    rows_.clear();
    request_.choose(times_, &rows_);
    if (rows_.empty()) return {};
    batch->time_ns.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) batch->time_ns[i] = times_[rows_[i]];
    return reader_->FetchPrices(rows_, &batch->bid, &batch->ask);
  }

  std::string name_;
  std::unique_ptr<io::SelectiveTickReader> reader_;
  clean::ReadRequest request_;
  std::vector<int64_t> times_;
  std::vector<uint32_t> rows_;
};

}  // namespace

CleanFiles::CleanFiles(io::FileSystem* files, std::vector<std::string> paths)
    : files_(files), paths_(std::move(paths)) {}

Result<CleanFiles::TickFile> CleanFiles::Get(std::size_t index) {
  // Held while opening, so that threads that need one file parse its footer once.
  std::scoped_lock lock(mutex_);
  const auto known = std::find_if(recent_.begin(), recent_.end(),
                                  [&](const auto& entry) { return entry.first == index; });
  if (known != recent_.end()) return known->second;
  TICKHOUSE_ASSIGN(auto file, files_->OpenRead(paths_[index]));
  TICKHOUSE_ASSIGN(TickFile opened, io::ParquetTickFile::Open(std::move(file)));
  recent_.emplace_back(index, opened);
  if (recent_.size() > kKeptOpen) recent_.pop_front();
  return opened;
}

Result<std::unique_ptr<TickReader>> CleanFiles::Open(const clean::ReadRequest& request) {
  TICKHOUSE_ASSIGN(const TickFile file, Get(request.file));
  io::SelectiveTickReader::Options options;
  options.verify_checksums = true;
  if (request.ranges) {
    options.ranges = *request.ranges;
  } else {
    options.keep_null_times = true;
  }
  if (request.group_end >= 0) {
    options.row_group_begin = static_cast<std::size_t>(request.group_begin);
    options.row_group_end = static_cast<std::size_t>(request.group_end);
  }
  auto reader = std::make_unique<io::SelectiveTickReader>(file, std::move(options));
  return std::make_unique<ChosenTickReader>(paths_[request.file], std::move(reader), request);
}

}  // namespace tickhouse::app
