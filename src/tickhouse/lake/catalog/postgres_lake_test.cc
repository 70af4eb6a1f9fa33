#include "tickhouse/lake/catalog/postgres_lake.h"

#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/catalog/test_postgres.h"

namespace tickhouse::lake {
namespace {

class PostgresLake : public testing::Test {
 protected:
  void SetUp() override {
    if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
    address_ = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
    ASSERT_OK_AND_ASSIGN(sql_, OpenPostgres(address_));
  }
  Result<std::vector<std::string>> Init() {
    return InitPostgresLake(address_, {.catalog_name = "catalog-dw", .warehouse = "s3://lake/"});
  }
  std::vector<std::string> Texts(const std::string& statement) {
    const auto found = sql_->Run(statement, {});
    EXPECT_OK(found);
    std::vector<std::string> texts;
    if (!found) return texts;
    for (const auto& row : found->rows) {
      std::string& text = texts.emplace_back();
      for (const auto& value : row) text += (text.empty() ? "" : "|") + value.value_or("-");
    }
    return texts;
  }
  std::string ColumnsOf(const std::string& table) {
    std::string all;
    for (const std::string& column :
         Texts("SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull "
               "THEN '!' ELSE '' END FROM pg_attribute WHERE attrelid = '" +
               table + "'::regclass AND attnum > 0 ORDER BY attnum")) {
      all += (all.empty() ? "" : ", ") + column;
    }
    return all;
  }
  std::string KeyOf(const std::string& table) {
    const auto found = Texts(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND "
        "conrelid = '" +
        table + "'::regclass");
    return found.empty() ? "" : found[0];
  }
  bool Exists(const std::string& name) {
    return Texts("SELECT to_regclass('" + name + "') IS NOT NULL") == std::vector<std::string>{"t"};
  }

