#include "tickhouse/lake/catalog/fresh_ids.h"

#include <fmt/format.h>

#include <map>

namespace tickhouse::lake {

namespace {

class Numbering {
 public:
  Status Assign(std::vector<Field>* fields) {
    for (Field& field : *fields) {
      if (!ids_.emplace(field.id, next_).second && field.id > 0) {
        return Fail(ErrorKind::kInvalidArgument,
                    fmt::format("schema: field id {} is used twice", field.id));
      }
      field.id = next_++;
    }
    for (Field& field : *fields) TICKHOUSE_TRY(Assign(&field.type.fields));
    return {};
  }

  Status Follow(const char* what, int* id) const {
    const auto found = ids_.find(*id);
    if (found == ids_.end()) {
      return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: no column with id {}", what, *id));
    }
    *id = found->second;
    return {};
  }

 private:
  std::map<int, int> ids_;
  int next_ = 1;
};

}  // namespace

Status AssignFreshIds(CreateTableRequest* request) {
  Numbering numbering;
  TICKHOUSE_TRY(numbering.Assign(&request->schema.fields));
  for (int& id : request->schema.identifier_field_ids) {
    TICKHOUSE_TRY(numbering.Follow("identifier fields", &id));
  }
  for (PartitionField& field : request->spec.fields) {
    TICKHOUSE_TRY(numbering.Follow("partition spec", &field.source_id));
    field.field_id = 0;
  }
  for (SortField& field : request->sort_order.fields) {
    TICKHOUSE_TRY(numbering.Follow("sort order", &field.source_id));
  }
  return {};
}

}  // namespace tickhouse::lake
