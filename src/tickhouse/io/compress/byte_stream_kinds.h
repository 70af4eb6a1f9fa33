// The streams behind OpenByteStream, one a kind of packing.
#pragma once

#include <memory>

#include "tickhouse/core/error.h"
#include "tickhouse/io/compress/byte_stream.h"

namespace tickhouse::io {

std::unique_ptr<ByteStream> OpenPlainStream(std::unique_ptr<ReadableFile> file);
Result<std::unique_ptr<ByteStream>> OpenGzipStream(std::unique_ptr<ReadableFile> file);
Result<std::unique_ptr<ByteStream>> OpenZstdStream(std::unique_ptr<ReadableFile> file);
Result<std::unique_ptr<ByteStream>> OpenZipStream(std::unique_ptr<ReadableFile> file);

}  // namespace tickhouse::io
