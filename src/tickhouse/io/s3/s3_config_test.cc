#include "tickhouse/io/s3/s3_config.h"

#include <gtest/gtest.h>

#include <map>

#include "tickhouse/core/testing.h"

namespace tickhouse::io {
namespace {

Result<S3Config> From(std::map<std::string, std::string> variables) {
  return S3ConfigFromEnvironment([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(S3Config, AwsNeedsOnlyKeys) {
  ASSERT_OK_AND_ASSIGN(const S3Config config,
                       From({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "s"}}));
  EXPECT_EQ(config.credentials.access_key, "a");
  EXPECT_EQ(config.credentials.secret_key, "s");
  EXPECT_EQ(config.credentials.session_token, "");
  EXPECT_EQ(config.region, "us-east-1");
  EXPECT_EQ(config.endpoint, "");
  EXPECT_FALSE(config.path_style);
  EXPECT_EQ(config.conditional_writes, ConditionalWrites::kProbe);
}

TEST(S3Config, ReadsEverything) {
  std::map<std::string, std::string> all{{"AWS_ACCESS_KEY_ID", "a"},
                                         {"AWS_SECRET_ACCESS_KEY", "s"},
                                         {"AWS_SESSION_TOKEN", "t"},
                                         {"AWS_REGION", "eu-central-1"},
                                         {"AWS_DEFAULT_REGION", "elsewhere"},
                                         {"AWS_ENDPOINT_URL", "https://general/"},
                                         {"TICKHOUSE_S3_CONDITIONAL_WRITES", "no"}};
  ASSERT_OK_AND_ASSIGN(S3Config config, From(all));
  EXPECT_EQ(config.credentials.session_token, "t");
  EXPECT_EQ(config.region, "eu-central-1");
  EXPECT_EQ(config.endpoint, "https://general");
  EXPECT_TRUE(config.path_style);
  EXPECT_EQ(config.conditional_writes, ConditionalWrites::kNo);
  all["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:7070";
  all["TICKHOUSE_S3_PATH_STYLE"] = "false";
  all["AWS_REGION"] = "";
  ASSERT_OK_AND_ASSIGN(config, From(all));
  EXPECT_EQ(config.endpoint, "http://127.0.0.1:7070");
  EXPECT_EQ(config.region, "elsewhere");
  EXPECT_FALSE(config.path_style);
}

TEST(S3Config, NamesTheVariableThatIsWrong) {
  const auto fails = [](std::map<std::string, std::string> variables, const std::string& name) {
    const auto config = From(std::move(variables));
    EXPECT_THAT(config, IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(config, HasErrorMessage(name));
  };
  fails({}, "AWS_ACCESS_KEY_ID is not set");
  fails({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", ""}},
        "AWS_SECRET_ACCESS_KEY is not set");
  const std::map<std::string, std::string> keys{{"AWS_ACCESS_KEY_ID", "a"},
                                                {"AWS_SECRET_ACCESS_KEY", "s"}};
  for (const char* name :
       {"AWS_ENDPOINT_URL", "TICKHOUSE_S3_PATH_STYLE", "TICKHOUSE_S3_CONDITIONAL_WRITES"}) {
    auto variables = keys;
    variables[name] = "127.0.0.1:7070";
    fails(variables, name);
  }
}

}  // namespace
}  // namespace tickhouse::io
