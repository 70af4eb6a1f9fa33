#include "tickhouse/synth/hour_folder_writer.h"

#include <algorithm>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/core/market/calendar.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_address.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"

namespace tickhouse::synth {

namespace {

int32_t ToPoints(double price, double scale) {
  return static_cast<int32_t>(price * scale + (price < 0 ? -0.5 : 0.5));
}

class Writer : public HourFolderWriter {
 public:
  Writer(io::FileSystem& fs, std::string folder, HourForm form, const Instrument& instrument,
         UtcRange range)
      : fs_(fs),
        folder_(std::move(folder)),
        form_(form),
        instrument_(instrument),
        calendar_(instrument.session),
        range_(range) {
    for (int i = 0; i < instrument.decimals; ++i) scale_ *= 10;
    StartHour(ToNanos(range.begin));
  }

  Status Write(const TickBatch& batch) override {
    TICKHOUSE_CHECK(batch.bid_volume.size() == batch.size(), "raw files hold both volumes");
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const int64_t time_ns = batch.time_ns[row];
      TICKHOUSE_CHECK(time_ns >= hour_ns_, "batches come in order of time");
      while (time_ns >= hour_ns_ + kNanosPerHour) TICKHOUSE_TRY(FinishHour());
      hour_.time_ms.push_back(time_ns / kNanosPerMilli);
      hour_.bid_points.push_back(ToPoints(batch.bid[row], scale_));
      hour_.ask_points.push_back(ToPoints(batch.ask[row], scale_));
      hour_.bid_volume.push_back(batch.bid_volume[row]);
      hour_.ask_volume.push_back(batch.ask_volume[row]);
    }
    return {};
  }

  Status Close() override {
    while (FromNanos(hour_ns_) < range_.end || !hour_.empty()) TICKHOUSE_TRY(FinishHour());
    return {};
  }

  const std::vector<std::string>& outputs() const override { return outputs_; }

 private:
  void StartHour(int64_t hour_ns) {
    hour_ns_ = hour_ns;
    hour_ = io::DukascopyHour();
    hour_.timestamp_ms = hour_ns / kNanosPerMilli;
    hour_.decimals = instrument_.decimals;
  }

  // Goes to the next hour; what is gathered becomes a file, and so does an open hour without ticks.
  Status FinishHour() {
    const UtcTime begin = FromNanos(hour_ns_);
    if (!hour_.empty() || calendar_.MayTrade({begin, begin + std::chrono::hours(1)})) {
      TICKHOUSE_ASSIGN(const std::string bytes, Encode());
      const std::string path =
          io::JoinPath(folder_, form_ == HourForm::kBi5
                                    ? io::MakeBi5Path(instrument_.symbol, hour_ns_)
                                    : io::MakeDukascopyJsonPath(instrument_.symbol, hour_ns_));
      TICKHOUSE_TRY(fs_.WriteWhole(path, bytes));
      outputs_.push_back(path);
    }
    StartHour(hour_ns_ + kNanosPerHour);
    return {};
  }

  Result<std::string> Encode() const {
    if (form_ == HourForm::kJson) return io::FormatDukascopyHour(hour_);
    TICKHOUSE_ASSIGN(const auto records, io::ToBi5Records(hour_));
    return io::EncodeBi5(records);
  }

  io::FileSystem& fs_;
  const std::string folder_;
  const HourForm form_;
  const Instrument instrument_;
  const TradingCalendar calendar_;
  const UtcRange range_;
  double scale_ = 1;
  int64_t hour_ns_ = 0;
  io::DukascopyHour hour_;
  std::vector<std::string> outputs_;
};

}  // namespace

std::unique_ptr<HourFolderWriter> HourFolderWriter::Make(io::FileSystem& fs, std::string folder,
                                                         HourForm form,
                                                         const Instrument& instrument,
                                                         UtcRange range) {
  return std::make_unique<Writer>(fs, std::move(folder), form, instrument, range);
}

}  // namespace tickhouse::synth
