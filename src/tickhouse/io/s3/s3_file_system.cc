#include "tickhouse/io/s3/s3_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "tickhouse/core/parallel.h"
#include "tickhouse/io/s3/multipart_upload.h"
#include "tickhouse/io/s3/s3_client.h"
#include "tickhouse/io/s3/s3_lock.h"

namespace tickhouse::io {

namespace {

constexpr std::string_view kScheme = "s3://";
constexpr std::string_view kProbePrefix = ".tickhouse-probe-";

struct Place {
  std::string bucket;
  std::string key;
};

Result<Place> Split(std::string_view path) {
  std::string_view rest = path;
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  Place place{std::string(rest.substr(0, slash)),
              std::string(rest.substr(std::min(slash + 1, rest.size())))};
  if (place.bucket.empty() || path.find('\0') != std::string_view::npos) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("'{}': not of the form bucket/key", path));
  }
  return place;
}

Result<Place> SplitFile(std::string_view path) {
  TICKHOUSE_ASSIGN(Place place, Split(path));
  if (place.key.empty() || place.key.ends_with('/')) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("'{}': names no object", path));
  }
  return place;
}

/// Reads at once what is large, and small pieces out of a window read ahead: a reader that asks for
/// 64 KiB at a time would wait for the network each time.
class S3ReadableFile : public ReadableFile {
 public:
  S3ReadableFile(std::shared_ptr<S3Client> client, std::string path, Place place, S3Object object)
      : client_(std::move(client)),
        path_(std::move(path)),
        place_(std::move(place)),
        object_(std::move(object)) {}

  const std::string& path() const override { return path_; }
  int64_t size() const override { return object_.size; }

  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    const auto length = static_cast<int64_t>(out.size());
    if (offset < 0 || offset > size() || length > size() - offset) {
      return Fail(
          ErrorKind::kInvalidArgument,
          fmt::format("{}: reading {} bytes at {}, but it has {}", path_, length, offset, size()));
    }
    if (length >= kWindow / 4) return ReadLarge(offset, out);
    std::scoped_lock lock(mutex_);
    const bool inside = offset >= window_begin_ &&
                        offset + length <= window_begin_ + static_cast<int64_t>(window_.size());
    if (!inside) {
      window_.resize(static_cast<std::size_t>(std::min(kWindow, size() - offset)));
      window_begin_ = offset;
      const Status read = Fetch(offset, window_);
      if (!read) window_.clear();
      TICKHOUSE_TRY(read);
    }
    if (length > 0) std::memcpy(out.data(), window_.data() + (offset - window_begin_), out.size());
    return {};
  }

 private:
  static constexpr int64_t kWindow = int64_t{1} << 20;
  static constexpr std::size_t kPiece = std::size_t{8} << 20;

  Status ReadLarge(int64_t offset, std::span<std::byte> out) const {
    const std::size_t pieces = (out.size() + kPiece - 1) / kPiece;
    return ParallelFor(
        pieces, std::max(1, client_->config().uploads), CancelToken(), [&](std::size_t i) {
          const std::size_t begin = i * kPiece;
          const auto piece = out.subspan(begin, std::min(kPiece, out.size() - begin));
          return Fetch(offset + static_cast<int64_t>(begin), piece);
        });
  }

  Status Fetch(int64_t offset, std::span<std::byte> out) const {
    return client_->Get(place_.bucket, place_.key, offset, out, object_.etag);
  }

  std::shared_ptr<S3Client> client_;
  std::string path_;
  Place place_;
  S3Object object_;
  mutable std::mutex mutex_;
  mutable std::vector<std::byte> window_;
  mutable int64_t window_begin_ = 0;
};

/// Collects up to one part; only a file that is larger becomes an upload in parts.
class S3WritableFile : public WritableFile {
 public:
  S3WritableFile(std::shared_ptr<S3Client> client, std::shared_ptr<S3Locks> locks, std::string path,
                 Place place, WriteOptions options)
      : client_(std::move(client)),
        locks_(std::move(locks)),
        path_(std::move(path)),
        place_(std::move(place)),
        options_(options),
        part_bytes_(client_->config().part_bytes) {}

  int64_t size() const override { return size_; }

  Status Append(std::span<const std::byte> bytes) override {
    size_ += static_cast<int64_t>(bytes.size());
    while (!bytes.empty()) {
      const std::size_t room = static_cast<std::size_t>(part_bytes_) - buffer_.size();
      const auto piece = bytes.first(std::min(room, bytes.size()));
      buffer_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      bytes = bytes.subspan(piece.size());
      // A full part waits for its successor: the last one is sent by Commit, alone if it is the
      // only.
      if (static_cast<int64_t>(buffer_.size()) == part_bytes_ && !bytes.empty()) {
        TICKHOUSE_TRY(SendPart());
      }
    }
    return {};
  }

  Status Commit() override {
    TICKHOUSE_TRY(locks_->CheckHeld());
    TICKHOUSE_ASSIGN(const S3Condition condition, Condition());
    Status written;
    if (upload_ == nullptr) {
      const auto etag = client_->Put(place_.bucket, place_.key, std::move(buffer_), condition);
      if (!etag) written = Fail(etag.error());
    } else {
      TICKHOUSE_TRY(SendPart());
      written = upload_->Complete(condition);
    }
    if (!written && condition.if_absent && written.error().kind == ErrorKind::kConflict) {
      return Exists();
    }
    return written;
  }

 private:
  std::unexpected<Error> Exists() const {
    return Fail(ErrorKind::kAlreadyExists,
                fmt::format("{}: exists already and is not replaced", path_));
  }