  std::string address_;
  std::unique_ptr<SqlConnection> sql_;
};

constexpr char kKeyed[] =
    "catalog_name character varying(255)!, table_namespace character varying(255)!, table_name "
    "character varying(255)!, ";
constexpr char kKey[] = "PRIMARY KEY (catalog_name, table_namespace, table_name";

TEST_F(PostgresLake, MakesTheTablesOfTheFormat) {
  ASSERT_OK_AND_ASSIGN(const auto made, Init());
  EXPECT_EQ(made.size(), 13U);  // Nine tables, two indexes, a schema, a namespace.
  const struct {
    const char* table;
    const char* columns;
    const char* key;
  } expected[] = {
      {"iceberg_columns",
       "column_name character varying(255)!, column_type character varying(255)!, column_position "
       "integer!",
       ", column_name)"},
      {"iceberg_partitions",
       "partition_spec_id integer!, partition_key character varying(255)!, transform character "
       "varying(255)!, column_name character varying(255)!",
       ", partition_spec_id, partition_key)"},
      {"iceberg_snapshots",
       "snapshot_id bigint!, parent_snapshot_id bigint, timestamp_ms bigint!, manifest_list text!, "
       "summary text!",
       ", snapshot_id)"},
      {"iceberg_manifest_files", "snapshot_id bigint!, manifest_path text!",
       ", snapshot_id, manifest_path)"},
      {"iceberg_data_files", "snapshot_id bigint!, file_path text!", ", snapshot_id, file_path)"},
      {"iceberg_refs",
       "ref_name character varying(255)!, snapshot_id bigint!, type character varying(255)!",
       ", ref_name)"},
      {"iceberg_properties", "property_key character varying(255)!, property_value text!",
       ", property_key)"},
  };
  for (const auto& [table, columns, key] : expected) {
    EXPECT_EQ(ColumnsOf(table), std::string(kKeyed) + columns);
    EXPECT_EQ(KeyOf(table), std::string(kKey) + key);
  }
  EXPECT_EQ(KeyOf("iceberg_namespace_properties"),
            "PRIMARY KEY (catalog_name, namespace, property_key)");
  EXPECT_EQ(Texts("SELECT nspname FROM pg_namespace WHERE nspname = 'gold'").size(), 1U);
  EXPECT_EQ(Texts("SELECT * FROM iceberg_namespace_properties ORDER BY property_key"),
            (std::vector<std::string>{"catalog-dw|gold|exists|true",
                                      "catalog-dw|gold|location|s3://lake/gold"}));
}

TEST_F(PostgresLake, MakesNothingTheSecondTime) {
  ASSERT_OK(Init());
  ASSERT_OK(
      sql_->Run("INSERT INTO iceberg_tables VALUES ('other', 'gold', 't', 'm', NULL, NULL)", {}));
  ASSERT_OK(
      sql_->Run("UPDATE iceberg_namespace_properties SET property_value = 's3://moved' WHERE "
                "property_key = 'location'",
                {}));
  ASSERT_OK_AND_ASSIGN(const auto again, Init());
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(Texts("SELECT count(*) FROM iceberg_tables"), std::vector<std::string>{"1"});
  EXPECT_EQ(Texts("SELECT property_value FROM iceberg_namespace_properties WHERE property_key = "
                  "'location'"),
            std::vector<std::string>{"s3://moved"});
  ASSERT_OK(sql_->Run("DROP TABLE iceberg_refs; ", {}));
  ASSERT_OK_AND_ASSIGN(const auto mended, Init());
  EXPECT_EQ(mended, std::vector<std::string>{"table iceberg_refs"});
}

TEST_F(PostgresLake, KeepsTheOldLayoutAndTheNamespaceAsFound) {
  ASSERT_OK(
      sql_->Run("CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, "
                "table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, "
                "metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
                "PRIMARY KEY (catalog_name, table_namespace, table_name))",
                {}));
  ASSERT_OK(
      sql_->Run("INSERT INTO iceberg_tables VALUES ('catalog-dw', 'gold', 't', 'm', NULL)", {}));
  ASSERT_OK(Init());
  EXPECT_EQ(ColumnsOf("iceberg_tables").find("iceberg_type"), std::string::npos);
  EXPECT_TRUE(Texts("SELECT * FROM iceberg_namespace_properties").empty())
      << "the table implies the namespace";
}

TEST_F(PostgresLake, TakesTheTablesOfPyIcebergsSize) {
  ASSERT_OK(
      sql_->Run("CREATE TABLE iceberg_namespace_properties (catalog_name VARCHAR(255) NOT "
                "NULL, namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL, "
                "property_value VARCHAR(1000) NOT NULL, PRIMARY KEY (catalog_name, "
                "namespace, property_key))",
                {}));
  ASSERT_OK(
      sql_->Run("INSERT INTO iceberg_namespace_properties VALUES ('catalog-dw', 'gold', "
                "'exists', 'true')",
                {}));
  ASSERT_OK(Init());
  EXPECT_EQ(Texts("SELECT property_key FROM iceberg_namespace_properties"),
            std::vector<std::string>{"exists"});
}

// What each case prepares, and what the refusal must name. Nothing else may have been made.
TEST_F(PostgresLake, RefusesWhatItDoesNotKnowAndMakesNothing) {
  const struct {
    const char* prepare;
    const char* undo;
    const char* named;
  } cases[] = {
      {"CREATE TABLE iceberg_tables (something TEXT)", "DROP TABLE iceberg_tables",
       "iceberg_tables has no column catalog_name"},
      {"CREATE TABLE iceberg_namespace_properties (catalog_name TEXT, namespace TEXT, property_key "
       "TEXT, property_value TEXT)",
       "DROP TABLE iceberg_namespace_properties", "primary key ()"},
      {"CREATE TABLE iceberg_namespace_properties (catalog_name TEXT, namespace TEXT, property_key "
       "TEXT, property_value TEXT, tenant INT, PRIMARY KEY (catalog_name, namespace, "
       "property_key))",
       "DROP TABLE iceberg_namespace_properties", "column tenant"},
      {"CREATE TABLE iceberg_data_files (catalog_name TEXT, table_namespace TEXT, table_name TEXT, "
       "snapshot_id TEXT, file_path TEXT)",
       "DROP TABLE iceberg_data_files", "snapshot_id of type text"},
      {"CREATE VIEW iceberg_refs AS SELECT 1 AS catalog_name", "DROP VIEW iceberg_refs",
       "is not a table"},
  };
  for (const auto& [prepare, undo, named] : cases) {
    ASSERT_OK(sql_->Run(prepare, {}));
    const auto refused = Init();
    EXPECT_THAT(refused, IsError(ErrorKind::kUnsupported)) << prepare;
    EXPECT_THAT(refused, HasErrorMessage(named));
    EXPECT_THAT(refused, HasErrorMessage("another database"));
    EXPECT_FALSE(Exists("iceberg_columns"));
    EXPECT_TRUE(Texts("SELECT 1 FROM pg_namespace WHERE nspname = 'gold'").empty());
    ASSERT_OK(sql_->Run(undo, {}));
  }
  EXPECT_OK(Init());
}

TEST_F(PostgresLake, RefusesTheLayoutOfANewerVersion) {
  ASSERT_OK(Init());
  ASSERT_OK(
      sql_->Run("COMMENT ON TABLE iceberg_snapshots IS 'tickhouse informational tables, "
                "layout 2'",
                {}));
  EXPECT_THAT(Init(), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(Init(), HasErrorMessage("layout 2"));
}

TEST_F(PostgresLake, SaysWhichRightIsMissing) {
  ASSERT_OK(sql_->Run("DROP ROLE IF EXISTS reader", {}));
  ASSERT_OK(sql_->Run("CREATE ROLE reader LOGIN", {}));
  ASSERT_OK(sql_->Run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", {}));
  std::string address = address_;
  address.replace(address.find("user=postgres"), 13, "user=reader");
  const auto refused = InitPostgresLake(address, {.catalog_name = "c", .warehouse = "/w"});
  EXPECT_THAT(refused, IsError(ErrorKind::kPermission));
  EXPECT_THAT(refused, HasErrorMessage("lake init"));
  ASSERT_OK(Init());
  ASSERT_OK(sql_->Run("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO reader", {}));
  EXPECT_OK(InitPostgresLake(address, {.catalog_name = "catalog-dw", .warehouse = "/w"}))
      << "once made, it needs no such right";
  ASSERT_OK(sql_->Run("DROP OWNED BY reader", {}));
  ASSERT_OK(sql_->Run("DROP ROLE reader", {}));
}

TEST_F(PostgresLake, IsMadeOnceByManyAtTheSameTime) {
  std::vector<Result<std::vector<std::string>>> answers(6);
  {
    std::vector<std::jthread> threads;
    for (auto& answer : answers) threads.emplace_back([&] { answer = Init(); });
  }
  std::size_t made = 0;
  for (const auto& answer : answers) {
    EXPECT_OK(answer);
    if (answer) made += answer->size();
  }
  EXPECT_EQ(made, 13U);
}

TEST_F(PostgresLake, GivesACatalogThatPutsTablesBelowTheNamespacesLocation) {
  ASSERT_OK(InitPostgresLake(address_, {.catalog_name = "catalog-dw", .warehouse = "/lake"}));
  const auto files = io::MakeMemoryFileSystem();
  ManualClock clock(FromNanos(1'700'000'000'000'000'000));
  ASSERT_OK_AND_ASSIGN(const auto catalog, OpenPostgresCatalog(address_, {.name = "catalog-dw",
                                                                          .warehouse = "/elsewhere",
                                                                          .files = files.get(),
                                                                          .clock = &clock}));
  ASSERT_OK_AND_ASSIGN(const auto namespaces, catalog->ListNamespaces({}));
  EXPECT_EQ(namespaces, std::vector<Namespace>{{"gold"}});
  CreateTableRequest request{.identifier = {{"gold"}, "eurusd"}, .schema = {}};
  request.schema.fields = {{.id = 1, .name = "bid", .required = false, .type = {}}};
  ASSERT_OK_AND_ASSIGN(const LoadedTable table, catalog->CreateTable(request));
  EXPECT_EQ(table.metadata->location, "/lake/gold/eurusd");
}

TEST(PostgresLakeWithoutServer, SaysThatNobodyAnswers) {
  EXPECT_THAT(InitPostgresLake("host=127.0.0.1 port=1 user=x dbname=y connect_timeout=2",
                               {.catalog_name = "c", .warehouse = "/w"}),
              IsError(ErrorKind::kUnavailable));
}

}  // namespace
}  // namespace tickhouse::lake
