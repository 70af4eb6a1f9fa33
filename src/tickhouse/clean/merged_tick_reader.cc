#include "tickhouse/clean/merged_tick_reader.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <utility>

#include "tickhouse/core/time.h"

namespace tickhouse::clean {

namespace {

constexpr std::size_t kBatchRows = 65'536;

struct Quote {
  double bid = 0;
  double ask = 0;
};

std::strong_ordering Compare(const Quote& a, const Quote& b) {
  const std::strong_ordering by_bid = std::strong_order(a.bid, b.bid);
  return by_bid != 0 ? by_bid : std::strong_order(a.ask, b.ask);
}

bool SameBits(const Quote& a, const Quote& b) {
  return std::bit_cast<uint64_t>(a.bid) == std::bit_cast<uint64_t>(b.bid) &&
         std::bit_cast<uint64_t>(a.ask) == std::bit_cast<uint64_t>(b.ask);
}

struct QuoteLess {
  bool operator()(const Quote& a, const Quote& b) const { return Compare(a, b) < 0; }
};

}  // namespace

struct MergedTickReader::Cursor {
  std::size_t source = 0;
  SourceRank rank;
  std::unique_ptr<TickReader> reader;
  TickBatch batch;
  std::size_t row = 0;
  int64_t last_ns = std::numeric_limits<int64_t>::min();

  bool has_rows() const { return row < batch.size(); }
  int64_t head() const { return batch.time_ns[row]; }
};

// The ticks of one instant, source by source.
struct MergedTickReader::InstantMerge {
  struct Part {
    SourceRank rank;
    std::vector<Quote> quotes;
  };
  std::vector<Part> parts;
  std::vector<Quote> merged;

  void OrderParts() {
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
      if (a.rank != b.rank) return a.rank < b.rank;
      return std::lexicographical_compare(a.quotes.begin(), a.quotes.end(), b.quotes.begin(),
                                          b.quotes.end(), QuoteLess());
    });
  }

  void AppendMissing(std::span<const Quote> quotes) {
    constexpr std::size_t kFew = 32;
    if (merged.size() + quotes.size() <= kFew) {
      AppendMissingOfFew(quotes);
      return;
    }
    std::map<Quote, int64_t, QuoteLess> have;
    for (const Quote& quote : merged) ++have[quote];
    for (const Quote& quote : quotes) {
      if (--have[quote] < 0) merged.push_back(quote);
    }
  }

  void AppendMissingOfFew(std::span<const Quote> quotes) {
    const std::size_t had = merged.size();
    for (std::size_t i = 0; i < quotes.size(); ++i) {
      const auto same = [&](const Quote& other) { return SameBits(other, quotes[i]); };
      const auto nth =
          std::count_if(quotes.begin(), quotes.begin() + static_cast<int64_t>(i), same);
      const auto before =
          std::count_if(merged.begin(), merged.begin() + static_cast<int64_t>(had), same);
      if (nth >= before) merged.push_back(quotes[i]);
    }
  }
};

MergedTickReader::MergedTickReader(std::vector<TickSource> sources)
    : sources_(std::move(sources)), instant_(std::make_unique<InstantMerge>()) {
  by_begin_.resize(sources_.size());
  std::iota(by_begin_.begin(), by_begin_.end(), std::size_t{0});
  std::sort(by_begin_.begin(), by_begin_.end(), [this](std::size_t a, std::size_t b) {
    const int64_t begin_a = sources_[a].begin_ns;
    const int64_t begin_b = sources_[b].begin_ns;
    return begin_a != begin_b ? begin_a > begin_b : a < b;
  });
}

MergedTickReader::~MergedTickReader() = default;

Result<bool> MergedTickReader::Next(TickBatch* batch) {
  batch->Clear();
  if (failed_) return Fail(*failed_);
  while (batch->size() < kBatchRows) {
    const std::size_t before = batch->size();
    if (Status status = Advance(batch); !status) {
      // Rows made before the failure stay with the caller; the failure comes with the next call.
      failed_ = status.error();
      if (!batch->empty()) return true;
      return Fail(*failed_);
    }
    if (batch->size() == before && active_.empty() && by_begin_.empty()) break;
  }
  return !batch->empty();
}

Status MergedTickReader::Advance(TickBatch* batch) {
  TICKHOUSE_TRY(OpenDue());
  if (active_.empty()) return {};
  Cursor* low = active_.front().get();
  for (const auto& cursor : active_) {
    if (cursor->head() < low->head()) low = cursor.get();
  }
  int64_t others =
      by_begin_.empty() ? std::numeric_limits<int64_t>::max() : sources_[by_begin_.back()].begin_ns;
  for (const auto& cursor : active_) {
    if (cursor.get() != low) others = std::min(others, cursor->head());
  }
  const bool alone = active_.size() == 1 && by_begin_.empty();
  if (alone || low->head() < others) return CopyRun(low, alone ? INT64_MAX : others, batch);
  return MergeInstant(low->head(), batch);
}

