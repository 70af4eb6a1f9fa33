// Deletion vectors of v3: the blob "deletion-vector-v1" of a Puffin file.
//
//   length (4 bytes, big-endian: of magic and bitmap)  D1 D3 39 64  bitmap  CRC-32 (big-endian)
//
// The bitmap is a 64-bit Roaring bitmap in its portable form. Bytes come from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/data/deletes/row_set.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// Adds the positions of a whole blob. kCorrupt: cut, another magic, a wrong checksum, containers
/// out of order or not as long as they say, bytes left over, a position that the file does not
/// have, or another number of them than `cardinality`. What was added by then stays.
Status AddDeletionVector(std::span<const uint8_t> blob, std::optional<int64_t> cardinality,
                         RowSet* rows);

/// Reads the blob that `file` (a deletion vector) points at. kCorrupt names the file.
Status ReadDeletionVector(io::FileSystem& files, const DataFile& file, RowSet* rows);

}  // namespace tickhouse::lake
