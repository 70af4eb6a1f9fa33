#include "tickhouse/quality/tick_inspector.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>
#include <unordered_set>

namespace tickhouse::quality {

namespace {

struct PriceBits {
  uint64_t bid;
  uint64_t ask;
  bool operator==(const PriceBits&) const = default;
};

struct PriceBitsHash {
  std::size_t operator()(PriceBits bits) const {
    uint64_t mixed = bits.bid * 0x9E3779B97F4A7C15ull + bits.ask;
    mixed ^= mixed >> 29;
    return static_cast<std::size_t>(mixed * 0xBF58476D1CE4E5B9ull);
  }
};

PriceBits BitsOf(double bid, double ask) {
  return {std::bit_cast<uint64_t>(bid), std::bit_cast<uint64_t>(ask)};
}

// Duplicates and gaps of rows that come in time order.
class OrderedRows {
 public:
  OrderedRows(const TradingCalendar& calendar, Nanos gap_allowed)
      : calendar_(calendar), gap_allowed_(gap_allowed) {}

  void Add(int64_t time_ns, double bid, double ask) {
    if (has_rows_ && time_ns == last_time_) {
      AddToRun(BitsOf(bid, ask));
    } else {
      if (has_rows_) AddStep(last_time_, time_ns);
      run_size_ = 0;
      last_time_ = time_ns;
    }
    if (!has_rows_) first_time_ = time_ns;
    has_rows_ = true;
    last_bid_ = bid;
    last_ask_ = ask;
  }

  // Takes rows from `begin` on as long as each is later than the one before, by no gap: nearly all
  // rows are, and they need no more than this comparison. Returns the first row not taken.
  std::size_t AddPlain(const TickBatch& batch, std::size_t begin) {
    const uint64_t allowed = static_cast<uint64_t>(gap_allowed_.count());
    uint64_t last = static_cast<uint64_t>(last_time_);
    std::size_t row = begin;
    for (; row < batch.size(); ++row) {
      // A step of zero or back wraps around and is too long as well.
      const uint64_t time = static_cast<uint64_t>(batch.time_ns[row]);
      if (time - last - 1 >= allowed) break;
      last = time;
    }
    if (row > begin) {
      last_time_ = static_cast<int64_t>(last);
      last_bid_ = batch.bid[row - 1];
      last_ask_ = batch.ask[row - 1];
      run_size_ = 0;
    }
    return row;
  }

  // A step from one tick to the next; the difference of absurd times need not fit in 63 bits.
  void AddStep(int64_t from, int64_t to) {
    const uint64_t step = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
    if (step <= static_cast<uint64_t>(gap_allowed_.count())) return;
    const Nanos open = OpenBetween(calendar_, from, to);
    if (open > gap_allowed_) gaps_.Add({{FromNanos(from), FromNanos(to)}, open});
  }

  bool has_rows() const { return has_rows_; }
  int64_t first_time() const { return first_time_; }
  int64_t last_time() const { return last_time_; }
  int64_t duplicates() const { return duplicates_; }
  const GapSummary& gaps() const { return gaps_; }

 private:
  // Few ticks share a time, so a short list is quickest; a file that holds one time a million times
  // must not cost the square of it.
  void AddToRun(PriceBits bits) {
    if (run_size_ == 0) {
      run_.clear();
      seen_.clear();
      run_.push_back(BitsOf(last_bid_, last_ask_));
      run_size_ = 1;
    }
    constexpr std::size_t kShort = 16;
    if (run_.size() < kShort) {
      if (std::find(run_.begin(), run_.end(), bits) != run_.end()) {
        ++duplicates_;
      } else {
        run_.push_back(bits);
      }
      return;
    }
    if (seen_.empty()) seen_.insert(run_.begin(), run_.end());
    if (!seen_.insert(bits).second) ++duplicates_;
  }

