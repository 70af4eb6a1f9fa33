// Plans a scan of the current snapshot, for bench/plan.py: parses the metadata file, reads lists
// and manifests, chooses files. Prints the paths as a JSON list, the counters, and the median
// seconds.
//   scan_bench METADATA FILTER [THREADS] [REPETITIONS]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/scan/plan_scan.h"
#include "tickhouse/lake/scan/resolve_snapshot.h"

using namespace tickhouse;
using namespace tickhouse::lake;

namespace {

Result<ScanPlan> PlanOnce(io::FileSystem& files, const std::string& location,
                          const std::string& filter, int threads) {
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(const std::string text, files.ReadWhole(path));
  TICKHOUSE_ASSIGN(const TableMetadata metadata, ParseTableMetadata(text));
  TICKHOUSE_ASSIGN(const ReadPoint point, ResolveReadPoint(metadata, ""));
  ScanRequest request{.snapshot = point.snapshot, .schema = point.schema, .threads = threads};
  TICKHOUSE_ASSIGN(request.filter, BindText(filter, *point.schema));
  return PlanScan(files, metadata, request);
}

Status Run(const std::string& location, const std::string& filter, int threads, int repetitions) {
  const auto files = io::MakeLocalFileSystem();
  std::vector<double> seconds;
  ScanPlan plan;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    TICKHOUSE_ASSIGN(plan, PlanOnce(*files, location, filter, threads));
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  auto paths = nlohmann::json::array();
  for (const ScanTask& task : plan.tasks) paths.push_back(task.data.path);
  const ScanCounters& counters = plan.counters;
  fmt::print("{}\n", paths.dump());
  fmt::print("{} of {} manifests skipped, {} of {} files selected, {} bytes of manifests\n",
             counters.manifests_skipped, counters.manifests, counters.files_selected,
             counters.files, counters.manifest_bytes_read);
  std::ranges::sort(seconds);
  fmt::print("{:.6f}\n", seconds[seconds.size() / 2]);
  return {};
}

int NumberAt(int argc, char** argv, int at, int fallback) {
  return argc > at ? std::max(1, std::atoi(argv[at])) : fallback;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "scan_bench METADATA FILTER [THREADS] [REPETITIONS]\n");
    return 2;
  }
  const Status done = Run(argv[1], argv[2], NumberAt(argc, argv, 3, 2), NumberAt(argc, argv, 4, 1));
  if (done) return 0;
  fmt::print(stderr, "scan_bench: {}\n", done.error().ToString());
  return 1;
}
