#include "tickhouse/io/parquet/encode/footer_writer.h"

#include "tickhouse/io/parquet/encode/bound_order.h"
#include "tickhouse/io/parquet/format/page_writer.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/io/parquet/format/thrift_compact.h"

namespace tickhouse::io {

namespace {

constexpr int32_t kRequired = 0;
constexpr int32_t kOptional = 1;
constexpr int32_t kCodecNone = 0;
constexpr int32_t kCodecZstd = 6;
enum BoundaryOrder : int32_t { kUnordered = 0, kAscending = 1, kDescending = 2 };

// ConvertedType numbers: what readers from before logical types know.
constexpr int32_t kNotConverted = -1;

bool IsNullPage(const EncodedPage& page) {
  return page.stats.nulls == page.rows;
}

BoundaryOrder OrderOf(const ColumnType& type, const std::vector<EncodedPage>& pages) {
  bool ascending = true;
  bool descending = true;
  const EncodedStats* last = nullptr;
  for (const EncodedPage& page : pages) {
    if (IsNullPage(page)) continue;
    if (last != nullptr) {
      const int min = CompareBounds(type, *last->min, *page.stats.min);
      const int max = CompareBounds(type, *last->max, *page.stats.max);
      ascending = ascending && min <= 0 && max <= 0;
      descending = descending && min >= 0 && max >= 0;
    }
    last = &page.stats;
  }
  if (ascending) return kAscending;
  return descending ? kDescending : kUnordered;
}

int32_t ConvertedOf(const ColumnType& type) {
  const bool wide = type.physical == PhysicalType::kInt64;
  switch (type.logical) {
    case LogicalKind::kString: return 0;
    case LogicalKind::kDecimal: return 5;
    case LogicalKind::kDate: return 6;
    case LogicalKind::kUnsigned: return wide ? 14 : 13;
    case LogicalKind::kSigned: return wide ? 18 : 17;
    default: break;
  }
  // The old words mean UTC, and know no nanoseconds.
  if (!type.utc || type.unit_ns == 1) return kNotConverted;
  if (type.logical == LogicalKind::kTime) return type.unit_ns == 1'000 ? 8 : 7;
  if (type.logical == LogicalKind::kTimestamp) return type.unit_ns == 1'000 ? 10 : 9;
  return kNotConverted;
}

void WriteTimeUnit(const ColumnType& type, ThriftWriter* out) {
  out->Bool(1, type.utc);
  out->BeginStruct(2);
  out->BeginStruct(type.unit_ns == 1 ? 3 : (type.unit_ns == 1'000 ? 2 : 1));
  out->EndStruct();
  out->EndStruct();
}

// The number of the member of LogicalType; 0: none.
int LogicalMember(LogicalKind kind) {
  switch (kind) {
    case LogicalKind::kString: return 1;
    case LogicalKind::kDecimal: return 5;
    case LogicalKind::kDate: return 6;
    case LogicalKind::kTime: return 7;
    case LogicalKind::kTimestamp: return 8;
    case LogicalKind::kSigned:
    case LogicalKind::kUnsigned: return 10;
    case LogicalKind::kUuid: return 14;
    default: return 0;
  }
}

void WriteLogicalType(const ColumnType& type, ThriftWriter* out) {
  const int member = LogicalMember(type.logical);
  if (member == 0) return;
  out->BeginStruct(10);
  out->BeginStruct(member);
  if (type.logical == LogicalKind::kDecimal) {
    out->I32(1, type.scale);
    out->I32(2, type.precision);
  } else if (type.logical == LogicalKind::kTime || type.logical == LogicalKind::kTimestamp) {
    WriteTimeUnit(type, out);
  } else if (member == 10) {
    out->Byte(1, type.physical == PhysicalType::kInt64 ? 64 : 32);
    out->Bool(2, type.logical == LogicalKind::kSigned);
  }
  out->EndStruct();
  out->EndStruct();
}

void WriteSchemaElement(const ColumnSchema& column, ThriftWriter* out) {
  const ColumnType& type = column.type;
  out->BeginElement();
  out->I32(1, static_cast<int32_t>(type.physical));
  if (type.physical == PhysicalType::kFixedBytes) out->I32(2, type.length);
  out->I32(3, column.required ? kRequired : kOptional);
  out->Binary(4, column.name);
  const int32_t converted = ConvertedOf(type);
  if (converted != kNotConverted) out->I32(6, converted);
  if (type.logical == LogicalKind::kDecimal) {
    out->I32(7, type.scale);
    out->I32(8, type.precision);
  }
  if (column.field_id) out->I32(9, *column.field_id);
  WriteLogicalType(type, out);
  out->EndStruct();
}

void WriteSchema(const std::vector<ColumnSchema>& columns, ThriftWriter* out) {
  out->BeginList(2, ThriftType::kStruct, columns.size() + 1);
  out->BeginElement();
  out->Binary(4, "schema");
  out->I32(5, static_cast<int32_t>(columns.size()));
  out->EndStruct();
  for (const ColumnSchema& column : columns) WriteSchemaElement(column, out);
}

// The first two fields are for readers from before the format said how values compare.
void WriteStatistics(const ColumnType& type, const EncodedStats& stats, ThriftWriter* out) {
  out->BeginStruct(12);
  const bool old = ComparesSigned(type);
  if (old && stats.max) out->Binary(1, *stats.max);
  if (old && stats.min) out->Binary(2, *stats.min);
  out->I64(3, stats.nulls);
  if (stats.max) out->Binary(5, *stats.max);
  if (stats.min) out->Binary(6, *stats.min);
  if (stats.max) out->Bool(7, stats.exact_max);
  if (stats.min) out->Bool(8, stats.exact_min);
  out->EndStruct();
}

void WritePageCount(PageType type, PageEncoding encoding, std::size_t count, ThriftWriter* out) {
  out->BeginElement();
  out->I32(1, static_cast<int32_t>(type));
  out->I32(2, static_cast<int32_t>(encoding));
  out->I32(3, static_cast<int32_t>(count));
  out->EndStruct();
}

void WriteChunkMetadata(const ColumnSchema& column, const WrittenChunk& chunk, ThriftWriter* out) {
  const bool dictionary = chunk.dictionary_bytes > 0;
  const PageEncoding encoding = chunk.encoding;
  out->BeginStruct(3);
  out->I32(1, static_cast<int32_t>(column.type.physical));
  out->BeginList(2, ThriftType::kI32, dictionary ? 3 : 2);
  if (dictionary) out->IntegerElement(static_cast<int32_t>(PageEncoding::kPlain));
  out->IntegerElement(static_cast<int32_t>(PageEncoding::kRle));
  out->IntegerElement(static_cast<int32_t>(encoding));
  out->BeginList(3, ThriftType::kBinary, 1);
  out->BinaryElement(column.name);
  out->I32(4, chunk.zstd ? kCodecZstd : kCodecNone);
  out->I64(5, chunk.rows);
  out->I64(6, chunk.uncompressed_bytes);
  out->I64(7, chunk.bytes);
  out->I64(9, chunk.offset + chunk.dictionary_bytes);
  if (dictionary) out->I64(11, chunk.offset);
  WriteStatistics(column.type, chunk.stats, out);
  out->BeginList(13, ThriftType::kStruct, dictionary ? 2 : 1);
  if (dictionary) WritePageCount(PageType::kDictionary, PageEncoding::kPlain, 1, out);
  WritePageCount(PageType::kData, encoding, chunk.pages.size(), out);
  out->EndStruct();
}

void WriteRowGroup(const std::vector<ColumnSchema>& columns, const WrittenRowGroup& group,
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
    if (chunk.column_index_bytes > 0) {
      out->I64(6, chunk.column_index_offset);
      out->I32(7, chunk.column_index_bytes);
    }
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

bool HasPageBounds(const WrittenChunk& chunk) {
  for (const EncodedPage& page : chunk.pages) {
    if (!IsNullPage(page) && !(page.stats.min && page.stats.max)) return false;
  }
  return true;
}

void AppendColumnIndex(const WrittenChunk& chunk, const ColumnType& type, ByteBuffer* out) {
  ThriftWriter writer(out);
  const std::vector<EncodedPage>& pages = chunk.pages;
  writer.BeginList(1, ThriftType::kTrue, pages.size());
  for (const EncodedPage& page : pages) writer.BoolElement(IsNullPage(page));
  writer.BeginList(2, ThriftType::kBinary, pages.size());
  for (const EncodedPage& page : pages) writer.BinaryElement(page.stats.min.value_or(""));
  writer.BeginList(3, ThriftType::kBinary, pages.size());
  for (const EncodedPage& page : pages) writer.BinaryElement(page.stats.max.value_or(""));
  writer.I32(4, OrderOf(type, pages));
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

void AppendFooter(const std::vector<ColumnSchema>& columns,
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
