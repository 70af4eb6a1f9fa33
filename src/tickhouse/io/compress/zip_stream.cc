#include <zip.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/io/compress/byte_stream_kinds.h"

namespace tickhouse::io {

namespace {

/// What libzip reads from: a file of ours, with the failure it had kept for the caller.
class ZipInput {
 public:
  explicit ZipInput(std::unique_ptr<ReadableFile> file) : file_(std::move(file)) {
    zip_error_init(&zip_error_);
  }
  ~ZipInput() { zip_error_fini(&zip_error_); }
  ZipInput(const ZipInput&) = delete;
  ZipInput& operator=(const ZipInput&) = delete;

  static zip_int64_t Call(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    return static_cast<ZipInput*>(self)->Answer(data, length, command);
  }

  const std::string& path() const { return file_->path(); }
  int64_t offset() const { return offset_; }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  zip_int64_t Answer(void* data, zip_uint64_t length, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_OPEN: offset_ = 0; return 0;
      case ZIP_SOURCE_CLOSE:
      case ZIP_SOURCE_FREE: return 0;
      case ZIP_SOURCE_READ: return Read({static_cast<std::byte*>(data), length});
      case ZIP_SOURCE_TELL: return offset_;
      case ZIP_SOURCE_SEEK: return Seek(data, length);
      case ZIP_SOURCE_STAT: return Stat(data, length);
      case ZIP_SOURCE_ERROR: return zip_error_to_data(&zip_error_, data, length);
      case ZIP_SOURCE_SUPPORTS: return ZIP_SOURCE_SUPPORTS_SEEKABLE;
      default: zip_error_set(&zip_error_, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
  }

  zip_int64_t Read(std::span<std::byte> out) {
    const auto left = static_cast<std::size_t>(std::max<int64_t>(file_->size() - offset_, 0));
    const std::size_t wanted = std::min(left, out.size());
    if (wanted == 0) return 0;
    if (Status read = file_->ReadAt(offset_, out.first(wanted)); !read) {
      failure_ = std::move(read).error();
      zip_error_set(&zip_error_, ZIP_ER_READ, 0);
      return -1;
    }
    offset_ += static_cast<int64_t>(wanted);
    return static_cast<zip_int64_t>(wanted);
  }

  zip_int64_t Seek(void* data, zip_uint64_t length) {
    const zip_int64_t to = zip_source_seek_compute_offset(static_cast<zip_uint64_t>(offset_),
                                                          static_cast<zip_uint64_t>(file_->size()),
                                                          data, length, &zip_error_);
    if (to < 0) return -1;
    offset_ = to;
    return 0;
  }

  zip_int64_t Stat(void* data, zip_uint64_t length) {
    if (length < sizeof(zip_stat_t)) {
      zip_error_set(&zip_error_, ZIP_ER_INVAL, 0);
      return -1;
    }
    auto* stat = static_cast<zip_stat_t*>(data);
    zip_stat_init(stat);
    stat->size = static_cast<zip_uint64_t>(file_->size());
    stat->valid = ZIP_STAT_SIZE;
    return sizeof(zip_stat_t);
  }

  std::unique_ptr<ReadableFile> file_;
  int64_t offset_ = 0;
  std::optional<Error> failure_;
  zip_error_t zip_error_;
};

struct CloseZip {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

/// The device's own failure if there was one, else what libzip says of the bytes.
std::unexpected<Error> Failure(const ZipInput& input, const zip_error_t& zip_error) {
  if (input.failure()) return Fail(*input.failure());
  const int code = zip_error_code_zip(&zip_error);
  const bool unsupported = code == ZIP_ER_COMPNOTSUPP || code == ZIP_ER_ENCRNOTSUPP ||
                           code == ZIP_ER_NOPASSWD || code == ZIP_ER_MULTIDISK;
  zip_error_t told;  // The text is made inside it, and goes with it.
  zip_error_init(&told);
  zip_error_set(&told, code, zip_error_code_system(&zip_error));
  const std::string why = zip_error_strerror(&told);
  zip_error_fini(&told);
  return Fail(unsupported ? ErrorKind::kUnsupported : ErrorKind::kCorrupt,
              input.path() + ": zip: " + why + " at offset " + std::to_string(input.offset()) +
                  "; get the file again or unpack it by hand");
}

class ZipStream : public ByteStream {
 public:
  ZipStream(std::unique_ptr<ZipInput> input, std::unique_ptr<zip_t, CloseZip> archive,
            std::unique_ptr<zip_file_t, CloseZip> entry, zip_uint64_t size)
      : input_(std::move(input)),
        archive_(std::move(archive)),
        entry_(std::move(entry)),
        left_(size) {}

