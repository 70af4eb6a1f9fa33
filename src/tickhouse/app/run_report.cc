#include "tickhouse/app/run_report.h"

#include <nlohmann/json.hpp>

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;

// File names are bytes; JSON is UTF-8. What is not UTF-8 is shown with the replacement character.
std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void RunReport::AddProblem(std::string item, const Error& error) {
  problems.push_back({std::move(item), std::string(ErrorKindName(error.kind)), error.message});
}

int64_t RunReport::Count(std::string_view name) const {
  for (const auto& [key, value] : counts) {
    if (key == name) return value;
  }
  return 0;
}

std::string RunReport::ToJson() const {
  Json json;
  json["command"] = command;
  json["counts"] = Json::object();
  for (const auto& [name, value] : counts) json["counts"][name] = value;
  json["durations_s"] = Json::object();
  for (const auto& [name, value] : durations_s) json["durations_s"][name] = value;
  json["outputs"] = outputs;
  json["problems"] = Json::array();
  for (const Problem& problem : problems) {
    json["problems"].push_back(
        {{"item", problem.item}, {"kind", problem.kind}, {"message", problem.message}});
  }
  for (const auto& [name, value] : details) json[name] = Json::parse(value);
  return Dump(json);
}

int ExitCodeOf(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kInvalidArgument: return 2;
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimeout: return 3;
    case ErrorKind::kCancelled: return 130;
    default: return 1;
  }
}

std::string ErrorJson(std::string_view command, const Error& error) {
  Json json;
  json["command"] = command;
  json["error"] = {{"kind", ErrorKindName(error.kind)}, {"message", error.message}};
  return Dump(json);
}

}  // namespace tickhouse::app
