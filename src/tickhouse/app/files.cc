#include "tickhouse/app/files.h"

#include <cstdlib>

#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/routing_file_system.h"
#include "tickhouse/io/s3/s3_file_system.h"

namespace tickhouse::app {

std::unique_ptr<io::FileSystem> MakeFiles(io::HttpClient* http, Clock* clock,
                                          const CancelToken& cancel) {
  const auto make_s3 = [=]() -> Result<std::unique_ptr<io::FileSystem>> {
    TICKHOUSE_ASSIGN(
        const io::S3Config config,
        io::S3ConfigFromEnvironment([](const std::string& name) -> std::optional<std::string> {
          const char* value = std::getenv(name.c_str());
          if (value == nullptr) return std::nullopt;
          return value;
        }));
    return io::MakeS3FileSystem(config, http, clock, cancel);
  };
  return io::MakeRoutingFileSystem(io::MakeLocalFileSystem(), make_s3);
}

}  // namespace tickhouse::app
