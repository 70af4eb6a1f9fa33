#include "tickhouse/lake/update/evolution/schema_update.h"

#include "tickhouse/lake/update/evolution/spec_update.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

Type Of(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

std::vector<std::string> NamesOf(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields)
    names.push_back(fmt::format("{}:{}", field.id, field.name));
  return names;
}
using Strings = std::vector<std::string>;

class SchemaUpdateTest : public testing::Test {
 protected:
  Result<Schema> Evolve(const std::vector<SchemaChange>& changes) {
    return EvolveSchema(*lake.Load().metadata, changes);
  }
  TestLake lake;
};

TEST_F(SchemaUpdateTest, KeepsIdsThroughRenameMoveAndDrop) {
  ASSERT_OK_AND_ASSIGN(
      const Schema schema,
      Evolve({RenameColumn{"bid", "bid_price"}, MoveColumn{"ask", ColumnPlace::kFirst},
              AddColumn{.name = "volume", .type = Of(TypeKind::kInt)},
              MoveColumn{"volume", ColumnPlace::kAfter, "ask"}}));
  EXPECT_EQ(NamesOf(schema), (Strings{"3:ask", "4:volume", "1:datetime", "2:bid_price"}));
}

TEST_F(SchemaUpdateTest, AColumnAddedAgainUnderItsOldNameIsAnother) {
  ASSERT_OK(UpdateSchema(lake.session, lake.id, {DropColumn{"bid"}}));
  ASSERT_OK(UpdateSchema(lake.session, lake.id,
                         {AddColumn{.name = "bid", .type = Of(TypeKind::kDouble)}}));
  const auto table = lake.Load();
  EXPECT_EQ(NamesOf(table.metadata->CurrentSchema()), (Strings{"1:datetime", "3:ask", "4:bid"}));
  EXPECT_EQ(table.metadata->last_column_id, 4);
  EXPECT_EQ(table.metadata->schemas.size(), 3);
}

TEST_F(SchemaUpdateTest, NestedColumnsGetFreshIdsLevelByLevel) {
  Type inner = Of(TypeKind::kStruct);
  inner.fields = {TestLake::TestField(1, "x", TypeKind::kInt)};
  Type outer = Of(TypeKind::kStruct);
  outer.fields = {TestLake::TestField(1, "in", TypeKind::kInt),
                  TestLake::TestField(1, "n", TypeKind::kLong)};
  outer.fields[0].type = inner;
  ASSERT_OK_AND_ASSIGN(const Schema schema,
                       Evolve({AddColumn{.name = "s", .type = outer},
                               AddColumn{.parent = "s.in", .name = "y", .type = Of(TypeKind::kInt)},
                               DropColumn{"s.n"}}));
  EXPECT_EQ(schema.FindByName("s")->id, 4);
  EXPECT_EQ(schema.FindByName("s.in")->id, 5);
  EXPECT_EQ(schema.FindByName("s.in.x")->id, 7);
  EXPECT_EQ(schema.FindByName("s.in.y")->id, 8);
  EXPECT_EQ(schema.FindByName("s.n"), nullptr);
}

TEST_F(SchemaUpdateTest, PromotesWhatTheSpecificationAllows) {
  ASSERT_OK(UpdateSchema(lake.session, lake.id,
                         {AddColumn{.name = "n", .type = Of(TypeKind::kInt)},
                          AddColumn{.name = "f", .type = Of(TypeKind::kFloat)}}));
  ASSERT_OK(UpdateSchema(
      lake.session, lake.id,
      {PromoteColumn{"n", Of(TypeKind::kLong)}, PromoteColumn{"f", Of(TypeKind::kDouble)}}));
  EXPECT_THAT(Evolve({PromoteColumn{"n", Of(TypeKind::kInt)}}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Evolve({PromoteColumn{"bid", Of(TypeKind::kString)}}),
              HasErrorMessage("double cannot become string"));
}

TEST_F(SchemaUpdateTest, RefusesWhatCannotBe) {
  const std::vector<SchemaChange> wrong = {
      DropColumn{"none"},
      DropColumn{"datetime"},
      AddColumn{.name = "bid", .type = Of(TypeKind::kInt)},
      AddColumn{.name = "a.b", .type = Of(TypeKind::kInt)},
      AddColumn{.name = "", .type = Of(TypeKind::kInt)},
      AddColumn{.name = "r", .type = Of(TypeKind::kInt), .required = true},
      AddColumn{.parent = "bid", .name = "x", .type = Of(TypeKind::kInt)},
      RenameColumn{"bid", "ask"},
      MoveColumn{"bid", ColumnPlace::kAfter, "bid"},
      MoveColumn{"bid", ColumnPlace::kBefore, "none"},
      SetIdentifierColumns{{"bid"}},
  };
  for (const SchemaChange& change : wrong) {
    EXPECT_THAT(Evolve({change}), IsError(ErrorKind::kInvalidArgument)) << change.index();
  }
  EXPECT_THAT(Evolve({DropColumn{"datetime"}}), HasErrorMessage("datetime_year"));
}

TEST_F(SchemaUpdateTest, TheSameSchemaIsNoCommit) {
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       UpdateSchema(lake.session, lake.id, {RenameColumn{"bid", "bid"}}));
  EXPECT_FALSE(outcome.changed);
}

