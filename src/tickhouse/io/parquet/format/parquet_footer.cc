#include "tickhouse/io/parquet/format/parquet_footer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "tickhouse/core/time.h"
#include "tickhouse/io/parquet/format/thrift_compact.h"

namespace tickhouse::io {

namespace {

constexpr int64_t kMagicBytes = 4;
constexpr int64_t kTailBytes = 8;  // Footer length and magic.
constexpr int64_t kFirstRead = 64 * 1024;

struct SchemaNode {
  FooterColumn column;
  int32_t children = 0;
  int32_t repetition = 0;  // 0 required, 1 optional, 2 repeated.
  bool has_type = false;
};

constexpr int32_t kConvertedDecimal = 5;
constexpr int32_t kConvertedTimeMillis = 7;
constexpr int32_t kConvertedTimestampMillis = 9;
constexpr int32_t kConvertedTimestampMicros = 10;

// TimeType and TimestampType look alike.
void ReadTimeType(ThriftReader* in, FooterColumn* column) {
  constexpr std::array<int64_t, 4> kUnits = {0, kNanosPerMilli, kNanosPerMicro, 1};
  int field = 0;
  ThriftType type = ThriftType::kStop;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    if (field == 1) in->Bool(type, &column->adjusted_utc);
    if (field == 1) continue;
    if (field != 2 || type != ThriftType::kStruct) {
      in->Skip(type);
      continue;
    }
    in->BeginStruct();
    while (in->NextField(&field, &type)) {
      if (field >= 1 && field <= 3) column->time_unit_ns = kUnits[static_cast<std::size_t>(field)];
      in->Skip(type);
    }
    in->EndStruct();
  }
  in->EndStruct();
}

void ReadIntegerType(ThriftReader* in, FooterColumn* column) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  bool is_signed = true;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    if (field == 2) {
      in->Bool(type, &is_signed);
    } else {
      in->Skip(type);
    }
  }
  in->EndStruct();
  column->logical = is_signed ? LogicalKind::kSigned : LogicalKind::kUnsigned;
}

void ReadDecimal(ThriftReader* in, FooterColumn* column) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  column->is_decimal = true;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    if (field == 1) {
      in->Integer(type, &column->decimal_scale);
    } else if (field == 2) {
      in->Integer(type, &column->decimal_precision);
    } else {
      in->Skip(type);
    }
  }
  in->EndStruct();
}

LogicalKind LogicalOfField(int field) {
  switch (field) {
    case 1:
    case 4:
    case 12: return LogicalKind::kString;
    case 5: return LogicalKind::kDecimal;
    case 6: return LogicalKind::kDate;
    case 7: return LogicalKind::kTime;
    case 8: return LogicalKind::kTimestamp;
    case 14: return LogicalKind::kUuid;
    default: return LogicalKind::kOther;
  }
}

void ReadLogicalType(ThriftReader* in, FooterColumn* column) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    column->is_annotated = true;
    column->logical = LogicalOfField(field);
    if (type != ThriftType::kStruct) {
      in->Skip(type);
    } else if (field == 5) {
      ReadDecimal(in, column);
    } else if (field == 7 || field == 8) {
      ReadTimeType(in, column);
    } else if (field == 10) {
      ReadIntegerType(in, column);
    } else {
      in->Skip(type);
    }
  }
  in->EndStruct();
}

// What the annotation of old says, where there is no logical type.
LogicalKind LogicalOfConverted(int32_t converted) {
  if (converted < 0) return LogicalKind::kNone;
  if (converted == 0 || converted == 4 || converted == 19) return LogicalKind::kString;
  if (converted == kConvertedDecimal) return LogicalKind::kDecimal;
  if (converted == 6) return LogicalKind::kDate;
  if (converted == kConvertedTimeMillis || converted == 8) return LogicalKind::kTime;
  if (converted <= kConvertedTimestampMicros && converted >= kConvertedTimestampMillis) {
    return LogicalKind::kTimestamp;
  }
  if (converted >= 11 && converted <= 14) return LogicalKind::kUnsigned;
  if (converted >= 15 && converted <= 18) return LogicalKind::kSigned;
  return LogicalKind::kOther;
}