  const TradingCalendar& calendar_;
  Nanos gap_allowed_;
  bool has_rows_ = false;
  int64_t first_time_ = 0;
  int64_t last_time_ = 0;
  double last_bid_ = 0;
  double last_ask_ = 0;
  int64_t duplicates_ = 0;
  int run_size_ = 0;
  std::vector<PriceBits> run_;  // Distinct prices of the present time.
  std::unordered_set<PriceBits, PriceBitsHash> seen_;
  GapSummary gaps_;
};

// The times, both ends included, within which some row came later than its place.
struct LateRange {
  int64_t min = INT64_MAX;
  int64_t max = INT64_MIN;
  bool empty() const { return min > max; }
  void Add(int64_t time_ns) {
    min = std::min(min, time_ns);
    max = std::max(max, time_ns);
  }
};

struct PriceCounts {
  int64_t nan_bids = 0;
  int64_t nan_asks = 0;
  int64_t crossed = 0;
  int64_t non_positive = 0;
  int64_t infinite = 0;
  double min_bid = std::numeric_limits<double>::infinity();
  double min_ask = std::numeric_limits<double>::infinity();
  bool any_bid = false;
  bool any_ask = false;
};

// Plain comparisons without branches: the compiler keeps them in registers.
void CountPrices(const TickBatch& batch, PriceCounts* counts) {
  const std::size_t rows = batch.size();
  const double* bid = batch.bid.data();
  const double* ask = batch.ask.data();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  PriceCounts sum = *counts;
  int64_t nan_bids = 0;
  int64_t nan_asks = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    nan_bids += std::isnan(bid[i]);
    nan_asks += std::isnan(ask[i]);
    sum.crossed += bid[i] > ask[i];
    sum.non_positive += (bid[i] <= 0) | (ask[i] <= 0);
    sum.infinite += (std::fabs(bid[i]) == kInfinity) | (std::fabs(ask[i]) == kInfinity);
    sum.min_bid = bid[i] < sum.min_bid ? bid[i] : sum.min_bid;
    sum.min_ask = ask[i] < sum.min_ask ? ask[i] : sum.min_ask;
  }
  sum.nan_bids += nan_bids;
  sum.nan_asks += nan_asks;
  sum.any_bid |= nan_bids < static_cast<int64_t>(rows);
  sum.any_ask |= nan_asks < static_cast<int64_t>(rows);
  *counts = sum;
}

struct FirstPass {
  FirstPass(const TradingCalendar& calendar, Nanos gap_allowed) : ordered(calendar, gap_allowed) {}

  void Add(const TickBatch& batch) {
    CountPrices(batch, &prices);
    findings.rows += static_cast<int64_t>(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (ordered.has_rows() && previous == ordered.last_time()) {
        i = ordered.AddPlain(batch, i);
        previous = ordered.last_time();
        if (i == batch.size()) break;
      }
      const int64_t time_ns = batch.time_ns[i];
      if (time_ns == kNullTime) [[unlikely]] {
        ++findings.null_times;
        continue;
      }
      if (!ordered.has_rows()) min_time = previous = time_ns;
      findings.order_breaks += time_ns < previous;
      // Back on the latest time after something earlier: its equals are no longer next to it.
      const bool late = time_ns < ordered.last_time() || previous < ordered.last_time();
      previous = time_ns;
      if (late && ordered.has_rows() && time_ns <= ordered.last_time()) [[unlikely]] {
        late_range.Add(time_ns);
        min_time = std::min(min_time, time_ns);
      } else {
        ordered.Add(time_ns, batch.bid[i], batch.ask[i]);
      }
    }
  }

  RowFindings Finish() {
    findings.nan_bids = prices.nan_bids;
    findings.nan_asks = prices.nan_asks;
    findings.crossed = prices.crossed;
    findings.non_positive = prices.non_positive;
    findings.infinite = prices.infinite;
    if (prices.any_bid) findings.min_bid = prices.min_bid;
    if (prices.any_ask) findings.min_ask = prices.min_ask;
    if (ordered.has_rows()) {
      findings.min_time_ns = min_time;
      findings.max_time_ns = ordered.last_time();
    }
    findings.duplicates = ordered.duplicates();
    findings.gaps = ordered.gaps();
    return findings;
  }

