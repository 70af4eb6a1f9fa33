// A real PostgreSQL server for tests: a cluster of its own in a temporary folder. Tests only.
#pragma once

#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "tickhouse/core/check.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/io/net/free_port.h"
#include "tickhouse/lake/catalog/sql_connection.h"

namespace tickhouse::lake {

class TestPostgres {
 public:
  static constexpr char kMissing[] = "postgresql is not installed (tools/setup.sh test)";

  /// The folder with initdb, or empty.
  static std::string Programs() {
    const std::filesystem::path root = "/usr/lib/postgresql";
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(root, ignored)) {
      if (std::filesystem::exists(entry.path() / "bin/initdb")) return entry.path() / "bin";
    }
    return "";
  }

  TestPostgres() {
    if (::geteuid() == 0) {
      const passwd* const user = ::getpwnam("postgres");
      TICKHOUSE_CHECK(
          user != nullptr && ::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) == 0,
          "the cluster's folder can be given to user postgres");
    }
    TICKHOUSE_CHECK(AsServer("initdb -D " + Data() + " -A trust -U postgres -N") == 0,
                    "initdb works");
    int tries = 0;
    do {
      port_ = io::FreeLoopbackPort();
      started_ = AsServer("pg_ctl -D " + Data() + " -l " + folder_.File("log") + " -w -o \"-p " +
                          std::to_string(port_) +
                          " -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
                          "\" start") == 0;
    } while (!started_ && ++tries < 5);
    TICKHOUSE_CHECK(started_, "the installed PostgreSQL starts");
  }
  ~TestPostgres() {
    if (started_) AsServer("pg_ctl -D " + Data() + " -m immediate -w stop");
  }
  TestPostgres(const TestPostgres&) = delete;
  TestPostgres& operator=(const TestPostgres&) = delete;

  std::string Address(const std::string& database) const {
    return "host=127.0.0.1 port=" + std::to_string(port_) + " user=postgres dbname=" + database;
  }

  /// A new database; its name.
  std::string NewDatabase() {
    const std::string name = "db" + std::to_string(counter_.fetch_add(1));
    const std::string psql = Programs() + "/psql -q -h 127.0.0.1 -U postgres -p " +
                             std::to_string(port_) + " -c 'CREATE DATABASE " + name + "'";
    TICKHOUSE_CHECK(std::system(psql.c_str()) == 0, "a database can be made");
    return name;
  }

 private:
  std::string Data() const { return folder_.File("data"); }
  static int AsServer(const std::string& command) {
    const std::string whole = (::geteuid() == 0 ? "runuser -u postgres -- " : "") + Programs() +
                              "/" + command + " >/dev/null 2>&1";
    return std::system(("cd / && " + whole).c_str());
  }

  io::TemporaryFolder folder_;
  int port_ = 0;
  bool started_ = false;
  std::atomic<int> counter_ = 0;
};

/// One cluster for the whole test program; null where PostgreSQL is not installed.
inline TestPostgres* SharedPostgres() {
  static const std::unique_ptr<TestPostgres> server =
      TestPostgres::Programs().empty() ? nullptr : std::make_unique<TestPostgres>();
  return server.get();
}

}  // namespace tickhouse::lake
