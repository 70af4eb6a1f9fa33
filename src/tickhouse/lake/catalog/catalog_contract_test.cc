#include "tickhouse/lake/catalog/catalog_contract.h"

#include "tickhouse/io/fs/deferred/deferred_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/catalog/test_postgres.h"

namespace tickhouse::lake {
namespace {

struct MemoryUnderTest : CatalogUnderTest {
  MemoryUnderTest() { several_processes = false; }
  Result<std::unique_ptr<Catalog>> Open(uint64_t seed) override {
    return MakeMemoryCatalog(Settings(seed));
  }
};

struct SqliteUnderTest : CatalogUnderTest {
  Result<std::unique_ptr<Catalog>> Open(uint64_t seed) override {
    return OpenSqliteCatalog(folder() + "/c.db", Settings(seed));
  }
};

// Metadata is put off until the pointer moves.
struct DeferredUnderTest : CatalogUnderTest {
  Result<std::unique_ptr<Catalog>> Open(uint64_t seed) override {
    own_.push_back(std::make_unique<io::DeferredFileSystem>(&files(), IsCommitFile));
    CatalogSettings settings = Settings(seed);
    settings.files = settings.deferred = own_.back().get();
    return OpenSqliteCatalog(folder() + "/c.db", std::move(settings));
  }
  std::vector<std::unique_ptr<io::DeferredFileSystem>> own_;
};

struct PostgresUnderTest : CatalogUnderTest {
  PostgresUnderTest() {
    if (SharedPostgres() != nullptr) {
      address_ = SharedPostgres()->Address(SharedPostgres()->NewDatabase());
    }
  }
  std::string skip() override { return address_.empty() ? TestPostgres::kMissing : ""; }
  Result<std::unique_ptr<Catalog>> Open(uint64_t seed) override {
    return OpenPostgresCatalog(address_, Settings(seed));
  }
  std::string address_;
};

template <typename T>
CatalogCase Case(std::string name) {
  return {std::move(name), [] { return std::make_unique<T>(); }};
}

INSTANTIATE_TEST_SUITE_P(All, CatalogContract,
                         testing::Values(Case<MemoryUnderTest>("Memory"),
                                         Case<SqliteUnderTest>("Sqlite"),
                                         Case<DeferredUnderTest>("SqliteDeferred"),
                                         Case<PostgresUnderTest>("Postgres")),
                         CatalogCaseName);

// What cannot be put on the disk must keep the pointer where it is.
TEST(DeferredCommit, MovesNoPointerToWhatIsNotOnTheDisk) {
  const auto inner = io::MakeMemoryFileSystem();
  io::DeferredFileSystem files(inner.get(), IsCommitFile);
  ManualClock clock(FromNanos(1'700'000'000'000'000'000));
  const auto catalog = MakeMemoryCatalog(
      {.name = "c", .warehouse = "/lake", .files = &files, .deferred = &files, .clock = &clock});
  ASSERT_OK(catalog->CreateNamespace({"gold"}, {}));
  ASSERT_OK_AND_ASSIGN(const LoadedTable made, catalog->CreateTable(ContractTicks(kContractTable)));
  EXPECT_OK(inner->Stat(made.metadata_location));
  ASSERT_OK(inner->WriteWhole("/lake/m.avro", "there"));
  ASSERT_OK(files.WriteWhole("/lake/m.avro", "mine", {.must_not_exist = true}));
  const auto change = [&] {
    return catalog->CommitTable(kContractTable, {}, {SetProperties{{{"a", "b"}}}});
  };
  EXPECT_THAT(change(), IsError(ErrorKind::kIo));
  ASSERT_OK_AND_ASSIGN(const LoadedTable same, catalog->LoadTable(kContractTable));
  EXPECT_EQ(same.metadata_location, made.metadata_location);
  ASSERT_OK(files.Remove("/lake/m.avro"));
  ASSERT_OK_AND_ASSIGN(const LoadedTable changed, change());
  EXPECT_OK(inner->Stat(changed.metadata_location));
}

}  // namespace
}  // namespace tickhouse::lake
