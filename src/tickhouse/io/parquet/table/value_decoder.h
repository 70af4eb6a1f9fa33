// Values of a page of any flat column, as `ColumnValues`. Bytes come from outside.
#pragma once

#include <cstdint>
#include <span>

#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/format/page_decoder.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/io/parquet/table/column_batch.h"

namespace tickhouse::io {

/// More bytes than this in the strings of one page are refused as unsupported.
inline constexpr int64_t kMaxPageText = int64_t{1} << 30;

/// Replaces `*out` by `count` values stored as `encoding` (no dictionary indices).
DecodeFault DecodeColumnValues(const FooterColumn& column, PageEncoding encoding,
                               std::span<const uint8_t> body, std::size_t count,
                               ByteBuffer* scratch, ColumnValues* out);

/// Replaces `*out` by the entries at `indices`, all of which exist.
DecodeFault LookUp(const ColumnValues& dictionary, std::span<const uint32_t> indices,
                   ColumnValues* out);

/// Moves dense values apart, so that every null has a place.
void SpreadOut(std::span<const uint8_t> present, ColumnValues* values);

/// Appends rows [begin, begin + count) of `from`, which holds the same alternative.
void AppendRows(const ColumnValues& from, std::size_t begin, std::size_t count, ColumnValues* to);

}  // namespace tickhouse::io