  Status SendPart() {
    if (upload_ == nullptr) {
      TICKHOUSE_ASSIGN(upload_, MultipartUpload::Start(client_.get(), place_.bucket, place_.key));
    }
    TICKHOUSE_TRY(upload_->Add(std::exchange(buffer_, {})));
    ++parts_;
    part_bytes_ = client_->config().part_bytes * (1 + parts_ / 1000);  // 10,000 parts at most
    return {};
  }

  Result<S3Condition> Condition() {
    if (!options_.must_not_exist) return S3Condition{};
    const ConditionalWrites honoured = client_->config().conditional_writes;
    if (honoured == ConditionalWrites::kProbe) {
      const std::string folder = place_.key.substr(0, place_.key.rfind('/') + 1);
      TICKHOUSE_ASSIGN(const bool honours, client_->HonoursConditions(place_.bucket, folder));
      if (!honours) {
        return Fail(ErrorKind::kUnsupported,
                    fmt::format("{}: this store ignores the condition 'only if absent', so two "
                                "writers could replace each other's files unseen; set "
                                "TICKHOUSE_S3_CONDITIONAL_WRITES=no if there is only one",
                                path_));
      }
    }
    if (honoured == ConditionalWrites::kNo) {
      const auto there = client_->Head(place_.bucket, place_.key);
      if (there) return Exists();
      if (there.error().kind != ErrorKind::kNotFound) return Fail(there.error());
      return S3Condition{};
    }
    return S3Condition{.if_absent = true};
  }

  std::shared_ptr<S3Client> client_;
  std::shared_ptr<S3Locks> locks_;
  std::string path_;
  Place place_;
  WriteOptions options_;
  int64_t part_bytes_;
  int64_t parts_ = 0;
  int64_t size_ = 0;
  std::string buffer_;
  std::unique_ptr<MultipartUpload> upload_;
};

class S3FileSystem : public FileSystem {
 public:
  S3FileSystem(S3Config config, HttpClient* http, Clock* clock, CancelToken cancel)
      : locks_(std::make_shared<S3Locks>(config, http, clock, cancel)),
        client_(std::make_shared<S3Client>(std::move(config), http, clock, std::move(cancel))) {}

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    TICKHOUSE_ASSIGN(Place place, SplitFile(path));
    TICKHOUSE_ASSIGN(S3Object object, client_->Head(place.bucket, place.key));
    return std::make_unique<S3ReadableFile>(client_, path, std::move(place), std::move(object));
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                               WriteOptions options) override {
    TICKHOUSE_ASSIGN(Place place, SplitFile(path));
    return std::make_unique<S3WritableFile>(client_, locks_, path, std::move(place), options);
  }

  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: objects cannot be appended to; name a local path", path));
  }

  Result<FileInfo> Stat(const std::string& path) override {
    TICKHOUSE_ASSIGN(const Place place, SplitFile(path));
    TICKHOUSE_ASSIGN(const S3Object object, client_->Head(place.bucket, place.key));
    return FileInfo{path, object.size, object.modified, object.etag};
  }

  Result<std::vector<FileInfo>> ListFiles(const std::string& folder) override {
    TICKHOUSE_ASSIGN(const Place place, Split(folder));
    std::string prefix = place.key;
    if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
    TICKHOUSE_ASSIGN(const auto objects, client_->List(place.bucket, prefix));
    const std::string shown = folder.ends_with('/') ? folder : folder + "/";
    std::vector<FileInfo> files;
    for (const S3Object& object : objects) {
      if (object.key.ends_with('/') || !object.key.starts_with(prefix) ||
          BaseName(object.key).starts_with(kProbePrefix)) {
        continue;  // folder markers of other programs, and what a probe is about to remove
      }
      files.push_back(
          {shown + object.key.substr(prefix.size()), object.size, object.modified, object.etag});
    }
    std::sort(files.begin(), files.end(),
              [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    return files;
  }

  Status Remove(const std::string& path) override {
    TICKHOUSE_ASSIGN(const Place place, SplitFile(path));
    TICKHOUSE_TRY(locks_->CheckHeld());
    TICKHOUSE_TRY(client_->Head(place.bucket, place.key));
    return client_->Delete(place.bucket, place.key);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    TICKHOUSE_ASSIGN(const Place source, SplitFile(from));
    TICKHOUSE_ASSIGN(const Place target, SplitFile(to));
    TICKHOUSE_TRY(locks_->CheckHeld());
    TICKHOUSE_ASSIGN(const S3Object object, client_->Head(source.bucket, source.key));
    if (source.bucket == target.bucket && source.key == target.key) return {};
    constexpr int64_t kMostCopied = int64_t{5'000'000'000};
    if (object.size > kMostCopied) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: an object of more than 5 GB cannot be renamed", from));
    }
    TICKHOUSE_TRY(client_->Copy(source.bucket, source.key, target.bucket, target.key, object.etag));
    return client_->Delete(source.bucket, source.key);
  }

  Status MakeFolders(const std::string& path) override {
    TICKHOUSE_TRY(Split(path));
    return {};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    TICKHOUSE_ASSIGN(const Place place, SplitFile(path));
    return locks_->Lock(path, place.bucket, place.key);
  }

 private:
  std::shared_ptr<S3Locks> locks_;
  std::shared_ptr<S3Client> client_;
};

}  // namespace

std::unique_ptr<FileSystem> MakeS3FileSystem(S3Config config, HttpClient* http, Clock* clock,
                                             CancelToken cancel) {
  return std::make_unique<S3FileSystem>(std::move(config), http, clock, std::move(cancel));
}

}  // namespace tickhouse::io
