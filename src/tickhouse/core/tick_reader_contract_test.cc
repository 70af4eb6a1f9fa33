#include "tickhouse/core/tick_reader_contract.h"

namespace tickhouse {
namespace {

// The harmful twin: hands out the rows before the cut, then fails, as a truncated file does.
class TruncatedTickReader : public TickReader {
 public:
  TruncatedTickReader(TickBatch ticks, std::size_t rows, std::size_t batch_rows)
      : reader_(Head(ticks, rows), batch_rows) {}

  Result<bool> Next(TickBatch* batch) override {
    TICKHOUSE_ASSIGN(const bool more, reader_.Next(batch));
    if (more) return true;
    return Fail(ErrorKind::kCorrupt, "the file ends within a row");
  }

 private:
  static TickBatch Head(const TickBatch& ticks, std::size_t rows) {
    TickBatch head;
    head.AppendRows(ticks, 0, std::min(rows, ticks.size()));
    return head;
  }
  VectorTickReader reader_;
};

TickReaderCase Vector(std::string name, std::size_t batch_rows, TickReaderTraits traits = {}) {
  return {std::move(name),
          [batch_rows](const TickBatch& ticks) {
            return std::make_unique<VectorTickReader>(ticks, batch_rows);
          },
          traits};
}

TickReaderCase Truncated(std::string name, std::size_t rows) {
  TickReaderTraits traits;
  traits.fails_with = ErrorKind::kCorrupt;
  return {std::move(name),
          [rows](const TickBatch& ticks) {
            return std::make_unique<TruncatedTickReader>(ticks, rows, 7);
          },
          traits};
}

TickReaderTraits WithVolumes(bool both_sides) {
  TickReaderTraits traits;
  traits.both_volumes = both_sides;
  traits.single_volume = !both_sides;
  return traits;
}

INSTANTIATE_TEST_SUITE_P(VectorTickReader, TickReaderContract,
                         ::testing::Values(Vector("OneBatch", 1'000'000), Vector("Default", 65'536),
                                           Vector("SingleRows", 1),
                                           Vector("BothVolumes", 100, WithVolumes(true)),
                                           Vector("SingleVolume", 100, WithVolumes(false))),
                         TickReaderCaseName);

INSTANTIATE_TEST_SUITE_P(TruncatedTwin, TickReaderContract,
                         ::testing::Values(Truncated("AtOnce", 0), Truncated("Later", 123)),
                         TickReaderCaseName);

}  // namespace
}  // namespace tickhouse
