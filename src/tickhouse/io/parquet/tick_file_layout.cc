#include "tickhouse/io/parquet/tick_file_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace tickhouse::io {

namespace {

bool EqualsWithoutCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::size_t> FindColumn(const ParquetFooter& footer, std::string_view name) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < footer.columns.size(); ++i) {
    const FooterColumn& column = footer.columns[i];
    if (!column.flat) continue;
    if (column.name == name) return i;
    if (!found && EqualsWithoutCase(column.name, name)) found = i;
  }
  return found;
}

bool IsTime(const FooterColumn& column) {
  if (column.type == PhysicalType::kInt96) return true;
  if (column.type != PhysicalType::kInt64) return false;
  return column.timestamp_unit_ns > 0 || !column.is_annotated;
}

bool IsPrice(const FooterColumn& column) {
  switch (column.type) {
    case PhysicalType::kFloat:
    case PhysicalType::kDouble: return true;
    case PhysicalType::kInt32:
    case PhysicalType::kInt64: return column.is_decimal;
    case PhysicalType::kFixedBytes:
      return column.is_decimal && column.type_length >= 1 && column.type_length <= 16;
    default: return false;
  }
}

std::unexpected<Error> Unsuitable(const ReadableFile& file, const ParquetFooter& footer,
                                  std::string_view why) {
  std::string columns;
  for (const FooterColumn& column : footer.columns) {
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", column.name, column.TypeName());
    if (columns.size() > 500) {
      columns += ", ...";
      break;
    }
  }
  return Fail(ErrorKind::kUnsupported,
              fmt::format("{}: {}; its columns are: {}", file.path(), why, columns));
}

Status RequireColumn(const ReadableFile& file, const ParquetFooter& footer, std::string_view name,
                     bool (*suits)(const FooterColumn&), std::size_t* at) {
  const auto found = FindColumn(footer, name);
  if (!found) return Unsuitable(file, footer, fmt::format("it has no column {}", name));
  if (!suits(footer.columns[*found])) {
    return Unsuitable(
        file, footer,
        fmt::format("its column {} is no {}", name, name == "DateTime" ? "time" : "price"));
  }
  *at = *found;
  return {};
}

bool Overlaps(std::span<const UtcRange> ranges, int64_t min, int64_t max) {
  const auto first = std::partition_point(ranges.begin(), ranges.end(), [&](const UtcRange& range) {
    return ToNanos(range.end) <= min;
  });
  return first != ranges.end() && ToNanos(first->begin) <= max;
}

Result<std::vector<uint8_t>> ReadIndexBytes(const ReadableFile& file, int64_t offset,
                                            int32_t bytes) {
  if (offset <= 0 || bytes <= 0) return std::vector<uint8_t>();
  if (offset > file.size() - bytes) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: a page index lies outside the file", file.path()));
  }
  std::vector<uint8_t> raw(static_cast<std::size_t>(bytes));
  TICKHOUSE_TRY(file.ReadAt(offset, std::as_writable_bytes(std::span(raw))));
  return raw;
}

struct TimePages {
  PageBounds bounds;
  std::vector<PageLocation> places;
};

Result<TimePages> ReadTimePages(const ReadableFile& file, const FooterChunk& chunk) {
  TimePages pages;
  TICKHOUSE_ASSIGN(const auto bounds,
                   ReadIndexBytes(file, chunk.column_index_offset, chunk.column_index_bytes));
  TICKHOUSE_ASSIGN(const auto places,
                   ReadIndexBytes(file, chunk.offset_index_offset, chunk.offset_index_bytes));
  if (bounds.empty() || places.empty()) return pages;
  if (!ParseColumnIndex(bounds, &pages.bounds) || !ParseOffsetIndex(places, &pages.places)) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: the page index of its times is malformed", file.path()));
  }
  // An index that does not fit itself is of no use, but the pages may be sound.
  if (pages.bounds.min.size() != pages.places.size()) pages = {};
  return pages;
}

}  // namespace

