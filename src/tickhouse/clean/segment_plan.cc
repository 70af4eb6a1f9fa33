#include "tickhouse/clean/segment_plan.h"

#include <algorithm>
#include <tuple>

#include "tickhouse/core/check.h"

namespace tickhouse::clean {

namespace {

bool GroupsInOrder(const FileLayout& file) {
  const GroupBounds* before = nullptr;
  for (const GroupBounds& group : file.groups) {
    if (group.rows == 0) continue;
    if (before != nullptr && group.first_ns < before->last_ns) return false;
    before = &group;
  }
  return true;
}

SegmentPart WholeFile(const std::vector<FileLayout>& files, std::size_t index) {
  const SourceRank rank = files[index].rank();
  return {index,         0,           static_cast<int>(files[index].groups.size()), rank.rows,
          rank.first_ns, rank.last_ns};
}

std::vector<SegmentPart> Pieces(const std::vector<FileLayout>& files) {
  std::vector<SegmentPart> pieces;
  for (std::size_t index = 0; index < files.size(); ++index) {
    const FileLayout& file = files[index];
    if (file.rank().rows == 0) continue;
    if (!file.by_group || !file.ordered) {
      pieces.push_back(WholeFile(files, index));
      continue;
    }
    for (int i = 0; i < static_cast<int>(file.groups.size()); ++i) {
      const GroupBounds& group = file.groups[static_cast<std::size_t>(i)];
      if (group.rows == 0) continue;
      pieces.push_back({index, i, i + 1, group.rows, group.first_ns, group.last_ns});
    }
  }
  std::sort(pieces.begin(), pieces.end(), [](const SegmentPart& a, const SegmentPart& b) {
    return std::tie(a.first_ns, a.last_ns, a.file, a.group_begin) <
           std::tie(b.first_ns, b.last_ns, b.file, b.group_begin);
  });
  return pieces;
}

// Pieces that share an instant with a piece of another file, directly or through others. Two
// neighbouring groups of one file that share an instant are no conflict: their order is known.
class Cluster {
 public:
  bool Touches(const SegmentPart& piece) const {
    return !parts_.empty() && piece.first_ns <= last_ns_;
  }
  bool OnlyOf(std::size_t file) const { return parts_.size() == 1 && parts_.front().file == file; }

  void Add(const SegmentPart& piece) {
    last_ns_ = parts_.empty() ? piece.last_ns : std::max(last_ns_, piece.last_ns);
    for (SegmentPart& part : parts_) {
      if (part.file != piece.file) continue;
      TICKHOUSE_CHECK(part.group_end <= piece.group_begin, "groups of a file come in its order");
      part.group_end = piece.group_end;
      part.rows += piece.rows;
      part.last_ns = piece.last_ns;
      return;
    }
    parts_.push_back(piece);
  }

  int64_t rows() const { return parts_.empty() ? 0 : parts_.front().rows; }

  void Flush(std::vector<Segment>* segments) {
    if (!parts_.empty()) segments->push_back({std::move(parts_)});
    parts_.clear();
  }

 private:
  std::vector<SegmentPart> parts_;
  int64_t last_ns_ = 0;
};

}  // namespace

SourceRank FileLayout::rank() const {
  SourceRank rank;
  for (const GroupBounds& group : groups) {
    if (group.rows == 0) continue;
    rank.first_ns = rank.rows == 0 ? group.first_ns : std::min(rank.first_ns, group.first_ns);
    rank.last_ns = rank.rows == 0 ? group.last_ns : std::max(rank.last_ns, group.last_ns);
    rank.rows += group.rows;
  }
  return rank;
}

namespace {

// True when a piece of another file begins no later than `until_ns`; pieces before `from` are
// placed.
bool OtherFileBegins(const std::vector<SegmentPart>& pieces, std::size_t from, std::size_t file,
                     int64_t until_ns) {
  for (std::size_t i = from; i < pieces.size() && pieces[i].first_ns <= until_ns; ++i) {
    if (pieces[i].file != file) return true;
  }
  return false;
}

}  // namespace

std::vector<Segment> PlanSegments(std::vector<FileLayout>* files, int64_t rows_wanted) {
  for (FileLayout& file : *files) file.ordered = file.ordered && GroupsInOrder(file);
  std::vector<Segment> segments;
  Cluster cluster;
  const std::vector<SegmentPart> pieces = Pieces(*files);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const SegmentPart& piece = pieces[i];
    const bool alone = cluster.OnlyOf(piece.file);
    bool join = cluster.Touches(piece);
    // Neighbours of one file that share an instant stay apart, unless another file has that
    // instant.
    if (join && alone) join = OtherFileBegins(pieces, i + 1, piece.file, piece.first_ns);
    const bool small = alone && cluster.rows() + piece.rows <= rows_wanted &&
                       !OtherFileBegins(pieces, i + 1, piece.file, piece.last_ns);
    if (!join && !small) cluster.Flush(&segments);
    cluster.Add(piece);
  }
  cluster.Flush(&segments);
  return segments;
}

}  // namespace tickhouse::clean
