#include "tickhouse/synth/quant_data_manager_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "tickhouse/core/check.h"

namespace tickhouse::synth {

namespace {

constexpr std::string_view kHeader = "DateTime,Bid,Ask,Volume\n";
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::size_t kLongestRow = 128;
constexpr int64_t kMinuteMs = 60'000;

constexpr auto kTwoDigits = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* PutTwo(int64_t value, char* out) {
  std::memcpy(out, &kTwoDigits[static_cast<std::size_t>(2 * value)], 2);
  return out + 2;
}

// `points` with a point before the last `decimals` digits: 122531, 5 -> 1.22531.
char* PutFixed(int64_t points, int decimals, char* out) {
  if (points < 0) *out++ = '-';
  uint64_t rest = points < 0 ? 0 - static_cast<uint64_t>(points) : static_cast<uint64_t>(points);
  char digits[24];
  char* first = digits + sizeof(digits);
  while (rest >= 100) {
    first -= 2;
    PutTwo(static_cast<int64_t>(rest % 100), first);
    rest /= 100;
  }
  first -= 2;
  PutTwo(static_cast<int64_t>(rest), first);
  if (*first == '0') ++first;  // One digit too many where the count is odd.
  auto count = static_cast<int>(digits + sizeof(digits) - first);
  for (; count <= decimals; ++count) *--first = '0';
  std::memcpy(out, first, static_cast<std::size_t>(count - decimals));
  out += count - decimals;
  if (decimals == 0) return out;
  *out++ = '.';
  std::memcpy(out, first + (count - decimals), static_cast<std::size_t>(decimals));
  return out + decimals;
}

// Prices lie on the grid, so this gives back the exact points.
int64_t ToPoints(double price, double scale) {
  const double points = price * scale;
  return static_cast<int64_t>(points + (points < 0 ? -0.5 : 0.5));
}

// "20210104 05:50:00.252"; the part up to the minute is kept from row to row.
class TimeText {
 public:
  explicit TimeText(Zone zone) : zone_(std::move(zone)) {}

  int64_t LocalMillis(int64_t utc_ns) {
    if (utc_ns < span_begin_ns_ || utc_ns >= span_end_ns_) {
      const Zone::Span span = zone_.SpanAt(FromNanos(utc_ns));
      span_begin_ns_ = ToNanos(span.begin);
      span_end_ns_ = ToNanos(span.end);
      offset_ms_ = span.offset.count() * 1'000;
    }
    return FloorDiv(utc_ns, kNanosPerMilli) + offset_ms_;
  }

