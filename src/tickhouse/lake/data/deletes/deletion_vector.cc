#include "tickhouse/lake/data/deletes/deletion_vector.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "tickhouse/io/parquet/format/byte_reader.h"
#include "tickhouse/io/parquet/format/page_checksum.h"
#include "tickhouse/lake/format/location.h"

namespace tickhouse::lake {

namespace {

using io::ByteReader;

constexpr std::array<uint8_t, 4> kMagic = {0xD1, 0xD3, 0x39, 0x64};
constexpr std::size_t kFrameBytes = 12;  // Length, magic, checksum.
constexpr uint32_t kWithRuns = 12347;
constexpr uint32_t kWithoutRuns = 12346;
constexpr std::size_t kOffsetsFrom = 4;  // Containers from which on offsets stand there always.
constexpr uint32_t kMostInArray = 4096;
constexpr int64_t kMostBlobBytes = int64_t{1} << 30;

std::unexpected<Error> Corrupt(std::string_view why) {
  return Fail(ErrorKind::kCorrupt, fmt::format("deletion vector: {}", why));
}
std::unexpected<Error> Cut() {
  return Corrupt("its bitmap is cut");
}

uint32_t BigEndian(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 |
         static_cast<uint32_t>(at[2]) << 8 | at[3];
}

struct Container {
  uint16_t key = 0;
  uint32_t cardinality = 0;
  bool is_run = false;
};

/// [first, last] of the container that begins at `base`.
Status AddSpan(int64_t base, uint32_t first, uint32_t last, RowSet* rows) {
  if (last > 0xFFFF) return Corrupt("a run leaves its container");
  if (base + last >= rows->rows()) {
    return Corrupt(fmt::format("it deletes row {} of a file of {}", base + last, rows->rows()));
  }
  rows->AddRange(base + first, base + last + 1);
  return {};
}

Status AddRuns(ByteReader* in, const Container& container, int64_t base, RowSet* rows) {
  uint16_t runs = 0;
  if (!in->Read(&runs)) return Cut();
  int64_t next = 0;
  uint32_t count = 0;
  for (uint32_t i = 0; i < runs; ++i) {
    uint16_t start = 0;
    uint16_t more = 0;
    if (!in->Read(&start) || !in->Read(&more)) return Cut();
    if (start < next) return Corrupt("its runs are out of order");
    const uint32_t last = uint32_t{start} + more;
    TICKHOUSE_TRY(AddSpan(base, start, last, rows));
    next = int64_t{last} + 1;
    count += uint32_t{more} + 1;
  }
  if (count != container.cardinality) return Corrupt("its runs have another length than they say");
  return {};
}

Status AddArray(ByteReader* in, const Container& container, int64_t base, RowSet* rows) {
  int32_t previous = -1;
  for (uint32_t i = 0; i < container.cardinality; ++i) {
    uint16_t value = 0;
    if (!in->Read(&value)) return Cut();
    if (value <= previous) return Corrupt("its positions are out of order");
    previous = value;
    TICKHOUSE_TRY(AddSpan(base, value, value, rows));
  }
  return {};
}

Status AddBits(ByteReader* in, const Container& container, int64_t base, RowSet* rows) {
  uint32_t count = 0;
  for (uint32_t word = 0; word < 1024; ++word) {
    uint64_t bits = 0;
    if (!in->Read(&bits)) return Cut();
    for (; bits != 0; bits &= bits - 1) {
      const uint32_t value = word * 64 + static_cast<uint32_t>(std::countr_zero(bits));
      TICKHOUSE_TRY(AddSpan(base, value, value, rows));
      ++count;
    }
  }
  if (count != container.cardinality) return Corrupt("a container holds another number of bits");
  return {};
}

Result<std::vector<Container>> ReadContainers(ByteReader* in) {
  uint32_t cookie = 0;
  uint32_t size = 0;
  if (!in->Read(&cookie)) return Cut();
  const bool with_runs = (cookie & 0xFFFF) == kWithRuns;
  if (with_runs) {
    size = (cookie >> 16) + 1;
  } else if (cookie != kWithoutRuns) {
    return Corrupt("its bitmap has no known form");
  } else if (!in->Read(&size)) {
    return Cut();
  }
  if (size > 0x10000) return Corrupt("it has too many containers");
  const uint8_t* run_bits = with_runs ? in->Take((size + 7) / 8) : nullptr;
  if (with_runs && run_bits == nullptr) return Cut();
  if (in->left() / 4 < size) return Cut();
  std::vector<Container> containers(size);
  int32_t previous = -1;
  for (uint32_t i = 0; i < size; ++i) {
    Container& container = containers[i];
    uint16_t less_one = 0;
    if (!in->Read(&container.key) || !in->Read(&less_one)) return Cut();
    if (container.key <= previous) return Corrupt("its containers are out of order");
    previous = container.key;
    container.cardinality = uint32_t{less_one} + 1;
    container.is_run = with_runs && ((run_bits[i / 8] >> (i % 8)) & 1) != 0;
  }
  // Offsets say nothing that the order does not.
  if ((!with_runs || size >= kOffsetsFrom) && in->Take(std::size_t{size} * 4) == nullptr) {
    return Cut();
  }
  return containers;
}

Status AddBitmap(ByteReader* in, int64_t high, RowSet* rows) {
  TICKHOUSE_ASSIGN(const std::vector<Container> containers, ReadContainers(in));
  for (const Container& container : containers) {
    const int64_t base = high + (int64_t{container.key} << 16);
    if (container.is_run) {
      TICKHOUSE_TRY(AddRuns(in, container, base, rows));
    } else if (container.cardinality <= kMostInArray) {
      TICKHOUSE_TRY(AddArray(in, container, base, rows));
    } else {
      TICKHOUSE_TRY(AddBits(in, container, base, rows));
    }
  }
  return {};
}

Status AddBitmaps(ByteReader* in, RowSet* rows) {
  uint64_t bitmaps = 0;
  if (!in->Read(&bitmaps)) return Cut();
  int64_t previous = -1;
  for (uint64_t i = 0; i < bitmaps; ++i) {
    uint32_t key = 0;
    if (!in->Read(&key)) return Cut();
    if (int64_t{key} <= previous) return Corrupt("its bitmaps are out of order");
    if (key > 0x7FFFFFFF) return Corrupt("a position is negative");
    previous = key;
    TICKHOUSE_TRY(AddBitmap(in, int64_t{key} << 32, rows));
  }
  if (in->left() > 0) return Corrupt(fmt::format("{} bytes are left over", in->left()));
  return {};
}

}  // namespace

Status AddDeletionVector(std::span<const uint8_t> blob, std::optional<int64_t> cardinality,
                         RowSet* rows) {
  if (blob.size() < kFrameBytes) return Corrupt(fmt::format("it has {} bytes", blob.size()));
  const uint32_t length = BigEndian(blob.data());
  if (length != blob.size() - 8) {
    return Corrupt(fmt::format("it says {} bytes and has {}", length, blob.size() - 8));
  }
  if (std::memcmp(blob.data() + 4, kMagic.data(), kMagic.size()) != 0) {
    return Corrupt("its magic bytes are wrong");
  }
  if (io::PageChecksum(blob.subspan(4, length)) != BigEndian(blob.data() + 4 + length)) {
    return Corrupt("its checksum is wrong");
  }
  RowSet own(rows->rows());
  ByteReader in(blob.subspan(4 + kMagic.size(), length - kMagic.size()));
  TICKHOUSE_TRY(AddBitmaps(&in, cardinality ? &own : rows));
  if (!cardinality) return {};
  if (own.Count() != *cardinality) {
    return Corrupt(
        fmt::format("it deletes {} rows, its manifest says {}", own.Count(), *cardinality));
  }
  rows->Merge(own);
  return {};
}

Status ReadDeletionVector(io::FileSystem& files, const DataFile& file, RowSet* rows) {
  if (!file.content_offset || !file.content_size) {
    return Fail(
        ErrorKind::kCorrupt,
        fmt::format("{}: its manifest does not say where the deletion vector lies", file.path));
  }
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(file.path));
  TICKHOUSE_ASSIGN(const auto opened, files.OpenRead(path));
  const int64_t offset = *file.content_offset;
  const int64_t size = *file.content_size;
  if (offset < 0 || size < 0 || size > kMostBlobBytes || offset > opened->size() ||
      size > opened->size() - offset) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: no deletion vector of {} bytes at {} in a file of {}", file.path,
                            size, offset, opened->size()));
  }
  std::vector<uint8_t> blob(static_cast<std::size_t>(size));
  TICKHOUSE_TRY(opened->ReadAt(offset, std::as_writable_bytes(std::span(blob))));
  const Status added = AddDeletionVector(blob, file.record_count, rows);
  if (!added) return Fail(added.error().WithContext(file.path));
  return {};
}

}  // namespace tickhouse::lake
