#include "tickhouse/lake/scan/delete_index.h"

#include <limits>

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/manifest/manifest_testing.h"

namespace tickhouse::lake {
namespace {

constexpr int kFilePathId = 2147483546;
using Names = std::vector<std::string>;

/// Of year 51 in spec 0 (year), unless said otherwise.
DataFile File(std::string path, FileContent content = FileContent::kData) {
  DataFile file{.content = content, .path = std::move(path)};
  file.partition = {Value{int32_t{51}}};
  file.record_count = 10;
  return file;
}
DataFile Positions(std::string path) {
  return File(std::move(path), FileContent::kPositionDeletes);
}
DataFile Equality(std::string path, std::vector<int> ids = {8}) {
  DataFile file = File(std::move(path), FileContent::kEqualityDeletes);
  file.equality_ids = std::move(ids);
  return file;
}
DataFile Vector(std::string path, std::string of) {
  DataFile file = Positions(std::move(path));
  file.format = "PUFFIN";
  file.referenced_data_file = std::move(of);
  return file;
}
ManifestEntry At(int64_t number, DataFile file) {
  return {.status = EntryStatus::kAdded, .sequence_number = number, .file = std::move(file)};
}

class DeleteIndexTest : public testing::Test {
 protected:
  void Build(std::vector<ManifestEntry> entries) {
    auto built = DeleteIndex::Build(table_, std::move(entries));
    ASSERT_OK(built);
    index_ = std::move(*built);
  }
  Names For(const DataFile& data, int64_t number) const {
    Names names;
    for (const DataFile& file : index_.For(data, number)) names.push_back(file.path);
    return names;
  }
  TableMetadata table_ = TestTable();
  DeleteIndex index_;
};

TEST_F(DeleteIndexTest, WithoutDeletesNothingApplies) {
  Build({});
  EXPECT_TRUE(index_.empty());
  EXPECT_EQ(For(File("a"), 0), Names{});
}

TEST_F(DeleteIndexTest, PositionsApplyToTheirOwnCommitEqualityOnlyToOlderData) {
  Build({At(5, Positions("p5")), At(5, Equality("e5"))});
  EXPECT_EQ(For(File("a"), 4), (Names{"p5", "e5"}));
  EXPECT_EQ(For(File("a"), 5), Names{"p5"});
  EXPECT_EQ(For(File("a"), 6), Names{});
}

TEST_F(DeleteIndexTest, DataOfVersion1IsOlderThanEverything) {
  Build({At(1, Equality("e")), At(0, Positions("p"))});
  EXPECT_EQ(For(File("a"), 0), (Names{"p", "e"}));
}

TEST_F(DeleteIndexTest, PartitionsAreOfOneSpecAndAllOfTheirValues) {
  DataFile null_year = Positions("p-null");
  null_year.partition = {std::nullopt};
  DataFile other_year = Equality("e-52");
  other_year.partition = {Value{int32_t{52}}};
  Build({At(9, Positions("p")), At(9, Equality("e")), At(9, null_year), At(9, other_year)});
  EXPECT_EQ(For(File("a"), 1), (Names{"p", "e"}));
  DataFile data = File("a");
  data.partition = {std::nullopt};
  EXPECT_EQ(For(data, 1), Names{"p-null"});
  data.partition = {Value{int32_t{52}}};
  EXPECT_EQ(For(data, 1), Names{"e-52"});
  data = File("a");
  data.spec_id = 1;
  EXPECT_EQ(For(data, 1), Names{}) << "the same value of another spec is another partition";
}

TEST_F(DeleteIndexTest, EqualityDeletesWithoutPartitionApplyToAll) {
  table_.specs.push_back({.id = 3,
                          .fields = {{.source_id = 1,
                                      .field_id = 1010,
                                      .name = "gone",
                                      .transform = {.kind = TransformKind::kVoid}}}});
  DataFile global = Equality("e-global");
  global.spec_id = 2;
  global.partition = {};
  DataFile voided = Equality("e-void");
  voided.spec_id = 3;
  voided.partition = {std::nullopt};
  DataFile positions = Positions("p-global");
  positions.spec_id = 2;
  positions.partition = {};
  Build({At(9, global), At(9, voided), At(9, positions)});
  EXPECT_EQ(For(File("a"), 1), (Names{"e-global", "e-void"}));
  DataFile data = File("a");
  data.spec_id = 2;
  data.partition = {};
  EXPECT_EQ(For(data, 1), (Names{"p-global", "e-global", "e-void"}));
}

TEST_F(DeleteIndexTest, AReferencedFileIsTheOnlyOne) {
  DataFile referenced = Positions("p-a");
  referenced.referenced_data_file = "a.parquet";
  DataFile bounded = Positions("p-b");
  bounded.lower_bounds = bounded.upper_bounds = {{kFilePathId, "b.parquet"}};
  Build({At(9, referenced), At(9, bounded)});
  EXPECT_EQ(For(File("a.parquet"), 9), Names{"p-a"});
  EXPECT_EQ(For(File("b.parquet"), 9), Names{"p-b"});
  EXPECT_EQ(For(File("c.parquet"), 9), Names{});
  EXPECT_EQ(For(File("a.parquet"), 10), Names{});
}

TEST_F(DeleteIndexTest, BoundsOfPathsMayBeCut) {
  DataFile range = Positions("p");
  range.lower_bounds = {{kFilePathId, "data/b"}};
  range.upper_bounds = {{kFilePathId, "data/d"}};
  DataFile cut = Positions("q");
  cut.lower_bounds = cut.upper_bounds = {{kFilePathId, "data/"}};
  Build({At(9, range), At(9, cut)});
  EXPECT_EQ(For(File("data/a.parquet"), 1), Names{"q"});
  EXPECT_EQ(For(File("data/b.parquet"), 1), (Names{"p", "q"}));
  EXPECT_EQ(For(File("data/d.parquet"), 1), (Names{"p", "q"})) << "cut, not raised";
  EXPECT_EQ(For(File("data/e.parquet"), 1), Names{"q"});
  EXPECT_EQ(For(File("else/e.parquet"), 1), Names{});
}

TEST_F(DeleteIndexTest, ADeletionVectorTakesThePlaceOfPositions) {
  DataFile referenced = Positions("p-a");
  referenced.referenced_data_file = "a";
  Build({At(3, Positions("p")), At(3, referenced), At(4, Vector("v", "a")), At(4, Equality("e"))});
  EXPECT_EQ(For(File("a"), 2), (Names{"v", "e"}));
  EXPECT_EQ(For(File("b"), 2), (Names{"p", "e"}));
  EXPECT_EQ(For(File("a"), 4), Names{"v"});
  EXPECT_EQ(For(File("a"), 5), Names{});
}

TEST_F(DeleteIndexTest, TwoVectorsOfOneFileAreDamage) {
  const auto twice = DeleteIndex::Build(table_, {At(1, Vector("v", "a")), At(2, Vector("w", "a"))});
  EXPECT_THAT(twice, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(twice, HasErrorMessage("v and w: two deletion vectors of a"));
  DataFile nameless = Vector("v", "a");
  nameless.referenced_data_file.reset();
  EXPECT_THAT(DeleteIndex::Build(table_, {At(1, nameless)}), IsError(ErrorKind::kCorrupt));
}

TEST_F(DeleteIndexTest, OrderIsBySortThenNumberThenPath) {
  DataFile referenced = Positions("m");
  referenced.referenced_data_file = "a";
  Build({At(9, Equality("e2")), At(8, Equality("e9")), At(9, Equality("e1")), At(9, Positions("z")),
         At(8, Positions("b")), At(9, referenced)});
  EXPECT_EQ(For(File("a"), 1), (Names{"b", "m", "z", "e9", "e1", "e2"}));
}

/// Bounds of column 8 (long), and the number of nulls.
void Say(DataFile* file, int64_t lower, int64_t upper, int64_t nulls) {
  const Type type{.kind = TypeKind::kLong};
  file->value_counts = {{8, file->record_count}};
  file->null_counts = {{8, nulls}};
  if (nulls == file->record_count) return;
  file->lower_bounds = {{8, ValueToBytes(type, Value{lower})}};
  file->upper_bounds = {{8, ValueToBytes(type, Value{upper})}};
}

TEST_F(DeleteIndexTest, EqualityDeletesOfOtherValuesAreLeftOut) {
  DataFile deletes = Equality("e");
  Say(&deletes, 10, 20, 0);
  DataFile of_nulls = Equality("n");
  Say(&of_nulls, 0, 0, 10);
  Build({At(9, deletes), At(9, of_nulls), At(9, Equality("unknown"))});
  DataFile data = File("a");
  Say(&data, 21, 30, 0);
  EXPECT_EQ(For(data, 1), Names{"unknown"});
  Say(&data, 20, 30, 0);
  EXPECT_EQ(For(data, 1), (Names{"e", "unknown"}));
  Say(&data, 1, 9, 1);
  EXPECT_EQ(For(data, 1), (Names{"n", "unknown"}));
  EXPECT_EQ(For(File("silent"), 1), (Names{"e", "n", "unknown"}));
}

TEST_F(DeleteIndexTest, OneColumnOfSeveralThatDiffersIsEnough) {
  DataFile deletes = Equality("e", {8, 2, 999});
  Say(&deletes, 10, 20, 0);
  Build({At(9, deletes)});
  DataFile data = File("a");
  Say(&data, 30, 40, 0);
  EXPECT_EQ(For(data, 1), Names{});
  Say(&data, 15, 40, 0);
  EXPECT_EQ(For(data, 1), Names{"e"}) << "a column that no schema has says nothing";
}

TEST(PartitionBytes, AreEqualWherePartitionsAre) {
  DataFile a, b;
  const auto same = [&](std::optional<Value> x, std::optional<Value> y) {
    a.partition = {std::move(x), Value{std::string("s")}};
    b.partition = {std::move(y), Value{std::string("s")}};
    return PartitionBytes(a) == PartitionBytes(b);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(same(Value{nan}, Value{-nan}));
  EXPECT_TRUE(same(std::nullopt, std::nullopt));
  EXPECT_FALSE(same(Value{int32_t{1}}, Value{int64_t{1}}));
  EXPECT_FALSE(same(std::nullopt, Value{std::string("n")}));
  EXPECT_FALSE(same(Value{0.0}, Value{1.0}));
  a.partition = {Value{std::string("ab")}, Value{std::string("c")}};
  b.partition = {Value{std::string("a")}, Value{std::string("bc")}};
  EXPECT_NE(PartitionBytes(a), PartitionBytes(b));
}

}  // namespace
}  // namespace tickhouse::lake
