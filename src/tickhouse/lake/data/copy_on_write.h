// Deleting rows by writing the others anew.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/data/data_file_writer.h"
#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// As update/file_changes.h has RewriteRows.
using RowRewriter = std::function<Result<std::optional<std::vector<DataFile>>>(
    const DataFile& data, const std::vector<DataFile>& deletes)>;

/// Rewrites a data file and the deletes that apply to it: rows of which `filter` is true go, those
/// of which it is false or unknown stay, in their order, in the file's own partition. Answers
/// nothing when no row is to go (found by reading the filter's columns alone), no files when none
/// is to stay. After a failure the files it wrote are gone. Files have the current schema of
/// `metadata`, to which `filter` is bound. `files` and `random` must outlive it. Of `options` spec
/// and order are the file's. One thread.
RowRewriter MakeCopyOnWrite(io::FileSystem& files, MetadataPtr metadata, Predicate filter,
                            Random& random, DataWriteOptions options = {});

}  // namespace tickhouse::lake
