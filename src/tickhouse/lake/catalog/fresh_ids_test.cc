#include "tickhouse/lake/catalog/fresh_ids.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

Field Column(int id, const char* name) {
  Field field;
  field.id = id;
  field.name = name;
  return field;
}

CreateTableRequest Request(std::vector<Field> fields) {
  CreateTableRequest request;
  request.schema.fields = std::move(fields);
  return request;
}

TEST(AssignFreshIds, NumbersOneStructBeforeWhatLiesInside) {
  Field outer = Column(40, "outer");
  outer.type.kind = TypeKind::kStruct;
  outer.type.fields = {Column(41, "x"), Column(42, "y")};
  CreateTableRequest request = Request({outer, Column(7, "last")});
  request.schema.identifier_field_ids = {7};
  request.spec.fields = {{.source_id = 42, .field_id = 1234, .name = "p", .transform = {}}};
  request.sort_order.fields = {{.source_id = 40, .transform = {}}};
  ASSERT_OK(AssignFreshIds(&request));
  EXPECT_EQ(request.schema.fields[0].id, 1);
  EXPECT_EQ(request.schema.fields[1].id, 2);
  EXPECT_EQ(request.schema.fields[0].type.fields[0].id, 3);
  EXPECT_EQ(request.schema.fields[0].type.fields[1].id, 4);
  EXPECT_EQ(request.schema.identifier_field_ids, std::vector{2});
  EXPECT_EQ(request.spec.fields[0].source_id, 4);
  EXPECT_EQ(request.spec.fields[0].field_id, 0);
  EXPECT_EQ(request.sort_order.fields[0].source_id, 1);
}

TEST(AssignFreshIds, RefusesIdsThatMeanNothing) {
  CreateTableRequest twice = Request({Column(3, "a"), Column(3, "b")});
  EXPECT_THAT(AssignFreshIds(&twice), IsError(ErrorKind::kInvalidArgument));
  CreateTableRequest unknown = Request({Column(3, "a")});
  unknown.spec.fields = {{.source_id = 9, .field_id = 0, .name = "p", .transform = {}}};
  EXPECT_THAT(AssignFreshIds(&unknown), HasErrorMessage("no column with id 9"));
  CreateTableRequest without = Request({Column(0, "a"), Column(0, "b")});
  ASSERT_OK(AssignFreshIds(&without));
  EXPECT_EQ(without.schema.fields[1].id, 2);
}

}  // namespace
}  // namespace tickhouse::lake
