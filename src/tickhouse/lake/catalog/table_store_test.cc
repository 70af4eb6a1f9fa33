#include "tickhouse/lake/catalog/table_store.h"

#include <atomic>
#include <functional>
#include <thread>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/lake/catalog/memory_store.h"
#include "tickhouse/lake/catalog/sql_store.h"
#include "tickhouse/lake/catalog/test_postgres.h"

namespace tickhouse::lake {
namespace {

const TableIdentifier kEur{{"gold"}, "eurusd"};
const TableIdentifier kGbp{{"gold"}, "gbpjpy"};

enum class Kind { kMemory, kSqlite, kSqliteV0, kPostgres };

constexpr char kTablesV0[] =
    "CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) "
    "NOT NULL, table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), "
    "previous_metadata_location VARCHAR(1000), PRIMARY KEY (catalog_name, table_namespace, "
    "table_name))";

class TableStoreContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kPostgres) {
      if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
      database_ = SharedPostgres()->NewDatabase();
    }
    if (GetParam() == Kind::kSqliteV0) {
      ASSERT_OK_AND_ASSIGN(const auto connection, Connect());
      ASSERT_OK(connection->Run(kTablesV0, {}));
    }
    ASSERT_OK_AND_ASSIGN(store_, Open("catalog-dw"));
    ASSERT_OK(store_->CreateNamespace({"gold"}, {{"owner", "desk"}}));
  }
  Result<std::unique_ptr<SqlConnection>> Connect() {
    if (GetParam() == Kind::kPostgres) return OpenPostgres(SharedPostgres()->Address(database_));
    return OpenSqlite(folder_.File("catalog.db"));
  }
  Result<std::unique_ptr<TableStore>> Open(const std::string& name) {
    if (GetParam() == Kind::kMemory) return MakeMemoryStore();
    auto connection = Connect();
    if (!connection) return std::unexpected(connection.error());
    return OpenSqlStore(std::move(*connection), name);
  }
  bool IsShared() const { return GetParam() != Kind::kMemory; }

  io::TemporaryFolder folder_;
  std::string database_;
  std::unique_ptr<TableStore> store_;
};