void ApplyAnnotation(int32_t converted, FooterColumn* column) {
  if (column->logical == LogicalKind::kNone) {
    column->logical = LogicalOfConverted(converted);
    const bool millis = converted == kConvertedTimeMillis || converted == kConvertedTimestampMillis;
    const bool is_time =
        column->logical == LogicalKind::kTime || column->logical == LogicalKind::kTimestamp;
    if (is_time) column->time_unit_ns = millis ? kNanosPerMilli : kNanosPerMicro;
    column->adjusted_utc = is_time;
  }
  column->is_annotated |= converted >= 0;
  column->is_decimal = column->logical == LogicalKind::kDecimal || converted == kConvertedDecimal;
  if (column->logical == LogicalKind::kTimestamp) column->timestamp_unit_ns = column->time_unit_ns;
}

void ReadSchemaNode(ThriftReader* in, SchemaNode* node) {
  FooterColumn& column = node->column;
  int field = 0;
  ThriftType type = ThriftType::kStop;
  int32_t physical = -1;
  int32_t converted = -1;
  std::string_view name;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    switch (field) {
      case 1: in->Integer(type, &physical); break;
      case 2: in->Integer(type, &column.type_length); break;
      case 3: in->Integer(type, &node->repetition); break;
      case 4: in->Binary(type, &name); break;
      case 5: in->Integer(type, &node->children); break;
      case 6: in->Integer(type, &converted); break;
      case 7: in->Integer(type, &column.decimal_scale); break;
      case 8: in->Integer(type, &column.decimal_precision); break;
      case 9:
        column.field_id = -1;
        in->Integer(type, &*column.field_id);
        break;
      case 10:
        if (type == ThriftType::kStruct) {
          ReadLogicalType(in, &column);
          break;
        }
        [[fallthrough]];
      default: in->Skip(type);
    }
  }
  in->EndStruct();
  column.name = name;
  node->has_type = physical >= 0 && physical <= 7;
  if (node->has_type) column.type = static_cast<PhysicalType>(physical);
  ApplyAnnotation(converted, &column);
}

// Walks the depth-first list of nodes; false when counts do not add up.
bool CollectLeaves(const std::vector<SchemaNode>& nodes, std::vector<FooterColumn>* leaves) {
  if (nodes.empty()) return false;
  struct Level {
    int32_t left;
    std::string prefix;
  };
  std::vector<Level> levels = {{nodes[0].children, ""}};
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    while (!levels.empty() && levels.back().left == 0) levels.pop_back();
    if (levels.empty()) return false;
    --levels.back().left;
    const SchemaNode& node = nodes[i];
    if (node.children > 0) {
      if (levels.size() > 64) return false;
      levels.push_back({node.children, levels.back().prefix + node.column.name + "."});
      continue;
    }
    if (node.children < 0 || !node.has_type) return false;
    FooterColumn& leaf = leaves->emplace_back(node.column);
    leaf.flat = levels.size() == 1 && node.repetition != 2;
    leaf.optional = node.repetition == 1;
    leaf.name = levels.back().prefix + node.column.name;
  }
  return std::all_of(levels.begin(), levels.end(), [](const Level& l) { return l.left == 0; });
}

void ReadStats(ThriftReader* in, FooterStats* stats) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  std::optional<std::string> old_min;
  std::optional<std::string> old_max;
  const auto read = [&](std::optional<std::string>* target) {
    std::string_view bytes;
    const bool is_binary = type == ThriftType::kBinary;
    in->Binary(type, &bytes);
    if (is_binary && !in->failed()) *target = std::string(bytes);
  };
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    switch (field) {
      case 1: read(&old_max); break;
      case 2: read(&old_min); break;
      case 3: {
        int64_t nulls = -1;
        in->Integer(type, &nulls);
        if (nulls >= 0) stats->nulls = nulls;
        break;
      }
      case 5: read(&stats->max); break;
      case 6: read(&stats->min); break;
      default: in->Skip(type);
    }
  }
  in->EndStruct();
  if (!stats->min && !stats->max) {
    stats->old_order = true;
    stats->min = std::move(old_min);
    stats->max = std::move(old_max);
  }
}

void ReadChunkMetadata(ThriftReader* in, FooterChunk* chunk) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  int64_t data_offset = 0;
  int64_t dictionary_offset = 0;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    switch (field) {
      case 4: in->Integer(type, &chunk->codec); break;
      case 5: in->Integer(type, &chunk->values); break;
      case 7: in->Integer(type, &chunk->bytes); break;
      case 9: in->Integer(type, &data_offset); break;
      case 11: in->Integer(type, &dictionary_offset); break;
      case 12:
        if (type == ThriftType::kStruct) {
          ReadStats(in, &chunk->stats);
          break;
        }
        [[fallthrough]];
      default: in->Skip(type);
    }
  }
  in->EndStruct();
  const bool dictionary_first = dictionary_offset > 0 && dictionary_offset < data_offset;
  chunk->begin = dictionary_first ? dictionary_offset : data_offset;
}

