#include "tickhouse/app/lake/migrate/years.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::app {

namespace {

constexpr char kNoTime[] = "no time";

std::string YearOf(int64_t time_us) {
  const auto day = static_cast<int32_t>(FloorDiv(time_us, kNanosPerDay / kNanosPerMicro));
  return fmt::format("{}", static_cast<int>(ToYearMonthDay(CivilDay{day}).year()));
}

std::optional<int64_t> Bound(const lake::ByFieldId<std::string>& bounds, int field_id) {
  const std::string* const bytes = lake::FindByFieldId(bounds, field_id);
  if (bytes == nullptr) return std::nullopt;
  const lake::Type type{.kind = lake::TypeKind::kTimestamp, .fields = {}};
  const auto value = lake::ValueFromBytes(type, *bytes);
  if (!value) return std::nullopt;
  return std::get<int64_t>(value->data);
}

Status CountByReading(Environment& environment, const std::string& location, TableRows* rows) {
  TICKHOUSE_ASSIGN(const std::string path, lake::StoragePath(location));
  TICKHOUSE_ASSIGN(auto file, environment.files->OpenRead(path));
  io::ParquetReadOptions options;
  options.keep_null_rows = true;
  TICKHOUSE_ASSIGN(const auto reader, io::OpenParquetTicks(std::move(file), options));
  TickBatch batch;
  while (true) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return {};
    std::map<int64_t, int64_t> by_day;
    for (const int64_t time_ns : batch.time_ns) {
      if (time_ns == std::numeric_limits<int64_t>::min()) {
        ++rows->by_year[kNoTime];
      } else {
        ++by_day[FloorDiv(time_ns, kNanosPerDay)];
      }
    }
    for (const auto& [day, count] : by_day) {
      rows->by_year[YearOf(day * (kNanosPerDay / kNanosPerMicro))] += count;
    }
  }
}

}  // namespace

Result<TableRows> CountTableRows(Environment& environment, const GoldTable& table) {
  TableRows rows;
  const lake::Snapshot* const current = table.metadata().CurrentSnapshot();
  if (current == nullptr) return rows;
  TICKHOUSE_ASSIGN(const auto entries,
                   lake::LiveEntries(*environment.files, table.metadata(), *current));
  for (const lake::ManifestEntry& entry : entries) {
    const lake::DataFile& file = entry.file;
    if (file.content != lake::FileContent::kData) {
      ++rows.delete_files;
      continue;
    }
    rows.total += file.record_count;
    const auto first = Bound(file.lower_bounds, table.datetime_id);
    const auto last = Bound(file.upper_bounds, table.datetime_id);
    const int64_t* const nulls = lake::FindByFieldId(file.null_counts, table.datetime_id);
    if (first && last && nulls != nullptr && YearOf(*first) == YearOf(*last)) {
      rows.by_year[YearOf(*first)] += file.record_count - *nulls;
      if (*nulls > 0) rows.by_year[kNoTime] += *nulls;
      continue;
    }
    TICKHOUSE_TRY(CountByReading(environment, file.path, &rows));
  }
  return rows;
}

}  // namespace tickhouse::app
