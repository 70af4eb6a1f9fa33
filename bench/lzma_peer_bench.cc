// What liblzma alone needs for a folder of bi5 hours: `lzma_peer_bench FOLDER [THREADS]`.
// Reads and unpacks every file, two threads unless told, and throws away what it unpacked. Prints
// one line of JSON: files, ticks, bytes packed, and the processor seconds of unpacking alone, so
// without the start of the process and the reading.
#include <lzma.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Work {
  std::size_t ticks = 0;
  std::size_t packed = 0;
  double unpack_seconds = 0;
};

double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

[[noreturn]] void Stop(const std::filesystem::path& path, lzma_ret status) {
  std::fprintf(stderr, "lzma_peer_bench: %s: liblzma answers %d\n", path.c_str(), status);
  std::exit(1);
}

// The memory and the state of liblzma are kept from file to file, as a careful user would.
void UnpackAll(const std::vector<std::filesystem::path>& paths, std::atomic<std::size_t>* next,
               Work* work) {
  lzma_stream stream = LZMA_STREAM_INIT;
  std::vector<uint8_t> room(std::size_t{16} << 20);
  for (std::size_t i = (*next)++; i < paths.size(); i = (*next)++) {
    std::ifstream file(paths[i], std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    if (bytes.empty()) continue;
    const double begin = ThreadSeconds();
    lzma_ret status = lzma_alone_decoder(&stream, UINT64_MAX);
    if (status != LZMA_OK) Stop(paths[i], status);
    stream.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
    stream.avail_in = bytes.size();
    stream.next_out = room.data();
    stream.avail_out = room.size();
    status = lzma_code(&stream, LZMA_FINISH);
    if (status != LZMA_STREAM_END) Stop(paths[i], status);
    work->unpack_seconds += ThreadSeconds() - begin;
    work->ticks += (room.size() - stream.avail_out) / 20;
    work->packed += bytes.size();
  }
  lzma_end(&stream);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "lzma_peer_bench FOLDER [THREADS]\n");
    return 2;
  }
  const auto threads = static_cast<std::size_t>(std::max(1, argc > 2 ? std::atoi(argv[2]) : 2));
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1])) {
    if (entry.path().extension() == ".bi5") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::atomic<std::size_t> next = 0;
  std::vector<Work> works(threads);
  {
    std::vector<std::jthread> pool;
    for (Work& work : works) pool.emplace_back([&] { UnpackAll(paths, &next, &work); });
  }
  Work all;
  for (const Work& work : works) {
    all.ticks += work.ticks;
    all.packed += work.packed;
    all.unpack_seconds += work.unpack_seconds;
  }
  std::printf("{\"files\": %zu, \"ticks\": %zu, \"packed\": %zu, \"unpack_cpu_s\": %.4f}\n",
              paths.size(), all.ticks, all.packed, all.unpack_seconds);
  return 0;
}
