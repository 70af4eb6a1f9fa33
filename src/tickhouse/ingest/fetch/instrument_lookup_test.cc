#include "tickhouse/ingest/fetch/instrument_lookup.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/net/scripted_http_client.h"

namespace tickhouse::ingest {
namespace {

TEST(GuessCode, PutsSeparatorsWhereTheFeedHasThem) {
  EXPECT_EQ(GuessCode("EURUSD"), "EUR-USD");
  EXPECT_EQ(GuessCode("eur/usd"), "EUR-USD");
  EXPECT_EQ(GuessCode("EUR-USD"), "EUR-USD");
  EXPECT_EQ(GuessCode("USA30IDXUSD"), "USA30.IDX-USD");
  EXPECT_EQ(GuessCode("USA30.IDXUSD"), "USA30.IDX-USD");
  EXPECT_EQ(GuessCode("BRENTCMDUSD"), "BRENT.CMD-USD");
  EXPECT_EQ(GuessCode("LTCUSD"), "LTC-USD");
  EXPECT_EQ(GuessCode("DOGEUSD"), "DOGE-USD");
  EXPECT_EQ(GuessCode("ABC"), "ABC");
}

class LookupTest : public testing::Test {
 protected:
  Result<KnownInstrument> Find(const std::string& name) {
    return FindKnownInstrument({files.get(), &http, "raw", root, description}, name, {});
  }
  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  int status = 200;
  io::ScriptedHttpClient http{[this](const io::HttpRequest&) -> Result<io::HttpResponse> {
    return io::HttpResponse{status, {}, R"({"code":"XYZ-USD","priceScale":2})"};
  }};
  std::string root = "http://feed";
  std::string description;
};

TEST_F(LookupTest, TheBuiltInTableNeedsNobody) {
  ASSERT_OK_AND_ASSIGN(const auto known, Find("gbp-jpy"));
  EXPECT_EQ(known.instrument.symbol, "GBPJPY");
  EXPECT_EQ(known.instrument.decimals, 3);
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(LookupTest, AnAddressWithAHoleForTheCode) {
  description = "http://other/describe/{CODE}?full";
  ASSERT_OK_AND_ASSIGN(const auto known, Find("XYZUSD"));
  EXPECT_EQ(known.instrument.decimals, 2);
  EXPECT_EQ(http.requests().at(0).url, "http://other/describe/XYZ-USD?full");
}

TEST_F(LookupTest, FailuresOfTheFeedKeepTheirKind) {
  status = 404;
  EXPECT_THAT(Find("XYZUSD"), IsError(ErrorKind::kNotFound));
  status = 503;
  EXPECT_THAT(Find("XYZUSD"), IsError(ErrorKind::kUnavailable));
  status = 403;
  EXPECT_THAT(Find("XYZUSD"), IsError(ErrorKind::kPermission));
}

TEST_F(LookupTest, WithoutAFeedToAskTheWayOutIsNamed) {
  root.clear();
  EXPECT_THAT(Find("XYZUSD"), HasErrorMessage("--instruments"));
  EXPECT_THAT(Find("//"), IsError(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace tickhouse::ingest
