#include "tickhouse/lineage/sha256.h"

#include <cstring>

#include "tickhouse/core/testing.h"

namespace tickhouse::lineage {
namespace {

// A file of bytes in memory that can be told to fail from an offset on.
class BytesFile : public io::ReadableFile {
 public:
  explicit BytesFile(std::string bytes, int64_t fails_from = -1)
      : bytes_(std::move(bytes)), fails_from_(fails_from) {}
  const std::string& path() const override { return path_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (fails_from_ >= 0 && offset >= fails_from_) return Fail(ErrorKind::kIo, "no more");
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string path_ = "bytes";
  std::string bytes_;
  int64_t fails_from_;
};

// FIPS 180-2, appendix B, and the vectors NIST publishes with it.
TEST(Sha256, GivesThePublishedVectors) {
  EXPECT_EQ(Sha256Of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnTheCut) {
  const std::string text(200'000, 'x');
  const auto bytes = std::as_bytes(std::span(text));
  for (const std::size_t piece : {1u, 63u, 64u, 65u, 4'096u}) {
    Sha256 hash;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      hash.Update(bytes.subspan(i, std::min(piece, bytes.size() - i)));
    }
    EXPECT_EQ(hash.Finish(), Sha256Of(text)) << piece;
  }
}

TEST(Sha256, TakesZeroBytes) {
  EXPECT_NE(Sha256Of(std::string_view("a\0b", 3)), Sha256Of("a"));
  Sha256 hash;
  hash.Update({});
  EXPECT_EQ(hash.Finish(), Sha256Of(""));
}

TEST(Sha256DeathTest, EndsOnce) {
  Sha256 hash;
  hash.Finish();
  EXPECT_DEATH(hash.Finish(), "called once");
  EXPECT_DEATH(hash.Update({}), "after Finish");
}

TEST(Sha256OfFile, ReadsTheWholeFile) {
  for (const std::size_t size : {0u, 1u, (1u << 20) - 1, 1u << 20, (1u << 20) + 1, 3u << 20}) {
    const std::string text(size, 'y');
    ASSERT_OK_AND_ASSIGN(const std::string hash, Sha256OfFile(BytesFile(text)));
    EXPECT_EQ(hash, Sha256Of(text)) << size;
  }
}

TEST(Sha256OfFile, PassesFailuresOn) {
  EXPECT_THAT(Sha256OfFile(BytesFile(std::string(3 << 20, 'y'), 1 << 20)), IsError(ErrorKind::kIo));
}

}  // namespace
}  // namespace tickhouse::lineage
