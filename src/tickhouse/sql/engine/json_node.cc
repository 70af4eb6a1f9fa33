#include "tickhouse/sql/engine/json_node.h"

#include <nlohmann/json.hpp>

namespace tickhouse::sql {

const nlohmann::json& MemberOf(const nlohmann::json& node, const char* key) {
  static const nlohmann::json kNothing;
  if (!node.is_object()) return kNothing;
  const auto found = node.find(key);
  return found == node.end() ? kNothing : *found;
}

std::string TextOf(const nlohmann::json& node, const char* key) {
  const nlohmann::json& value = MemberOf(node, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace tickhouse::sql
