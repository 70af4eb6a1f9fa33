// A small lake whose data files are really there. Tests only.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/lake/maintenance/reachable.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {

/// TestLake with a file of the right size behind each data file, and an hour between snapshots.
class FiledLake : public TestLake {
 public:
  using TestLake::TestLake;

  DataFile Write(const std::string& name, int year = 51) {
    const DataFile file = File(name, year);
    EXPECT_OK(
        files->WriteWhole(file.path, std::string(static_cast<std::size_t>(file.file_size), 'x')));
    return file;
  }
  /// Appends one new file, an hour after whatever came before; answers the snapshot.
  int64_t Append(const std::string& name, const SnapshotTarget& target = {}, int year = 51) {
    clock.Advance(std::chrono::hours(1));
    const auto outcome = AppendFiles(session, id, {Write(name, year)}, target);
    EXPECT_OK(outcome);
    return outcome ? outcome->snapshot_id.value_or(0) : 0;
  }
  /// Every path on disk.
  std::set<std::string> Paths() {
    std::set<std::string> paths;
    const auto listed = files->ListFiles("/lake");
    EXPECT_OK(listed);
    if (!listed) return paths;
    for (const io::FileInfo& info : *listed) paths.insert(info.path);
    return paths;
  }
  /// All that the table refers to is there.
  void ExpectWhole() {
    const auto needed = ReachableFiles(*files, Load());
    ASSERT_OK(needed);
    const auto paths = Paths();
    for (const auto& [path, role] : *needed) {
      EXPECT_TRUE(paths.contains(path)) << FileRoleName(role) << " " << path;
    }
  }
  int64_t Now() { return NowMillis(clock); }
};

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;

}  // namespace tickhouse::lake
