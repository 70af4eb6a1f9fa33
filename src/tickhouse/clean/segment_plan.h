// Cuts the files of one symbol into segments that can be cleaned side by side and written one after
// another. Looks at row-group statistics only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/clean/merged_tick_reader.h"

namespace tickhouse::clean {

/// One row group: its earliest and latest time, both inclusive. Without rows it has no bounds.
struct GroupBounds {
  int64_t rows = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;
};

/// One file as its statistics describe it. A file without statistics has one group for all its
/// rows, with bounds found by reading.
struct FileLayout {
  std::string name;
  std::vector<GroupBounds> groups;  ///< In file order.
  /// Row groups can be read one by one; false: the whole file is one group here.
  bool by_group = true;
  /// False: rows are known to be out of order, so the file has to be sorted as a whole.
  bool ordered = true;
  /// The statistics prove that no time and no price is missing, NaN or infinite.
  bool complete = false;

  SourceRank rank() const;
};

/// Row groups [group_begin, group_end) of a file, with the bounds of their rows.
struct SegmentPart {
  std::size_t file = 0;
  int group_begin = 0;
  int group_end = 0;
  int64_t rows = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;
};

/// A stretch of time. One part: that file alone has ticks there. Several parts, of different files,
/// overlap and are merged. No row of a segment lies before a row of an earlier one; rows of one
/// instant that fall into two segments are of one file, in its order.
struct Segment {
  std::vector<SegmentPart> parts;
};

/// The segments of a symbol in time order. Files whose groups overlap one another are marked as not
/// ordered. Neighbouring small groups of one file share a segment of up to `rows_wanted` rows. The
/// result depends on the order of `files` only in the order of parts, which plays no role.
std::vector<Segment> PlanSegments(std::vector<FileLayout>* files, int64_t rows_wanted);

}  // namespace tickhouse::clean
