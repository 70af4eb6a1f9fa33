// The S3 client against a real server: what only a real one can refuse, lose or keep.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/net/cutting_proxy.h"
#include "tickhouse/io/net/faulty_http_client.h"
#include "tickhouse/io/s3/multipart_upload.h"
#include "tickhouse/io/s3/s3_client.h"
#include "tickhouse/io/s3/s3_file_system.h"
#include "tickhouse/io/s3/test_versitygw.h"

namespace tickhouse::io {
namespace {

constexpr int64_t kPart = int64_t{5} << 20;

std::string Noise(std::size_t bytes, uint64_t seed) {
  Random random(seed);
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    const uint64_t word = random.Next();
    std::memcpy(text.data() + i, &word, 8);
  }
  return text;
}

class S3Server : public testing::Test {
 protected:
  void SetUp() override {
    if (SharedVersitygw() == nullptr) GTEST_SKIP() << Versitygw::kMissing;
    config_ = SharedVersitygw()->config();
    config_.part_bytes = kPart;
    ASSERT_OK(Client().CreateBucket(bucket_));
  }

  S3Client Client() { return S3Client(config_, http_.get(), &clock_); }
  std::unique_ptr<FileSystem> Files() { return MakeS3FileSystem(config_, http_.get(), &clock_); }
  std::string Path(const std::string& name) const { return bucket_ + "/" + name; }

  /// Bytes of parts that the server keeps for uploads of this bucket.
  int64_t StoredPartBytes() const {
    int64_t bytes = 0;
    const std::filesystem::path folder =
        std::filesystem::path(SharedVersitygw()->data()) / bucket_ / ".sgwtmp";
    std::error_code none;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, none)) {
      if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
    }
    return bytes;
  }

  void ExpectNoUploads() {
    ASSERT_OK_AND_ASSIGN(const auto uploads, Client().ListUploads(bucket_, ""));
    EXPECT_TRUE(uploads.empty()) << uploads.size() << " uploads remain";
    EXPECT_EQ(StoredPartBytes(), 0);
  }

  const std::string bucket_ = NewBucketName();
  S3Config config_;
  SystemClock clock_;
  std::unique_ptr<HttpClient> http_ = MakeCurlHttpClient();
};

TEST_F(S3Server, RefusesAWrongSecret) {
  config_.credentials.secret_key = "wrong";
  const auto result = Client().Put(bucket_, "k", "x");
  EXPECT_THAT(result, IsError(ErrorKind::kPermission));
  EXPECT_THAT(result, HasErrorMessage("AWS_SECRET_ACCESS_KEY"));
  EXPECT_THAT(Client().List(bucket_, ""), IsError(ErrorKind::kPermission));
}

TEST_F(S3Server, RefusesAnUnknownKey) {
  config_.credentials.access_key = "nobody";
  const auto result = Client().Put(bucket_, "k", "x");
  EXPECT_THAT(result, IsError(ErrorKind::kPermission));
  EXPECT_THAT(result, HasErrorMessage("AWS_ACCESS_KEY_ID"));
}

TEST_F(S3Server, RefusesAWrongClockAndSaysByHowMuch) {
  ManualClock late(clock_.Now() - std::chrono::hours(2));
  S3Client client(config_, http_.get(), &late);
  const auto result = client.Put(bucket_, "k", "x");
  EXPECT_THAT(result, IsError(ErrorKind::kPermission));
  EXPECT_THAT(result, HasErrorMessage("s behind the store's: set it"));
}

