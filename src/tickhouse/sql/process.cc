#include "tickhouse/sql/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace tickhouse::sql {

namespace {

constexpr std::size_t kOutputKept = std::size_t{64} << 10;
constexpr int kPollMillis = 100;

// What the new process does until it is the program; only calls that are safe after fork.
[[noreturn]] void BecomeProgram(char* const* arguments, char* const* variables, const char* folder,
                                int output, int failure) {
  ::setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const bool ready = (folder == nullptr || ::chdir(folder) == 0) &&
                     ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
                     ::dup2(output, STDERR_FILENO) >= 0;
  if (ready) ::execvpe(arguments[0], arguments, variables);
  const int reason = errno;
  [[maybe_unused]] const ssize_t told = ::write(failure, &reason, sizeof(reason));
  ::_exit(127);
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Ours, but for those that `changes` sets, and these.
std::vector<std::string> Variables(const std::vector<std::string>& changes) {
  std::vector<std::string> variables = changes;
  for (char** ours = environ; *ours != nullptr; ++ours) {
    const std::string_view text = *ours;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const bool changed = std::ranges::any_of(
        changes, [&](const std::string& change) { return change.starts_with(name); });
    if (!changed) variables.emplace_back(text);
  }
  return variables;
}

class Child {
 public:
  explicit Child(const ProcessRequest& request) : request_(request) {}
  ~Child() {
    for (const int fd : {output_[0], output_[1], failure_[0], failure_[1]}) {
      if (fd >= 0) ::close(fd);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Status Start() {
    std::vector<std::string> command = request_.command;
    std::vector<std::string> variables = Variables(request_.environment);
    const std::vector<char*> arguments = Pointers(command);
    const std::vector<char*> variable_pointers = Pointers(variables);
    if (::pipe2(output_.data(), O_CLOEXEC) != 0 || ::pipe2(failure_.data(), O_CLOEXEC) != 0) {
      return FailErrno(errno, "pipe for another program");
    }
    pid_ = ::fork();
    if (pid_ < 0) return FailErrno(errno, "starting another program");
    if (pid_ == 0) {
      BecomeProgram(arguments.data(), variable_pointers.data(),
                    request_.folder.empty() ? nullptr : request_.folder.c_str(), output_[1],
                    failure_[1]);
    }
    ::close(output_[1]);
    ::close(failure_[1]);
    output_[1] = failure_[1] = -1;
    int reason = 0;
    // Closed without a word: it is running.
    if (::read(failure_[0], &reason, sizeof(reason)) == sizeof(reason)) {
      ::waitpid(pid_, nullptr, 0);
      return Fail(ErrorKind::kUnavailable, fmt::format("{}: cannot be started: {}",
                                                       request_.command[0], std::strerror(reason)));
    }
    return {};
  }

  Result<ProcessAnswer> Wait(const CancelToken& cancel) {
    ProcessAnswer answer;
    const bool limited = request_.clock != nullptr && request_.timeout > Nanos::zero();
    const int64_t deadline =
        limited ? request_.clock->MonotonicNanos() + request_.timeout.count() : 0;
    bool late = false;
    Nanos patience = request_.patience;
    while (ReadSome(&answer.output)) {
      late = late || (limited && request_.clock->MonotonicNanos() >= deadline);
      if (!cancel.cancelled() && !late) continue;
      // The whole group: a script and the Java it started.
      ::kill(-pid_, patience > Nanos::zero() ? SIGTERM : SIGKILL);
      patience -= std::chrono::milliseconds(kPollMillis);
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    TICKHOUSE_TRY(cancel.Check());
    if (late) return Fail(ErrorKind::kTimeout, request_.command[0] + ": took longer than allowed");
    answer.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return answer;
  }

 private:
  // False once everybody has closed the other end.
  bool ReadSome(std::string* kept) {
    pollfd waiting{output_[0], POLLIN, 0};
    if (::poll(&waiting, 1, kPollMillis) <= 0) return true;
    std::array<char, 8192> buffer;
    const ssize_t got = ::read(output_[0], buffer.data(), buffer.size());
    if (got < 0) return errno == EINTR;
    kept->append(buffer.data(), static_cast<std::size_t>(got));
    if (kept->size() > 2 * kOutputKept) kept->erase(0, kept->size() - kOutputKept);
    return got > 0;
  }

  const ProcessRequest& request_;
  pid_t pid_ = -1;
  std::array<int, 2> output_{-1, -1};
  std::array<int, 2> failure_{-1, -1};
};

}  // namespace

Result<ProcessAnswer> RunProcess(const ProcessRequest& request, const CancelToken& cancel) {
  TICKHOUSE_TRY(cancel.Check());
  Child child(request);
  TICKHOUSE_TRY(child.Start());
  return child.Wait(cancel);
}

}  // namespace tickhouse::sql
