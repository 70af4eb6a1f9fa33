#include "tickhouse/lake/rest/rest_error.h"

#include <fmt/format.h>

#include <string>

#include "tickhouse/lake/format/json/json_object.h"
#include "tickhouse/lake/format/json/json_text.h"

namespace tickhouse::lake {

namespace {

struct ErrorModel {
  std::string message;
  std::string type;
};

// Of a body that may be anything, such as the HTML page of a proxy.
ErrorModel ReadErrorModel(std::string_view body) {
  ErrorModel model;
  const JsonPath root{nullptr, "error", 0};
  simdjson::dom::parser parser;
  const auto element = ParseJson(body, root, &parser);
  if (!element) return model;
  auto object = JsonObject::Of(*element, root);
  if (!object) return model;
  const auto inner = object->Take("error");
  if (!inner) return model;
  const JsonPath path = object->At("error");
  auto error = JsonObject::Of(*inner, path);
  if (!error) return model;
  const bool whole =
      error->ReadIfThere("message", &model.message) && error->ReadIfThere("type", &model.type);
  if (!whole) model.type.clear();
  return model;
}

ErrorKind KindOf(int status, std::string_view type, RestEffect effect) {
  switch (status) {
    case 400:
    case 422: return ErrorKind::kInvalidArgument;
    case 401:
    case 403:
    case 419: return ErrorKind::kPermission;
    case 404: return ErrorKind::kNotFound;
    case 406:
    case 501: return ErrorKind::kUnsupported;
    case 409:
      return type == "AlreadyExistsException" ? ErrorKind::kAlreadyExists : ErrorKind::kConflict;
    case 408:
    case 429: return ErrorKind::kUnavailable;
    default: break;
  }
  if (status < 500) return ErrorKind::kIo;
  if (effect == RestEffect::kChanges) return ErrorKind::kUnknownOutcome;
  if (type == kMissingMetadataType) return ErrorKind::kNotFound;
  if (type == kCorruptMetadataType) return ErrorKind::kCorrupt;
  return ErrorKind::kUnavailable;
}

}  // namespace

io::HttpResponse ErrorAnswer(int status, std::string_view type, std::string_view message) {
  JsonText json;
  json.BeginObject();
  json.Key("error");
  json.BeginObject();
  json.Member("message", message);
  json.Member("type", type);
  json.Member("code", status);
  json.EndObject();
  json.EndObject();
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(json).Take()};
}

Error ErrorFromAnswer(const io::HttpResponse& response, RestEffect effect) {
  ErrorModel model = ReadErrorModel(response.body);
  const ErrorKind kind = KindOf(response.status, model.type, effect);
  if (model.message.empty()) model.message = "no reason given";
  return {kind, fmt::format("REST catalog: {} (HTTP {}{}{})", model.message, response.status,
                            model.type.empty() ? "" : ", ", model.type)};
}

Error ErrorFromSending(const Error& error, RestEffect effect) {
  Error told = error.WithContext("REST catalog");
  const bool sent = error.kind == ErrorKind::kUnknownOutcome || error.kind == ErrorKind::kTimeout ||
                    error.kind == ErrorKind::kCorrupt;
  if (!sent) return told;
  told.kind = effect == RestEffect::kChanges ? ErrorKind::kUnknownOutcome : ErrorKind::kUnavailable;
  return told;
}

}  // namespace tickhouse::lake