  Result<std::size_t> Read(std::span<std::byte> out) override {
    if (failed_) return Fail(*failed_);
    if (out.empty()) return 0;
    const zip_int64_t bytes = zip_fread(entry_.get(), out.data(), out.size());
    farthest_ = std::max(farthest_, input_->offset());
    if (bytes < 0) {
      failed_ = Failure(*input_, *zip_file_get_error(entry_.get())).error();
      return Fail(*failed_);
    }
    const auto read = static_cast<zip_uint64_t>(bytes);
    if (read > left_ || (read == 0 && left_ > 0)) {
      failed_ = Error{ErrorKind::kCorrupt, input_->path() + ": zip: the entry's size is wrong" +
                                               " at offset " + std::to_string(input_->offset())};
      return Fail(*failed_);
    }
    left_ -= read;
    return static_cast<std::size_t>(bytes);
  }
  int64_t consumed() const override { return farthest_; }

 private:
  std::unique_ptr<ZipInput> input_;
  std::unique_ptr<zip_t, CloseZip> archive_;
  std::unique_ptr<zip_file_t, CloseZip> entry_;
  zip_uint64_t left_;
  int64_t farthest_ = 0;
  std::optional<Error> failed_;
};

bool IsLitter(std::string_view name) {
  return name.ends_with('/') || name.starts_with("__MACOSX/") || name.ends_with(".DS_Store");
}

/// The one file of the archive; folders and what macOS adds do not count.
Result<zip_uint64_t> OnlyEntry(zip_t* archive, const std::string& path) {
  constexpr std::size_t kListed = 10;
  std::vector<zip_uint64_t> files;
  std::string names;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(std::max<zip_int64_t>(count, 0)); ++i) {
    const char* name = zip_get_name(archive, i, ZIP_FL_ENC_RAW);
    if (name == nullptr || IsLitter(name)) continue;
    files.push_back(i);
    if (files.size() <= kListed) names += (names.empty() ? "" : ", ") + std::string(name);
  }
  if (files.size() == 1) return files[0];
  if (files.empty()) return Fail(ErrorKind::kUnsupported, path + ": the zip holds no file");
  return Fail(ErrorKind::kUnsupported,
              path + ": the zip holds " + std::to_string(files.size()) + " files (" + names +
                  (files.size() > kListed ? ", ..." : "") + "); unpack it and name the folder");
}

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenZipStream(std::unique_ptr<ReadableFile> file) {
  auto input = std::make_unique<ZipInput>(std::move(file));
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_function_create(&ZipInput::Call, input.get(), &error);
  if (source == nullptr) return Failure(*input, error);
  std::unique_ptr<zip_t, CloseZip> archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (archive == nullptr) {
    zip_source_free(source);
    return Failure(*input, error);
  }
  TICKHOUSE_ASSIGN(const zip_uint64_t index, OnlyEntry(archive.get(), input->path()));
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive.get(), index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0) {
    return Failure(*input, *zip_get_error(archive.get()));
  }
  std::unique_ptr<zip_file_t, CloseZip> entry(zip_fopen_index(archive.get(), index, 0));
  if (entry == nullptr) return Failure(*input, *zip_get_error(archive.get()));
  return std::make_unique<ZipStream>(std::move(input), std::move(archive), std::move(entry),
                                     stat.size);
}

}  // namespace tickhouse::io