void ReadChunk(ThriftReader* in, FooterChunk* chunk) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  bool has_metadata = false;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    switch (field) {
      case 1: {
        std::string_view path;
        in->Binary(type, &path);
        if (!path.empty()) chunk->readable = false;
        break;
      }
      case 3:
        if (type == ThriftType::kStruct) {
          has_metadata = true;
          ReadChunkMetadata(in, chunk);
          break;
        }
        in->Skip(type);
        break;
      case 4: in->Integer(type, &chunk->offset_index_offset); break;
      case 5: in->Integer(type, &chunk->offset_index_bytes); break;
      case 6: in->Integer(type, &chunk->column_index_offset); break;
      case 7: in->Integer(type, &chunk->column_index_bytes); break;
      case 8:
        chunk->readable = false;
        in->Skip(type);
        break;
      default: in->Skip(type);
    }
  }
  in->EndStruct();
  if (!has_metadata) chunk->readable = false;
}

void ReadRowGroup(ThriftReader* in, FooterRowGroup* group) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    if (field == 1) {
      ThriftType element = ThriftType::kStop;
      const uint32_t count = in->ListHeader(type, &element);
      for (uint32_t i = 0; i < count && !in->failed(); ++i)
        ReadChunk(in, &group->chunks.emplace_back());
    } else if (field == 3) {
      in->Integer(type, &group->rows);
    } else {
      in->Skip(type);
    }
  }
  in->EndStruct();
}

void ReadKeyValue(ThriftReader* in, ParquetFooter* footer) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  std::string_view key;
  std::string_view value;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    if (field == 1) {
      in->Binary(type, &key);
    } else if (field == 2) {
      in->Binary(type, &value);
    } else {
      in->Skip(type);
    }
  }
  in->EndStruct();
  footer->metadata.emplace_back(key, value);
}

// The schema, too, must add up. Returns what is wrong, or nothing.
std::string ParseFileMetadata(std::span<const uint8_t> bytes, ParquetFooter* footer) {
  ThriftReader in(bytes);
  std::vector<SchemaNode> nodes;
  int field = 0;
  ThriftType type = ThriftType::kStop;
  std::string_view created_by;
  in.BeginStruct();
  while (in.NextField(&field, &type)) {
    ThriftType element = ThriftType::kStop;
    if (field == 2 || field == 4 || field == 5) {
      const uint32_t count = in.ListHeader(type, &element);
      for (uint32_t i = 0; i < count && !in.failed(); ++i) {
        if (element != ThriftType::kStruct) {
          in.Skip(element);
        } else if (field == 2) {
          ReadSchemaNode(&in, &nodes.emplace_back());
        } else if (field == 4) {
          ReadRowGroup(&in, &footer->row_groups.emplace_back());
        } else {
          ReadKeyValue(&in, footer);
        }
      }
    } else if (field == 3) {
      in.Integer(type, &footer->rows);
    } else if (field == 6) {
      in.Binary(type, &created_by);
    } else {
      in.Skip(type);
    }
  }
  if (in.failed()) return "its footer is malformed";
  footer->created_by = created_by;
  if (!CollectLeaves(nodes, &footer->columns)) return "the schema in its footer does not add up";
  return {};
}

// Row counts and positions must be possible before anybody relies on them.
std::string CheckRowGroups(const ParquetFooter& footer, int64_t file_bytes) {
  int64_t rows = 0;
  for (std::size_t g = 0; g < footer.row_groups.size(); ++g) {
    const FooterRowGroup& group = footer.row_groups[g];
    if (group.rows < 0 || group.rows > std::numeric_limits<int64_t>::max() - rows) {
      return fmt::format("row group {} claims {} rows", g, group.rows);
    }
    rows += group.rows;
    if (group.chunks.size() != footer.columns.size()) {
      return fmt::format("row group {} has {} columns, the schema {}", g, group.chunks.size(),
                         footer.columns.size());
    }
    for (std::size_t c = 0; c < group.chunks.size(); ++c) {
      const FooterChunk& chunk = group.chunks[c];
      if (!chunk.readable) continue;
      const bool inside = chunk.begin >= 0 && chunk.bytes >= 0 && chunk.begin <= file_bytes &&
                          chunk.bytes <= file_bytes - chunk.begin;
      if (!inside) {
        return fmt::format("row group {}, column {} lies outside the file", g,
                           footer.columns[c].name);
      }
      if (footer.columns[c].flat && chunk.values != group.rows) {
        return fmt::format("row group {}, column {} has {} values for {} rows", g,
                           footer.columns[c].name, chunk.values, group.rows);
      }
    }
  }
  if (rows != footer.rows) {
    return fmt::format("its row groups hold {} rows, the footer claims {}", rows, footer.rows);
  }
  return {};
}

