#include "tickhouse/clean/segment_plan.h"

#include <algorithm>
#include <limits>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"

namespace tickhouse::clean {
namespace {

FileLayout File(const std::vector<std::pair<int64_t, int64_t>>& groups) {
  FileLayout file;
  for (const auto& [first, last] : groups) file.groups.push_back({10, first, last});
  return file;
}

// "0[0,2) 1[0,1)" a segment: file and groups of each part, sorted by file.
std::vector<std::string> Shape(std::vector<FileLayout> files, int64_t rows_wanted = 1) {
  std::vector<std::string> shape;
  for (Segment& segment : PlanSegments(&files, rows_wanted)) {
    std::sort(segment.parts.begin(), segment.parts.end(),
              [](const SegmentPart& a, const SegmentPart& b) { return a.file < b.file; });
    std::string text;
    for (const SegmentPart& part : segment.parts) {
      text += (text.empty() ? "" : " ") + std::to_string(part.file) + "[" +
              std::to_string(part.group_begin) + "," + std::to_string(part.group_end) + ")";
    }
    shape.push_back(text);
  }
  return shape;
}

using Shapes = std::vector<std::string>;

TEST(PlanSegments, EachGroupOfALonelyFileIsASegment) {
  EXPECT_EQ(Shape({File({{0, 9}, {10, 19}, {19, 30}})}), (Shapes{"0[0,1)", "0[1,2)", "0[2,3)"}));
}

TEST(PlanSegments, SmallGroupsShareASegment) {
  EXPECT_EQ(Shape({File({{0, 9}, {10, 19}, {20, 30}})}, 20), (Shapes{"0[0,2)", "0[2,3)"}));
}

TEST(PlanSegments, FilesOneAfterAnotherStayApartWhateverTheirOrder) {
  EXPECT_EQ(Shape({File({{20, 29}}), File({{0, 9}})}, 100), (Shapes{"1[0,1)", "0[0,1)"}));
}

TEST(PlanSegments, OnlyOverlappingGroupsAreMerged) {
  EXPECT_EQ(Shape({File({{0, 9}, {10, 19}, {20, 29}, {30, 39}}), File({{15, 25}})}),
            (Shapes{"0[0,1)", "0[1,3) 1[0,1)", "0[3,4)"}));
}

TEST(PlanSegments, FilesThatShareOneInstantAreMerged) {
  EXPECT_EQ(Shape({File({{0, 10}}), File({{10, 20}})}), (Shapes{"0[0,1) 1[0,1)"}));
}

TEST(PlanSegments, ABorderInstantOfTwoGroupsThatAnotherFileHasTooTakesBothGroups) {
  EXPECT_EQ(Shape({File({{0, 10}, {10, 20}}), File({{10, 30}})}), (Shapes{"0[0,2) 1[0,1)"}));
  EXPECT_EQ(Shape({File({{0, 10}, {10, 20}}), File({{10, 12}})}), (Shapes{"0[0,2) 1[0,1)"}));
}

TEST(PlanSegments, GroupsOutOfOrderMakeTheWholeFileOnePartToBeSorted) {
  std::vector<FileLayout> files = {File({{10, 20}, {0, 9}})};
  const std::vector<Segment> segments = PlanSegments(&files, 1);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_FALSE(files[0].ordered);
  EXPECT_EQ(segments[0].parts[0].group_end, 2);
  EXPECT_EQ(segments[0].parts[0].first_ns, 0);
  EXPECT_EQ(segments[0].parts[0].last_ns, 20);
  EXPECT_EQ(segments[0].parts[0].rows, 20);
}

TEST(PlanSegments, GroupsWithoutRowsAreNowhere) {
  FileLayout file = File({{0, 9}, {10, 19}});
  file.groups[0].rows = 0;
  EXPECT_EQ(Shape({file}), Shapes{"0[1,2)"});
  EXPECT_TRUE(Shape({FileLayout{}}).empty());
}

// What the header promises, for random layouts.
TEST(PlanSegments, SegmentsCoverEveryGroupOnceAndNeverOverlapAnotherFile) {
  Random random(3);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<FileLayout> files;
    const std::size_t count = 1 + random.Below(4);
    for (std::size_t i = 0; i < count; ++i) {
      FileLayout file;
      auto at = static_cast<int64_t>(random.Below(12));
      const std::size_t groups = 1 + random.Below(5);
      for (std::size_t k = 0; k < groups; ++k) {
        const int64_t first = at + static_cast<int64_t>(random.Below(3));
        const int64_t last = first + static_cast<int64_t>(random.Below(4));
        file.groups.push_back({static_cast<int64_t>(random.Below(3)), first, last});
        at = last;
      }
      files.push_back(file);
    }
    const auto segments = PlanSegments(&files, static_cast<int64_t>(random.Below(6)));
    std::vector<std::vector<int>> covered(count);
    for (std::size_t i = 0; i < count; ++i) covered[i].resize(files[i].groups.size());
    for (std::size_t s = 0; s < segments.size(); ++s) {
      for (const SegmentPart& part : segments[s].parts) {
        for (int g = part.group_begin; g < part.group_end; ++g) {
          ++covered[part.file][static_cast<std::size_t>(g)];
        }
        for (std::size_t later = s + 1; later < segments.size(); ++later) {
          for (const SegmentPart& other : segments[later].parts) {
            if (other.file == part.file) {
              ASSERT_LE(part.last_ns, other.first_ns) << "round " << round;
            } else {
              ASSERT_LT(part.last_ns, other.first_ns) << "round " << round;
            }
          }
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t g = 0; g < covered[i].size(); ++g) {
        if (files[i].groups[g].rows > 0) {
          ASSERT_EQ(covered[i][g], 1) << "round " << round;
        }
        ASSERT_LE(covered[i][g], 1) << "round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace tickhouse::clean
