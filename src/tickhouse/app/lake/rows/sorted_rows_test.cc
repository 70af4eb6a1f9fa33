#include "tickhouse/app/lake/rows/sorted_rows.h"

#include <algorithm>
#include <map>

#include "tickhouse/core/random.h"
#include "tickhouse/lake/data/data_testing.h"

namespace tickhouse::app {
namespace {

using lake::FieldOf;
using lake::Schema;
using lake::TextRow;

class SortedRowsTest : public testing::Test {
 protected:
  /// A file of ticks at these seconds; what tells rows apart is the file's name and their place.
  RowFile Put(const std::string& name, const std::vector<int>& seconds) {
    std::vector<TextRow> rows;
    for (const int second : seconds) {
      rows.push_back({second < 0 ? "null"
                                 : fmt::format("2020-01-01T{:02}:{:02}:{:02}.000000", second / 3600,
                                               second / 60 % 60, second % 60),
                      name + std::to_string(rows.size())});
    }
    const auto batch = lake::BatchOfText(schema, rows);
    return {.data = lake::WriteTestFile(*files, "/t/" + name + ".parquet", batch, 7),
            .deletes = {}};
  }

  Result<std::vector<TextRow>> Sort(const std::vector<RowFile>& inputs, SortLimits limits = {},
                                    std::optional<RowOrder> order = {}) {
    const RowReading reading{.files = files.get(), .metadata = &metadata, .cancel = cancel};
    const RowOrder by = order.value_or(TimeOrderOf(schema));
    TICKHOUSE_ASSIGN(const SortedRows sorted, SortRows(reading, spill, schema, by, inputs, limits));
    std::vector<TextRow> rows;
    io::ColumnBatch batch;
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, sorted.source->Next(&batch));
      if (!more) break;
      EXPECT_LE(batch.rows, limits.batch_rows);
      EXPECT_GT(batch.rows, 0U);
      for (TextRow& row : lake::TextOf({schema.fields[0].type, schema.fields[1].type}, batch)) {
        rows.push_back(std::move(row));
      }
    }
    if (sorted.rows) {
      EXPECT_EQ(*sorted.rows, static_cast<int64_t>(rows.size()));
    }
    return rows;
  }

  std::string Names(const Result<std::vector<TextRow>>& rows) {
    EXPECT_OK(rows);
    std::string text;
    if (!rows) return text;
    for (const TextRow& row : *rows) text += (text.empty() ? "" : " ") + row[1];
    return text;
  }

  Schema schema{.fields = {FieldOf(1, "at", "timestamp"), FieldOf(2, "name", "string")}};
  lake::TableMetadata metadata = lake::TableOf(schema);
  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  SpillSpace spill{*files};
  CancelToken cancel;
};

TEST_F(SortedRowsTest, FilesThatDoNotOverlapFollowEachOther) {
  EXPECT_EQ(Names(Sort({Put("b", {10, 11, 12}), Put("a", {1, 2, 10}), Put("c", {12, 20})})),
            "a0 a1 b0 a2 b1 b2 c0 c1");
  EXPECT_EQ(spill.files_written(), 0);
}

TEST_F(SortedRowsTest, FilesThatOverlapAreMergedAndEqualRowsKeepTheOrderOfFiles) {
  EXPECT_EQ(Names(Sort({Put("a", {1, 4, 4, 9}), Put("b", {1, 2, 4, 8}), Put("c", {4})})),
            "a0 b0 b1 a1 a2 b2 c0 b3 a3");
}

TEST_F(SortedRowsTest, FilesOutOfOrderAreSortedAndNullsComeFirst) {
  EXPECT_EQ(Names(Sort({Put("a", {5, 3, -1, 3}), Put("b", {4})})), "a2 a1 a3 b0 a0");
}

TEST_F(SortedRowsTest, WithoutAnOrderRowsStayAsTheyCome) {
  EXPECT_EQ(Names(Sort({Put("b", {9, 1}), Put("a", {5})}, {}, RowOrder())), "b0 b1 a0");
}

TEST_F(SortedRowsTest, NoFilesAndEmptyOnesGiveNoRows) {
  EXPECT_EQ(Names(Sort({})), "");
  RowFile file = Put("a", {1, 2});
  file.residual = lake::Filter("name = 'nobody'", schema);
  EXPECT_EQ(Names(Sort({file})), "");
}

/// Random files, in order or not; the same rows whatever the limits.
TEST_F(SortedRowsTest, TheSameWithAnyMemory) {
  Random random(3);
  std::vector<RowFile> inputs;
  std::multimap<int, std::string> expected;
  for (int f = 0; f < 40; ++f) {
    const std::string name = fmt::format("f{:02}-", f);
    std::vector<int> seconds;
    const auto begin = static_cast<int>(random.Below(300));
    for (uint64_t i = 0; i < 1 + random.Below(40); ++i) {
      seconds.push_back(begin + static_cast<int>(random.Below(60)));
    }
    if (f % 3 != 0) std::ranges::sort(seconds);
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      expected.emplace(seconds[i], name + std::to_string(i));
    }
    inputs.push_back(Put(name, seconds));
  }
  std::string text;
  for (const auto& [second, name] : expected) text += (text.empty() ? "" : " ") + name;
  EXPECT_EQ(Names(Sort(inputs)), text);
  const SortLimits small{.run_bytes = 600, .held_bytes = 2'000, .most_open = 3, .batch_rows = 5};
  const auto little = Sort(inputs, small);
  ASSERT_OK(little);
  EXPECT_GT(spill.files_written(), 10);
  // Equal instants may come in another order once runs were merged by the handful.
  std::multiset<TextRow> rows(little->begin(), little->end());
  const auto much = Sort(inputs);
  EXPECT_EQ(rows, std::multiset<TextRow>(much->begin(), much->end()));
  EXPECT_TRUE(std::ranges::is_sorted(*little, {}, [](const TextRow& row) { return row[0]; }));
}

TEST_F(SortedRowsTest, NothingIsLeftOfWhatWasSpilled) {
  std::string path;
  {
    SpillSpace own(*files);
    ASSERT_OK_AND_ASSIGN(path, own.Write(lake::BatchOfText(schema, {})));
    EXPECT_OK(files->Stat(path));
  }
  EXPECT_THAT(files->Stat(path), IsError(ErrorKind::kNotFound));
  ASSERT_OK(Sort({Put("a", {5, 3})}, {.held_bytes = 0}));
  EXPECT_EQ(spill.files_written(), 1);
  const auto left = files->ListFiles(std::string(io::ParentPath(io::ParentPath(path))));
  EXPECT_TRUE(!left || left->empty());
}

TEST_F(SortedRowsTest, AMissingFileAndAStopAreTold) {
  RowFile file = Put("a", {1});
  file.data.path = "/t/gone.parquet";
  EXPECT_THAT(Sort({file}), IsError(ErrorKind::kNotFound));
  const RowFile there = Put("b", {1});
  cancel.Cancel();
  EXPECT_THAT(Sort({there}), IsError(ErrorKind::kCancelled));
}

}  // namespace
}  // namespace tickhouse::app
