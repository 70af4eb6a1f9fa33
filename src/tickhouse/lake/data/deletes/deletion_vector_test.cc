#include "tickhouse/lake/data/deletes/deletion_vector.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/format/page_checksum.h"

namespace tickhouse::lake {
namespace {

using Bytes = std::vector<uint8_t>;

template <typename T>
void Put(T value, Bytes* out) {
  const auto* from = reinterpret_cast<const uint8_t*>(&value);
  out->insert(out->end(), from, from + sizeof(T));
}

void PutBigEndian(uint32_t value, Bytes* out) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<uint8_t>(value >> shift));
}

Bytes Framed(const Bytes& bitmap) {
  Bytes inner = {0xD1, 0xD3, 0x39, 0x64};
  inner.insert(inner.end(), bitmap.begin(), bitmap.end());
  Bytes blob;
  PutBigEndian(static_cast<uint32_t>(inner.size()), &blob);
  blob.insert(blob.end(), inner.begin(), inner.end());
  PutBigEndian(io::PageChecksum(inner), &blob);
  return blob;
}

// One container of each sort, by the number of its positions; runs where asked.
struct Group {
  uint16_t key = 0;
  std::vector<uint16_t> values;
  bool run = false;  // Values are one run.
};

void PutContainer(const Group& group, Bytes* out) {
  if (group.run) {
    Put(uint16_t{1}, out);
    Put(group.values.front(), out);
    Put(static_cast<uint16_t>(group.values.size() - 1), out);
  } else if (group.values.size() <= 4096) {
    for (const uint16_t value : group.values) Put(value, out);
  } else {
    std::vector<uint64_t> words(1024);
    for (const uint16_t value : group.values) words[value / 64] |= uint64_t{1} << (value % 64);
    for (const uint64_t word : words) Put(word, out);
  }
}

Bytes Bitmap32(const std::vector<Group>& groups, bool with_runs) {
  Bytes out;
  if (with_runs) {
    Put(static_cast<uint32_t>(12347 | (groups.size() - 1) << 16), &out);
    Bytes bits((groups.size() + 7) / 8);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].run) bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | 1 << (i % 8));
    }
    out.insert(out.end(), bits.begin(), bits.end());
  } else {
    Put(uint32_t{12346}, &out);
    Put(static_cast<uint32_t>(groups.size()), &out);
  }
  for (const Group& group : groups) {
    Put(group.key, &out);
    Put(static_cast<uint16_t>(group.values.size() - 1), &out);
  }
  if (!with_runs || groups.size() >= 4) {
    for (std::size_t i = 0; i < groups.size(); ++i) Put(uint32_t{0}, &out);
  }
  for (const Group& group : groups) PutContainer(group, &out);
  return out;
}

Bytes Bitmap64(const std::vector<std::pair<uint32_t, Bytes>>& bitmaps) {
  Bytes out;
  Put(uint64_t{bitmaps.size()}, &out);
  for (const auto& [key, bitmap] : bitmaps) {
    Put(key, &out);
    out.insert(out.end(), bitmap.begin(), bitmap.end());
  }
  return out;
}

std::vector<uint16_t> Every(int step, int begin, int end) {
  std::vector<uint16_t> values;
  for (int i = begin; i < end; i += step) values.push_back(static_cast<uint16_t>(i));
  return values;
}

constexpr int64_t kRows = int64_t{1} << 20;

Status Read(const Bytes& blob, RowSet* rows, std::optional<int64_t> cardinality = {}) {
  return AddDeletionVector(blob, cardinality, rows);
}
Status Read(const Bytes& blob) {
  RowSet rows(kRows);
  return Read(blob, &rows);
}

TEST(DeletionVector, HoldsArraysBitsAndRuns) {
  const std::vector<Group> groups = {{.key = 0, .values = {0, 5, 65535}},
                                     {.key = 1, .values = Every(3, 0, 65536)},
                                     {.key = 2, .values = Every(1, 100, 9000), .run = true},
                                     {.key = 15, .values = {65535}}};
  RowSet rows(kRows);
  ASSERT_OK(Read(Framed(Bitmap64({{0, Bitmap32(groups, true)}})), &rows));
  int64_t expected = 0;
  for (const Group& group : groups) {
    expected += static_cast<int64_t>(group.values.size());
    for (const uint16_t value : group.values) {
      EXPECT_TRUE(rows.Contains((int64_t{group.key} << 16) + value));
    }
  }
  EXPECT_EQ(rows.Count(), expected);
  EXPECT_FALSE(rows.Contains(4));
  EXPECT_FALSE(rows.Contains((2 << 16) + 99));
}

TEST(DeletionVector, EmptyAndBehindFourBillion) {
  RowSet none(kRows);
  ASSERT_OK(Read(Framed(Bitmap64({})), &none, 0));
  EXPECT_EQ(none.Count(), 0);
  RowSet far((int64_t{1} << 32) + 10);
  ASSERT_OK(Read(Framed(Bitmap64({{1, Bitmap32({{.key = 0, .values = {9}}}, false)}})), &far, 1));
  EXPECT_TRUE(far.Contains((int64_t{1} << 32) + 9));
}

