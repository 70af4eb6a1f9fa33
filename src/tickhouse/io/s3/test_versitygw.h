// A real S3 server for tests: the Versity gateway over a temporary folder. Tests only.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "tickhouse/core/check.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/io/net/free_port.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/io/s3/s3_config.h"

namespace tickhouse::io {

/// Started with `Start`, stopped by its pid when destroyed; it also dies with the test program.
class Versitygw {
 public:
  /// Where tools/setup.sh puts the program; empty when it is not there.
  static std::string Program() {
    const auto variable = [](const char* name) {
      const char* value = std::getenv(name);
      return std::string(value == nullptr ? "" : value);
    };
    std::string deps = variable("TICKHOUSE_DEPS");
    if (deps.empty() && !variable("XDG_CACHE_HOME").empty()) {
      deps = variable("XDG_CACHE_HOME") + "/tickhouse/deps";
    }
    if (deps.empty()) deps = variable("HOME") + "/.cache/tickhouse/deps";
    const std::string program = deps + "/bin/versitygw";
    return ::access(program.c_str(), X_OK) == 0 ? program : "";
  }

  static constexpr char kMissing[] = "versitygw is not installed (tools/setup.sh installs it)";

  Versitygw() {
    ::setenv("no_proxy", "127.0.0.1,localhost", 1);
    std::filesystem::create_directories(folder_.File("data"));
    std::filesystem::create_directories(folder_.File("meta"));
  }
  ~Versitygw() { Stop(); }
  Versitygw(const Versitygw&) = delete;
  Versitygw& operator=(const Versitygw&) = delete;

  /// On the same port as before, if it ran before. False: it does not come up (see `log`).
  bool Start() {
    constexpr int kAttempts = 50;  // somebody may hold the port for a moment
    const bool again = port_ != 0;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      if (!again) port_ = FreeLoopbackPort();
      Launch();
      if (WaitUntilReady()) return true;
      Stop();
    }
    return false;
  }

  /// `signal`: SIGKILL for a sudden death.
  void Stop(int signal = SIGKILL) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  int port() const { return port_; }
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string log() const { return folder_.File("log"); }
  /// Where the objects lie.
  std::string data() const { return folder_.File("data"); }

  /// Ready for use, with short waits.
  S3Config config() const {
    S3Config config;
    config.credentials = {kAccessKey, kSecretKey, {}};
    config.endpoint = endpoint();
    config.first_wait = std::chrono::milliseconds(20);
    config.longest_wait = std::chrono::milliseconds(500);
    return config;
  }

 private:
  static constexpr char kAccessKey[] = "testkey";
  static constexpr char kSecretKey[] = "testsecret123";

  void Launch() {
    const std::string program = Program();
    const std::string listen = "127.0.0.1:" + std::to_string(port_);
    const std::string meta = folder_.File("meta");
    const std::string data = folder_.File("data");
    const std::string log_path = log();
    pid_ = ::fork();
    TICKHOUSE_CHECK(pid_ >= 0, "a process can be started");
    if (pid_ != 0) return;
    // Only what is safe after a fork among threads.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int output = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::execl(program.c_str(), program.c_str(), "--port", listen.c_str(), "--access", kAccessKey,
            "--secret", kSecretKey, "--keep-alive", "--quiet", "posix", "--sidecar", meta.c_str(),
            data.c_str(), nullptr);
    ::_exit(127);
  }

  bool WaitUntilReady() {
    const auto client = MakeCurlHttpClient();
    constexpr int kLooks = 3000;
    for (int i = 0; i < kLooks; ++i) {
      if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
        pid_ = 0;
        return false;
      }
      const auto response = client->Send({.url = endpoint()}, CancelToken());
      if (response) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  TemporaryFolder folder_;
  int port_ = 0;
  pid_t pid_ = 0;
};

/// One server for the whole test program; null where it cannot be had.
inline Versitygw* SharedVersitygw() {
  static const std::unique_ptr<Versitygw> server = [] {
    std::unique_ptr<Versitygw> made;
    if (!Versitygw::Program().empty()) {
      made = std::make_unique<Versitygw>();
      TICKHOUSE_CHECK(made->Start(), "the installed versitygw starts");
    }
    return made;
  }();
  return server.get();
}

/// A name no other test of this program has.
inline std::string NewBucketName() {
  static std::atomic<int> counter = 0;
  return "bucket-" + std::to_string(counter.fetch_add(1));
}

}  // namespace tickhouse::io
