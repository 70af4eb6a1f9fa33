#include "tickhouse/clean/one_second.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/core/time.h"

namespace tickhouse::clean {

namespace {

// int64 nanoseconds neither begin nor end on a whole second: the second at either edge is cut
// short.
constexpr int64_t kFirstWhole =
    std::numeric_limits<int64_t>::min() / kNanosPerSecond * kNanosPerSecond;
constexpr int64_t kLastWhole =
    std::numeric_limits<int64_t>::max() / kNanosPerSecond * kNanosPerSecond;

void Extend(double price, Ohlc* ohlc) {
  ohlc->high = std::max(ohlc->high, price);
  ohlc->low = std::min(ohlc->low, price);
  ohlc->close = price;
}

}  // namespace

int64_t SecondOf(int64_t time_ns) {
  if (time_ns < kFirstWhole) return std::numeric_limits<int64_t>::min();
  return FloorDiv(time_ns, kNanosPerSecond) * kNanosPerSecond;
}

int64_t SecondEnd(int64_t time_ns) {
  if (time_ns < kFirstWhole) return kFirstWhole;
  if (time_ns >= kLastWhole) return std::numeric_limits<int64_t>::max();
  return SecondOf(time_ns) + kNanosPerSecond;
}

void SecondSampler::Add(const TickBatch& in, TickBatch* out) {
  for (std::size_t row = 0; row < in.size(); ++row) {
    const int64_t time_ns = in.time_ns[row];
    if (second_end_ns_ && time_ns < *second_end_ns_) continue;
    second_end_ns_ = SecondEnd(time_ns);
    out->time_ns.push_back(time_ns);
    out->bid.push_back(in.bid[row]);
    out->ask.push_back(in.ask[row]);
  }
}

Result<bool> OneSecondTickReader::Next(TickBatch* batch) {
  batch->Clear();
  while (batch->empty()) {
    TICKHOUSE_ASSIGN(const bool more, source_->Next(&raw_));
    if (!more) return false;
    sampler_.Add(raw_, batch);
  }
  return true;
}

void OpenBar::Add(const Tick& tick) {
  Extend(tick.bid, &bar.bid);
  Extend(tick.ask, &bar.ask);
  Extend((tick.bid + tick.ask) / 2, &bar.mid);
  spread_sum += tick.ask - tick.bid;
  ++bar.ticks;
}

Bar OpenBar::Close() const {
  Bar closed = bar;
  closed.mean_spread = spread_sum / static_cast<double>(bar.ticks);
  return closed;
}

namespace {

// Fills in the bar of the second that begins with `row`, but for the mean spread; moves `row`
// behind it and returns the sum of the spreads. What grows stays in registers.
double FillSecond(const TickBatch& in, std::size_t* row, Bar* bar) {
  const std::size_t begin = *row;
  const std::size_t size = in.size();
  const int64_t* times = in.time_ns.data();
  const double* bids = in.bid.data();
  const double* asks = in.ask.data();
  bar->time_ns = SecondOf(times[begin]);
  const int64_t second_end_ns = SecondEnd(times[begin]);
  const double mid_open = (bids[begin] + asks[begin]) / 2;
  double bid_high = bids[begin], bid_low = bid_high;
  double ask_high = asks[begin], ask_low = ask_high;
  double mid_high = mid_open, mid_low = mid_open, mid_close = mid_open;
  double spread_sum = 0.0 + (asks[begin] - bids[begin]);
  std::size_t i = begin + 1;
  for (; i < size && times[i] < second_end_ns; ++i) {
    const double bid = bids[i];
    const double ask = asks[i];
    mid_close = (bid + ask) / 2;
    bid_high = std::max(bid_high, bid);
    bid_low = std::min(bid_low, bid);
    ask_high = std::max(ask_high, ask);
    ask_low = std::min(ask_low, ask);
    mid_high = std::max(mid_high, mid_close);
    mid_low = std::min(mid_low, mid_close);
    spread_sum += ask - bid;
  }
  bar->bid = {bids[begin], bid_high, bid_low, bids[i - 1]};
  bar->ask = {asks[begin], ask_high, ask_low, asks[i - 1]};
  bar->mid = {mid_open, mid_high, mid_low, mid_close};
  bar->ticks = static_cast<int64_t>(i - begin);
  *row = i;
  return spread_sum;
}

}  // namespace

void BarBuilder::Add(const TickBatch& in, std::vector<Bar>* out) {
  if (in.empty()) return;
  std::size_t row = 0;
  if (open_) {
    const int64_t second_end_ns = SecondEnd(open_->bar.time_ns);
    while (row < in.size() && in.time_ns[row] < second_end_ns) open_->Add(in.At(row++));
    if (row == in.size()) return;
    Finish(out);
  }
  while (row < in.size()) {
    Bar& bar = out->emplace_back();
    const double spread_sum = FillSecond(in, &row, &bar);
    bar.mean_spread = spread_sum / static_cast<double>(bar.ticks);
    if (row == in.size()) open_ = OpenBar{bar, spread_sum};
  }
  out->pop_back();
}

void BarBuilder::Finish(std::vector<Bar>* out) {
  if (open_) out->push_back(open_->Close());
  open_.reset();
}

std::optional<OpenBar> BarBuilder::TakeOpen() {
  return std::exchange(open_, std::nullopt);
}

void BarBuilder::SetOpen(OpenBar open) {
  TICKHOUSE_CHECK(!open_, "the bar before is closed first");
  open_ = open;
}

}  // namespace tickhouse::clean
