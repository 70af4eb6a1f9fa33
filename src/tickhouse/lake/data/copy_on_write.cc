#include "tickhouse/lake/data/copy_on_write.h"

#include <set>
#include <utility>

#include "tickhouse/io/parquet/table/row_choice.h"
#include "tickhouse/lake/data/data_file_reader.h"
#include "tickhouse/lake/expression/row_filter.h"

namespace tickhouse::lake {

namespace {

struct Rewrite {
  io::FileSystem& files;
  MetadataPtr metadata;
  Predicate filter;
  Random& random;
  DataWriteOptions options;

  Result<bool> AnyMatches(const DataFile& data, const std::vector<DataFile>& deletes) const;
  Status WriteOthers(DataFileReader* reader, const DataFile& data, DataFileWriter* writer) const;
  Result<std::optional<std::vector<DataFile>>> Run(const DataFile& data,
                                                   const std::vector<DataFile>& deletes) const;
};

Result<bool> Rewrite::AnyMatches(const DataFile& data, const std::vector<DataFile>& deletes) const {
  TICKHOUSE_ASSIGN(const auto reader,
                   DataFileReader::Open(files, *metadata, data, deletes, {.residual = filter}));
  io::ColumnBatch batch;
  return reader->Next(&batch);
}

Status Rewrite::WriteOthers(DataFileReader* reader, const DataFile& data,
                            DataFileWriter* writer) const {
  io::ColumnBatch batch;
  std::vector<uint8_t> matches;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return {};
    TICKHOUSE_TRY(FilterRows(filter, batch, &matches));
    for (uint8_t& match : matches) match = match == 0 ? 1 : 0;
    if (io::KeepRows(matches, &batch) == 0) continue;
    TICKHOUSE_TRY(writer->WritePartition(data.partition, batch));
  }
}

Result<std::optional<std::vector<DataFile>>> Rewrite::Run(
    const DataFile& data, const std::vector<DataFile>& deletes) const {
  TICKHOUSE_ASSIGN(const bool any, AnyMatches(data, deletes));
  if (!any) return std::optional<std::vector<DataFile>>();
  TICKHOUSE_ASSIGN(const auto reader, DataFileReader::Open(files, *metadata, data, deletes,
                                                           {.columns = metadata->CurrentSchema()}));
  DataWriteOptions written = options;
  written.spec_id = data.spec_id;
  written.sort_order_id = data.sort_order_id;
  TICKHOUSE_ASSIGN(const auto writer, DataFileWriter::Open(files, *metadata, random, written));
  Status done = WriteOthers(reader.get(), data, writer.get());
  if (done) {
    auto made = writer->Close();
    if (made) return std::optional(std::move(*made));
    done = Fail(made.error());
  }
  const Status cleared = writer->Abandon();  // The failure that led here is the one to tell.
  static_cast<void>(cleared);
  return Fail(done.error());
}

}  // namespace

RowRewriter MakeCopyOnWrite(io::FileSystem& files, MetadataPtr metadata, Predicate filter,
                            Random& random, DataWriteOptions options) {
  return [rewrite = Rewrite{files, std::move(metadata), std::move(filter), random, options}](
             const DataFile& data, const std::vector<DataFile>& deletes) {
    return rewrite.Run(data, deletes);
  };
}

}  // namespace tickhouse::lake
