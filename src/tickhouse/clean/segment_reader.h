// The usable ticks of one segment, in time order: read, filtered, sorted and merged as its parts
// need.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/clean/merged_tick_reader.h"
#include "tickhouse/clean/symbol_run.h"

namespace tickhouse::clean {

/// Opened on the first `Next`. Of a part whose file is complete and alone, `only_firsts` hands out
/// the first tick of each second only. One thread; `job` and `files` outlive it.
class SegmentReader : public TickReader {
 public:
  SegmentReader(const SymbolJob& job, const std::vector<FileLayout>& files, const Segment& segment,
                bool only_firsts);
  ~SegmentReader() override;

  Result<bool> Next(TickBatch* batch) override;

  /// True when rows come already thinned to the first of each second; known after the first `Next`.
  bool gives_firsts() const { return firsts_ != nullptr; }
  const FilterCounts& counts() const { return counts_; }
  int64_t doubles() const { return doubles_; }
  /// After a failure: the file to blame, if it is a file's fault.
  std::optional<FileFault> fault() const;

 private:
  struct FirstRows;

  Status Open();
  Status OpenMerge(std::vector<TickSource> sources);
  Status MergeInPasses(std::vector<TickSource>* sources);
  Result<std::unique_ptr<TickReader>> OpenPart(const SegmentPart& part);
  Result<std::unique_ptr<TickReader>> OpenFirsts(const SegmentPart& part);
  TickSource SourceOf(const SegmentPart& part);
  ReadRequest RequestFor(const SegmentPart& part) const;
  void NoteFault(const MergedTickReader& merge, const Error& error);
  Status CheckFirsts(const TickBatch& batch);

  const SymbolJob& job_;
  const std::vector<FileLayout>& files_;
  const Segment& segment_;
  const bool only_firsts_;
  bool opened_ = false;
  std::vector<std::size_t> source_files_;  // File of each source of the merge being read.
  std::unique_ptr<MergedTickReader> merge_;
  std::unique_ptr<FirstRows> firsts_;
  FilterCounts counts_;
  int64_t doubles_ = 0;
  std::optional<FileFault> fault_;
};

}  // namespace tickhouse::clean
