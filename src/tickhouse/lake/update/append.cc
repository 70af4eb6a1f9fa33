#include "tickhouse/lake/update/append.h"

#include <fmt/format.h>

#include <utility>

namespace tickhouse::lake {

Result<CommitOutcome> AppendFiles(UpdateSession& session, const TableIdentifier& identifier,
                                  std::vector<DataFile> files, const SnapshotTarget& target,
                                  const std::optional<LoadedTable>& known) {
  for (const DataFile& file : files) {
    if (file.content == FileContent::kData) continue;
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("file '{}': an append adds data files only", file.path));
  }
  SnapshotProducer producer(session, target);
  const FileChanges changes{.operation = "append", .added = std::move(files)};
  return CommitChange(
      session, identifier,
      [&](const LoadedTable& base, WrittenFiles& written) {
        return producer.Produce(base, changes, written);
      },
      known);
}

}  // namespace tickhouse::lake
