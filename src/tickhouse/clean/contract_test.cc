// Every reader of this room keeps the contract of TickReader.
#include <memory>

#include "tickhouse/clean/merged_tick_reader.h"
#include "tickhouse/clean/sorted_tick_reader.h"
#include "tickhouse/clean/tick_filter.h"
#include "tickhouse/core/tick_reader_contract.h"

namespace tickhouse::clean {
namespace {

std::unique_ptr<TickReader> Filtered(const TickBatch& ticks) {
  return std::make_unique<FilteredTickReader>(std::make_unique<VectorTickReader>(ticks, 1'000),
                                              std::nullopt);
}

TickSource SourceOf(const TickBatch& ticks) {
  TickSource source;
  source.name = "ticks";
  source.begin_ns = ticks.time_ns.front();
  source.end_ns = ticks.time_ns.back();
  source.rank = {source.begin_ns, source.end_ns, static_cast<int64_t>(ticks.size())};
  source.open = [ticks]() -> Result<std::unique_ptr<TickReader>> {
    return std::make_unique<VectorTickReader>(ticks, 999);
  };
  return source;
}

// The same ticks twice come out once.
std::unique_ptr<TickReader> MergedWithItself(const TickBatch& ticks) {
  std::vector<TickSource> sources;
  if (!ticks.empty()) sources = {SourceOf(ticks), SourceOf(ticks)};
  return std::make_unique<MergedTickReader>(std::move(sources));
}

// Memory for a few hundred rows, so that everything passes through runs. No run is ever needed for
// a stable sort of ordered rows, but the sorter does not know that.
class KeptRuns : public SpillStore {
 public:
  Result<std::unique_ptr<SpillRun>> NewRun() override { return std::make_unique<Run>(); }

 private:
  class Run : public SpillRun {
   public:
    Status Write(const TickBatch& batch) override {
      rows_.AppendRows(batch, 0, batch.size());
      return {};
    }
    Result<std::unique_ptr<TickReader>> Read() override {
      return std::make_unique<VectorTickReader>(std::move(rows_), 700);
    }

   private:
    TickBatch rows_;
  };
};

std::unique_ptr<TickReader> Sorted(const TickBatch& ticks) {
  static KeptRuns runs;
  return std::make_unique<SortedTickReader>(std::make_unique<VectorTickReader>(ticks, 1'000), &runs,
                                            SortedTickReader::Options{5'000, 8});
}

TickReaderTraits InOrder() {
  TickReaderTraits traits;
  traits.keeps_anything = false;
  return traits;
}

INSTANTIATE_TEST_SUITE_P(Clean, TickReaderContract,
                         ::testing::Values(TickReaderCase{"Filtered", Filtered, TickReaderTraits()},
                                           TickReaderCase{"Merged", MergedWithItself, InOrder()},
                                           TickReaderCase{"Sorted", Sorted, InOrder()}),
                         TickReaderCaseName);

}  // namespace
}  // namespace tickhouse::clean