  char* Put(int64_t local_ms, char* out) {
    const int64_t into_minute = local_ms - minute_begin_ms_;
    if (into_minute < 0 || into_minute >= kMinuteMs) StartMinute(local_ms);
    const int64_t ms = local_ms - minute_begin_ms_;
    std::memcpy(out, prefix_, sizeof(prefix_));
    out = PutTwo(ms / 1'000, out + sizeof(prefix_));
    *out++ = '.';
    *out++ = static_cast<char>('0' + ms % 1'000 / 100);
    return PutTwo(ms % 100, out);
  }

 private:
  void StartMinute(int64_t local_ms) {
    const int64_t minute = FloorDiv(local_ms, kMinuteMs);
    minute_begin_ms_ = minute * kMinuteMs;
    const int64_t day = FloorDiv(minute, 1'440);
    const std::chrono::year_month_day date = ToYearMonthDay({static_cast<int32_t>(day)});
    const std::string text =
        fmt::format("{:04}{:02}{:02} {:02}:{:02}:", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    (minute - day * 1'440) / 60, (minute - day * 1'440) % 60);
    TICKHOUSE_CHECK(text.size() == sizeof(prefix_), "years have four digits");
    std::memcpy(prefix_, text.data(), sizeof(prefix_));
  }

  Zone zone_;
  int64_t span_begin_ns_ = 0;
  int64_t span_end_ns_ = 0;
  int64_t offset_ms_ = 0;
  int64_t minute_begin_ms_ = std::numeric_limits<int64_t>::min() / 2;
  char prefix_[15];
};

class Writer : public QuantDataManagerWriter {
 public:
  Writer(io::FileSystem& fs, const std::string& folder, QuantDataManagerOptions options)
      : fs_(fs),
        folder_(io::JoinPath(folder, options.symbol)),
        options_(std::move(options)),
        time_text_(options_.zone) {
    buffer_.resize(kBufferBytes + kLongestRow);
    for (int i = 0; i < options_.decimals; ++i) scale_ *= 10;
  }

  Status Write(const TickBatch& batch) override {
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const int64_t local_ms = time_text_.LocalMillis(batch.time_ns[row]);
      if (options_.split_by_day && local_ms >= day_end_ms_) TICKHOUSE_TRY(StartDay(local_ms));
      if (file_ == nullptr) TICKHOUSE_TRY(StartFile());
      char* const begin = buffer_.data() + used_;
      const auto bytes = static_cast<std::size_t>(PutRow(batch, row, local_ms, begin) - begin);
      if (WouldPassLimit(bytes)) {
        const std::string kept(begin, bytes);
        TICKHOUSE_TRY(FinishFile());
        TICKHOUSE_TRY(StartFile());
        std::memcpy(buffer_.data() + used_, kept.data(), bytes);
      }
      used_ += bytes;
      ++file_rows_;
      if (used_ >= kBufferBytes) TICKHOUSE_TRY(Flush());
    }
    return {};
  }

  Status Close() override {
    if (file_ == nullptr && outputs_.empty()) TICKHOUSE_TRY(StartFile());
    return FinishFile();
  }

  const std::vector<std::string>& outputs() const override { return outputs_; }

 private:
  char* PutRow(const TickBatch& batch, std::size_t row, int64_t local_ms, char* out) {
    out = time_text_.Put(local_ms, out);
    *out++ = ',';
    out = PutFixed(ToPoints(batch.bid[row], scale_), options_.decimals, out);
    *out++ = ',';
    out = PutFixed(ToPoints(batch.ask[row], scale_), options_.decimals, out);
    *out++ = ',';
    double volume = 0;
    if (!batch.volume.empty()) {
      volume = batch.volume[row];
    } else if (!batch.bid_volume.empty()) {
      volume = (batch.bid_volume[row] + batch.ask_volume[row]) / 1e6;
    }
    out = PutFixed(ToPoints(volume, 100), 2, out);
    *out++ = '\n';
    return out;
  }

  bool WouldPassLimit(std::size_t bytes) const {
    return options_.max_bytes > 0 && file_rows_ > 0 &&
           file_->size() + static_cast<int64_t>(used_ + bytes) > options_.max_bytes;
  }

  Status StartDay(int64_t local_ms) {
    TICKHOUSE_TRY(FinishFile());
    const int64_t day = FloorDiv(local_ms, 1'440 * kMinuteMs);
    options_.export_day = {static_cast<int32_t>(day)};
    day_end_ms_ = (day + 1) * 1'440 * kMinuteMs;
    part_ = 0;
    return {};
  }

  Status StartFile() {
    const std::chrono::year_month_day date = ToYearMonthDay(options_.export_day);
    path_ =
        fmt::format("{}.{}.{}{}_dukascopy_TICK_{}-TICK-No Session", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    options_.symbol, ZoneInFileName(options_.zone));
    if (part_ > 0) path_ += fmt::format(" {:03}", part_);
    ++part_;
    path_ = io::JoinPath(folder_, path_ + ".csv");
    TICKHOUSE_ASSIGN(file_, fs_.Create(path_));
    std::memcpy(buffer_.data(), kHeader.data(), kHeader.size());
    used_ = kHeader.size();
    file_rows_ = 0;
    return {};
  }

  Status Flush() {
    TICKHOUSE_TRY(file_->Append(std::as_bytes(std::span(buffer_).first(used_))));
    used_ = 0;
    return {};
  }

  Status FinishFile() {
    if (file_ == nullptr) return {};
    TICKHOUSE_TRY(Flush());
    TICKHOUSE_TRY(file_->Commit());
    file_.reset();
    outputs_.push_back(path_);
    return {};
  }

  io::FileSystem& fs_;
  const std::string folder_;
  QuantDataManagerOptions options_;
  double scale_ = 1;
  TimeText time_text_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::unique_ptr<io::WritableFile> file_;
  std::string path_;
  int64_t file_rows_ = 0;
  int part_ = 0;
  int64_t day_end_ms_ = std::numeric_limits<int64_t>::min();
  std::vector<std::string> outputs_;
};

}  // namespace

std::unique_ptr<QuantDataManagerWriter> QuantDataManagerWriter::Make(
    io::FileSystem& fs, const std::string& folder, QuantDataManagerOptions options) {
  return std::make_unique<Writer>(fs, folder, std::move(options));
}

std::string ZoneInFileName(const Zone& zone) {
  std::string name = zone.name();
  if (!name.starts_with("UTC")) {
    std::replace(name.begin(), name.end(), '/', '-');
    return name;
  }
  if (name.size() == 3) return name;
  const char* sign = name[3] == '-' ? "Minus" : "Plus";
  const std::string hours = name.substr(4, 2);
  const std::string minutes = name.substr(7, 2);
  return "UTC" + std::string(sign) + hours + (minutes == "00" ? "" : minutes);
}

}  // namespace tickhouse::synth
