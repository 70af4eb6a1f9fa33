// What a Parquet file says about itself: footer, page headers and page indexes, read straight from
// the Thrift bytes. Nothing here trusts the file: every size is checked before it is used.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/format/page_writer.h"

namespace tickhouse::io {

/// Numbers of the Parquet format (parquet.thrift).
enum class PhysicalType : int32_t {
  kBoolean = 0,
  kInt32 = 1,
  kInt64 = 2,
  kInt96 = 3,
  kFloat = 4,
  kDouble = 5,
  kByteArray = 6,
  kFixedBytes = 7,
};

/// What the values mean; kOther: an annotation that is none of these.
enum class LogicalKind {
  kNone,
  kString,  ///< Also enumerations and JSON.
  kDecimal,
  kDate,
  kTime,
  kTimestamp,
  kUuid,
  kSigned,
  kUnsigned,
  kOther,
};

/// A leaf column.
struct FooterColumn {
  std::string name = {};  ///< Path with dots for columns inside others.
  PhysicalType type = PhysicalType::kBoolean;
  int32_t type_length = 0;  ///< Bytes of kFixedBytes.
  bool flat = false;        ///< At the top and not repeated.
  bool optional = false;
  /// Of a timestamp: nanoseconds a unit; 0: no timestamp.
  int64_t timestamp_unit_ns = 0;
  bool is_decimal = false;
  int32_t decimal_scale = 0;
  int32_t decimal_precision = 0;
  bool is_annotated = false;  ///< Has a logical or converted type of any kind.
  LogicalKind logical = LogicalKind::kNone;
  int64_t time_unit_ns = 0;   ///< Of kTime and kTimestamp.
  bool adjusted_utc = false;  ///< Of kTime and kTimestamp.
  std::optional<int32_t> field_id = {};
  std::string TypeName() const;
};

/// Statistics as stored; views are into nothing: they own their bytes.
struct FooterStats {
  std::optional<std::string> min, max;
  std::optional<int64_t> nulls;
  /// The bounds come from the fields of old, which compare as signed: wrong for byte arrays.
  bool old_order = false;
};

struct FooterChunk {
  int32_t codec = 0;
  int64_t values = 0;
  int64_t begin = 0;  ///< First byte of the chunk: dictionary page or first data page.
  int64_t bytes = 0;  ///< As stored, headers included.
  FooterStats stats;
  int64_t column_index_offset = 0;
  int32_t column_index_bytes = 0;
  int64_t offset_index_offset = 0;
  int32_t offset_index_bytes = 0;
  bool readable = true;  ///< Not encrypted and not in another file.
};

struct FooterRowGroup {
  int64_t rows = 0;
  std::vector<FooterChunk> chunks;  ///< One for each leaf column.
};

struct ParquetFooter {
  int64_t rows = 0;
  std::vector<FooterColumn> columns;
  std::vector<FooterRowGroup> row_groups;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string created_by;
};

/// kCorrupt with the reason for what is no Parquet or is cut; kUnsupported for encrypted footers.
Result<ParquetFooter> ReadParquetFooter(const ReadableFile& file);

/// FileMetaData alone, of a file of `file_bytes`; kCorrupt says what is wrong, without a name.
Result<ParquetFooter> ParseParquetFooter(std::span<const uint8_t> metadata, int64_t file_bytes);

struct PageHeader {
  PageType type = PageType::kIndex;
  int32_t body_bytes = 0;    ///< Uncompressed.
  int32_t stored_bytes = 0;  ///< After the header.
  std::optional<int32_t> crc;
  int32_t values = 0;
  PageEncoding encoding = PageEncoding::kPlain;
  PageEncoding level_encoding = PageEncoding::kRle;
  int32_t def_level_bytes = 0;  ///< Version 2 only, as are the next two.
  int32_t rep_level_bytes = 0;
  bool is_compressed = true;
};

inline bool IsDataPage(const PageHeader& header) {
  return header.type == PageType::kData || header.type == PageType::kDataV2;
}

/// Reads a header from the front of `bytes`; returns its length, 0 when malformed or cut.
std::size_t ParsePageHeader(std::span<const uint8_t> bytes, PageHeader* header);

struct PageLocation {
  int64_t offset = 0;
  int32_t bytes = 0;  ///< Header included.
  int64_t first_row = 0;
};
/// False when malformed.
bool ParseOffsetIndex(std::span<const uint8_t> bytes, std::vector<PageLocation>* pages);

struct PageBounds {
  std::vector<bool> null_pages;
  std::vector<std::string> min, max;
};
bool ParseColumnIndex(std::span<const uint8_t> bytes, PageBounds* bounds);

}  // namespace tickhouse::io
