#include "tickhouse/lake/data/partition/data_location.h"

#include <fmt/format.h>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::lake {

namespace {

bool StaysAsItIs(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '*' || c == '_';
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (StaysAsItIs(c)) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('+');
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

Result<std::string> PartitionPath(const TableMetadata& metadata, const PartitionSpec& spec,
                                  const std::vector<std::optional<Value>>& partition) {
  std::string path;
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& part = spec.fields[i];
    const Field* source = metadata.CurrentSchema().FindById(part.source_id);
    if (source == nullptr && part.transform.kind != TransformKind::kVoid) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("partition field {} has no column in the schema", part.name));
    }
    const bool given = source != nullptr && i < partition.size() && partition[i];
    const std::string value =
        given ? part.transform.ResultToText(source->type, partition[i]) : "null";
    if (!path.empty()) path.push_back('/');
    path += Escaped(part.name) + "=" + Escaped(value);
  }
  return path;
}

Result<std::string> DataLocation(const TableMetadata& metadata, const PartitionSpec& spec,
                                 const std::vector<std::optional<Value>>& partition,
                                 std::string_view name) {
  std::string location(metadata.Property("write.data.path", ""));
  while (location.ends_with('/')) location.pop_back();
  if (location.empty()) location = metadata.location + "/data";
  TICKHOUSE_ASSIGN(const std::string path, PartitionPath(metadata, spec, partition));
  if (!path.empty()) location += "/" + path;
  return location + "/" + std::string(name);
}

}  // namespace tickhouse::lake
