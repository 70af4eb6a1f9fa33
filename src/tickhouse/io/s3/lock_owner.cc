#include "tickhouse/io/s3/lock_owner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

namespace tickhouse::io {

namespace {

constexpr std::string_view kFirstLine = "tickhouse-lock 1\n";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string LinkTarget(const char* path) {
  std::array<char, 256> text{};
  const ssize_t length = ::readlink(path, text.data(), text.size());
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::string();
}

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

int64_t Number(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// When the process began; 0 when there is none. The name in the second field may hold anything, so
// the count begins behind its closing bracket.
int64_t StartOf(int64_t pid) {
  const std::string stat = ReadAll(fmt::format("/proc/{}/stat", pid));
  std::size_t at = stat.rfind(')');
  if (at == std::string::npos) return 0;
  constexpr int kFieldsToStart = 20;  // From the second field to the twenty-second.
  for (int field = 0; field < kFieldsToStart && at != std::string::npos; ++field) {
    at = stat.find(' ', at + 1);
  }
  return at == std::string::npos ? 0 : Number(std::string_view(stat).substr(at + 1));
}

LockOwner MakeThisProcess() {
  LockOwner owner;
  owner.host = HostName();
  std::string boot = ReadAll("/proc/sys/kernel/random/boot_id");
  while (!boot.empty() && boot.back() == '\n') boot.pop_back();
  owner.machine = boot + "/" + LinkTarget("/proc/self/ns/pid");
  owner.pid = ::getpid();
  owner.started = StartOf(owner.pid);
  return owner;
}

std::optional<std::string_view> ValueOf(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(fmt::format("\n{} ", name));
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + name.size() + 2);
  return rest.substr(0, rest.find('\n'));
}

}  // namespace

const LockOwner& ThisProcess() {
  static const LockOwner owner = MakeThisProcess();
  return owner;
}

std::string FormatLockOwner(const LockOwner& owner) {
  return fmt::format("{}host {}\nmachine {}\nprocess {}\nstarted {}\n", kFirstLine, owner.host,
                     owner.machine, owner.pid, owner.started);
}

std::optional<LockOwner> ParseLockOwner(std::string_view text) {
  if (!text.starts_with(kFirstLine)) return std::nullopt;
  const auto host = ValueOf(text, "host");
  const auto machine = ValueOf(text, "machine");
  const auto pid = ValueOf(text, "process");
  const auto started = ValueOf(text, "started");
  if (!host || !machine || !pid || !started) return std::nullopt;
  return LockOwner{std::string(*host), std::string(*machine), Number(*pid), Number(*started)};
}

std::optional<bool> IsRunning(const LockOwner& owner) {
  if (owner.machine != ThisProcess().machine || owner.machine.size() < 2) return std::nullopt;
  const int64_t started = StartOf(owner.pid);
  return started != 0 && started == owner.started;
}

}  // namespace tickhouse::io
