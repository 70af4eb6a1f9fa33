#include "tickhouse/io/s3/s3_config.h"

#include <fmt/format.h>

namespace tickhouse::io {

Result<S3Config> S3ConfigFromEnvironment(
    const std::function<std::optional<std::string>(const std::string& name)>& variable) {
  const auto first_of = [&](std::initializer_list<const char*> names) -> std::string {
    for (const char* name : names) {
      if (auto value = variable(name); value && !value->empty()) return *value;
    }
    return {};
  };
  S3Config config;
  config.credentials = {first_of({"AWS_ACCESS_KEY_ID"}), first_of({"AWS_SECRET_ACCESS_KEY"}),
                        first_of({"AWS_SESSION_TOKEN"})};
  for (const auto& [name, value] : {std::pair{"AWS_ACCESS_KEY_ID", config.credentials.access_key},
                                    {"AWS_SECRET_ACCESS_KEY", config.credentials.secret_key}}) {
    if (value.empty()) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{} is not set: s3:// paths need AWS_ACCESS_KEY_ID and "
                              "AWS_SECRET_ACCESS_KEY (and AWS_ENDPOINT_URL for a store other "
                              "than AWS)",
                              name));
    }
  }
  if (auto region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"}); !region.empty()) {
    config.region = region;
  }
  config.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  while (config.endpoint.ends_with('/')) config.endpoint.pop_back();
  if (!config.endpoint.empty() && !config.endpoint.starts_with("http://") &&
      !config.endpoint.starts_with("https://")) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("AWS_ENDPOINT_URL is '{}': it must begin with http:// or https://",
                            config.endpoint));
  }
  const std::string style = first_of({"TICKHOUSE_S3_PATH_STYLE"});
  if (style != "" && style != "true" && style != "false") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("TICKHOUSE_S3_PATH_STYLE is '{}': true or false", style));
  }
  config.path_style = style.empty() ? !config.endpoint.empty() : style == "true";
  const std::string writes = first_of({"TICKHOUSE_S3_CONDITIONAL_WRITES"});
  if (writes == "yes") config.conditional_writes = ConditionalWrites::kYes;
  if (writes == "no") config.conditional_writes = ConditionalWrites::kNo;
  if (writes != "" && writes != "yes" && writes != "no" && writes != "probe") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("TICKHOUSE_S3_CONDITIONAL_WRITES is '{}': probe, yes or no", writes));
  }
  return config;
}

}  // namespace tickhouse::io