// Opens every source that may hold a row as early as the lowest one at hand.
Status MergedTickReader::OpenDue() {
  int64_t lowest = std::numeric_limits<int64_t>::max();
  for (const auto& cursor : active_) lowest = std::min(lowest, cursor->head());
  while (!by_begin_.empty()) {
    const std::size_t index = by_begin_.back();
    if (!active_.empty() && sources_[index].begin_ns > lowest) return {};
    by_begin_.pop_back();
    auto cursor = std::make_unique<Cursor>();
    cursor->source = index;
    cursor->rank = sources_[index].rank;
    auto reader = sources_[index].open();
    if (!reader) {
      fault_ = SourceFault{index, false};
      return Fail(reader.error());
    }
    cursor->reader = std::move(*reader);
    active_.push_back(std::move(cursor));
    TICKHOUSE_ASSIGN(const bool more, Refill(active_.back().get()));
    if (more) lowest = std::min(lowest, active_.back()->head());
  }
  return {};
}

// Fetches the next batch of a cursor that has no row left; false: it was at its end and is gone.
Result<bool> MergedTickReader::Refill(Cursor* cursor) {
  const std::size_t index = cursor->source;
  const TickSource& source = sources_[index];
  auto more = cursor->reader->Next(&cursor->batch);
  if (!more) {
    fault_ = SourceFault{index, false};
    return Fail(more.error());
  }
  if (!*more) {
    std::erase_if(active_, [&](const auto& other) { return other.get() == cursor; });
    return false;
  }
  cursor->row = 0;
  for (const int64_t time_ns : cursor->batch.time_ns) {
    if (time_ns < cursor->last_ns) {
      fault_ = SourceFault{index, true};
      return Fail(ErrorKind::kUnsupported,
                  source.name + ": rows out of time order at " + FormatUtc(FromNanos(time_ns)));
    }
    cursor->last_ns = time_ns;
  }
  if (cursor->head() < source.begin_ns || cursor->last_ns > source.end_ns) {
    fault_ = SourceFault{index, false};
    return Fail(ErrorKind::kCorrupt,
                source.name +
                    ": holds times outside the range its statistics promise; write the "
                    "file again");
  }
  return true;
}

// Rows of one source before anybody else has one.
Status MergedTickReader::CopyRun(Cursor* cursor, int64_t before_ns, TickBatch* batch) {
  const std::vector<int64_t>& times = cursor->batch.time_ns;
  const auto begin = times.begin() + static_cast<std::ptrdiff_t>(cursor->row);
  const auto end =
      before_ns == INT64_MAX ? times.end() : std::lower_bound(begin, times.end(), before_ns);
  const std::size_t end_row = static_cast<std::size_t>(end - times.begin());
  if (batch->empty() && cursor->row == 0 && end == times.end()) {
    std::swap(*batch, cursor->batch);
    cursor->batch.Clear();
    cursor->row = 0;
  } else {
    batch->AppendRows(cursor->batch, cursor->row, end_row);
    cursor->row = end_row;
  }
  if (!cursor->has_rows()) TICKHOUSE_TRY(Refill(cursor));
  return {};
}

// Moves the cursor's ticks of one instant to the merge; false: it was at its end and is gone.
Result<bool> MergedTickReader::TakeInstant(Cursor* cursor, int64_t time_ns) {
  InstantMerge::Part part{cursor->rank, {}};
  bool more = true;
  while (more && cursor->head() == time_ns) {
    part.quotes.push_back({cursor->batch.bid[cursor->row], cursor->batch.ask[cursor->row]});
    ++cursor->row;
    if (!cursor->has_rows()) {
      TICKHOUSE_ASSIGN(more, Refill(cursor));
    }
  }
  instant_->parts.push_back(std::move(part));
  return more;
}

Status MergedTickReader::MergeInstant(int64_t time_ns, TickBatch* batch) {
  instant_->parts.clear();
  for (std::size_t i = 0; i < active_.size();) {
    bool more = true;
    if (active_[i]->head() == time_ns) {
      TICKHOUSE_ASSIGN(more, TakeInstant(active_[i].get(), time_ns));
    }
    if (more) ++i;
  }
  instant_->OrderParts();
  instant_->merged.clear();
  int64_t quotes = 0;
  for (const InstantMerge::Part& part : instant_->parts) {
    quotes += static_cast<int64_t>(part.quotes.size());
    instant_->AppendMissing(part.quotes);
  }
  doubles_ += quotes - static_cast<int64_t>(instant_->merged.size());
  for (const Quote& quote : instant_->merged) {
    batch->time_ns.push_back(time_ns);
    batch->bid.push_back(quote.bid);
    batch->ask.push_back(quote.ask);
  }
  return {};
}

}  // namespace tickhouse::clean