TEST_F(S3Server, AMissingBucketIsNotFound) {
  const auto fs = Files();
  EXPECT_THAT(fs->ListFiles("no-such-bucket/folder"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(fs->WriteWhole("no-such-bucket/k", "x"), IsError(ErrorKind::kNotFound));
}

TEST_F(S3Server, CarriesTwentyMebibytesInParts) {
  const auto fs = Files();
  const std::string noise = Noise(std::size_t{20} << 20, 1);
  ASSERT_OK(fs->WriteWhole(Path("big.bin"), noise));
  ASSERT_OK_AND_ASSIGN(const FileInfo info, fs->Stat(Path("big.bin")));
  EXPECT_EQ(info.size, int64_t{20} << 20);
  EXPECT_TRUE(info.etag.ends_with("-4")) << info.etag;
  ASSERT_OK_AND_ASSIGN(const std::string back, fs->ReadWhole(Path("big.bin")));
  EXPECT_TRUE(back == noise);
  ASSERT_OK(fs->Rename(Path("big.bin"), Path("moved to/big.bin")));
  ASSERT_OK_AND_ASSIGN(const auto file, fs->OpenRead(Path("moved to/big.bin")));
  std::string tail(5, '?');
  ASSERT_OK(file->ReadAt((int64_t{20} << 20) - 5, std::as_writable_bytes(std::span(tail))));
  EXPECT_EQ(tail, noise.substr(noise.size() - 5));
  ExpectNoUploads();
}

TEST_F(S3Server, PartsOfEverySizeAroundTheLimit) {
  const auto fs = Files();
  for (const int64_t size : {kPart - 1, kPart, kPart + 1, 2 * kPart, 2 * kPart + 1}) {
    const std::string noise = Noise(static_cast<std::size_t>(size), 2);
    ASSERT_OK_AND_ASSIGN(auto file, fs->Create(Path("edge")));
    for (std::size_t at = 0; at < noise.size(); at += 700'001) {
      ASSERT_OK(file->Append(std::as_bytes(std::span(noise))
                                 .subspan(at, std::min<std::size_t>(700'001, noise.size() - at))));
    }
    ASSERT_OK(file->Commit());
    ASSERT_OK_AND_ASSIGN(const std::string back, fs->ReadWhole(Path("edge")));
    EXPECT_TRUE(back == noise) << size;
  }
}

TEST_F(S3Server, ListsOverManyPages) {
  config_.list_page = 7;
  const auto fs = Files();
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(Path("d/k " + std::to_string(100 + i) + "+é"));
    ASSERT_OK(fs->WriteWhole(expected.back(), std::string(static_cast<std::size_t>(i), 'x')));
  }
  ASSERT_OK_AND_ASSIGN(const auto files, fs->ListFiles(Path("d")));
  ASSERT_EQ(files.size(), expected.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i].path, expected[i]);
    EXPECT_EQ(files[i].size, static_cast<int64_t>(i));
  }
}

TEST_F(S3Server, RemovesManyAtOnce) {
  S3Client client = Client();
  const std::vector<std::string> keys{"a", "b c", "d+e", "é", "x<&>\"y", "deep/er/k"};
  for (const std::string& key : keys) ASSERT_OK(client.Put(bucket_, key, "x"));
  ASSERT_OK(client.DeleteMany(bucket_, keys));
  ASSERT_OK_AND_ASSIGN(const auto left, client.List(bucket_, ""));
  EXPECT_TRUE(left.empty());
  EXPECT_OK(client.DeleteMany(bucket_, keys)) << "missing ones are no failure";
}

TEST_F(S3Server, HonoursConditions) {
  S3Client client = Client();
  ASSERT_OK_AND_ASSIGN(const bool honours, client.HonoursConditions(bucket_, "some/"));
  EXPECT_TRUE(honours);
  ASSERT_OK_AND_ASSIGN(const auto left, client.List(bucket_, ""));
  EXPECT_TRUE(left.empty()) << "the probe cleans up";
  ExpectNoUploads();

  ASSERT_OK_AND_ASSIGN(const std::string first, client.Put(bucket_, "k", "1", {.if_absent = true}));
  EXPECT_THAT(client.Put(bucket_, "k", "2", {.if_absent = true}), IsError(ErrorKind::kConflict));
  ASSERT_OK_AND_ASSIGN(const std::string second,
                       client.Put(bucket_, "k", "2", {.if_match = first}));
  EXPECT_THAT(client.Put(bucket_, "k", "3", {.if_match = first}), IsError(ErrorKind::kConflict));
  std::string out = "?";
  const auto bytes = std::as_writable_bytes(std::span(out));
  EXPECT_THAT(client.Get(bucket_, "k", 0, bytes, first), IsError(ErrorKind::kConflict));
  ASSERT_OK(client.Get(bucket_, "k", 0, bytes, second));
  EXPECT_EQ(out, "2");
}

TEST_F(S3Server, MustNotExistHoldsForUploadsInParts) {
  const auto fs = Files();
  const std::string first = Noise(static_cast<std::size_t>(kPart) + 9, 3);
  const std::string second = Noise(static_cast<std::size_t>(kPart) + 9, 4);
  ASSERT_OK(fs->WriteWhole(Path("k"), first, {.must_not_exist = true}));
  EXPECT_THAT(fs->WriteWhole(Path("k"), second, {.must_not_exist = true}),
              IsError(ErrorKind::kAlreadyExists));
  EXPECT_TRUE(fs->ReadWhole(Path("k")).value() == first);
  ExpectNoUploads();
}

TEST_F(S3Server, AnAbandonedFileLeavesNoParts) {
  const auto fs = Files();
  {
    ASSERT_OK_AND_ASSIGN(auto file, fs->Create(Path("half")));
    const std::string noise = Noise(std::size_t{17} << 20, 5);
    ASSERT_OK(file->Append(std::as_bytes(std::span(noise))));
  }
  ExpectNoUploads();
  EXPECT_TRUE(fs->ListFiles(bucket_).value().empty());
}

TEST_F(S3Server, AnAbortWaitsForPartsUnderWay) {
  S3Client client = Client();
  for (int round = 0; round < 5; ++round) {
    ASSERT_OK_AND_ASSIGN(auto upload, MultipartUpload::Start(&client, bucket_, "k"));
    for (uint64_t i = 0; i < 4; ++i) {
      ASSERT_OK(upload->Add(Noise(std::size_t{1} << 20, i)));  // returns while it travels
    }
    ASSERT_OK(upload->Abort());
    ExpectNoUploads();
  }
}

TEST_F(S3Server, CancellingLeavesNoParts) {
  CancelToken cancel;
  S3Client client(config_, http_.get(), &clock_, cancel);
  {
    ASSERT_OK_AND_ASSIGN(auto upload, MultipartUpload::Start(&client, bucket_, "k"));
    ASSERT_OK(upload->Add(Noise(std::size_t{5} << 20, 1)));
    cancel.Cancel();
    ASSERT_OK(upload->Add(Noise(std::size_t{5} << 20, 2)));
    EXPECT_THAT(upload->Complete({}), IsError(ErrorKind::kCancelled));
  }
  ExpectNoUploads();
}

TEST_F(S3Server, AnUploadSurvivesCutConnections) {
  // Every second connection of the first dozen dies in the middle of what it carries.
  CuttingProxy proxy(SharedVersitygw()->port(), [](int n) {
    return CuttingProxy::Limits{.up = n < 12 && n % 2 == 0 ? 300'000 + 10'000 * n : -1};
  });
  config_.endpoint = proxy.url();
  config_.attempts = 10;
  const auto fs = Files();
  const std::string noise = Noise(std::size_t{20} << 20, 6);
  ASSERT_OK(fs->WriteWhole(Path("cut"), noise));
  EXPECT_GE(proxy.cuts(), 1);
  ASSERT_OK_AND_ASSIGN(const std::string back, fs->ReadWhole(Path("cut")));
  EXPECT_TRUE(back == noise);
  ExpectNoUploads();
}

TEST_F(S3Server, ADownloadSurvivesCutConnections) {
  const std::string noise = Noise(std::size_t{20} << 20, 7);
  ASSERT_OK(Files()->WriteWhole(Path("cut"), noise));
  // The first connection too: one thread may carry every piece over it, if the others start late.
  CuttingProxy proxy(SharedVersitygw()->port(),
                     [](int n) { return CuttingProxy::Limits{.down = n % 2 == 0 ? 100'000 : -1}; });
  config_.endpoint = proxy.url();
  config_.attempts = 20;
  ASSERT_OK_AND_ASSIGN(const std::string back, Files()->ReadWhole(Path("cut")));
  EXPECT_TRUE(back == noise);
  EXPECT_GE(proxy.cuts(), 1);
}

TEST_F(S3Server, AnUploadThatCannotSucceedLeavesNoParts) {
  // Parts never get through whole; everything smaller does.
  CuttingProxy proxy(SharedVersitygw()->port(),
                     [](int) { return CuttingProxy::Limits{.up = 1'000'000}; });
  S3Config cut = config_;
  cut.endpoint = proxy.url();
  cut.attempts = 3;
  const auto fs = MakeS3FileSystem(cut, http_.get(), &clock_);
  const Status status = fs->WriteWhole(Path("never"), Noise(std::size_t{17} << 20, 8));
  EXPECT_THAT(status, IsError(ErrorKind::kUnknownOutcome));
  EXPECT_GE(proxy.cuts(), 1);
  ExpectNoUploads();
  EXPECT_THAT(Files()->Stat(Path("never")), IsError(ErrorKind::kNotFound));
}

TEST_F(S3Server, LostAnswersDoNotChangeWhatHappened) {
  // Every third request is spoiled in one of the ways a network has.
  constexpr std::array kFaults{HttpFault::kAnswerLost, HttpFault::kNoConnection,
                               HttpFault::kBusyStatus, HttpFault::kSlow, HttpFault::kServerError};
  FaultyHttpClient faulty(http_.get(), [&](const HttpRequest&, int n) {
    return n % 3 == 0 ? kFaults[static_cast<std::size_t>(n / 3) % kFaults.size()]
                      : HttpFault::kNone;
  });
  ManualClock clock(clock_.Now());  // waits on paper; signatures stay valid for minutes
  config_.attempts = 10;
  config_.first_wait = std::chrono::milliseconds(1);
  config_.longest_wait = std::chrono::milliseconds(2);
  const auto fs = MakeS3FileSystem(config_, &faulty, &clock);
  for (int i = 0; i < 20; ++i) {
    const std::string path = Path("f" + std::to_string(i));
    ASSERT_OK(fs->WriteWhole(path, path, {.must_not_exist = true})) << i;
    EXPECT_THAT(fs->WriteWhole(path, "other", {.must_not_exist = true}),
                IsError(ErrorKind::kAlreadyExists));
    ASSERT_OK_AND_ASSIGN(const std::string text, fs->ReadWhole(path));
    EXPECT_EQ(text, path);
  }
  const std::string noise = Noise(static_cast<std::size_t>(kPart) * 2 + 1, 9);
  ASSERT_OK(fs->WriteWhole(Path("big"), noise, {.must_not_exist = true}));
  EXPECT_TRUE(fs->ReadWhole(Path("big")).value() == noise);
  ASSERT_OK_AND_ASSIGN(const auto files, fs->ListFiles(bucket_));
  EXPECT_EQ(files.size(), 21u);
}

TEST(S3ServerRestart, WorkGoesOnAfterTheServerDied) {
  if (Versitygw::Program().empty()) GTEST_SKIP() << Versitygw::kMissing;
  Versitygw server;
  ASSERT_TRUE(server.Start());
  SystemClock clock;
  const auto http = MakeCurlHttpClient();
  S3Config config = server.config();
  config.part_bytes = kPart;
  config.attempts = 2;
  ASSERT_OK(S3Client(config, http.get(), &clock).CreateBucket("bucket"));
  const auto fs = MakeS3FileSystem(config, http.get(), &clock);
  ASSERT_OK(fs->WriteWhole("bucket/before", "kept"));
  ASSERT_OK_AND_ASSIGN(const auto reader, fs->OpenRead("bucket/before"));

  config.attempts = 100;  // patient enough for any restart
  const auto patient = MakeS3FileSystem(config, http.get(), &clock);
  const std::string noise = Noise(std::size_t{16} << 20, 10);
  ASSERT_OK_AND_ASSIGN(auto writer, patient->Create("bucket/across"));
  ASSERT_OK(writer->Append(std::as_bytes(std::span(noise)).first(11 << 20)));

  server.Stop();
  EXPECT_THAT(fs->Stat("bucket/before"), IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(fs->WriteWhole("bucket/k", "x"), IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(fs->ListFiles("bucket"), IsError(ErrorKind::kUnavailable));

  ASSERT_TRUE(server.Start());
  std::string out(4, '?');
  ASSERT_OK(reader->ReadAt(0, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "kept");
  ASSERT_OK(writer->Append(std::as_bytes(std::span(noise)).subspan(11 << 20)));
  ASSERT_OK(writer->Commit());
  EXPECT_TRUE(fs->ReadWhole("bucket/across").value() == noise);
}

}  // namespace
}  // namespace tickhouse::io