TEST_P(TableStoreContract, KeepsNamespacesAndTheirProperties) {
  ASSERT_OK_AND_ASSIGN(Properties properties, store_->LoadNamespace({"gold"}));
  EXPECT_EQ(properties, (Properties{{"owner", "desk"}}));
  EXPECT_THAT(store_->CreateNamespace({"gold"}, {}), IsError(ErrorKind::kAlreadyExists));
  ASSERT_OK(store_->UpdateNamespace({"gold"}, {{"a", "1"}, {"b", "it's"}}, {"owner", "exists"}));
  ASSERT_OK(store_->UpdateNamespace({"gold"}, {{"a", "2"}}, {"absent"}));
  ASSERT_OK_AND_ASSIGN(properties, store_->LoadNamespace({"gold"}));
  EXPECT_EQ(properties, (Properties{{"a", "2"}, {"b", "it's"}}));
  EXPECT_THAT(store_->LoadNamespace({"silver"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(store_->UpdateNamespace({"silver"}, {}, {}), HasErrorMessage("silver"));
}

TEST_P(TableStoreContract, NestsNamespaces) {
  ASSERT_OK(store_->CreateNamespace({"a", "b", "c"}, {}));
  ASSERT_OK(store_->CreateNamespace({"a_b"}, {}));
  ASSERT_OK_AND_ASSIGN(const auto all, store_->AllNamespaces());
  EXPECT_EQ(all, (std::vector<Namespace>{{"a"}, {"a", "b"}, {"a", "b", "c"}, {"a_b"}, {"gold"}}));
  EXPECT_THAT(store_->DropNamespace({"a"}), IsError(ErrorKind::kConflict));
  EXPECT_OK(store_->DropNamespace({"a", "b", "c"}));
  EXPECT_THAT(store_->DropNamespace({"a"}), IsError(ErrorKind::kNotFound));
}

TEST_P(TableStoreContract, RefusesNamesThatCannotBe) {
  const Namespace dotted{"a.b"};
  EXPECT_THAT(store_->CreateNamespace({}, {}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(store_->CreateNamespace({""}, {}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(store_->CreateNamespace(dotted, {}), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(store_->Insert({{"gold"}, ""}, "x"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(store_->Find({{}, "t"}), IsError(ErrorKind::kInvalidArgument));
}

TEST_P(TableStoreContract, InsertsFindsListsAndRemoves) {
  EXPECT_THAT(store_->Insert({{"silver"}, "t"}, "x"), IsError(ErrorKind::kNotFound));
  ASSERT_OK(store_->Insert(kGbp, "file:/g0"));
  ASSERT_OK(store_->Insert(kEur, "file:/e0"));
  EXPECT_THAT(store_->Insert(kEur, "file:/other"), IsError(ErrorKind::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const std::string location, store_->Find(kEur));
  EXPECT_EQ(location, "file:/e0");
  ASSERT_OK_AND_ASSIGN(const auto tables, store_->ListTables({"gold"}));
  EXPECT_EQ(tables, (std::vector{kEur, kGbp}));
  EXPECT_THAT(store_->DropNamespace({"gold"}), IsError(ErrorKind::kConflict));
  ASSERT_OK(store_->Remove(kEur));
  EXPECT_THAT(store_->Remove(kEur), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(store_->Find(kEur), HasErrorMessage("gold.eurusd"));
}

TEST_P(TableStoreContract, SwapsOnlyFromWhereThePointerIs) {
  ASSERT_OK(store_->Insert(kEur, "0"));
  ASSERT_OK(store_->Swap(kEur, "0", "1"));
  EXPECT_THAT(store_->Swap(kEur, "0", "2"), IsError(ErrorKind::kConflict));
  EXPECT_THAT(store_->Swap(kGbp, "0", "2"), IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const std::string location, store_->Find(kEur));
  EXPECT_EQ(location, "1");
}

TEST_P(TableStoreContract, Renames) {
  ASSERT_OK(store_->Insert(kEur, "e"));
  ASSERT_OK(store_->Insert(kGbp, "g"));
  EXPECT_THAT(store_->Rename(kEur, kGbp), IsError(ErrorKind::kAlreadyExists));
  EXPECT_THAT(store_->Rename(kEur, {{"no"}, "t"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(store_->Rename({{"gold"}, "no"}, kGbp), IsError(ErrorKind::kNotFound));
  ASSERT_OK(store_->Rename(kEur, {{"gold"}, "euro"}));
  ASSERT_OK_AND_ASSIGN(const std::string location, store_->Find({{"gold"}, "euro"}));
  EXPECT_EQ(location, "e");
  EXPECT_THAT(store_->Find(kEur), IsError(ErrorKind::kNotFound));
}

// Each step goes from n to n + 1, so the last number tells how many steps were not lost.
TEST_P(TableStoreContract, LosesNoSwapAmongEightWriters) {
  ASSERT_OK(store_->Insert(kEur, "0"));
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        std::unique_ptr<TableStore> own;
        if (IsShared() && t % 2 == 0) {
          auto opened = Open("catalog-dw");
          if (!opened) {
            ++failures;
            return;
          }
          own = std::move(*opened);
        }
        TableStore& store = own ? *own : *store_;
        for (int done = 0; done < 25;) {
          const auto at = store.Find(kEur);
          if (!at) {
            ++failures;
            return;
          }
          const Status status = store.Swap(kEur, *at, std::to_string(std::stoi(*at) + 1));
          if (status) {
            ++done;
          } else if (status.error().kind != ErrorKind::kConflict) {
            ++failures;
            return;
          }
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  ASSERT_OK_AND_ASSIGN(const std::string location, store_->Find(kEur));
  EXPECT_EQ(location, "200");
}

TEST_P(TableStoreContract, LeavesOtherCatalogsAndViewsAlone) {
  if (!IsShared()) GTEST_SKIP() << "memory is nobody else's";
  ASSERT_OK_AND_ASSIGN(const auto other, Open("other"));
  EXPECT_THAT(other->LoadNamespace({"gold"}), IsError(ErrorKind::kNotFound));
  ASSERT_OK(other->CreateNamespace({"gold"}, {}));
  ASSERT_OK(other->Insert(kEur, "theirs"));
  EXPECT_THAT(store_->Find(kEur), IsError(ErrorKind::kNotFound));
  if (GetParam() == Kind::kSqliteV0) return;
  ASSERT_OK_AND_ASSIGN(const auto connection, Connect());
  ASSERT_OK(
      connection->Run("INSERT INTO iceberg_tables VALUES ('catalog-dw', 'gold', 'v', 'm', "
                      "NULL, 'VIEW')",
                      {}));
  ASSERT_OK_AND_ASSIGN(const auto tables, store_->ListTables({"gold"}));
  EXPECT_TRUE(tables.empty());
  EXPECT_THAT(store_->Find({{"gold"}, "v"}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(store_->Insert({{"gold"}, "v"}, "x"), IsError(ErrorKind::kAlreadyExists));
}

TEST_P(TableStoreContract, WritesTheRowsOthersExpect) {
  if (!IsShared()) GTEST_SKIP() << "memory is nobody else's";
  ASSERT_OK(store_->Insert(kEur, "0"));
  ASSERT_OK(store_->Swap(kEur, "0", "1"));
  ASSERT_OK_AND_ASSIGN(const auto connection, Connect());
  ASSERT_OK_AND_ASSIGN(const SqlRows rows, connection->Run("SELECT * FROM iceberg_tables", {}));
  std::vector<std::optional<std::string>> expected{"catalog-dw", "gold", "eurusd", "1", "0"};
  if (GetParam() != Kind::kSqliteV0) expected.emplace_back("TABLE");
  ASSERT_EQ(rows.rows.size(), 1u);
  EXPECT_EQ(rows.rows[0], expected);
  ASSERT_OK_AND_ASSIGN(const SqlRows marks,
                       connection->Run("SELECT property_value FROM iceberg_namespace_properties "
                                       "WHERE namespace = 'gold' AND property_key = 'exists'",
                                       {}));
  ASSERT_EQ(marks.rows.size(), 1u);
  EXPECT_EQ(marks.rows[0][0], "true");
}

INSTANTIATE_TEST_SUITE_P(All, TableStoreContract,
                         testing::Values(Kind::kMemory, Kind::kSqlite, Kind::kSqliteV0,
                                         Kind::kPostgres));

TEST(SqlStore, RefusesTablesOfAnotherLayout) {
  const io::TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(auto connection, OpenSqlite(folder.File("c.db")));
  ASSERT_OK(connection->Run("CREATE TABLE iceberg_tables (something TEXT)", {}));
  EXPECT_THAT(OpenSqlStore(std::move(connection), "c"), IsError(ErrorKind::kUnsupported));
}

TEST(SqlStore, LogsAheadInFilesOfItsOwnAndLeavesThoseOfOthers) {
  const io::TemporaryFolder folder;
  const auto mode = [](SqlConnection& connection) {
    const auto found = connection.Run("PRAGMA journal_mode", {});
    return found ? found->rows.at(0).at(0).value_or("") : found.error().message;
  };
  {
    ASSERT_OK_AND_ASSIGN(auto own, OpenSqlite(folder.File("own.db")));
    EXPECT_EQ(mode(*own), "wal");
    ASSERT_OK(own->Run("PRAGMA journal_mode = DELETE", {}));
    ASSERT_OK(own->Run("CREATE TABLE t (a INT)", {}));
  }
  ASSERT_OK_AND_ASSIGN(auto again, OpenSqlite(folder.File("own.db")));
  EXPECT_EQ(mode(*again), "delete") << "as it was found";
  ASSERT_OK_AND_ASSIGN(const SqlRows sync, again->Run("PRAGMA synchronous", {}));
  EXPECT_EQ(sync.rows[0][0], "2");
}

TEST(SqlStore, RefusesAFileThatIsNoDatabase) {
  const io::TemporaryFolder folder;
  const auto files = io::MakeLocalFileSystem();
  ASSERT_OK(files->WriteWhole(folder.File("c.db"), std::string(5000, 'x')));
  ASSERT_OK_AND_ASSIGN(auto connection, OpenSqlite(folder.File("c.db")));
  EXPECT_THAT(OpenSqlStore(std::move(connection), "c"), IsError(ErrorKind::kCorrupt));
}

TEST(SqlStore, SaysThatNobodyAnswers) {
  EXPECT_THAT(OpenPostgres("host=127.0.0.1 port=1 user=x dbname=x"),
              IsError(ErrorKind::kUnavailable));
}

TEST(PostgresStore, GoesOnAfterItsBackendWasKilled) {
  if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
  const std::string address = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
  ASSERT_OK_AND_ASSIGN(auto connection, OpenPostgres(address));
  ASSERT_OK_AND_ASSIGN(const auto store, OpenSqlStore(std::move(connection), "c"));
  ASSERT_OK(store->CreateNamespace({"gold"}, {}));
  ASSERT_OK(store->Insert(kEur, "0"));
  ASSERT_OK_AND_ASSIGN(const auto killer, OpenPostgres(address));
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(
        killer->Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                    "current_database() AND pid <> pg_backend_pid()",
                    {}));
    ASSERT_OK(store->Swap(kEur, std::to_string(i), std::to_string(i + 1)));
  }
}

// Backends die at any moment, also between COMMIT and its answer: what was said to be done is.
TEST(PostgresStore, TellsTheTruthWhileBackendsAreKilled) {
  if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
  const std::string address = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
  ASSERT_OK_AND_ASSIGN(auto connection, OpenPostgres(address));
  ASSERT_OK_AND_ASSIGN(const auto store, OpenSqlStore(std::move(connection), "c"));
  ASSERT_OK(store->CreateNamespace({"gold"}, {}));
  ASSERT_OK(store->Insert(kEur, "0"));
  ASSERT_OK_AND_ASSIGN(const auto killer, OpenPostgres(address));
  std::jthread thread([&](const std::stop_token& stop) {
    SystemClock clock;
    Random random(7);
    while (!stop.stop_requested()) {
      (void)killer->Run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
          "current_database() AND pid <> pg_backend_pid()",
          {});
      // A new connection takes as long: without a pause hardly one would come about.
      clock.Sleep(Nanos(static_cast<int64_t>(random.Below(40'000'000))), {});
    }
  });
  std::string at = "0";
  for (int i = 1; i <= 100; ++i) {
    const std::string next = std::to_string(i);
    const Status status = store->Swap(kEur, at, next);
    if (status) {
      at = next;
    } else if (status.error().kind == ErrorKind::kUnknownOutcome) {
      auto found = store->Find(kEur);
      while (!found) found = store->Find(kEur);
      ASSERT_TRUE(*found == at || *found == next) << *found;
      at = *found;
    } else {
      ASSERT_THAT(status, IsError(ErrorKind::kUnavailable));
    }
  }
  thread.request_stop();
  thread.join();
  ASSERT_OK_AND_ASSIGN(const std::string found, store->Find(kEur));
  EXPECT_EQ(found, at);
}

// What an update that was too late is told differs between the levels (no row, or 40001).
TEST(PostgresStore, LosesNoSwapAtAnyIsolationLevel) {
  if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
  for (const std::string level : {"read\\\\ committed", "repeatable\\\\ read", "serializable"}) {
    const std::string address = SharedPostgres()->Address(SharedPostgres()->NewDatabase()) +
                                " options='-c default_transaction_isolation=" + level + "'";
    const auto open = [&]() -> Result<std::unique_ptr<TableStore>> {
      TICKHOUSE_ASSIGN(auto connection, OpenPostgres(address));
      return OpenSqlStore(std::move(connection), "c");
    };
    ASSERT_OK_AND_ASSIGN(const auto store, open());
    ASSERT_OK(store->CreateNamespace({"gold"}, {}));
    ASSERT_OK(store->Insert(kEur, "0"));
    std::atomic<int> failures = 0;
    const auto work = [&] {
      const auto own = open();
      for (int done = 0; own && done < 10;) {
        const auto at = (*own)->Find(kEur);
        const Status status =
            at ? (*own)->Swap(kEur, *at, std::to_string(std::stoi(*at) + 1)) : Fail(at.error());
        if (status) {
          ++done;
        } else if (status.error().kind != ErrorKind::kConflict &&
                   status.error().kind != ErrorKind::kUnavailable) {
          ++failures;
          return;
        }
      }
    };
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) threads.emplace_back(work);
    }
    EXPECT_EQ(failures, 0) << level;
    ASSERT_OK_AND_ASSIGN(const std::string location, store->Find(kEur));
    EXPECT_EQ(location, "40") << level;
  }
}

// The server ends the one of two that looks first: the store, here, for the rival would look only
// after an hour. The store begins again.
TEST(PostgresStore, SettlesDeadlocksOfSeveralTables) {
  if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
  const std::string address = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
  const auto looking_after = [&](const std::string& time) {
    return OpenPostgres(address + " options='-c deadlock_timeout=" + time + "'");
  };
  ASSERT_OK_AND_ASSIGN(auto connection, looking_after("300ms"));
  ASSERT_OK_AND_ASSIGN(const auto store, OpenSqlStore(std::move(connection), "c"));
  ASSERT_OK(store->CreateNamespace({"gold"}, {}));
  ASSERT_OK(store->Insert(kEur, "e0"));
  ASSERT_OK(store->Insert(kGbp, "g0"));
  ASSERT_OK_AND_ASSIGN(const auto rival, looking_after("1h"));
  const auto touch = [&](const std::string& table) {
    return rival->Run("UPDATE iceberg_tables SET table_name = table_name WHERE table_name = $1",
                      {table});
  };
  ASSERT_OK(rival->Begin());
  ASSERT_OK(touch("gbpjpy"));
  Status swapped = Fail(ErrorKind::kIo, "not yet");
  {
    const std::jthread thread(
        [&] { swapped = store->SwapAll({{kEur, "e0", "e1"}, {kGbp, "g0", "g1"}}); });
    std::string waiting = "0";
    while (waiting == "0") {
      const auto rows = rival->Run("SELECT count(*) FROM pg_locks WHERE NOT granted", {});
      ASSERT_OK(rows);
      waiting = rows->rows[0][0].value_or("0");
    }
    // Granted only because PostgreSQL ended the other side of the deadlock: this side would wait an
    // hour.
    ASSERT_OK(touch("eurusd"));
    ASSERT_OK(rival->Commit());
  }
  ASSERT_OK(swapped);
  ASSERT_OK_AND_ASSIGN(const std::string eur, store->Find(kEur));
  ASSERT_OK_AND_ASSIGN(const std::string gbp, store->Find(kGbp));
  EXPECT_EQ(eur + gbp, "e1g1");
}

TEST(TableIdentifier, ReadsAndWritesItsName) {
  ASSERT_OK_AND_ASSIGN(const TableIdentifier one, ParseTableIdentifier("gold.eurusd"));
  EXPECT_EQ(one, kEur);
  ASSERT_OK_AND_ASSIGN(const TableIdentifier deep, ParseTableIdentifier("a.b.c"));
  EXPECT_EQ(deep, (TableIdentifier{{"a", "b"}, "c"}));
  EXPECT_EQ(deep.ToString(), "a.b.c");
  for (const char* bad : {"", "t", ".t", "a.", "a..b"}) {
    EXPECT_THAT(ParseTableIdentifier(bad), IsError(ErrorKind::kInvalidArgument)) << bad;
  }
}

}  // namespace
}  // namespace tickhouse::lake
