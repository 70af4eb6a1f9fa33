#include "tickhouse/io/s3/s3_file_system.h"

#include "tickhouse/io/fs/file_system_contract.h"
#include "tickhouse/io/s3/s3_client.h"
#include "tickhouse/io/s3/test_versitygw.h"

namespace tickhouse::io {
namespace {

struct S3UnderTest : FileSystemUnderTest {
  S3UnderTest() {
    has_folders = false;
    can_append = false;
    any_bytes_in_names = false;
    if (SharedVersitygw() == nullptr) return;
    const S3Config config = SharedVersitygw()->config();
    EXPECT_OK(S3Client(config, http_.get(), &clock_).CreateBucket(bucket_));
    fs_ = MakeS3FileSystem(config, http_.get(), &clock_);
  }
  std::string skip() override { return fs_ == nullptr ? Versitygw::kMissing : ""; }
  FileSystem& fs() override { return *fs_; }
  std::string root() override { return "s3://" + bucket_ + "/root"; }

  const std::string bucket_ = NewBucketName();
  SystemClock clock_;
  std::unique_ptr<HttpClient> http_ = MakeCurlHttpClient();
  std::unique_ptr<FileSystem> fs_;
};

INSTANTIATE_TEST_SUITE_P(Io, FileSystemContract,
                         testing::Values(FileSystemCase{
                             "S3", [] { return std::make_unique<S3UnderTest>(); }}),
                         CaseName);

}  // namespace
}  // namespace tickhouse::io
