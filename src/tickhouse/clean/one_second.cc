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

Bar OpenBar::Close() const {
  Bar closed = bar;
  closed.mean_spread = spread_sum / static_cast<double>(bar.ticks);
  return closed;
}

namespace {

// The bar of one tick, but for the mean spread. Returns the spread.
double Begin(const TickBatch& in, std::size_t row, Bar* bar) {
  const double bid = in.bid[row], ask = in.ask[row], mid = (bid + ask) / 2;
  bar->time_ns = SecondOf(in.time_ns[row]);
  bar->bid = {bid, bid, bid, bid};
  bar->ask = {ask, ask, ask, ask};
  bar->mid = {mid, mid, mid, mid};
  bar->ticks = 1;
  return 0.0 + (ask - bid);
}

// Adds the ticks of the bar's second from `row` on and moves `row` behind them; takes and returns
// the sum of the spreads. What grows stays in registers.
double Extend(const TickBatch& in, double spread_sum, std::size_t* row, Bar* bar) {
  const std::size_t begin = *row;
  const std::size_t size = in.size();
  const int64_t* times = in.time_ns.data();
  const double* bids = in.bid.data();
  const double* asks = in.ask.data();
  const int64_t second_end_ns = SecondEnd(bar->time_ns);
  Ohlc all_bids = bar->bid, all_asks = bar->ask, all_mids = bar->mid;
  const auto add = [](double price, Ohlc* ohlc) {
    ohlc->high = std::max(ohlc->high, price);
    ohlc->low = std::min(ohlc->low, price);
    ohlc->close = price;
  };
  std::size_t i = begin;
  for (; i < size && times[i] < second_end_ns; ++i) {
    add(bids[i], &all_bids);
    add(asks[i], &all_asks);
    add((bids[i] + asks[i]) / 2, &all_mids);
    spread_sum += asks[i] - bids[i];
  }
  bar->bid = all_bids;
  bar->ask = all_asks;
  bar->mid = all_mids;
  bar->ticks += static_cast<int64_t>(i - begin);
  *row = i;
  return spread_sum;
}

}  // namespace

void BarBuilder::Add(const TickBatch& in, std::vector<Bar>* out) {
  if (in.empty()) return;
  std::size_t row = 0;
  if (open_) {
    open_->spread_sum = Extend(in, open_->spread_sum, &row, &open_->bar);
    if (row == in.size()) return;
    Finish(out);
  }
  while (row < in.size()) {
    Bar& bar = out->emplace_back();
    double spread_sum = Begin(in, row++, &bar);
    spread_sum = Extend(in, spread_sum, &row, &bar);
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
