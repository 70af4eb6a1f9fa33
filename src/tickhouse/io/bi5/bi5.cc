#include "tickhouse/io/bi5/bi5.h"

#include <cmath>

#include "tickhouse/core/check.h"
#include "tickhouse/core/time.h"

namespace tickhouse::io {

double Bi5VolumeToUnits(float millions) {
  const double product = static_cast<double>(millions) * 1e6;
  const double whole = std::nearbyint(product);
  return static_cast<float>(whole / 1e6) == millions ? whole : product;
}

float UnitsToBi5Volume(double units) {
  return static_cast<float>(std::nearbyint(units) / 1e6);
}

void AppendBi5Ticks(std::span<const Bi5Record> records, int64_t hour_ns, int decimals,
                    bool with_volumes, TickBatch* batch) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  TICKHOUSE_CHECK(decimals >= 0 && decimals <= 9, "decimals of an instrument lie in [0, 9]");
  const double scale = kPowers[decimals];
  const std::size_t old_rows = batch->size();
  const std::size_t rows = old_rows + records.size();
  batch->time_ns.resize(rows);
  batch->bid.resize(rows);
  batch->ask.resize(rows);
  for (std::size_t i = 0; i < records.size(); ++i) {
    batch->time_ns[old_rows + i] = hour_ns + int64_t{records[i].ms} * kNanosPerMilli;
    batch->bid[old_rows + i] = records[i].bid_points / scale;
    batch->ask[old_rows + i] = records[i].ask_points / scale;
  }
  if (!with_volumes) return;
  batch->bid_volume.resize(rows);
  batch->ask_volume.resize(rows);
  for (std::size_t i = 0; i < records.size(); ++i) {
    batch->bid_volume[old_rows + i] = Bi5VolumeToUnits(records[i].bid_volume);
    batch->ask_volume[old_rows + i] = Bi5VolumeToUnits(records[i].ask_volume);
  }
}

}  // namespace tickhouse::io
