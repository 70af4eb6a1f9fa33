#include "tickhouse/lake/rest/rest_service.h"

#include <nlohmann/json.hpp>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/rest/rest_wire.h"

namespace tickhouse::lake {
namespace {

using nlohmann::json;

constexpr char kTicks[] =
    R"({"name":"eurusd","schema":{"type":"struct","fields":[)"
    R"({"id":4,"name":"datetime","required":false,"type":"timestamp"},)"
    R"({"id":5,"name":"bid","required":false,"type":"double"}]},)"
    R"("partition-spec":{"fields":[{"source-id":4,"name":"y","transform":"year"}]},)"
    R"("properties":{"format-version":"2","owner":"desk"}})";

class RestServiceTest : public testing::Test {
 protected:
  void Serve(const std::string& token = "") {
    catalog_ = MakeMemoryCatalog({.name = "test",
                                  .warehouse = "/lake",
                                  .files = files_.get(),
                                  .clock = &clock_,
                                  .random = Random(7)});
    service_ = std::make_unique<RestService>(RestServiceSettings{.catalog = catalog_.get(),
                                                                 .files = files_.get(),
                                                                 .clock = &clock_,
                                                                 .token = token,
                                                                 .warehouse = "/lake"});
  }
  void SetUp() override { Serve(); }

