#include "tickhouse/clean/segment_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "tickhouse/clean/one_second.h"
#include "tickhouse/clean/sorted_tick_reader.h"
#include "tickhouse/core/time.h"

namespace tickhouse::clean {

namespace {

// Readers open at once; each holds some pages a column, and a file descriptor.
constexpr std::size_t kMostOpen = 64;

class EmptyTickReader : public TickReader {
 public:
  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    return false;
  }
};

// How many sources have rows at one instant, at most.
std::size_t OverlapDepth(const std::vector<TickSource>& sources) {
  std::vector<std::pair<int64_t, int>> ends;
  for (const TickSource& source : sources) {
    ends.emplace_back(source.begin_ns, -1);
    ends.emplace_back(source.end_ns, 1);
  }
  std::sort(ends.begin(), ends.end());  // At one instant, beginnings (-1) come before ends.
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (const auto& [time_ns, step] : ends) {
    depth = step < 0 ? depth + 1 : depth - 1;
    deepest = std::max(deepest, depth);
  }
  return deepest;
}

}  // namespace

// Chooses the first row of each second by its time alone, while the reader reads.
struct SegmentReader::FirstRows {
  FirstRows(const SegmentPart& of, const std::optional<WindowSchedule>& schedule)
      : part(of), windows(schedule), last_ns(of.first_ns) {}

  void Choose(std::span<const int64_t> times, std::vector<uint32_t>* rows) {
    int64_t last = last_ns;
    int64_t end = second_end_ns;
    bool in_order = true;
    rows->resize(times.size());
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < times.size(); ++i) {
      const int64_t time_ns = times[i];
      in_order &= time_ns >= last;
      last = time_ns;
      if (time_ns < end) continue;
      end = NextSecondEnd(time_ns, end);
      if (windows.Inside(time_ns)) (*rows)[chosen++] = static_cast<uint32_t>(i);
    }
    rows->resize(chosen);
    ordered &= in_order;
    last_ns = last;
    second_end_ns = end;
    seen += static_cast<int64_t>(times.size());
  }

  SegmentPart part;
  TickFilter windows;
  int64_t last_ns;
  int64_t second_end_ns = std::numeric_limits<int64_t>::min();
  int64_t seen = 0;
  bool ordered = true;
  std::unique_ptr<TickReader> reader;
};

SegmentReader::SegmentReader(const SymbolJob& job, const std::vector<FileLayout>& files,
                             const Segment& segment, bool only_firsts)
    : job_(job), files_(files), segment_(segment), only_firsts_(only_firsts) {}

SegmentReader::~SegmentReader() = default;

std::optional<FileFault> SegmentReader::fault() const {
  return fault_;
}

Result<bool> SegmentReader::Next(TickBatch* batch) {
  batch->Clear();
  if (!std::exchange(opened_, true)) TICKHOUSE_TRY(Open());
  if (firsts_) {
    const std::size_t file = firsts_->part.file;
    auto more = firsts_->reader->Next(batch);
    if (!more) {
      fault_ = {file, FileFault::Kind::kUnusable, more.error()};
      return more;
    }
    TICKHOUSE_TRY(CheckFirsts(*batch));
    return more;
  }
  auto more = merge_->Next(batch);
  if (!more) NoteFault(*merge_, more.error());
  doubles_ = merge_->doubles();
  return more;
}

Status SegmentReader::Open() {
  const SegmentPart& first = segment_.parts.front();
  const FileLayout& file = files_[first.file];
  if (only_firsts_ && segment_.parts.size() == 1 && file.ordered && file.complete) {
    firsts_ = std::make_unique<FirstRows>(first, job_.schedule);
    auto reader = OpenFirsts(first);
    if (!reader) {
      fault_ = {first.file, FileFault::Kind::kUnusable, reader.error()};
      return Fail(reader.error());
    }
    firsts_->reader = std::move(*reader);
    return {};
  }
  std::vector<TickSource> sources;
  for (const SegmentPart& part : segment_.parts) {
    sources.push_back(SourceOf(part));
    source_files_.push_back(part.file);
  }
  if (sources.size() > kMostOpen && OverlapDepth(sources) > kMostOpen) {
    TICKHOUSE_TRY(MergeInPasses(&sources));
  }
  merge_ = std::make_unique<MergedTickReader>(std::move(sources));
  return {};
}