std::optional<int64_t> TimeBound(const FooterColumn& column,
                                 const std::optional<std::string>& bytes) {
  if (!bytes || bytes->size() != 8 || column.type != PhysicalType::kInt64) return std::nullopt;
  int64_t value = 0;
  std::memcpy(&value, bytes->data(), 8);
  const int64_t unit = column.timestamp_unit_ns == 0 ? 1 : column.timestamp_unit_ns;
  int64_t ns = 0;
  if (__builtin_mul_overflow(value, unit, &ns)) return std::nullopt;
  return ns;
}

Result<TickFileLayout> ReadTickFileLayout(const ReadableFile& file) {
  TickFileLayout layout;
  TICKHOUSE_ASSIGN(layout.footer, ReadParquetFooter(file));
  const ParquetFooter& footer = layout.footer;
  TICKHOUSE_TRY(RequireColumn(file, footer, "DateTime", IsTime, &layout.time));
  TICKHOUSE_TRY(RequireColumn(file, footer, "Bid", IsPrice, &layout.bid));
  TICKHOUSE_TRY(RequireColumn(file, footer, "Ask", IsPrice, &layout.ask));
  const auto volume = [&](std::string_view name) {
    auto found = FindColumn(footer, name);
    if (!found) return found;
    const bool readable =
        std::all_of(footer.row_groups.begin(), footer.row_groups.end(),
                    [&](const FooterRowGroup& group) { return group.chunks[*found].readable; });
    if (!readable || !IsPrice(footer.columns[*found])) found.reset();
    return found;
  };
  layout.bid_volume = volume("BidVolume");
  layout.ask_volume = volume("AskVolume");
  layout.volume = volume("Volume");
  for (std::size_t g = 0; g < footer.row_groups.size(); ++g) {
    for (const std::size_t column : {layout.time, layout.bid, layout.ask}) {
      if (!footer.row_groups[g].chunks[column].readable) {
        return Fail(ErrorKind::kUnsupported,
                    fmt::format("{}: row group {}, column {} is encrypted or lies in another file",
                                file.path(), g, footer.columns[column].name));
      }
    }
  }
  return layout;
}

Result<std::vector<RowSpan>> RowsToRead(const ReadableFile& file, const TickFileLayout& layout,
                                        std::size_t group, std::span<const UtcRange> ranges) {
  const FooterRowGroup& rows = layout.footer.row_groups[group];
  const FooterColumn& column = layout.footer.columns[layout.time];
  const FooterChunk& chunk = rows.chunks[layout.time];
  std::vector<RowSpan> spans;
  if (rows.rows == 0) return spans;
  if (ranges.empty()) return std::vector<RowSpan>{{0, rows.rows}};
  const auto min = TimeBound(column, chunk.stats.min);
  const auto max = TimeBound(column, chunk.stats.max);
  if (min && max && !Overlaps(ranges, *min, *max)) return spans;
  TICKHOUSE_ASSIGN(const TimePages pages, ReadTimePages(file, chunk));
  if (pages.places.empty()) return std::vector<RowSpan>{{0, rows.rows}};
  for (std::size_t i = 0; i < pages.places.size(); ++i) {
    const int64_t begin = pages.places[i].first_row;
    const int64_t end = i + 1 < pages.places.size() ? pages.places[i + 1].first_row : rows.rows;
    if (begin < 0 || begin >= end || end > rows.rows || (i == 0 && begin != 0)) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("{}: row group {}: the offset index of its times is malformed",
                              file.path(), group));
    }
    if (pages.bounds.null_pages[i]) continue;
    const auto page_min = TimeBound(column, pages.bounds.min[i]);
    const auto page_max = TimeBound(column, pages.bounds.max[i]);
    if (page_min && page_max && !Overlaps(ranges, *page_min, *page_max)) continue;
    if (!spans.empty() && spans.back().end == begin) {
      spans.back().end = end;
    } else {
      spans.push_back({begin, end});
    }
  }
  return spans;
}

}  // namespace tickhouse::io