  io::HttpResponse Ask(const std::string& method, const std::string& target,
                       const std::string& body = "", io::HttpHeaders headers = {}) {
    return service_->Handle(
        {.method = method, .target = target, .headers = std::move(headers), .body = body});
  }
  void MakeTable() {
    ASSERT_EQ(Ask("POST", "/v1/namespaces", R"({"namespace":["gold"]})").status, 200);
    ASSERT_EQ(Ask("POST", "/v1/namespaces/gold/tables", kTicks).status, 200);
  }
  static std::string TypeOf(const io::HttpResponse& response) {
    const json body = json::parse(response.body);
    EXPECT_EQ(body.at("error").at("code"), response.status);
    EXPECT_FALSE(body.at("error").at("message").get<std::string>().empty());
    return body.at("error").at("type");
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ManualClock clock_{FromNanos(1'700'000'000'000'000'000)};
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<RestService> service_;
};

TEST_F(RestServiceTest, SaysWhatItOffers) {
  const json config = json::parse(Ask("GET", "/v1/config?warehouse=x").body);
  EXPECT_EQ(config["defaults"]["warehouse"], "/lake");
  EXPECT_EQ(config["overrides"], json::object());
  EXPECT_EQ(config["idempotency-key-lifetime"], "PT30M");
  EXPECT_GE(config["endpoints"].size(), 16U);
  for (const auto& endpoint : config["endpoints"]) {
    EXPECT_NE(endpoint.get<std::string>().find(" /v1/{prefix}/"), std::string::npos);
  }
}

TEST_F(RestServiceTest, ServesNamespaces) {
  EXPECT_EQ(
      Ask("POST", "/v1/namespaces", R"({"namespace":["a"],"properties":{"k":"v","x":"1"}})").status,
      200);
  EXPECT_EQ(Ask("POST", "/v1/namespaces", R"({"namespace":["a","b c"]})").status, 200);
  const auto twice = Ask("POST", "/v1/namespaces", R"({"namespace":["a"]})");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(TypeOf(twice), "AlreadyExistsException");
  EXPECT_EQ(json::parse(Ask("GET", "/v1/namespaces").body)["namespaces"],
            json::parse(R"([["a"]])"));
  EXPECT_EQ(json::parse(Ask("GET", "/v1/namespaces?parent=a").body)["namespaces"],
            json::parse(R"([["a","b c"]])"));
  const json one = json::parse(Ask("GET", "/v1/namespaces/a%1Fb%20c").body);
  EXPECT_EQ(one["namespace"], json::parse(R"(["a","b c"])"));
  EXPECT_EQ(Ask("HEAD", "/v1/namespaces/a").status, 204);
  EXPECT_EQ(Ask("HEAD", "/v1/namespaces/none").status, 404);
  const json changed = json::parse(
      Ask("POST", "/v1/namespaces/a/properties", R"({"removals":["x","none"],"updates":{"k":"w"}})")
          .body);
  EXPECT_EQ(changed, json::parse(R"({"updated":["k"],"removed":["x"],"missing":["none"]})"));
  EXPECT_EQ(Ask("POST", "/v1/namespaces/a/properties", R"({"removals":["k"],"updates":{"k":"w"}})")
                .status,
            422);
  const auto full = Ask("DELETE", "/v1/namespaces/a");
  EXPECT_EQ(full.status, 409);
  EXPECT_EQ(TypeOf(full), "NamespaceNotEmptyException");
  EXPECT_EQ(Ask("DELETE", "/v1/namespaces/a%1Fb%20c").status, 204);
  const auto gone = Ask("GET", "/v1/namespaces/a%1Fb%20c");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(TypeOf(gone), "NoSuchNamespaceException");
}

TEST_F(RestServiceTest, GivesListsInPages) {
  for (const char* ns : {"a", "b", "c"}) {
    ASSERT_EQ(Ask("POST", "/v1/namespaces", std::string(R"({"namespace":[")") + ns + "\"]}").status,
              200);
  }
  const json first = json::parse(Ask("GET", "/v1/namespaces?pageToken=&pageSize=2").body);
  EXPECT_EQ(first["namespaces"].size(), 2U);
  const std::string token = first["next-page-token"];
  const json second = json::parse(Ask("GET", "/v1/namespaces?pageSize=2&pageToken=" + token).body);
  EXPECT_EQ(second["namespaces"], json::parse(R"([["c"]])"));
  EXPECT_FALSE(second.contains("next-page-token"));
  EXPECT_EQ(Ask("GET", "/v1/namespaces?pageSize=0").status, 400);
  EXPECT_EQ(Ask("GET", "/v1/namespaces?pageToken=x").status, 400);
}

TEST_F(RestServiceTest, MakesTablesWithTheAskedFormatAndProperties) {
  MakeTable();
  const json table = json::parse(Ask("GET", "/v1/namespaces/gold/tables/eurusd").body);
  EXPECT_EQ(table["metadata"]["format-version"], 2);
  EXPECT_EQ(table["metadata"]["properties"], json::parse(R"({"owner":"desk"})"));
  EXPECT_EQ(table["metadata"]["partition-specs"][0]["fields"][0]["source-id"], 1);
  EXPECT_TRUE(table["metadata-location"].get<std::string>().ends_with(".metadata.json"));
  EXPECT_EQ(json::parse(Ask("GET", "/v1/namespaces/gold/tables").body)["identifiers"],
            json::parse(R"([{"namespace":["gold"],"name":"eurusd"}])"));
  EXPECT_EQ(Ask("HEAD", "/v1/namespaces/gold/tables/eurusd").status, 204);
  const auto none = Ask("GET", "/v1/namespaces/gold/tables/none");
  EXPECT_EQ(TypeOf(none), "NoSuchTableException");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(TypeOf(Ask("POST", "/v1/namespaces/none/tables", kTicks)), "NoSuchNamespaceException");
  EXPECT_EQ(TypeOf(Ask("POST", "/v1/namespaces/gold/tables", kTicks)), "AlreadyExistsException");
}

TEST_F(RestServiceTest, SendsATableOnlyWhenItChanged) {
  MakeTable();
  const std::string url = "/v1/namespaces/gold/tables/eurusd";
  const std::string etag(Ask("GET", url).Header("ETag"));
  EXPECT_EQ(Ask("GET", url, "", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(Ask("GET", url, "", {{"If-None-Match", "\"x\", W/" + etag}}).status, 304);
  EXPECT_EQ(Ask("GET", url + "?snapshots=refs", "", {{"If-None-Match", etag}}).status, 200);
  EXPECT_EQ(Ask("GET", url + "?snapshots=some").status, 400);
  const auto commit =
      Ask("POST", url,
          R"({"requirements":[],"updates":[{"action":"set-properties","updates":{"a":"b"}}]})");
  ASSERT_EQ(commit.status, 200) << commit.body;
  EXPECT_NE(commit.Header("ETag"), etag);
  EXPECT_EQ(Ask("GET", url, "", {{"If-None-Match", etag}}).status, 200);
}

TEST_F(RestServiceTest, RefusesCommitsByTheirReason) {
  MakeTable();
  const std::string url = "/v1/namespaces/gold/tables/eurusd";
  const auto stale =
      Ask("POST", url,
          R"({"requirements":[{"type":"assert-table-uuid","uuid":"other"}],"updates":[]})");
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(TypeOf(stale), "CommitFailedException");
  EXPECT_EQ(Ask("POST", url, R"({"requirements":[],"updates":[{"action":"fly"}]})").status, 400);
  EXPECT_EQ(Ask("POST", url, R"({"requirements":[{"type":"assert-luck"}],"updates":[]})").status,
            400);
  EXPECT_EQ(
      Ask("POST", url,
          R"({"identifier":{"namespace":["gold"],"name":"x"},"requirements":[],"updates":[]})")
          .status,
      400);
  EXPECT_EQ(
      Ask("POST", "/v1/namespaces/gold/tables/none", R"({"requirements":[],"updates":[]})").status,
      404);
  for (const char* broken : {"", "{", "[]", "null", "{}", R"({"requirements":1,"updates":[]})"}) {
    EXPECT_EQ(Ask("POST", url, broken).status, 400) << broken;
  }
}

TEST_F(RestServiceTest, TellsAMissingFileFromAMissingTable) {
  MakeTable();
  ASSERT_OK_AND_ASSIGN(const LoadedTable table, catalog_->LoadTable({{"gold"}, "eurusd"}));
  ASSERT_OK(files_->Remove(table.metadata_location));
  const auto answer = Ask("GET", "/v1/namespaces/gold/tables/eurusd");
  EXPECT_EQ(answer.status, 500) << "404 would let a client make the table anew";
  EXPECT_EQ(TypeOf(answer), "MissingMetadataException");
}

TEST_F(RestServiceTest, RegistersRenamesAndDrops) {
  MakeTable();
  ASSERT_OK_AND_ASSIGN(const LoadedTable table, catalog_->LoadTable({{"gold"}, "eurusd"}));
  const json body{{"name", "copy"}, {"metadata-location", table.metadata_location}};
  EXPECT_EQ(Ask("POST", "/v1/namespaces/gold/register", body.dump()).status, 200);
  const json missing{{"name", "none"}, {"metadata-location", "/lake/none.json"}};
  EXPECT_EQ(Ask("POST", "/v1/namespaces/gold/register", missing.dump()).status, 400);
  const json rename{{"source", {{"namespace", {"gold"}}, {"name", "copy"}}},
                    {"destination", {{"namespace", {"gold"}}, {"name", "other"}}}};
  EXPECT_EQ(Ask("POST", "/v1/tables/rename", rename.dump()).status, 204);
  EXPECT_EQ(TypeOf(Ask("POST", "/v1/tables/rename", rename.dump())), "NoSuchTableException");
  EXPECT_EQ(Ask("DELETE", "/v1/namespaces/gold/tables/other").status, 204);
  EXPECT_OK(files_->Stat(table.metadata_location)) << "dropped without purge";
  EXPECT_EQ(Ask("DELETE", "/v1/namespaces/gold/tables/eurusd?purgeRequested=True").status, 204);
  EXPECT_THAT(files_->Stat(table.metadata_location), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(Ask("DELETE", "/v1/namespaces/gold/tables/eurusd").status, 404);
}

TEST_F(RestServiceTest, CommitsSeveralTables) {
  MakeTable();
  const std::string change = R"({"identifier":{"namespace":["gold"],"name":"eurusd"},)"
                             R"("requirements":[],"updates":[{"action":"set-properties",)"
                             R"("updates":{"a":"b"}}]})";
  EXPECT_EQ(Ask("POST", "/v1/transactions/commit", R"({"table-changes":[)" + change + "]}").status,
            204);
  EXPECT_EQ(
      Ask("POST", "/v1/transactions/commit", R"({"table-changes":[)" + change + "," + change + "]}")
          .status,
      400);
  EXPECT_EQ(Ask("POST", "/v1/transactions/commit",
                R"({"table-changes":[{"requirements":[],"updates":[]}]})")
                .status,
            400);
}

TEST_F(RestServiceTest, AsksForTheToken) {
  Serve("s3cret");
  EXPECT_EQ(Ask("GET", "/v1/config").status, 401);
  EXPECT_EQ(Ask("GET", "/v1/config", "", {{"Authorization", "Bearer s3creT"}}).status, 401);
  EXPECT_EQ(Ask("GET", "/v1/config", "", {{"Authorization", "s3cret"}}).status, 401);
  EXPECT_EQ(Ask("GET", "/v1/config", "", {{"Authorization", "bearer s3cret"}}).status, 200);
  EXPECT_EQ(Ask("POST", "/v1/oauth/tokens",
                "grant_type=client_credentials&client_id=x&client_secret=wrong")
                .status,
            401);
  const auto given = Ask("POST", "/v1/oauth/tokens",
                         "grant_type=client_credentials&client_id=x&client_secret=s3cret");
  EXPECT_EQ(json::parse(given.body)["access_token"], "s3cret");
  EXPECT_EQ(Ask("POST", "/v1/oauth/tokens", "grant_type=password").status, 400);
}

TEST_F(RestServiceTest, AnswersARepeatedRequestWithoutDoingItAgain) {
  const io::HttpHeaders key{{"Idempotency-Key", "0190-1"}};
  const std::string body = R"({"namespace":["gold"]})";
  EXPECT_EQ(Ask("POST", "/v1/namespaces", body, key).status, 200);
  EXPECT_EQ(Ask("POST", "/v1/namespaces", body, key).status, 200) << "the same request again";
  EXPECT_EQ(Ask("POST", "/v1/namespaces", body, {{"Idempotency-Key", "0190-2"}}).status, 409);
  EXPECT_EQ(Ask("POST", "/v1/namespaces", body, {{"Idempotency-Key", "0190-2"}}).status, 409);
  EXPECT_EQ(Ask("POST", "/v1/namespaces", R"({"namespace":["x"]})", key).status, 422);
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(Ask("POST", "/v1/namespaces", body, key).status, 409) << "the key has ended";
}

TEST_F(RestServiceTest, KnowsWhatItDoesNotServe) {
  MakeTable();
  EXPECT_EQ(Ask("GET", "/").status, 404);
  EXPECT_EQ(Ask("GET", "/v2/config").status, 404);
  EXPECT_EQ(Ask("GET", "/v1/nonsense").status, 404);
  EXPECT_EQ(Ask("PUT", "/v1/config").status, 405);
  EXPECT_EQ(Ask("PATCH", "/v1/namespaces/gold/tables/eurusd").status, 405);
  EXPECT_EQ(Ask("GET", "/v1/namespaces/gold/tables/eurusd/plan").status, 404);
  EXPECT_EQ(Ask("POST", "/v1/namespaces/gold/tables/eurusd/metrics", "{}").status, 204);
  EXPECT_EQ(json::parse(Ask("GET", "/v1/namespaces/gold/views").body)["identifiers"].size(), 0U);
  EXPECT_EQ(Ask("GET", "/v1/namespaces/gold/views/v").status, 404);
}

}  // namespace
}  // namespace tickhouse::lake
