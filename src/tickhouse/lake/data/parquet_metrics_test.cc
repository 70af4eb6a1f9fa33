#include "tickhouse/lake/data/parquet_metrics.h"

#include <cmath>
#include <cstring>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/parquet/parquet_file_builder.h"
#include "tickhouse/io/parquet/parquet_tick_writer.h"
#include "tickhouse/io/parquet/test_ticks.h"
#include "tickhouse/lake/data/bound.h"

namespace tickhouse::lake {
namespace {

using io::FooterColumn;
using io::LogicalKind;
using io::PhysicalType;

template <typename T>
std::string Raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

Type Of(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Schema TickSchema() {
  return {.fields = {{.id = 1, .name = "DateTime", .type = Of(TypeKind::kTimestamp)},
                     {.id = 2, .name = "Bid", .type = Of(TypeKind::kDouble)},
                     {.id = 3, .name = "Ask", .type = Of(TypeKind::kDouble)}}};
}

struct Written {
  io::WrittenParquet told;
  std::string bytes;
};

Written WriteTicks(std::vector<int32_t> ids) {
  Written written;
  io::ParquetTickWriter::Options options;
  options.row_group_rows = 2;
  options.field_ids = std::move(ids);
  auto writer = io::OpenTestWriter(&written.bytes, options);
  TickBatch ticks;
  ticks.time_ns = {1'000'000, 2'000'000, 3'000'000};
  ticks.bid = {1.5, std::nan(""), 1.25};
  ticks.ask = {2.5, 2.75, 3.0};
  EXPECT_OK(writer->Write(ticks));
  EXPECT_OK(writer->Close());
  written.told = writer->written();
  return written;
}

TEST(ParquetMetrics, OfTicksWithFieldIds) {
  const Written written = WriteTicks({1, 2, 3});
  EXPECT_EQ(written.told.bytes, static_cast<int64_t>(written.bytes.size()));
  ASSERT_OK_AND_ASSIGN(const DataFile file,
                       MetricsFromFooter(written.told.footer, written.told.bytes, TickSchema(),
                                         {.nan_are_nulls = true}));
  EXPECT_EQ(file.record_count, 3);
  EXPECT_EQ(file.file_size, written.told.bytes);
  EXPECT_EQ(*FindByFieldId(file.null_counts, 2), 1);
  EXPECT_EQ(*FindByFieldId(file.nan_counts, 2), 0);
  EXPECT_EQ(FindByFieldId(file.nan_counts, 1), nullptr);
  EXPECT_EQ(*FindByFieldId(file.value_counts, 2), 3);
  EXPECT_EQ(*FindByFieldId(file.lower_bounds, 1), Raw(int64_t{1000}));
  EXPECT_EQ(*FindByFieldId(file.upper_bounds, 1), Raw(int64_t{3000}));
  EXPECT_EQ(*FindByFieldId(file.lower_bounds, 2), Raw(1.25));
  EXPECT_EQ(*FindByFieldId(file.upper_bounds, 2), Raw(1.5));
  ASSERT_EQ(file.split_offsets.size(), 2U);
  EXPECT_EQ(file.split_offsets[0], 4);
}

TEST(ParquetMetrics, OfAFileInPlaceByNames) {
  const Written written = WriteTicks({});
  ASSERT_OK_AND_ASSIGN(const auto footer, ReadParquetFooter(io::BytesFile(written.bytes)));
  ASSERT_OK_AND_ASSIGN(const NameMapping names,
                       ParseNameMapping(R"([{"field-id": 2, "names": ["Bid"]}])"));
  ASSERT_OK_AND_ASSIGN(const DataFile mapped,
                       MetricsFromFooter(footer, 99, TickSchema(), {.names = &names}));
  EXPECT_EQ(mapped.value_counts.size(), 1U);
  EXPECT_EQ(*FindByFieldId(mapped.lower_bounds, 2), Raw(1.25));
  EXPECT_TRUE(mapped.nan_counts.empty());
  ASSERT_OK_AND_ASSIGN(const DataFile all, MetricsFromFooter(footer, 99, TickSchema()));
  EXPECT_EQ(all.value_counts.size(), 3U);
}

TEST(ParquetMetrics, RefusesWhatDoesNotFitTheTable) {
  const Written written = WriteTicks({1, 2, 3});
  Schema schema = TickSchema();
  schema.fields[1].type.kind = TypeKind::kString;
  EXPECT_THAT(MetricsFromFooter(written.told.footer, 1, schema), IsError(ErrorKind::kUnsupported));
  schema = TickSchema();
  schema.fields[2].id = 4;
  schema.fields[2].required = true;
  EXPECT_THAT(MetricsFromFooter(written.told.footer, 1, schema), HasErrorMessage("Ask"));
}

TEST(NameMapping, RefusesWhatIsNone) {
  for (const char* text : {"", "{}", "[3]", R"([{"field-id": 1}])", R"([{"names": [1]}])",
                           R"([{"field-id": 1, "names": ["a"]}, {"field-id": 2, "names": ["a"]}])",
                           R"([{"field-id": "x", "names": ["a"]}])"}) {
    EXPECT_THAT(ParseNameMapping(text), IsError(ErrorKind::kCorrupt)) << text;
  }
}

TEST(Bound, CutsStringsSoThatTheyStillBound) {
  const Type text = Of(TypeKind::kString);
  const std::string longer = "abcdefghijklmnopqrst";
  EXPECT_EQ(TruncateBound(text, BoundSide::kLower, longer), "abcdefghijklmnop");
  EXPECT_EQ(TruncateBound(text, BoundSide::kUpper, longer), "abcdefghijklmnoq");
  EXPECT_EQ(TruncateBound(text, BoundSide::kUpper, "short"), "short");
  std::string accents;
  for (int i = 0; i < 17; ++i) accents += "\xC3\xA9";
  EXPECT_EQ(TruncateBound(text, BoundSide::kLower, accents), accents.substr(0, 32));
  EXPECT_EQ(TruncateBound(text, BoundSide::kUpper, accents), std::nullopt);
  const Type binary = Of(TypeKind::kBinary);
  EXPECT_EQ(TruncateBound(binary, BoundSide::kUpper, std::string(20, '\xFF')), std::nullopt);
}

TEST(Bound, RoundsInstantsOutwardsAndShortensDecimals) {
  const FooterColumn ns = {.type = PhysicalType::kInt64, .time_unit_ns = 1};
  const Type us = Of(TypeKind::kTimestamp);
  EXPECT_EQ(BoundFromParquet(ns, us, BoundSide::kLower, Raw(int64_t{-1})), Raw(int64_t{-1}));
  EXPECT_EQ(BoundFromParquet(ns, us, BoundSide::kUpper, Raw(int64_t{-1})), Raw(int64_t{0}));
  EXPECT_EQ(BoundFromParquet(ns, us, BoundSide::kUpper, Raw(int64_t{1001})), Raw(int64_t{2}));
  EXPECT_EQ(BoundFromParquet(ns, us, BoundSide::kLower, "xyz"), std::nullopt);
  const FooterColumn money = {.type = PhysicalType::kInt32, .is_decimal = true};
  Type decimal = Of(TypeKind::kDecimal);
  decimal.precision = 9;
  decimal.scale = 2;
  EXPECT_EQ(BoundFromParquet(money, decimal, BoundSide::kLower, Raw(int32_t{-2})), "\xFE");
  EXPECT_EQ(BoundFromParquet(money, decimal, BoundSide::kLower, Raw(int32_t{128})),
            std::string("\0\x80", 2));
  EXPECT_TRUE(BoundLess(decimal, "\xFE", "\x01"));
  const FooterColumn real = {.type = PhysicalType::kDouble};
  EXPECT_EQ(BoundFromParquet(real, Of(TypeKind::kDouble), BoundSide::kLower, Raw(std::nan(""))),
            std::nullopt);
}

}  // namespace
}  // namespace tickhouse::lake