TEST(DeletionVector, EveryCutAndEveryFlippedBitIsSeen) {
  const Bytes blob = Framed(Bitmap64({{0, Bitmap32({{.key = 0, .values = {1, 2, 3}}}, false)}}));
  ASSERT_OK(Read(blob));
  for (std::size_t size = 0; size < blob.size(); ++size) {
    EXPECT_THAT(Read(Bytes(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size))),
                IsError(ErrorKind::kCorrupt));
  }
  for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
    Bytes other = blob;
    other[bit / 8] = static_cast<uint8_t>(other[bit / 8] ^ 1 << (bit % 8));
    EXPECT_THAT(Read(other), IsError(ErrorKind::kCorrupt)) << bit;
  }
}

TEST(DeletionVector, EveryCutIsSeenBehindARightChecksum) {
  const Bytes bitmap = Bitmap64({{0, Bitmap32({{.key = 0, .values = {1, 2, 3}},
                                               {.key = 1, .values = Every(1, 5, 5000), .run = true},
                                               {.key = 2, .values = Every(2, 0, 20000)}},
                                              true)}});
  ASSERT_OK(Read(Framed(bitmap)));
  for (std::size_t size = 0; size < bitmap.size(); ++size) {
    EXPECT_THAT(
        Read(Framed(Bytes(bitmap.begin(), bitmap.begin() + static_cast<std::ptrdiff_t>(size)))),
        IsError(ErrorKind::kCorrupt));
  }
  Bytes longer = bitmap;
  longer.push_back(0);
  EXPECT_THAT(Read(Framed(longer)), HasErrorMessage("left over"));
}

TEST(DeletionVector, WhatContradictsItselfIsCorrupt) {
  const auto framed = [](const std::vector<Group>& groups, bool runs) {
    return Framed(Bitmap64({{0, Bitmap32(groups, runs)}}));
  };
  EXPECT_THAT(Read(framed({{.key = 0, .values = {2, 2}}}, false)), HasErrorMessage("order"));
  EXPECT_THAT(Read(framed({{.key = 1, .values = {1}}, {.key = 1, .values = {2}}}, false)),
              HasErrorMessage("order"));
  EXPECT_THAT(Read(framed({{.key = 16, .values = {0}}}, false)), HasErrorMessage("row 1048576"));
  EXPECT_THAT(Read(framed({{.key = 0, .values = Every(1, 65000, 66000), .run = true}}, true)),
              HasErrorMessage("leaves its container"));
  const Bytes one = Bitmap32({{.key = 0, .values = {1}}}, false);
  EXPECT_THAT(Read(Framed(Bitmap64({{3, one}, {3, one}}))), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Read(Framed(Bitmap64({{0x80000000U, one}}))), HasErrorMessage("negative"));
  RowSet rows(kRows);
  EXPECT_THAT(Read(Framed(Bitmap64({{0, one}})), &rows, 2), HasErrorMessage("its manifest says 2"));
  EXPECT_EQ(rows.Count(), 0);
}

TEST(DeletionVector, IsReadFromItsPlaceInTheFile) {
  const auto files = io::MakeMemoryFileSystem();
  const Bytes blob = Framed(Bitmap64({{0, Bitmap32({{.key = 0, .values = {7}}}, false)}}));
  const std::string text = "PFA1" + std::string(blob.begin(), blob.end()) + "footer";
  ASSERT_OK(files->WriteWhole("/t/d.puffin", text));
  DataFile file{.content = FileContent::kPositionDeletes,
                .path = "file:/t/d.puffin",
                .format = "PUFFIN",
                .record_count = 1};
  RowSet rows(10);
  EXPECT_THAT(ReadDeletionVector(*files, file, &rows), HasErrorMessage("does not say where"));
  file.content_offset = 4;
  file.content_size = static_cast<int64_t>(blob.size());
  ASSERT_OK(ReadDeletionVector(*files, file, &rows));
  EXPECT_TRUE(rows.Contains(7));
  for (const int64_t offset :
       {int64_t{-1}, int64_t{1} << 40, std::numeric_limits<int64_t>::max()}) {
    file.content_offset = offset;
    EXPECT_THAT(ReadDeletionVector(*files, file, &rows), IsError(ErrorKind::kCorrupt));
  }
  file.path = "/t/none.puffin";
  EXPECT_THAT(ReadDeletionVector(*files, file, &rows), IsError(ErrorKind::kNotFound));
}

TEST(RowSet, RangesAreWhatSingleRowsWouldBe) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const auto rows = static_cast<int64_t>(1 + random.Below(400));
    RowSet ranged(rows), single(rows);
    for (int i = 0; i < 3; ++i) {
      const auto begin = static_cast<int64_t>(random.Below(static_cast<uint64_t>(rows) + 1));
      const auto more = static_cast<int64_t>(random.Below(static_cast<uint64_t>(rows - begin) + 1));
      ranged.AddRange(begin, begin + more);
      for (int64_t row = begin; row < begin + more; ++row) single.Add(row);
    }
    for (int64_t row = 0; row < rows; ++row) {
      ASSERT_EQ(ranged.Contains(row), single.Contains(row)) << round << " " << row;
    }
    EXPECT_EQ(ranged.Count(), single.Count());
  }
}

}  // namespace
}  // namespace tickhouse::lake
