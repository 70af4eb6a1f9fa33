// What the tests of the conversion share: a job on files in memory. Tests only.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/ingest/convert/convert.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"

namespace tickhouse::ingest {

/// Quant Data Manager rows from `first` on, one a second from 2021-01-04 00:00:00.
inline std::string QdmRows(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) {
    text += fmt::format("20210104 {:02}:{:02}:{:02}.{:03},1.{:05},1.{:05},3.37\n", i / 3600 % 24,
                        i / 60 % 60, i % 60, i % 1000, 20'000 + i % 500, 20'003 + i % 500);
  }
  return text;
}

inline std::string QdmText(int count) {
  return "DateTime,Bid,Ask,Volume\n" + QdmRows(0, count);
}

class ConvertJobTest : public ::testing::Test {
 protected:
  ConvertJobTest() { job_.options.threads = 2; }

  void Put(const std::string& path, std::string_view bytes) {
    ASSERT_OK(store_->WriteWhole(path, bytes));
  }

  Result<ConvertSummary> Run() {
    job_.files = files_ != nullptr ? files_.get() : store_.get();
    job_.clock = &clock_;
    job_.progress = &progress_;
    job_.in = "raw";
    job_.out = "out";
    return Convert(job_);
  }

  /// The only outcome of a run that must succeed as a whole.
  ItemOutcome RunForOne() {
    auto summary = Run();
    EXPECT_OK(summary);
    if (!summary || summary->outcomes.size() != 1) {
      ADD_FAILURE() << "one outcome expected";
      return {};
    }
    return summary->outcomes.front();
  }

  TickBatch ReadParquet(const std::string& path, bool with_volumes = false) {
    auto file = store_->OpenRead(path);
    EXPECT_OK(file);
    if (!file) return {};
    auto reader = io::OpenParquetTicks(std::move(*file), {.with_volumes = with_volumes});
    EXPECT_OK(reader);
    if (!reader) return {};
    auto ticks = ReadAll(**reader);
    EXPECT_OK(ticks);
    return ticks ? std::move(*ticks) : TickBatch{};
  }

  io::TickFileMetadata MetadataOf(const std::string& path) {
    auto file = store_->OpenRead(path);
    EXPECT_OK(file);
    if (!file) return {};
    auto info = io::ReadParquetTickInfo(**file);
    EXPECT_OK(info);
    return info ? info->metadata : io::TickFileMetadata{};
  }

  std::vector<std::string> OutFiles() {
    std::vector<std::string> names;
    auto found = store_->ListFiles("out");
    EXPECT_OK(found);
    if (!found) return names;
    for (const io::FileInfo& info : *found) {
      const std::string name = io::RelativePath(info.path, "out").value_or("?");
      if (name[0] != '.') names.push_back(name);
    }
    return names;
  }

  /// Every visible file below out, by name.
  std::vector<std::pair<std::string, std::string>> OutBytes() {
    std::vector<std::pair<std::string, std::string>> all;
    for (const std::string& name : OutFiles()) {
      all.emplace_back(name, store_->ReadWhole("out/" + name).value_or("?"));
    }
    return all;
  }

  std::unique_ptr<io::FileSystem> store_ = io::MakeMemoryFileSystem();
  std::unique_ptr<io::FileSystem> files_;  ///< A faulty one over `store_`, when set.
  ManualClock clock_{FromNanos(1'700'000'000 * kNanosPerSecond)};
  SilentProgress progress_;
  ConvertJob job_;
};

}  // namespace tickhouse::ingest
