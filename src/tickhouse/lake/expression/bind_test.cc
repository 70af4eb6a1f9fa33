#include "tickhouse/lake/expression/bind.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/expression/testing_rows.h"

namespace tickhouse::lake {
namespace {

struct Binding {
  const char* written;
  const char* bound;
};
class FilterBinding : public testing::TestWithParam<Binding> {};

TEST_P(FilterBinding, IsWhatTheColumnCanHold) {
  ASSERT_OK_AND_ASSIGN(const Predicate bound, BindText(GetParam().written, FilterTestSchema()));
  EXPECT_EQ(ToText(bound), GetParam().bound);
}

INSTANTIATE_TEST_SUITE_P(
    Literals, FilterBinding,
    testing::Values(
        Binding{"t >= '2021-01-04'", "t >= '2021-01-04T00:00:00.000000'"},
        Binding{"T = '2021-01-04T07:50Z'", "t = '2021-01-04T07:50:00.000000'"},
        // Outside of the type's range: all or nothing, never an error.
        Binding{"i < 3000000000", "i is not null"}, Binding{"i <= 3000000000", "i is not null"},
        Binding{"i != 3000000000", "i is not null"}, Binding{"i > 3000000000", "false"},
        Binding{"i = 3000000000", "false"}, Binding{"i >= -3000000000", "i is not null"},
        Binding{"i < -3000000000", "false"},
        Binding{"l < 99999999999999999999999999999999999999999999999", "l is not null"},
        Binding{"l > -99999999999999999999999999999999999999999999999", "l is not null"},
        Binding{"p < 123456789.01", "p is not null"}, Binding{"p < -123456789.01", "false"},
        Binding{"n < '2500-01-01'", "n is not null"}, Binding{"n < '1500-01-01'", "false"},
        Binding{"t < '+999999-01-01'", "t is not null"},
        Binding{"day > '+99999999-01-01'", "false"}, Binding{"f <= 1e39", "f <= 3.4028235e+38"},
        Binding{"f > 1e39", "f > 3.4028235e+38"}, Binding{"d < -1e999", "d <= '-inf'"},
        Binding{"d = 1e999", "false"},
        // Between two values.
        Binding{"i > 1.5", "i > 1"}, Binding{"i >= 1.5", "i > 1"}, Binding{"i < 1.5", "i <= 1"},
        Binding{"i < -1.5", "i <= -2"}, Binding{"i = 1.5", "false"},
        Binding{"i != 1.5", "i is not null"}, Binding{"i = 1.0", "i = 1"},
        Binding{"p > 1.255", "p > 1.25"}, Binding{"p < -1.255", "p <= -1.26"},
        Binding{"day > '2021-01-04T12:00'", "day > '2021-01-04'"},
        Binding{"day < '1969-12-31T12:00'", "day <= '1969-12-31'"},
        Binding{"day = '2021-01-04T00:00'", "day = '2021-01-04'"},
        Binding{"t < '1969-12-31T23:59:59.9999995'", "t <= '1969-12-31T23:59:59.999999'"},
        // Lists, NaN, zeros.
        Binding{"i in (3, 1, 2, 1, 1.5, 3000000000)", "i in (1, 2, 3)"},
        Binding{"i in (3000000000)", "false"}, Binding{"i not in (1.5)", "i is not null"},
        Binding{"i not in (7, 7.0)", "i != 7"}, Binding{"i in ()", "false"},
        Binding{"d in (nan, 1)", "d is nan or d = 1"},
        Binding{"d not in (nan)", "d is not nan and d is not null"}, Binding{"d = nan", "d is nan"},
        Binding{"d >= nan", "d is nan"}, Binding{"d > nan", "false"},
        Binding{"d <= nan", "d is not null"}, Binding{"d < nan", "d is not null and d is not nan"},
        Binding{"d = -0.0", "d = 0"}, Binding{"b = TRUE", "b = 'true'"},
        Binding{"s starts with ''", "s is not null"}, Binding{"s not starts with ''", "false"},
        Binding{"x = '0x00ff'", "x = '00ff'"}));

INSTANTIATE_TEST_SUITE_P(
    Logic, FilterBinding,
    testing::Values(Binding{"", "true"}, Binding{"  ", "true"}, Binding{"not true", "false"},
                    Binding{"i = 1 and true", "i = 1"}, Binding{"i = 1 and false", "false"},
                    Binding{"i = 1 or true", "true"}, Binding{"i = 1 or i > 3000000000", "i = 1"},
                    Binding{"not (i = 1 and s is null)", "i != 1 or s is not null"},
                    Binding{"not (i < 1 or not l >= 2)", "i >= 1 and l >= 2"},
                    Binding{"not (s starts with 'a')", "s not starts with 'a'"},
                    Binding{"not i in (1, 2)", "i not in (1, 2)"},
                    // Null rows stay unknown under "not": it must not fold to "true".
                    Binding{"not i > 3000000000", "i is not null"},
                    Binding{"not i = 1.5", "i is not null"},
                    Binding{"i = 1 and (l = 2 and d = 3)", "i = 1 and l = 2 and d = 3"}));

struct Refusal {
  const char* written;
  ErrorKind kind;
  const char* told;
};
class FilterRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(FilterRefusal, NamesTheColumn) {
  Schema schema = FilterTestSchema();
  schema.fields[10].name = "I";
  Field list{.id = 20, .name = "many", .required = false, .type = {}};
  list.type.kind = TypeKind::kList;
  schema.fields.push_back(list);
  const auto bound = BindText(GetParam().written, schema);
  EXPECT_THAT(bound, IsError(GetParam().kind));
  EXPECT_THAT(bound, HasErrorMessage(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(
    All, FilterRefusal,
    testing::Values(
        Refusal{"bud > 1", ErrorKind::kInvalidArgument,
                "no column \"bud\"; the table has i, l, d, f, s, t, day, p, b, n, I, many"},
        Refusal{"i = 1 and i > 'abc'", ErrorKind::kInvalidArgument,
                "filter: column \"i\": \"abc\" is no int"},
        Refusal{"t > 'noon'", ErrorKind::kInvalidArgument, "an instant such as"},
        Refusal{"t > '2021-02-31'", ErrorKind::kInvalidArgument, "column \"t\""},
        Refusal{"t > '2021-01-01T00:00+02:00'", ErrorKind::kInvalidArgument, "column \"t\""},
        Refusal{"f > 1.2.3e5", ErrorKind::kInvalidArgument, "is no float"},
        Refusal{"i is nan", ErrorKind::kInvalidArgument, "only float and double hold NaN"},
        Refusal{"i starts with '1'", ErrorKind::kInvalidArgument, "takes a string"},
        Refusal{"many = 1", ErrorKind::kUnsupported, "column \"many\" is a list"},
        Refusal{"many.element = 1", ErrorKind::kInvalidArgument, "no column"}));

TEST(FilterBinding, FindsTheExactNameAmongThoseAlike) {
  Schema schema = FilterTestSchema();
  schema.fields[1].name = "I";
  ASSERT_OK_AND_ASSIGN(const Predicate upper, BindText("I = 1", schema));
  EXPECT_EQ(upper.column.field_id, 2);
  schema.fields[0].name = "Price";
  schema.fields[1].name = "PRICE";
  EXPECT_THAT(BindText("price = 1", schema), HasErrorMessage("more than one column \"price\""));
}

TEST(FilterBinding, KnowsThatRequiredColumnsAreNeverNull) {
  Schema schema = FilterTestSchema();
  schema.fields[0].required = true;
  ASSERT_OK_AND_ASSIGN(const Predicate null, BindText("i is null", schema));
  EXPECT_TRUE(null.IsFalse());
  ASSERT_OK_AND_ASSIGN(const Predicate all, BindText("i < 3000000000", schema));
  EXPECT_TRUE(all.IsTrue());
}

TEST(FilterBinding, FindsMembersOfStructs) {
  Schema schema;
  Field inner{.id = 2, .name = "x", .required = true, .type = {.kind = TypeKind::kInt}};
  Field outer{.id = 1, .name = "pos", .required = false, .type = {.kind = TypeKind::kStruct}};
  outer.type.fields = {inner};
  schema.fields = {outer};
  ASSERT_OK_AND_ASSIGN(const Predicate bound, BindText("pos.x is null", schema));
  EXPECT_EQ(bound.column.field_id, 2);
  EXPECT_EQ(bound.op, PredicateOp::kIsNull) << "the struct itself may be null";
  EXPECT_EQ(FieldIdsOf(bound), std::set<int>{2});
}

}  // namespace
}  // namespace tickhouse::lake
