#include "tickhouse/io/fs/file_system_contract.h"

#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/fs/test_folder.h"

namespace tickhouse::io {
namespace {

struct LocalUnderTest : FileSystemUnderTest {
  FileSystem& fs() override { return *fs_; }
  std::string root() override { return folder_.path(); }
  TemporaryFolder folder_;
  std::unique_ptr<FileSystem> fs_ = MakeLocalFileSystem();
};

struct MemoryUnderTest : FileSystemUnderTest {
  MemoryUnderTest() { EXPECT_OK(fs_->MakeFolders("memory/root")); }
  FileSystem& fs() override { return *fs_; }
  std::string root() override { return "memory/root"; }
  std::unique_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
};

struct FaultlessUnderTest : LocalUnderTest {
  FileSystem& fs() override { return *faulty_; }
  std::unique_ptr<FaultyFileSystem> faulty_ = MakeFaultyFileSystem(fs_.get());
};

template <typename T>
FileSystemCase Case(std::string name) {
  return {std::move(name), [] { return std::make_unique<T>(); }};
}

INSTANTIATE_TEST_SUITE_P(Io, FileSystemContract,
                         testing::Values(Case<LocalUnderTest>("Local"),
                                         Case<MemoryUnderTest>("Memory"),
                                         Case<FaultlessUnderTest>("FaultyWithoutFaults")),
                         CaseName);

}  // namespace
}  // namespace tickhouse::io