std::unexpected<Error> Corrupt(const ReadableFile& file, std::string_view why) {
  return Fail(ErrorKind::kCorrupt,
              fmt::format("{}: not a whole Parquet file: {}", file.path(), why));
}

std::span<const uint8_t> Bytes(const std::vector<std::byte>& buffer) {
  return {reinterpret_cast<const uint8_t*>(buffer.data()), buffer.size()};
}

}  // namespace

std::string FooterColumn::TypeName() const {
  constexpr std::array<std::string_view, 8> kNames = {
      "boolean", "int32", "int64", "int96", "float", "double", "byte array", "fixed bytes"};
  if (!flat) return "nested";
  if (timestamp_unit_ns == kNanosPerMilli) return "timestamp[ms]";
  if (timestamp_unit_ns == kNanosPerMicro) return "timestamp[us]";
  if (timestamp_unit_ns == 1) return "timestamp[ns]";
  if (is_decimal) return "decimal";
  return std::string(kNames[static_cast<std::size_t>(type)]);
}

Result<ParquetFooter> ParseParquetFooter(std::span<const uint8_t> metadata, int64_t file_bytes) {
  ParquetFooter footer;
  std::string wrong = ParseFileMetadata(metadata, &footer);
  if (wrong.empty()) wrong = CheckRowGroups(footer, file_bytes);
  if (!wrong.empty()) return Fail(ErrorKind::kCorrupt, wrong);
  return footer;
}

Result<ParquetFooter> ReadParquetFooter(const ReadableFile& file) {
  const int64_t size = file.size();
  if (size == 0) return Corrupt(file, "it is empty");
  if (size < kMagicBytes + kTailBytes) return Corrupt(file, fmt::format("it has {} bytes", size));
  std::vector<std::byte> tail(static_cast<std::size_t>(std::min(size, kFirstRead)));
  TICKHOUSE_TRY(file.ReadAt(size - static_cast<int64_t>(tail.size()), tail));
  std::array<char, 4> magic;
  std::memcpy(magic.data(), tail.data() + tail.size() - 4, 4);
  const std::string_view end(magic.data(), magic.size());
  if (end == "PARE") {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: its footer is encrypted; decrypt it first", file.path()));
  }
  std::array<std::byte, 4> head;
  TICKHOUSE_TRY(file.ReadAt(0, head));
  if (std::memcmp(head.data(), "PAR1", 4) != 0) return Corrupt(file, "it does not start with PAR1");
  if (end != "PAR1") return Corrupt(file, "it does not end with PAR1; it may be cut");
  uint32_t length = 0;
  std::memcpy(&length, tail.data() + tail.size() - kTailBytes, 4);
  const int64_t footer_bytes = length;
  if (footer_bytes > size - kMagicBytes - kTailBytes) {
    return Corrupt(file, fmt::format("its footer claims {} bytes of {}", footer_bytes, size));
  }
  std::span<const uint8_t> bytes = Bytes(tail).first(tail.size() - kTailBytes);
  if (footer_bytes > static_cast<int64_t>(bytes.size())) {
    tail.resize(static_cast<std::size_t>(footer_bytes));
    TICKHOUSE_TRY(file.ReadAt(size - kTailBytes - footer_bytes, tail));
    bytes = Bytes(tail);
  }
  auto footer = ParseParquetFooter(bytes.last(static_cast<std::size_t>(footer_bytes)), size);
  if (!footer) return Corrupt(file, footer.error().message);
  return footer;
}

namespace {

void ReadDataPageHeader(ThriftReader* in, PageHeader* header) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  int32_t encoding = 0;
  int32_t levels = 3;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    switch (field) {
      case 1: in->Integer(type, &header->values); break;
      case 2: in->Integer(type, &encoding); break;
      case 3: in->Integer(type, &levels); break;
      default: in->Skip(type);
    }
  }
  in->EndStruct();
  header->encoding = static_cast<PageEncoding>(encoding);
  header->level_encoding = static_cast<PageEncoding>(levels);
}