TEST_F(SchemaUpdateTest, AChangeMadeByAnotherMeanwhileIsPlannedAnew) {
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(UpdateSchema(rival, lake.id, {AddColumn{.name = "v", .type = Of(TypeKind::kInt)}}));
  };
  ASSERT_OK_AND_ASSIGN(
      const auto outcome,
      UpdateSchema(lake.session, lake.id, {AddColumn{.name = "w", .type = Of(TypeKind::kInt)}}));
  EXPECT_EQ(outcome.attempts, 2);
  EXPECT_EQ(NamesOf(outcome.table.metadata->CurrentSchema()),
            (Strings{"1:datetime", "2:bid", "3:ask", "4:v", "5:w"}));
}

TEST_F(SchemaUpdateTest, ALostAnswerIsSettledByWhatTheTableShows) {
  lake.catalog->commits = {CommitFault::kLostAfter};
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       UpdateSchema(lake.session, lake.id, {DropColumn{"bid"}}));
  EXPECT_TRUE(outcome.answer_was_lost);
  EXPECT_EQ(lake.catalog->commit_calls, 1);
}

TEST_F(SchemaUpdateTest, UnionAddsPromotesAndLoosens) {
  ASSERT_OK(
      UpdateSchema(lake.session, lake.id, {AddColumn{.name = "n", .type = Of(TypeKind::kInt)}}));
  Schema wanted;
  wanted.fields = {TestLake::TestField(9, "volume", TypeKind::kFloat),
                   TestLake::TestField(8, "n", TypeKind::kLong),
                   TestLake::TestField(7, "ask", TypeKind::kFloat)};
  ASSERT_OK_AND_ASSIGN(const auto outcome, UnionSchema(lake.session, lake.id, wanted));
  const Schema& schema = outcome.table.metadata->CurrentSchema();
  EXPECT_EQ(NamesOf(schema), (Strings{"1:datetime", "2:bid", "3:ask", "4:n", "5:volume"}));
  EXPECT_EQ(schema.FindByName("n")->type.kind, TypeKind::kLong);
  EXPECT_EQ(schema.FindByName("ask")->type.kind, TypeKind::kDouble);
  wanted.fields = {TestLake::TestField(1, "bid", TypeKind::kString)};
  EXPECT_THAT(UnionSchema(lake.session, lake.id, wanted), IsError(ErrorKind::kInvalidArgument));
}

TEST_F(SchemaUpdateTest, KeepsTheNameMappingInStep) {
  ASSERT_OK(UpdateProperties(
      lake.session, lake.id,
      {{"schema.name-mapping.default",
        R"([{"field-id":1,"names":["datetime"]},{"field-id":2,"names":["bid"]}])"}},
      {}));
  ASSERT_OK(UpdateSchema(
      lake.session, lake.id,
      {RenameColumn{"bid", "price"}, AddColumn{.name = "bid", .type = Of(TypeKind::kDouble)}}));
  EXPECT_EQ(lake.Load().metadata->Property("schema.name-mapping.default", ""),
            R"([{"field-id":1,"names":["datetime"]},{"field-id":2,"names":["price"]},)"
            R"({"field-id":4,"names":["bid"]}])");
}

TEST_F(SchemaUpdateTest, ABrokenNameMappingIsRefused) {
  for (const char* broken : {"", "{", "{}", "[1]", R"([{"field-id":1}])"}) {
    EXPECT_THAT(UpdateNameMapping(broken, Schema(), Schema()), IsError(ErrorKind::kCorrupt))
        << broken;
  }
}

}  // namespace
}  // namespace tickhouse::lake
