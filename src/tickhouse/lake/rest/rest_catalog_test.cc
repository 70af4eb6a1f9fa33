#include "tickhouse/lake/rest/rest_catalog.h"

#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/net/faulty_http_client.h"
#include "tickhouse/io/net/scripted_http_client.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/rest/rest_service.h"

namespace tickhouse::lake {
namespace {

using io::HttpFault;
using io::HttpRequest;
using io::HttpResponse;

constexpr char kUri[] = "http://catalog.test";

// Our server without a network: what a client sends is handled at once.
class RestCatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    inner_ = MakeMemoryCatalog({.name = "test",
                                .warehouse = "/lake",
                                .files = files_.get(),
                                .clock = &clock_,
                                .random = Random(7)});
    Serve("");
  }
  void Serve(const std::string& token) {
    service_ = std::make_unique<RestService>(RestServiceSettings{
        .catalog = inner_.get(), .files = files_.get(), .clock = &clock_, .token = token});
  }

  RestCatalogSettings Settings() {
    RestCatalogSettings settings{.uri = kUri};
    settings.session.http = &faulty_;
    settings.session.clock = &clock_;
    settings.session.random = Random(3);
    return settings;
  }
  std::unique_ptr<Catalog> Open() {
    auto catalog = OpenRestCatalog(Settings());
    EXPECT_OK(catalog);
    return catalog ? std::move(*catalog) : nullptr;
  }
  LoadedTable MakeTable(Catalog& catalog) {
    EXPECT_OK(catalog.CreateNamespace({"gold"}, {}));
    CreateTableRequest request{.identifier = table_, .schema = {}};
    Field field;
    field.id = 1;
    field.name = "bid";
    field.type.kind = TypeKind::kDouble;
    request.schema.fields = {field};
    auto made = catalog.CreateTable(request);
    EXPECT_OK(made);
    return made ? *made : LoadedTable();
  }
  Result<LoadedTable> Commit(Catalog& catalog, const std::string& value) {
    return catalog.CommitTable(table_, {}, {SetProperties{{{"n", value}}}});
  }
  std::string Value() {
    const auto table = inner_->LoadTable(table_);
    EXPECT_OK(table);
    const auto found = (*table).metadata->properties.find("n");
    return found == (*table).metadata->properties.end() ? "" : found->second;
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ManualClock clock_{FromNanos(1'700'000'000'000'000'000)};
  std::unique_ptr<Catalog> inner_;
  std::unique_ptr<RestService> service_;
  io::ScriptedHttpClient direct_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    return service_->Handle({.method = request.method,
                             .target = request.url.substr(std::string(kUri).size()),
                             .headers = request.headers,
                             .body = request.body});
  }};
  std::deque<HttpFault> faults_;  ///< Of the requests to come; then none.
  io::FaultyHttpClient faulty_{&direct_, [this](const HttpRequest&, int) {
                                 if (faults_.empty()) return HttpFault::kNone;
                                 const HttpFault fault = faults_.front();
                                 faults_.pop_front();
                                 return fault;
                               }};
  TableIdentifier table_{{"gold"}, "eurusd"};
};

TEST_F(RestCatalogTest, ALostAnswerIsAskedForAgain) {
  const auto catalog = Open();
  MakeTable(*catalog);
  faults_ = {HttpFault::kAnswerLost};
  ASSERT_OK_AND_ASSIGN(const LoadedTable once, Commit(*catalog, "1"));
  EXPECT_EQ(once.metadata->metadata_log.size(), 1U) << "done once";
  EXPECT_EQ(Value(), "1");
}

