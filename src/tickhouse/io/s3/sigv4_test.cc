#include "tickhouse/io/s3/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickhouse::io {
namespace {

using testing::EndsWith;

std::string HeaderOf(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (SameHeaderName(key, name)) return value;
  }
  return {};
}

UtcTime At(int year, unsigned month, unsigned day, int64_t seconds) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) +
         std::chrono::seconds(seconds);
}

// "get-vanilla" and its siblings of AWS's published test suite for Signature Version 4.
TEST(SigV4, MatchesTheGeneralTestSuite) {
  const AwsCredentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
  const UtcTime now = At(2015, 8, 30, 12 * 3600 + 36 * 60);
  const auto sign = [&](HttpRequest request) {
    SignV4(request, credentials, "us-east-1", "service", now);
    return HeaderOf(request, "authorization");
  };
  EXPECT_EQ(sign({.url = "https://example.amazonaws.com/"}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_THAT(sign({.url = "https://example.amazonaws.com/?Param2=value2&Param1=value1"}),
              EndsWith("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
  EXPECT_THAT(sign({.method = "POST", .url = "https://example.amazonaws.com/"}),
              EndsWith("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
}

// The examples of "Signature Calculations for the Authorization Header" in the S3 API reference.
class SigV4ForS3 : public testing::Test {
 protected:
  std::string Sign(HttpRequest request) {
    SignV4(request, credentials_, "us-east-1", "s3", At(2013, 5, 24, 0));
    return HeaderOf(request, "authorization");
  }
  const AwsCredentials credentials_{"AKIAIOSFODNN7EXAMPLE",
                                    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  const std::string host_ = "https://examplebucket.s3.amazonaws.com";
};

TEST_F(SigV4ForS3, GetARange) {
  EXPECT_EQ(Sign({.url = host_ + "/test.txt", .headers = {{"Range", "bytes=0-9"}}}),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(SigV4ForS3, PutAnObject) {
  EXPECT_THAT(Sign({.method = "PUT",
                    .url = host_ + "/test%24file.text",
                    .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                    .body = "Welcome to Amazon S3."}),
              EndsWith("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST_F(SigV4ForS3, ParametersWithAndWithoutValues) {
  EXPECT_THAT(Sign({.url = host_ + "/?lifecycle"}),
              EndsWith("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  EXPECT_THAT(Sign({.url = host_ + "/?prefix=J&max-keys=2"}),
              EndsWith("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST_F(SigV4ForS3, ASessionTokenIsSentAndSigned) {
  HttpRequest request{.url = host_ + "/k"};
  SignV4(request, {"key", "secret", "session"}, "eu-west-1", "s3", At(2020, 2, 29, 86'399));
  EXPECT_EQ(HeaderOf(request, "x-amz-security-token"), "session");
  EXPECT_EQ(HeaderOf(request, "x-amz-date"), "20200229T235959Z");
  EXPECT_THAT(HeaderOf(request, "authorization"), testing::HasSubstr("x-amz-security-token"));
  EXPECT_THAT(HeaderOf(request, "authorization"), testing::HasSubstr("eu-west-1/s3/aws4_request"));
}

TEST_F(SigV4ForS3, TheSchemesOwnPortIsNotPartOfTheHost) {
  EXPECT_EQ(Sign({.url = "https://host/k"}), Sign({.url = "https://HOST:443/k"}));
  EXPECT_EQ(Sign({.url = "http://host/k"}), Sign({.url = "http://host:80/k"}));
  EXPECT_NE(Sign({.url = "http://host/k"}), Sign({.url = "http://host:443/k"}));
  EXPECT_EQ(Sign({.url = "https://host"}), Sign({.url = "https://host/"}));
}

TEST_F(SigV4ForS3, BlanksInHeadersAreFolded) {
  EXPECT_EQ(Sign({.url = host_, .headers = {{"X-A", "  a   b "}}}),
            Sign({.url = host_, .headers = {{"x-a", "a b"}}}));
}

TEST(Digest, KnownValues) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Md5Base64(""), "1B2M2Y8AsgTpgAmY7PhCfg==");
}

}  // namespace
}  // namespace tickhouse::io
