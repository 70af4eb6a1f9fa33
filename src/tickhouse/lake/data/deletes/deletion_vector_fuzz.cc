#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tickhouse/io/parquet/format/page_checksum.h"
#include "tickhouse/lake/data/deletes/deletion_vector.h"

// The first byte chooses how many rows the file has; the checksum is made right half of the time,
// so that what lies behind it is reached.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const int64_t file_rows = int64_t{1} << (data[0] % 27);
  std::vector<uint8_t> blob(data + 1, data + size);
  if ((data[0] & 0x80) != 0 && blob.size() >= 12) {
    const auto put = [&](std::size_t at, uint32_t value) {
      for (int i = 0; i < 4; ++i) blob[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
    };
    const auto length = static_cast<uint32_t>(blob.size() - 8);
    put(0, length);
    put(4, 0xD1D33964);
    put(blob.size() - 4, tickhouse::io::PageChecksum(std::span(blob).subspan(4, length)));
  }
  tickhouse::lake::RowSet rows(file_rows);
  const auto status = tickhouse::lake::AddDeletionVector(blob, {}, &rows);
  static_cast<void>(status);
  return 0;
}
