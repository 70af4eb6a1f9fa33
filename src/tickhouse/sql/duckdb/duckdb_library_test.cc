#include "tickhouse/sql/duckdb/duckdb_library.h"

#include <fstream>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/sql/duckdb/duckdb_engine.h"

namespace tickhouse::sql {
namespace {

TEST(DuckLibrary, IsFoundBesideTheProgramAndKept) {
  ASSERT_OK_AND_ASSIGN(const DuckLibrary* first, LoadDuckLibrary(""));
  ASSERT_OK_AND_ASSIGN(const DuckLibrary* again, LoadDuckLibrary(""));
  EXPECT_EQ(first, again);
  EXPECT_TRUE(std::string_view(first->version()).starts_with("v1.5."));
}

TEST(DuckLibrary, IsTakenFromTheFileThatWasNamed) {
  const std::vector<std::string> found = DuckLibrariesIn(LibraryFolders());
  ASSERT_FALSE(found.empty());
  EXPECT_OK(LoadDuckLibrary(found.front()));
}

TEST(DuckLibrary, SaysWhatWasTriedAndTheWayOut) {
  const auto missing = LoadDuckLibrary("/nowhere/libduckdb.so");
  EXPECT_THAT(missing, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(missing, HasErrorMessage("/nowhere/libduckdb.so"));
  EXPECT_THAT(missing, HasErrorMessage("TICKHOUSE_DUCKDB"));
}

TEST(DuckLibrary, RefusesWhatIsNotDuckDb) {
  const io::TemporaryFolder folder;
  std::ofstream(folder.path() + "/libduckdb.so") << "not a library";
  EXPECT_THAT(LoadDuckLibrary(folder.path() + "/libduckdb.so"), IsError(ErrorKind::kUnavailable));
  const auto other = LoadDuckLibrary("libz.so.1");
  EXPECT_THAT(other, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(other, HasErrorMessage("libz.so.1 has no duckdb_"));
}

TEST(DuckLibrary, PrefersAPlainLibraryInEachFolder) {
  const io::TemporaryFolder folder;
  const std::string module = folder.path() + "/_duckdb.cpython-311-x86_64-linux-gnu.so";
  EXPECT_TRUE(DuckLibrariesIn({folder.path()}).empty());
  std::ofstream(module.c_str()) << "x";
  EXPECT_EQ(DuckLibrariesIn({"/nowhere", folder.path()}), std::vector{module});
  std::ofstream(folder.path() + "/libduckdb.so") << "x";
  EXPECT_EQ(DuckLibrariesIn({folder.path()}),
            (std::vector{folder.path() + "/libduckdb.so", module}));
}

TEST(DuckLibrary, ItsAbsenceIsTheErrorOfAStatement) {
  SystemClock clock;
  DuckEngine engine(nullptr, {.library = "/nowhere/libduckdb.so"}, clock);
  EXPECT_THAT(RunWhole(engine, {.text = "select 1"}, CancelToken()),
              IsError(ErrorKind::kUnavailable));
}

}  // namespace
}  // namespace tickhouse::sql
