#include "tickhouse/app/lake/rows/spill_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "tickhouse/io/parquet/table/table_writer.h"

namespace tickhouse::app {

namespace {

std::string TemporaryFolder() {
  const char* folder = std::getenv("TMPDIR");
  return folder == nullptr || *folder == '\0' ? "/tmp" : folder;
}

}  // namespace

SpillSpace::SpillSpace(io::FileSystem& files) : files_(&files) {}

SpillSpace::~SpillSpace() {
  while (!paths_.empty()) Remove(std::string(paths_.back()));
}

Result<std::string> SpillSpace::NextPath() {
  if (!folder_) {
    TICKHOUSE_ASSIGN(sql::ScratchFolder made, sql::ScratchFolder::Make(TemporaryFolder()));
    folder_.emplace(std::move(made));
  }
  paths_.push_back(folder_->File(fmt::format("rows-{}.parquet", written_++)));
  return paths_.back();
}

Result<std::string> SpillSpace::Write(const io::ColumnBatch& rows) {
  TICKHOUSE_ASSIGN(std::string path, NextPath());
  TICKHOUSE_ASSIGN(auto file, files_->Create(path));
  TICKHOUSE_ASSIGN(const auto writer, io::ParquetTableWriter::Open(std::move(file), rows.schema,
                                                                   {.row_group_rows = 131'072}));
  TICKHOUSE_TRY(writer->Write(rows));
  TICKHOUSE_TRY(writer->Close());
  return path;
}

void SpillSpace::Remove(const std::string& path) {
  // What cannot be removed goes with its folder.
  std::ignore = files_->Remove(path);
  std::erase(paths_, path);
}

}  // namespace tickhouse::app
