#include "tickhouse/app/lake/migrate/adopt.h"

#include <fmt/format.h>

#include <utility>

#include "tickhouse/lake/data/parquet_metrics.h"

namespace tickhouse::app {

namespace {

std::unexpected<Error> OnlyByCopy(const std::string& why) {
  return Fail(ErrorKind::kUnsupported,
              why + "; --register cannot take it in place, migrate it without");
}

Status CheckColumn(const MigrateSource& source, std::size_t column, const lake::Schema& schema,
                   int field_id, const lake::NameMapping& names) {
  const io::ParquetFooter& footer = source.layout.footer;
  const lake::Field* const field = lake::FieldOfColumn(footer, column, schema, &names);
  if (field != nullptr && field->id == field_id) return {};
  return OnlyByCopy(fmt::format("its column {} has a field id that is another column's",
                                footer.columns[column].name));
}

Result<std::optional<int64_t>> Bound(const lake::DataFile& file,
                                     const lake::ByFieldId<std::string>& bounds, int field_id) {
  const std::string* const bytes = lake::FindByFieldId(bounds, field_id);
  if (bytes == nullptr || file.record_count == 0) return std::optional<int64_t>();
  const lake::Type type{.kind = lake::TypeKind::kTimestamp, .fields = {}};
  TICKHOUSE_ASSIGN(const lake::Value value, lake::ValueFromBytes(type, *bytes));
  return std::optional(std::get<int64_t>(value.data));
}

}  // namespace

TickColumnNames ColumnNamesOf(const MigrateSource& source) {
  const auto& columns = source.layout.footer.columns;
  return {columns[source.layout.time].name, columns[source.layout.bid].name,
          columns[source.layout.ask].name};
}

Result<lake::DataFile> AdoptFile(const GoldTable& table, const MigrateSource& source,
                                 const lake::NameMapping& names) {
  const lake::Schema& schema = table.metadata().CurrentSchema();
  const io::TickFileLayout& layout = source.layout;
  TICKHOUSE_TRY(CheckColumn(source, layout.time, schema, table.datetime_id, names));
  TICKHOUSE_TRY(CheckColumn(source, layout.bid, schema, table.bid_id, names));
  TICKHOUSE_TRY(CheckColumn(source, layout.ask, schema, table.ask_id, names));
  if (source.null_times != 0) {
    return OnlyByCopy(source.null_times
                          ? fmt::format("{} rows have no time", *source.null_times)
                          : std::string("its footer does not tell whether rows have no time"));
  }
  auto adopted = lake::MetricsFromFooter(layout.footer, source.bytes, schema, {.names = &names});
  if (!adopted) return OnlyByCopy(adopted.error().message);
  TICKHOUSE_ASSIGN(const auto first, Bound(*adopted, adopted->lower_bounds, table.datetime_id));
  TICKHOUSE_ASSIGN(const auto last, Bound(*adopted, adopted->upper_bounds, table.datetime_id));
  adopted->path = source.location;
  adopted->spec_id = table.metadata().default_spec_id;
  if (table.metadata().DefaultSpec().fields.empty()) return std::move(*adopted);
  if (!first || !last) return OnlyByCopy("its footer has no first and last time");
  adopted->partition = table.PartitionOf(*first);
  if (const auto end = table.PartitionOf(*last); end != adopted->partition) {
    return OnlyByCopy(fmt::format("its rows lie in several partitions, {} to {}",
                                  table.PartitionPath(adopted->partition),
                                  table.PartitionPath(end)));
  }
  return std::move(*adopted);
}

}  // namespace tickhouse::app
