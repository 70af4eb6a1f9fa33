#include "tickhouse/lineage/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tickhouse/core/check.h"

namespace tickhouse::lineage {

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
  bool finished = false;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  TICKHOUSE_CHECK(state_->context != nullptr &&
                      EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1,
                  "OpenSSL has SHA-256");
}

Sha256::~Sha256() = default;

void Sha256::Update(std::span<const std::byte> bytes) {
  TICKHOUSE_CHECK(!state_->finished, "nothing is added after Finish");
  TICKHOUSE_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1,
                  "hashing bytes in memory cannot fail");
}

std::string Sha256::Finish() {
  TICKHOUSE_CHECK(!state_->finished, "Finish is called once");
  state_->finished = true;
  std::array<unsigned char, 32> digest;
  unsigned int size = 0;
  TICKHOUSE_CHECK(
      EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1 && size == digest.size(),
      "SHA-256 has 32 bytes");
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(std::as_bytes(std::span(bytes)));
  return hash.Finish();
}

Result<std::string> Sha256OfFile(const io::ReadableFile& file) {
  constexpr int64_t kPiece = int64_t{1} << 20;
  Sha256 hash;
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min(kPiece, file.size())));
  for (int64_t offset = 0; offset < file.size(); offset += kPiece) {
    const auto size = static_cast<std::size_t>(std::min(kPiece, file.size() - offset));
    const std::span<std::byte> part = std::span(piece).first(size);
    TICKHOUSE_TRY(file.ReadAt(offset, part));
    hash.Update(part);
  }
  return hash.Finish();
}

}  // namespace tickhouse::lineage
