// Plans over random tables against a judge that looks at every row.
#include <set>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/expression/partition_filter.h"
#include "tickhouse/lake/expression/row_filter.h"
#include "tickhouse/lake/expression/testing_rows.h"
#include "tickhouse/lake/scan/plan_scan.h"

namespace tickhouse::lake {
namespace {

constexpr int kSpecs = 4;
constexpr int kManifests = 6;
constexpr int kFilesOfManifest = 5;

struct RandomFile {
  std::vector<TestRow> rows;
  bool deleted = false;
};

class RandomTable {
 public:
  explicit RandomTable(uint64_t seed) : random_(seed) {
    metadata_.schemas = {FilterTestSchema()};
    for (int id = 0; id < kSpecs; ++id) metadata_.specs.push_back(RandomSpec(id));
  }

  Status Write() {
    std::vector<ManifestFile> list;
    for (int m = 0; m < kManifests; ++m) {
      const PartitionSpec& spec = metadata_.specs[random_.Below(kSpecs)];
      const std::vector<ManifestEntry> entries = RandomEntries(spec, m);
      const ManifestContext context{.schema = &schema(), .spec = &spec};
      TICKHOUSE_ASSIGN(list.emplace_back(), WriteManifest(*files, fmt::format("/m{}.avro", m),
                                                          context, snapshot.id, entries));
      if (random_.Below(8) == 0) list.back().partitions.clear();
    }
    return WriteManifestList(*files, snapshot, 2, list);
  }

  const Schema& schema() const { return metadata_.schemas[0]; }
  const TableMetadata& metadata() const { return metadata_; }
  Random& random() { return random_; }

  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  Snapshot snapshot{.id = 1, .sequence_number = 1, .manifest_list = "/list.avro"};
  std::map<std::string, RandomFile> content;

 private:
  PartitionSpec RandomSpec(int id) {
    constexpr const char* kTransforms[] = {"identity", "bucket[4]", "truncate[3]", "year",
                                           "month",    "day",       "hour",        "void"};
    PartitionSpec spec{.id = id};
    while (random_.Below(3) != 0) {
      const Field& field = schema().fields[random_.Below(schema().fields.size())];
      const Transform transform = ParseTransform(kTransforms[random_.Below(8)]);
      if (!transform.ResultType(field.type)) continue;
      const int field_id = 1000 + 10 * id + static_cast<int>(spec.fields.size());
      spec.fields.push_back({.source_id = field.id,
                             .field_id = field_id,
                             .name = fmt::format("p{}", field_id),
                             .transform = transform});
    }
    return spec;
  }

  PartitionValues PartitionOf(const PartitionSpec& spec, const TestRow& row) const {
    PartitionValues values;
    for (const PartitionField& field : spec.fields) {
      const auto at = static_cast<std::size_t>(field.source_id - 1);
      values.push_back(field.transform.Apply(schema().fields[at].type, row[at]));
    }
    return values;
  }

  std::vector<ManifestEntry> RandomEntries(const PartitionSpec& spec, int manifest) {
    std::vector<ManifestEntry> entries;
    for (int i = 0; i < kFilesOfManifest; ++i) {
      RandomFile made{.deleted = random_.Below(6) == 0};
      made.rows.push_back(RandomRow(schema(), &random_));
      const PartitionValues partition = PartitionOf(spec, made.rows[0]);
      for (int tries = 0; tries < 5; ++tries) {
        TestRow row = RandomRow(schema(), &random_);
        if (PartitionOf(spec, row) == partition) made.rows.push_back(std::move(row));
      }
      ManifestEntry entry{.status = made.deleted ? EntryStatus::kDeleted : EntryStatus::kAdded};
      entry.file = FileOf(schema(), made.rows, &random_);
      entry.file.path = fmt::format("/{}-{}.parquet", manifest, i);
      entry.file.spec_id = spec.id;
      entry.file.partition = partition;
      if (made.deleted) entry.sequence_number = entry.file_sequence_number = 1;
      content[entry.file.path] = std::move(made);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  TableMetadata metadata_;
  Random random_;
};

class RandomPlans : public testing::TestWithParam<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomPlans, testing::Range(uint64_t{0}, uint64_t{60}));

TEST_P(RandomPlans, LoseNoRowAndKeepNoDeletedFile) {
  RandomTable table(GetParam());
  ASSERT_OK(table.Write());
  for (int round = 0; round < 25; ++round) {
    const Expression expression = RandomExpression(table.schema(), &table.random(), 2);
    ASSERT_OK_AND_ASSIGN(const Predicate filter, Bind(expression, table.schema()));
    ASSERT_OK_AND_ASSIGN(
        const ScanPlan plan,
        PlanScan(*table.files, table.metadata(), {.snapshot = &table.snapshot, .filter = filter}));
    std::map<std::string, const ScanTask*> tasks;
    for (const ScanTask& task : plan.tasks) tasks[task.data.path] = &task;
    ASSERT_EQ(tasks.size(), plan.tasks.size()) << "a file twice";
    for (const auto& [path, file] : table.content) {
      const auto task = tasks.find(path);
      ASSERT_FALSE(file.deleted && task != tasks.end()) << path;
      std::vector<uint8_t> left;
      if (task != tasks.end()) {
        ASSERT_OK(FilterRows(task->second->residual, BatchOf(table.schema(), file.rows), &left));
      }
      for (std::size_t row = 0; row < file.rows.size() && !file.deleted; ++row) {
        const bool matches = JudgeRow(expression, table.schema(), file.rows[row]) == true;
        const bool answered = task != tasks.end() && left[row] != 0;
        ASSERT_EQ(answered, matches) << ToText(expression) << " of " << path << " row " << row;
      }
    }
  }
}

TEST(RandomPlans, LeaveOutMostOfWhatIsNotAskedFor) {
  int64_t skipped = 0, selected = 0;
  for (uint64_t seed = 100; seed < 120; ++seed) {
    RandomTable table(seed);
    ASSERT_OK(table.Write());
    ASSERT_OK_AND_ASSIGN(const Predicate filter, BindText("l = 5 and i = -3", table.schema()));
    ASSERT_OK_AND_ASSIGN(
        const ScanPlan plan,
        PlanScan(*table.files, table.metadata(), {.snapshot = &table.snapshot, .filter = filter}));
    skipped += plan.counters.files_skipped_by_partition + plan.counters.files_skipped_by_values;
    selected += plan.counters.files_selected;
  }
  EXPECT_GT(skipped, selected) << "of few values, each bound now and then unknown";
}

}  // namespace
}  // namespace tickhouse::lake
