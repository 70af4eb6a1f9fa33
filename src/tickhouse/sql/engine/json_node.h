// Look-ups in JSON of other programs, where what is missing or of another type reads as nothing.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tickhouse::sql {

/// A member of an object; null where there is none, or `node` is no object. Valid while `node` is.
const nlohmann::json& MemberOf(const nlohmann::json& node, const char* key);
/// "" where the member is no string.
std::string TextOf(const nlohmann::json& node, const char* key);

}  // namespace tickhouse::sql
