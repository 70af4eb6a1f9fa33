#include "tickhouse/ingest/convert/convert_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tickhouse/core/parallel.h"
#include "tickhouse/ingest/convert/convert_item.h"

namespace tickhouse::ingest {

namespace {

// A file written within this span of the conversion may have been written again with the same time.
constexpr int64_t kDoubtNanos = 2 * kNanosPerSecond;

class Claims {
 public:
  Claims(const ConvertPlan& plan, const ConvertOptions& options, const std::string& out,
         io::FileSystem& files, ConvertState& state, const CancelToken& cancel)
      : plan_(plan), options_(options), out_(out), files_(files), state_(state), cancel_(cancel) {}

  Result<std::vector<Claim>> Run() {
    const std::size_t count = plan_.items.size();
    claims_.resize(count);
    fingerprints_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      fingerprints_[i] = OptionsFingerprint(plan_.items[i], options_);
    }
    TICKHOUSE_TRY(ParallelFor(count, options_.threads, cancel_,
                              [this](std::size_t i) { return ClaimByName(i); }));
    TICKHOUSE_TRY(ClaimByContent());
    TICKHOUSE_TRY(ClaimTwins());
    return std::move(claims_);
  }

 private:
  bool OutputsAreThere(const DoneRecord& record) {
    return std::ranges::all_of(record.outputs, [this](const OutputFile& output) {
      const Result<io::FileInfo> info = files_.Stat(io::JoinPath(out_, output.path));
      return info && info->size == output.size;
    });
  }

  bool Counts(const DoneRecord& record, const std::string& fingerprint) {
    return record.options == fingerprint && !(options_.strict && record.rejected > 0) &&
           OutputsAreThere(record);
  }

  // Unreadable sources stay to do: converting them names the reason.
  Status Hash(std::size_t i) {
    if (!claims_[i].content.empty()) return {};
    Result<std::string> content = HashItem(plan_.items[i], files_, cancel_);
    if (content) {
      claims_[i].content = std::move(*content);
    } else if (content.error().kind == ErrorKind::kCancelled) {
      return std::unexpected(std::move(content).error());
    }
    return {};
  }

  Status ClaimByName(std::size_t i) {
    const ConvertItem& item = plan_.items[i];
    const DoneRecord* record = state_.FindItem(item.name);
    if (record == nullptr || record->bytes != item.bytes() || !Counts(*record, fingerprints_[i])) {
      return {};
    }
    int64_t newest_ns = 0;
    for (const SourceFile& source : item.sources)
      newest_ns = std::max(newest_ns, source.modified_ns);
    std::string stamp = SourceStamp(item);
    if (record->stamp == stamp && newest_ns < record->started_ns - kDoubtNanos) {
      claims_[i].todo = false;
    } else {
      TICKHOUSE_TRY(Hash(i));
      if (claims_[i].content != record->content) return {};
      claims_[i].todo = false;
      if (record->stamp != stamp) {
        DoneRecord renewed = *record;
        renewed.stamp = std::move(stamp);
        TICKHOUSE_TRY(state_.Add(std::move(renewed)));
      }
    }
    claims_[i].note = "done by an earlier run";
    return {};
  }

  Status ClaimByContent() {
    std::vector<std::size_t> maybe;
    for (std::size_t i = 0; i < plan_.items.size(); ++i) {
      if (claims_[i].todo && state_.MayKnow(plan_.items[i].bytes(), fingerprints_[i])) {
        maybe.push_back(i);
      }
    }
    TICKHOUSE_TRY(ParallelFor(maybe.size(), options_.threads, cancel_,
                              [&](std::size_t k) { return Hash(maybe[k]); }));
    std::map<std::string, std::size_t, std::less<>> index;
    for (std::size_t i = 0; i < plan_.items.size(); ++i) index.emplace(plan_.items[i].name, i);
    for (const std::size_t i : maybe) {
      const DoneRecord* record = state_.FindContent(claims_[i].content, fingerprints_[i]);
      if (record == nullptr || record->item == plan_.items[i].name || record->outputs.empty()) {
        continue;
      }
      const auto other = index.find(record->item);
      const bool about_to_change = other != index.end() && claims_[other->second].todo;
      if (about_to_change || !Counts(*record, fingerprints_[i])) continue;
      claims_[i].todo = false;
      claims_[i].note = fmt::format("same content as {}, which is done", record->item);
    }
    return {};
  }

  Status ClaimTwins() {
    std::map<std::pair<int64_t, std::string>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < plan_.items.size(); ++i) {
      const int64_t bytes = plan_.items[i].bytes();
      if (claims_[i].todo && bytes > 0) groups[{bytes, fingerprints_[i]}].push_back(i);
    }
    std::vector<std::size_t> maybe;
    for (const auto& [key, members] : groups) {
      if (members.size() > 1) maybe.insert(maybe.end(), members.begin(), members.end());
    }
    TICKHOUSE_TRY(ParallelFor(maybe.size(), options_.threads, cancel_,
                              [&](std::size_t k) { return Hash(maybe[k]); }));
    std::map<std::pair<std::string, std::string>, std::size_t> first;
    std::ranges::sort(maybe);
    for (const std::size_t i : maybe) {
      if (claims_[i].content.empty()) continue;
      const auto [twin, fresh] = first.emplace(std::pair(claims_[i].content, fingerprints_[i]), i);
      if (fresh) continue;
      claims_[i].todo = false;
      claims_[i].note = fmt::format("same content as {}", plan_.items[twin->second].label());
    }
    return {};
  }

  const ConvertPlan& plan_;
  const ConvertOptions& options_;
  const std::string& out_;
  io::FileSystem& files_;
  ConvertState& state_;
  const CancelToken& cancel_;
  std::vector<Claim> claims_;
  std::vector<std::string> fingerprints_;
};

}  // namespace

Result<std::vector<Claim>> ClaimItems(const ConvertPlan& plan, const ConvertOptions& options,
                                      const std::string& out, io::FileSystem& files,
                                      ConvertState& state, const CancelToken& cancel) {
  return Claims(plan, options, out, files, state, cancel).Run();
}

}  // namespace tickhouse::ingest