// Neighbours in rank are merged first; the rule for doubles is associative, so the result is the
// same.
Status SegmentReader::MergeInPasses(std::vector<TickSource>* sources) {
  std::vector<std::pair<TickSource, std::size_t>> ranked;
  ranked.reserve(sources->size());
  for (std::size_t i = 0; i < sources->size(); ++i) {
    ranked.emplace_back(std::move((*sources)[i]), source_files_[i]);
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.first.rank != b.first.rank ? a.first.rank < b.first.rank : a.second < b.second;
  });
  std::vector<TickSource> fewer;
  std::vector<std::size_t> fewer_files;
  for (std::size_t begin = 0; begin < ranked.size(); begin += kMostOpen) {
    const std::size_t end = std::min(ranked.size(), begin + kMostOpen);
    TickSource run;
    run.name = ranked[begin].first.name;
    run.rank = ranked[begin].first.rank;
    run.begin_ns = std::numeric_limits<int64_t>::max();
    run.end_ns = std::numeric_limits<int64_t>::min();
    std::vector<TickSource> group;
    source_files_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      run.begin_ns = std::min(run.begin_ns, ranked[i].first.begin_ns);
      run.end_ns = std::max(run.end_ns, ranked[i].first.end_ns);
      source_files_.push_back(ranked[i].second);
      group.push_back(std::move(ranked[i].first));
    }
    MergedTickReader merge(std::move(group));
    auto stored = Spill(merge, job_.spill);
    if (!stored) {
      NoteFault(merge, stored.error());
      return Fail(stored.error());
    }
    doubles_ += merge.doubles();
    auto reader = std::make_shared<std::unique_ptr<TickReader>>(std::move(*stored));
    run.open = [reader]() -> Result<std::unique_ptr<TickReader>> { return std::move(*reader); };
    fewer.push_back(std::move(run));
    fewer_files.push_back(ranked[begin].second);
  }
  *sources = std::move(fewer);
  source_files_ = std::move(fewer_files);
  if (sources->size() > kMostOpen) return MergeInPasses(sources);
  return {};
}

TickSource SegmentReader::SourceOf(const SegmentPart& part) {
  TickSource source;
  source.name = files_[part.file].name;
  source.rank = files_[part.file].rank();
  source.begin_ns = part.first_ns;
  source.end_ns = part.last_ns;
  source.open = [this, part] { return OpenPart(part); };
  return source;
}

ReadRequest SegmentReader::RequestFor(const SegmentPart& part) const {
  ReadRequest request{part.file, part.group_begin, part.group_end, std::nullopt, {}};
  if (!files_[part.file].by_group) request.group_end = -1;
  if (job_.schedule) {
    const int64_t end =
        part.last_ns == std::numeric_limits<int64_t>::max() ? part.last_ns : part.last_ns + 1;
    request.ranges = WindowRanges(*job_.schedule, {FromNanos(part.first_ns), FromNanos(end)});
  }
  return request;
}

Result<std::unique_ptr<TickReader>> SegmentReader::OpenPart(const SegmentPart& part) {
  const ReadRequest request = RequestFor(part);
  if (request.ranges && request.ranges->empty()) return std::make_unique<EmptyTickReader>();
  TICKHOUSE_ASSIGN(std::unique_ptr<TickReader> raw, job_.open(request));
  auto usable = std::make_unique<FilteredTickReader>(std::move(raw), job_.schedule, &counts_);
  if (files_[part.file].ordered) return usable;
  // Files sorted side by side share the room, but for a floor below which runs would be crumbs.
  const std::size_t rows = std::max(job_.memory_rows / segment_.parts.size(),
                                    std::min<std::size_t>(job_.memory_rows, 20'000));
  return std::make_unique<SortedTickReader>(std::move(usable), job_.spill,
                                            SortedTickReader::Options{rows, kMostOpen});
}

Result<std::unique_ptr<TickReader>> SegmentReader::OpenFirsts(const SegmentPart& part) {
  ReadRequest request = RequestFor(part);
  if (request.ranges && request.ranges->empty()) return std::make_unique<EmptyTickReader>();
  request.choose = [firsts = firsts_.get()](std::span<const int64_t> times,
                                            std::vector<uint32_t>* rows) {
    firsts->Choose(times, rows);
  };
  return job_.open(request);
}

// What the merge checks row by row, for rows chosen by their times.
Status SegmentReader::CheckFirsts(const TickBatch& batch) {
  const SegmentPart& part = firsts_->part;
  counts_.rows = firsts_->seen;
  if (!firsts_->ordered || firsts_->last_ns > part.last_ns) {
    const std::string& name = files_[part.file].name;
    fault_ = {part.file, FileFault::Kind::kOutOfOrder,
              Error{ErrorKind::kUnsupported, name + ": rows out of time order"}};
    return Fail(fault_->error);
  }
  if (AllFinite(batch.bid) && AllFinite(batch.ask)) return {};
  fault_ = {part.file, FileFault::Kind::kIncomplete,
            Error{ErrorKind::kUnsupported, files_[part.file].name + ": a price is missing"}};
  return Fail(fault_->error);
}

void SegmentReader::NoteFault(const MergedTickReader& merge, const Error& error) {
  if (!merge.fault()) return;
  fault_ = {source_files_[merge.fault()->source],
            merge.fault()->out_of_order ? FileFault::Kind::kOutOfOrder : FileFault::Kind::kUnusable,
            error};
}

}  // namespace tickhouse::clean