  RowFindings findings;
  PriceCounts prices;
  OrderedRows ordered;
  LateRange late_range;
  int64_t min_time = 0;
  int64_t previous = INT64_MIN;
};

// Outside the late range the rows of a file are in order; inside it they are sorted here.
class SecondPass {
 public:
  SecondPass(const TradingCalendar& calendar, Nanos gap_allowed, LateRange range)
      : before_(calendar, gap_allowed),
        inside_(calendar, gap_allowed),
        after_(calendar, gap_allowed),
        joints_(calendar, gap_allowed),
        range_(range) {}

  void Add(const TickBatch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Tick tick = batch.At(i);
      if (tick.time_ns == kNullTime) continue;
      if (tick.time_ns < range_.min) {
        before_.Add(tick.time_ns, tick.bid, tick.ask);
      } else if (tick.time_ns > range_.max) {
        after_.Add(tick.time_ns, tick.bid, tick.ask);
      } else {
        held_.push_back(tick);
      }
    }
  }

  void Finish(RowFindings* findings) {
    std::sort(held_.begin(), held_.end(),
              [](const Tick& a, const Tick& b) { return a.time_ns < b.time_ns; });
    for (const Tick& tick : held_) inside_.Add(tick.time_ns, tick.bid, tick.ask);
    const OrderedRows* previous = nullptr;
    findings->duplicates = 0;
    findings->gaps = {};
    for (const OrderedRows* part : {&before_, &inside_, &after_}) {
      if (!part->has_rows()) continue;
      if (previous != nullptr) joints_.AddStep(previous->last_time(), part->first_time());
      findings->duplicates += part->duplicates();
      findings->gaps.Merge(part->gaps());
      previous = part;
    }
    findings->gaps.Merge(joints_.gaps());
  }

 private:
  OrderedRows before_;
  OrderedRows inside_;
  OrderedRows after_;
  OrderedRows joints_;
  LateRange range_;
  std::vector<Tick> held_;
};

template <typename Pass>
Status ReadInto(const OpenReader& open, Pass* pass) {
  TICKHOUSE_ASSIGN(const std::unique_ptr<TickReader> reader, open());
  TickBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return {};
    pass->Add(batch);
  }
}

bool LongerGap(const Gap& a, const Gap& b) {
  return std::tuple(b.open, a.range) < std::tuple(a.open, b.range);
}

}  // namespace

Nanos OpenBetween(const TradingCalendar& calendar, int64_t from_ns, int64_t to_ns) {
  constexpr Nanos kFar = std::chrono::hours(24 * 365 * 20);
  const uint64_t step = static_cast<uint64_t>(to_ns) - static_cast<uint64_t>(from_ns);
  if (step > static_cast<uint64_t>(kFar.count())) return kFar;
  return calendar.OpenTime({FromNanos(from_ns), FromNanos(to_ns)});
}

void GapSummary::Add(const Gap& gap) {
  ++count;
  if (open_total < Nanos::max() - gap.open) open_total += gap.open;
  if (longest.size() == kKept && !LongerGap(gap, longest.back())) return;
  longest.insert(std::upper_bound(longest.begin(), longest.end(), gap, LongerGap), gap);
  if (longest.size() > kKept) longest.pop_back();
}

void GapSummary::Merge(const GapSummary& other) {
  const int64_t total = count + other.count;
  const Nanos open = open_total + other.open_total;
  for (const Gap& gap : other.longest) Add(gap);
  count = total;
  open_total = open;
}

Result<RowFindings> InspectRows(const OpenReader& open, const TradingCalendar& calendar,
                                Nanos gap_allowed) {
  FirstPass first(calendar, gap_allowed);
  TICKHOUSE_TRY(ReadInto(open, &first));
  RowFindings findings = first.Finish();
  if (!first.late_range.empty()) {
    SecondPass second(calendar, gap_allowed, first.late_range);
    TICKHOUSE_TRY(ReadInto(open, &second));
    second.Finish(&findings);
  }
  return findings;
}

}  // namespace tickhouse::quality
