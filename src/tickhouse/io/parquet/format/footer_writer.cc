#include "tickhouse/io/parquet/format/footer_writer.h"

#include <cstring>

#include "tickhouse/io/parquet/format/page_writer.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/io/parquet/format/thrift_compact.h"

namespace tickhouse::io {

namespace {

constexpr int32_t kOptional = 1;
constexpr int32_t kCodecNone = 0;
constexpr int32_t kCodecZstd = 6;
enum BoundaryOrder : int32_t { kUnordered = 0, kAscending = 1, kDescending = 2 };

PhysicalType TypeOf(ColumnKind kind) {
  return kind == ColumnKind::kDouble ? PhysicalType::kDouble : PhysicalType::kInt64;
}

PageEncoding EncodingOf(const WrittenChunk& chunk) {
  if (chunk.delta) return PageEncoding::kDeltaBinaryPacked;
  return chunk.dictionary_bytes > 0 ? PageEncoding::kRleDictionary : PageEncoding::kPlain;
}

template <typename T>
T Decode(const std::string& bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

template <typename T>
BoundaryOrder OrderOf(const std::vector<EncodedPage>& pages) {
  bool ascending = true;
  bool descending = true;
  const EncodedStats* last = nullptr;
  for (const EncodedPage& page : pages) {
    if (page.stats.min.empty()) continue;
    if (last != nullptr) {
      const T last_min = Decode<T>(last->min);
      const T last_max = Decode<T>(last->max);
      const T min = Decode<T>(page.stats.min);
      const T max = Decode<T>(page.stats.max);
      ascending = ascending && last_min <= min && last_max <= max;
      descending = descending && last_min >= min && last_max >= max;
    }
    last = &page.stats;
  }
  if (ascending) return kAscending;
  return descending ? kDescending : kUnordered;
}

void WriteTimestampType(ThriftWriter* out) {
  out->BeginStruct(10);  // LogicalType
  out->BeginStruct(8);   // TIMESTAMP
  out->Bool(1, false);   // isAdjustedToUTC
  out->BeginStruct(2);   // unit
  out->BeginStruct(2);   // MICROS
  for (int i = 0; i < 4; ++i) out->EndStruct();
}

void WriteSchema(const std::vector<ColumnSpec>& columns, ThriftWriter* out) {
  out->BeginList(2, ThriftType::kStruct, columns.size() + 1);
  out->BeginElement();
  out->Binary(4, "schema");
  out->I32(5, static_cast<int32_t>(columns.size()));
  out->EndStruct();
  for (const ColumnSpec& column : columns) {
    out->BeginElement();
    out->I32(1, static_cast<int32_t>(TypeOf(column.kind)));
    out->I32(3, kOptional);
    out->Binary(4, column.name);
    if (column.field_id) out->I32(9, *column.field_id);
    if (column.kind == ColumnKind::kTime) WriteTimestampType(out);
    out->EndStruct();
  }
}

// The first two fields are for readers from before the format said how values compare.
void WriteStatistics(const EncodedStats& stats, ThriftWriter* out) {
  out->BeginStruct(12);
  const bool bounds = !stats.min.empty();
  if (bounds) {
    out->Binary(1, stats.max);
    out->Binary(2, stats.min);
  }
  out->I64(3, stats.nulls);
  if (bounds) {
    out->Binary(5, stats.max);
    out->Binary(6, stats.min);
    out->Bool(7, true);
    out->Bool(8, true);
  }
  out->EndStruct();
}

void WritePageCount(PageType type, PageEncoding encoding, std::size_t count, ThriftWriter* out) {
  out->BeginElement();
  out->I32(1, static_cast<int32_t>(type));
  out->I32(2, static_cast<int32_t>(encoding));
  out->I32(3, static_cast<int32_t>(count));
  out->EndStruct();
}

void WriteChunkMetadata(const ColumnSpec& column, const WrittenChunk& chunk, ThriftWriter* out) {
  const bool dictionary = chunk.dictionary_bytes > 0;
  const PageEncoding encoding = EncodingOf(chunk);
  out->BeginStruct(3);
  out->I32(1, static_cast<int32_t>(TypeOf(column.kind)));
  out->BeginList(2, ThriftType::kI32, dictionary ? 3 : 2);
  if (dictionary) out->IntegerElement(static_cast<int32_t>(PageEncoding::kPlain));
  out->IntegerElement(static_cast<int32_t>(PageEncoding::kRle));
  out->IntegerElement(static_cast<int32_t>(encoding));
  out->BeginList(3, ThriftType::kBinary, 1);
  out->BinaryElement(column.name);
  out->I32(4, column.kind == ColumnKind::kDouble ? kCodecZstd : kCodecNone);
  out->I64(5, chunk.rows);
  out->I64(6, chunk.uncompressed_bytes);
  out->I64(7, chunk.bytes);
  out->I64(9, chunk.offset + chunk.dictionary_bytes);
  if (dictionary) out->I64(11, chunk.offset);
  WriteStatistics(chunk.stats, out);
  out->BeginList(13, ThriftType::kStruct, dictionary ? 2 : 1);
  if (dictionary) WritePageCount(PageType::kDictionary, PageEncoding::kPlain, 1, out);
  WritePageCount(PageType::kData, encoding, chunk.pages.size(), out);
  out->EndStruct();
}

void WriteRowGroup(const std::vector<ColumnSpec>& columns, const WrittenRowGroup& group,
                   std::size_t ordinal, ThriftWriter* out) {
  out->BeginElement();
  out->BeginList(1, ThriftType::kStruct, group.chunks.size());
  int64_t bytes = 0;
  int64_t uncompressed = 0;
  for (std::size_t i = 0; i < group.chunks.size(); ++i) {
    const WrittenChunk& chunk = group.chunks[i];
    out->BeginElement();
    out->I64(2, 0);  // The metadata stands here and nowhere else.
    WriteChunkMetadata(columns[i], chunk, out);
    out->I64(4, chunk.offset_index_offset);
    out->I32(5, chunk.offset_index_bytes);
    out->I64(6, chunk.column_index_offset);
    out->I32(7, chunk.column_index_bytes);
    out->EndStruct();
    bytes += chunk.bytes;
    uncompressed += chunk.uncompressed_bytes;
  }
  out->I64(2, uncompressed);
  out->I64(3, group.rows);
  out->I64(5, group.chunks[0].offset);
  out->I64(6, bytes);
  out->I16(7, static_cast<int16_t>(ordinal));
  out->EndStruct();
}

}  // namespace

void AppendColumnIndex(const WrittenChunk& chunk, ColumnKind kind, ByteBuffer* out) {
  ThriftWriter writer(out);
  const std::vector<EncodedPage>& pages = chunk.pages;
  writer.BeginList(1, ThriftType::kTrue, pages.size());
  for (const EncodedPage& page : pages) writer.BoolElement(page.stats.min.empty());
  writer.BeginList(2, ThriftType::kBinary, pages.size());
  for (const EncodedPage& page : pages) writer.BinaryElement(page.stats.min);
  writer.BeginList(3, ThriftType::kBinary, pages.size());
  for (const EncodedPage& page : pages) writer.BinaryElement(page.stats.max);
  writer.I32(4, kind == ColumnKind::kDouble ? OrderOf<double>(pages) : OrderOf<int64_t>(pages));
  writer.BeginList(5, ThriftType::kI64, pages.size());
  for (const EncodedPage& page : pages) writer.IntegerElement(page.stats.nulls);
  writer.EndStruct();
}

void AppendOffsetIndex(const WrittenChunk& chunk, ByteBuffer* out) {
  ThriftWriter writer(out);
  writer.BeginList(1, ThriftType::kStruct, chunk.pages.size());
  for (const EncodedPage& page : chunk.pages) {
    writer.BeginElement();
    writer.I64(1, chunk.offset + page.offset);
    writer.I32(2, page.bytes);
    writer.I64(3, page.first_row);
    writer.EndStruct();
  }
  writer.EndStruct();
}

void AppendFooter(const std::vector<ColumnSpec>& columns,
                  const std::vector<WrittenRowGroup>& groups,
                  const std::map<std::string, std::string>& metadata, const std::string& created_by,
                  ByteBuffer* out) {
  ThriftWriter writer(out);
  writer.I32(1, 2);
  WriteSchema(columns, &writer);
  int64_t rows = 0;
  for (const WrittenRowGroup& group : groups) rows += group.rows;
  writer.I64(3, rows);
  writer.BeginList(4, ThriftType::kStruct, groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) WriteRowGroup(columns, groups[i], i, &writer);
  if (!metadata.empty()) {
    writer.BeginList(5, ThriftType::kStruct, metadata.size());
    for (const auto& [key, value] : metadata) {
      writer.BeginElement();
      writer.Binary(1, key);
      writer.Binary(2, value);
      writer.EndStruct();
    }
  }
  writer.Binary(6, created_by);
  writer.BeginList(7, ThriftType::kStruct, columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    writer.BeginElement();
    writer.BeginStruct(1);  // TypeDefinedOrder
    writer.EndStruct();
    writer.EndStruct();
  }
  writer.EndStruct();
}

}  // namespace tickhouse::io
