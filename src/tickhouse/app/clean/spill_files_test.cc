#include "tickhouse/app/clean/spill_files.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/fs/test_folder.h"

namespace tickhouse::app {
namespace {

TickBatch Rows(std::size_t count) {
  TickBatch batch;
  for (std::size_t i = 0; i < count; ++i) {
    batch.time_ns.push_back(static_cast<int64_t>(i) - 5);
    batch.bid.push_back(static_cast<double>(i) / 3);
    batch.ask.push_back(static_cast<double>(i) / 7);
  }
  return batch;
}

TEST(SpillFiles, GiveBackWhatWasWrittenAndLeaveNothing) {
  io::TemporaryFolder folder;
  const auto files = io::MakeLocalFileSystem();
  const auto store = MakeSpillFiles(files.get(), folder.File("spill"));
  for (const std::size_t count : {0u, 1u, 8'191u, 8'192u, 8'193u, 30'000u}) {
    const TickBatch rows = Rows(count);
    ASSERT_OK_AND_ASSIGN(const auto run, store->NewRun());
    VectorTickReader source(rows, 777);
    TickBatch batch;
    while (source.Next(&batch).value()) ASSERT_OK(run->Write(batch));
    ASSERT_OK_AND_ASSIGN(const auto reader, run->Read());
    ASSERT_OK_AND_ASSIGN(const TickBatch back, ReadAll(*reader));
    EXPECT_EQ(back.time_ns, rows.time_ns);
    EXPECT_EQ(back.bid, rows.bid);
    EXPECT_EQ(back.ask, rows.ask);
  }
  ASSERT_OK_AND_ASSIGN(const auto left, files->ListFiles(folder.path()));
  EXPECT_TRUE(left.empty());
}

TEST(SpillFiles, ARunNobodyReadsIsRemovedToo) {
  const auto files = io::MakeMemoryFileSystem();
  const auto store = MakeSpillFiles(files.get(), "out/spill");
  {
    ASSERT_OK_AND_ASSIGN(const auto run, store->NewRun());
    ASSERT_OK(run->Write(Rows(20'000)));
  }
  ASSERT_OK_AND_ASSIGN(const auto left, files->ListFiles("out"));
  EXPECT_TRUE(left.empty());
}

TEST(SpillFiles, AFullDiskIsSaidSo) {
  const auto memory = io::MakeMemoryFileSystem();
  const auto files = io::MakeFaultyFileSystem(
      memory.get(), [](io::FsCall call, const std::string&, int n) -> std::optional<Error> {
        if (call == io::FsCall::kAppend && n == 1) return Error{ErrorKind::kNoSpace, "full"};
        return std::nullopt;
      });
  const auto store = MakeSpillFiles(files.get(), "spill");
  ASSERT_OK_AND_ASSIGN(const auto run, store->NewRun());
  EXPECT_THAT(run->Write(Rows(8'192)), IsError(ErrorKind::kNoSpace));
}

TEST(RemoveFilesBelow, TakesAwayWhatAKilledRunLeftAndMindsNoMissingFolder) {
  const auto files = io::MakeMemoryFileSystem();
  EXPECT_OK(RemoveFilesBelow(*files, "out/spill"));
  ASSERT_OK(files->WriteWhole("out/spill/run-0", "left"));
  ASSERT_OK(files->WriteWhole("out/kept", "kept"));
  EXPECT_OK(RemoveFilesBelow(*files, "out/spill"));
  ASSERT_OK_AND_ASSIGN(const auto left, files->ListFiles("out"));
  EXPECT_EQ(left.size(), 1u);
}

}  // namespace
}  // namespace tickhouse::app
