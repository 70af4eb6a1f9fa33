#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/lake/catalog/sql_connection.h"
#include "tickhouse/lake/catalog/sql_store.h"
#include "tickhouse/lake/catalog/test_postgres.h"

namespace tickhouse::lake {
namespace {

using std::chrono::milliseconds;

class PostgresConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (SharedPostgres() == nullptr) GTEST_SKIP() << TestPostgres::kMissing;
    address_ = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
    ASSERT_OK_AND_ASSIGN(sql_, OpenPostgres(address_, milliseconds(400)));
    ASSERT_OK_AND_ASSIGN(other_, OpenPostgres(address_));
    ASSERT_OK(other_->Run("CREATE TABLE t (n int)", {}));
    ASSERT_OK(other_->Run("INSERT INTO t VALUES (1)", {}));
  }
  std::string Number() {
    const auto found = other_->Run("SELECT n FROM t", {});
    return found && !found->rows.empty() ? found->rows[0][0].value_or("") : "nothing";
  }

  std::string address_;
  std::unique_ptr<SqlConnection> sql_, other_;
};

TEST_F(PostgresConnectionTest, GivesUpASilentServerAndConnectsAnew) {
  ASSERT_OK(sql_->Begin());
  const auto slept = sql_->Run("SELECT pg_sleep(30)", {});
  ASSERT_THAT(slept, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(slept.error().message, testing::HasSubstr("no answer for 400 ms"));
  sql_->Rollback();
  ASSERT_OK(sql_->Begin());
  ASSERT_OK(sql_->Run("UPDATE t SET n = 2", {}));
  ASSERT_OK(sql_->Commit());
  EXPECT_EQ(Number(), "2");
}

TEST_F(PostgresConnectionTest, IsInDoubtWhenACommitStaysWithoutAnswer) {
  ASSERT_OK(other_->Run(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); "
      "RETURN NULL; END $$",
      {}));
  ASSERT_OK(other_->Run(
      "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
      "EXECUTE PROCEDURE slow()",
      {}));
  ASSERT_OK(sql_->Begin());
  ASSERT_OK(sql_->Run("UPDATE t SET n = 2", {}));
  EXPECT_THAT(sql_->Commit(), IsError(ErrorKind::kUnknownOutcome));
}

TEST_F(PostgresConnectionTest, DoesNotWaitForALockForEver) {
  ASSERT_OK(other_->Begin());
  ASSERT_OK(other_->Run("UPDATE t SET n = 3", {}));
  ASSERT_OK(sql_->Begin());
  const auto waited = sql_->Run("UPDATE t SET n = 2", {});
  ASSERT_THAT(waited, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(waited.error().message, testing::HasSubstr("lock timeout"));
  sql_->Rollback();
  ASSERT_OK(other_->Commit());
  EXPECT_EQ(Number(), "3");
}

// A client whose machine is gone does not say so; its locks must not outlive it for long.
TEST_F(PostgresConnectionTest, LeavesNoLockBehindWhenItIsForgotten) {
  ASSERT_OK(sql_->Begin());
  ASSERT_OK(sql_->Run("UPDATE t SET n = 2", {}));
  ASSERT_OK(other_->Begin());
  ASSERT_OK(other_->Run("UPDATE t SET n = 4", {}));  // Waits until the server ends the other.
  ASSERT_OK(other_->Commit());
  EXPECT_THAT(sql_->Commit(), IsError(ErrorKind::kUnknownOutcome));
  EXPECT_EQ(Number(), "4");
}

TEST_F(PostgresConnectionTest, GivesUpAServerThatIsSilentFromTheBeginning) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(place);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&place), length), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&place), &length), 0);
  EXPECT_THAT(
      OpenPostgres("host=127.0.0.1 user=x dbname=x port=" + std::to_string(ntohs(place.sin_port)),
                   milliseconds(100)),
      IsError(ErrorKind::kUnavailable));
  ::close(listener);
}

// Found by the storm: the end of a transaction that only looked could be in doubt, and so a look
// was.
TEST_F(PostgresConnectionTest, ALookIsNeverInDoubt) {
  ASSERT_OK_AND_ASSIGN(auto connection, OpenPostgres(address_));
  ASSERT_OK_AND_ASSIGN(const auto store, OpenSqlStore(std::move(connection), "c"));
  const TableIdentifier table{{"gold"}, "eurusd"};
  ASSERT_OK(store->CreateNamespace({"gold"}, {}));
  ASSERT_OK(store->Insert(table, "0"));
  std::jthread killer([&](const std::stop_token& stop) {
    SystemClock clock;
    Random random(11);
    while (!stop.stop_requested()) {
      (void)other_->Run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
          "current_database() AND pid <> pg_backend_pid()",
          {});
      // A new connection takes as long.
      clock.Sleep(milliseconds(static_cast<int64_t>(random.Below(60))), {});
    }
  });
  for (int i = 0; i < 40; ++i) {
    const auto found = store->Find(table);
    if (!found) {
      EXPECT_THAT(found, IsError(ErrorKind::kUnavailable));
    }
    const auto listed = store->ListTables({"gold"});
    if (!listed) {
      EXPECT_THAT(listed, IsError(ErrorKind::kUnavailable));
    }
  }
}

}  // namespace
}  // namespace tickhouse::lake