TEST_F(RestCatalogTest, WhatStaysUnclearIsUnknown) {
  const auto catalog = Open();
  MakeTable(*catalog);
  faults_ = {HttpFault::kAnswerLost, HttpFault::kSlow, HttpFault::kAnswerLost};
  EXPECT_THAT(Commit(*catalog, "1"), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_EQ(Value(), "1");
  faults_ = {HttpFault::kServerError, HttpFault::kBusyStatus, HttpFault::kServerError};
  EXPECT_THAT(Commit(*catalog, "2"), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_EQ(Value(), "1");
  // Nothing happened in the second attempt, but that says nothing of the first.
  faults_ = {HttpFault::kAnswerLost, HttpFault::kNoConnection};
  EXPECT_THAT(Commit(*catalog, "3"), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_EQ(Value(), "3");
  faults_ = {HttpFault::kCutBody};
  EXPECT_THAT(Commit(*catalog, "4"), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_EQ(Value(), "4");
}

// A refusal after a lost answer may be the echo of our own success.
TEST_F(RestCatalogTest, ARefusalAfterALostAnswerIsNoRefusal) {
  const auto catalog = Open();
  MakeTable(*catalog);
  faults_ = {HttpFault::kAnswerLost};
  const auto first = direct_.requests().size();
  Serve("");  // The server was started anew in between and remembers no keys.
  auto forgetful = io::ScriptedHttpClient([&](const HttpRequest& request) -> Result<HttpResponse> {
    Serve("");
    return direct_.Send(request, {});
  });
  auto lossy = io::FaultyHttpClient(&forgetful, [](const HttpRequest& request, int) {
    static int commits = 0;
    return request.method == "POST" && commits++ == 0 ? HttpFault::kAnswerLost : HttpFault::kNone;
  });
  RestCatalogSettings settings = Settings();
  settings.session.http = &lossy;
  ASSERT_OK_AND_ASSIGN(const auto other, OpenRestCatalog(std::move(settings)));
  const TableIdentifier renamed{{"gold"}, "renamed"};
  EXPECT_THAT(other->RenameTable(table_, renamed), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_OK(inner_->LoadTable(renamed));
  EXPECT_GT(direct_.requests().size(), first);
}

TEST_F(RestCatalogTest, NoConnectionIsNothingDone) {
  const auto catalog = Open();
  MakeTable(*catalog);
  faults_ = {HttpFault::kNoConnection};
  EXPECT_THAT(Commit(*catalog, "1"), IsError(ErrorKind::kUnavailable));
  EXPECT_EQ(Value(), "");
  faults_ = {HttpFault::kServerError};
  EXPECT_THAT(catalog->LoadTable(table_), IsError(ErrorKind::kUnavailable));
  faults_ = {HttpFault::kSlow};
  EXPECT_THAT(catalog->ListTables({"gold"}), IsError(ErrorKind::kUnavailable));
}

TEST_F(RestCatalogTest, ATableThatDidNotChangeIsNotSentAgain) {
  const auto catalog = Open();
  const LoadedTable made = MakeTable(*catalog);
  ASSERT_OK_AND_ASSIGN(const LoadedTable loaded, catalog->LoadTable(table_));
  EXPECT_EQ(loaded.metadata, made.metadata) << "the one that was made, by its ETag";
  ASSERT_OK(inner_->CommitTable(table_, {}, {SetProperties{{{"n", "1"}}}}));
  ASSERT_OK_AND_ASSIGN(const LoadedTable changed, catalog->LoadTable(table_));
  EXPECT_EQ(changed.metadata->properties.at("n"), "1");
  ASSERT_OK(inner_->DropTable(table_));
  EXPECT_THAT(catalog->LoadTable(table_), IsError(ErrorKind::kNotFound));
}

TEST_F(RestCatalogTest, FetchesATokenAndRenewsIt) {
  Serve("first");
  RestCatalogSettings settings = Settings();
  settings.session.credential = "id:first";
  ASSERT_OK_AND_ASSIGN(const auto catalog, OpenRestCatalog(std::move(settings)));
  const auto tokens = [&] {
    int count = 0;
    for (const HttpRequest& request : direct_.requests()) {
      count += request.url.ends_with("/oauth/tokens") ? 1 : 0;
    }
    return count;
  };
  ASSERT_OK(catalog->CreateNamespace({"gold"}, {}));
  const int before = tokens();
  ASSERT_OK(catalog->ListNamespaces({}));
  EXPECT_EQ(tokens(), before) << "kept while it lasts";
  clock_.Advance(std::chrono::hours(2));
  ASSERT_OK(catalog->ListNamespaces({}));
  EXPECT_EQ(tokens(), before + 1) << "renewed in time";
  Serve("second");
  EXPECT_THAT(catalog->ListNamespaces({}), IsError(ErrorKind::kPermission));
}

TEST_F(RestCatalogTest, SaysThatItMayNot) {
  Serve("s3cret");
  EXPECT_THAT(OpenRestCatalog(Settings()), IsError(ErrorKind::kPermission));
  RestCatalogSettings wrong = Settings();
  wrong.session.credential = "x:wrong";
  EXPECT_THAT(OpenRestCatalog(std::move(wrong)), IsError(ErrorKind::kPermission));
  RestCatalogSettings right = Settings();
  right.session.token = "s3cret";
  EXPECT_OK(OpenRestCatalog(std::move(right)));
}

// What other servers say, word by word.
class ForeignServer {
 public:
  std::map<std::string, std::string> bodies;  ///< By path and query.
  std::vector<HttpRequest> requests() const { return http_.requests(); }
  Result<std::unique_ptr<Catalog>> Open(Properties properties = {}) {
    RestCatalogSettings settings{.uri = std::string(kUri) + "/", .warehouse = "w h"};
    settings.properties = std::move(properties);
    settings.session.http = &http_;
    settings.session.clock = &clock_;
    settings.session.credentials = {.access_key = "AK", .secret_key = "SK", .session_token = {}};
    return OpenRestCatalog(std::move(settings));
  }

 private:
  ManualClock clock_{FromNanos(1'700'000'000'000'000'000)};
  io::ScriptedHttpClient http_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    const auto found = bodies.find(request.url.substr(std::string(kUri).size()));
    if (found == bodies.end()) return HttpResponse{404, {}, "<html>nothing here</html>"};
    return HttpResponse{200, {}, found->second};
  }};
};

TEST(RestCatalog, FollowsTheServersConfiguration) {
  ForeignServer server;
  server.bodies["/v1/config?warehouse=w%20h"] =
      R"({"defaults":{"prefix":"old","header.x-d":"1"},"overrides":{"prefix":"a/b"}})";
  server.bodies["/v1/a/b/namespaces?pageToken="] =
      R"({"namespaces":[["x"]],"next-page-token":"p 2"})";
  server.bodies["/v1/a/b/namespaces?pageToken=p%202"] = R"({"namespaces":[["b"]]})";
  ASSERT_OK_AND_ASSIGN(const auto catalog, server.Open({{"prefix", "mine"}}));
  ASSERT_OK_AND_ASSIGN(const auto all, catalog->ListNamespaces({}));
  EXPECT_EQ(all, (std::vector<Namespace>{{"b"}, {"x"}}));
  const auto headers = server.requests().back().headers;
  EXPECT_TRUE(std::ranges::count(headers, std::pair<std::string, std::string>("x-d", "1")) == 1);
  EXPECT_THAT(catalog->LoadTable({{"x"}, "t"}), IsError(ErrorKind::kNotFound));
}

TEST(RestCatalog, DoesNotTurnInCircles) {
  ForeignServer server;
  server.bodies["/v1/config?warehouse=w%20h"] = "{}";
  server.bodies["/v1/namespaces?pageToken="] = R"({"namespaces":[],"next-page-token":"p"})";
  server.bodies["/v1/namespaces?pageToken=p"] = R"({"namespaces":[],"next-page-token":"p"})";
  ASSERT_OK_AND_ASSIGN(const auto catalog, server.Open());
  EXPECT_THAT(catalog->ListNamespaces({}), IsError(ErrorKind::kCorrupt));
}

TEST(RestCatalog, SignsWhereTheServerAsks) {
  ForeignServer server;
  server.bodies["/v1/config?warehouse=w%20h"] =
      R"({"overrides":{"rest.sigv4-enabled":"true","rest.signing-name":"glue",)"
      R"("rest.signing-region":"eu-west-1"}})";
  server.bodies["/v1/namespaces?pageToken="] = R"({"namespaces":[]})";
  ASSERT_OK_AND_ASSIGN(const auto catalog, server.Open());
  ASSERT_OK(catalog->ListNamespaces({}));
  std::string authorization;
  const io::HttpHeaders headers = server.requests().back().headers;
  for (const auto& [name, value] : headers) {
    if (io::SameHeaderName(name, "Authorization")) authorization = value;
  }
  EXPECT_NE(authorization.find("AWS4-HMAC-SHA256 Credential=AK/20231114/eu-west-1/glue/"),
            std::string::npos)
      << authorization;
}

TEST(RestCatalog, RefusesRubbish) {
  ForeignServer server;
  for (const char* config : {"", "<html>", "[]", R"({"defaults":1})"}) {
    server.bodies["/v1/config?warehouse=w%20h"] = config;
    EXPECT_THAT(server.Open(), IsError(ErrorKind::kCorrupt)) << config;
  }
}

}  // namespace
}  // namespace tickhouse::lake