void ReadDataPageV2Header(ThriftReader* in, PageHeader* header) {
  int field = 0;
  ThriftType type = ThriftType::kStop;
  int32_t encoding = 0;
  in->BeginStruct();
  while (in->NextField(&field, &type)) {
    switch (field) {
      case 1: in->Integer(type, &header->values); break;
      case 4: in->Integer(type, &encoding); break;
      case 5: in->Integer(type, &header->def_level_bytes); break;
      case 6: in->Integer(type, &header->rep_level_bytes); break;
      case 7: in->Bool(type, &header->is_compressed); break;
      default: in->Skip(type);
    }
  }
  in->EndStruct();
  header->encoding = static_cast<PageEncoding>(encoding);
}

}  // namespace

std::size_t ParsePageHeader(std::span<const uint8_t> bytes, PageHeader* header) {
  ThriftReader in(bytes);
  *header = PageHeader();
  int field = 0;
  ThriftType type = ThriftType::kStop;
  int32_t page_type = -1;
  in.BeginStruct();
  while (in.NextField(&field, &type)) {
    const bool is_struct = type == ThriftType::kStruct;
    if (field == 1) {
      in.Integer(type, &page_type);
    } else if (field == 2) {
      in.Integer(type, &header->body_bytes);
    } else if (field == 3) {
      in.Integer(type, &header->stored_bytes);
    } else if (field == 4) {
      int32_t crc = 0;
      in.Integer(type, &crc);
      header->crc = crc;
    } else if ((field == 5 || field == 7) && is_struct) {
      ReadDataPageHeader(&in, header);
    } else if (field == 8 && is_struct) {
      ReadDataPageV2Header(&in, header);
    } else {
      in.Skip(type);
    }
  }
  header->type = static_cast<PageType>(page_type);
  const bool possible = header->body_bytes >= 0 && header->stored_bytes >= 0 &&
                        header->values >= 0 && header->def_level_bytes >= 0 &&
                        header->rep_level_bytes >= 0;
  if (in.failed() || !possible) return 0;
  return bytes.size() - in.left();
}

bool ParseOffsetIndex(std::span<const uint8_t> bytes, std::vector<PageLocation>* pages) {
  ThriftReader in(bytes);
  int field = 0;
  ThriftType type = ThriftType::kStop;
  in.BeginStruct();
  while (in.NextField(&field, &type)) {
    if (field != 1) {
      in.Skip(type);
      continue;
    }
    ThriftType element = ThriftType::kStop;
    const uint32_t count = in.ListHeader(type, &element);
    if (element != ThriftType::kStruct && count > 0) return false;
    for (uint32_t i = 0; i < count && !in.failed(); ++i) {
      PageLocation& page = pages->emplace_back();
      in.BeginStruct();
      while (in.NextField(&field, &type)) {
        switch (field) {
          case 1: in.Integer(type, &page.offset); break;
          case 2: in.Integer(type, &page.bytes); break;
          case 3: in.Integer(type, &page.first_row); break;
          default: in.Skip(type);
        }
      }
      in.EndStruct();
    }
  }
  return !in.failed();
}

bool ParseColumnIndex(std::span<const uint8_t> bytes, PageBounds* bounds) {
  ThriftReader in(bytes);
  int field = 0;
  ThriftType type = ThriftType::kStop;
  in.BeginStruct();
  while (in.NextField(&field, &type)) {
    if (field < 1 || field > 3) {
      in.Skip(type);
      continue;
    }
    ThriftType element = ThriftType::kStop;
    const uint32_t count = in.ListHeader(type, &element);
    for (uint32_t i = 0; i < count && !in.failed(); ++i) {
      if (field == 1) {
        if (element != ThriftType::kTrue && element != ThriftType::kFalse) return false;
        bounds->null_pages.push_back(in.BoolElement());
      } else {
        if (element != ThriftType::kBinary) return false;
        std::string_view value;
        in.Binary(element, &value);
        (field == 2 ? bounds->min : bounds->max).emplace_back(value);
      }
    }
  }
  return !in.failed() && bounds->null_pages.size() == bounds->min.size() &&
         bounds->min.size() == bounds->max.size();
}

}  // namespace tickhouse::io
