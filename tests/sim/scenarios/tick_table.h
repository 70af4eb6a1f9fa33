// A table of real Parquet files, for the cases in which the values of rows matter: what a scan
// finds is set against a loop over all rows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenario.h"

namespace tickhouse::sim {

struct Tick {
  int64_t time_us = 0;
  std::optional<double> bid = {};
  std::optional<std::string> note = {};
};

/// Columns at timestamp, bid double, note string; partitioned by `transform` of at (none: not).
TableShape TickShape(std::optional<lake::TransformKind> transform);

class TickTable {
 public:
  /// The stage's table has been made by TickShape.
  explicit TickTable(Stage& stage) : stage_(stage) {}

  /// Written as one file; they must be of one partition.
  lake::DataFile Write(const std::vector<Tick>& ticks);
  /// Appends the files.
  void Append(const std::vector<lake::DataFile>& files);
  lake::DataFile Add(const std::vector<Tick>& ticks);
  /// From now on every row so far has no note.
  void ForgetNotes();

  using Test = std::function<bool(const Tick&)>;
  /// The scan finds exactly the rows that meet `matches`; how many files it opened.
  int64_t ExpectScan(const std::string& filter, const Test& matches);
  int64_t files() const { return files_; }

 private:
  Result<Rows> Scan(const std::string& filter, int64_t* opened);

  Stage& stage_;
  std::vector<Tick> ticks_;  ///< As they have to be read now.
  int64_t files_ = 0;
};

/// 'at' against an instant, as filters write it: "at >= '1969-12-31T23:59:59.999999'".
std::string AtFilter(const std::string& comparison, int64_t time_us);

}  // namespace tickhouse::sim
