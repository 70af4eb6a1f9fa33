#include "tickhouse/lake/catalog/catalog_contract.h"

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
                                         Case<PostgresUnderTest>("Postgres")),
                         CatalogCaseName);

}  // namespace
}  // namespace tickhouse::lake
