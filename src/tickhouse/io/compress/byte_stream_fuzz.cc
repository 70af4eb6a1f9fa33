// Any bytes as a packed file: no crash, an end or a failure that names the file, the same for any
// size of the steps it is read in.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/check.h"
#include "tickhouse/io/compress/byte_stream.h"

namespace tickhouse::io {
namespace {

class BytesFile : public ReadableFile {
 public:
  explicit BytesFile(std::string_view bytes) : bytes_(bytes) {}
  const std::string& path() const override { return path_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    const auto at = static_cast<std::size_t>(offset);
    TICKHOUSE_CHECK(offset >= 0 && at + out.size() <= bytes_.size(), "reads stay inside");
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + at, out.size());
    return {};
  }

 private:
  std::string path_ = "fuzz.csv";
  std::string_view bytes_;
};

struct Unpacked {
  std::string text;
  bool failed = false;
};

Unpacked Unpack(std::string_view bytes, std::size_t step) {
  constexpr std::size_t kEnough = std::size_t{1} << 20;
  Unpacked unpacked;
  auto stream = OpenByteStream(std::make_unique<BytesFile>(bytes));
  unpacked.failed = !stream.has_value();
  if (unpacked.failed) return unpacked;
  std::vector<std::byte> buffer(step);
  while (unpacked.text.size() < kEnough) {
    const auto read = (*stream)->Read(buffer);
    if (!read) {
      TICKHOUSE_CHECK(read.error().message.find("fuzz.csv") != std::string::npos, "names the file");
      unpacked.failed = true;
    }
    if (!read || *read == 0) break;
    TICKHOUSE_CHECK(*read <= buffer.size(), "no more than asked for");
    unpacked.text.append(reinterpret_cast<const char*>(buffer.data()), *read);
  }
  unpacked.text.resize(std::min(unpacked.text.size(), kEnough));
  return unpacked;
}

}  // namespace
}  // namespace tickhouse::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using tickhouse::io::Unpack;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto large = Unpack(bytes, 65'536);
  const auto small = Unpack(bytes, 4'099);
  TICKHOUSE_CHECK(large.failed || small.failed || large.text == small.text, "steps change nothing");
  return 0;
}
