#include "tickhouse/app/lake/menu/menu.h"

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "tickhouse/cli/lake/verbs.h"
#include "tickhouse/cli/terminal_width.h"

namespace tickhouse::cli {

namespace {

constexpr int kPollMillis = 200;

// Lines of standard input. Waits in small steps, so that Ctrl-C is heard between them.
class Lines {
 public:
  Result<std::optional<std::string>> Next(const CancelToken& cancel) {
    while (true) {
      if (const std::size_t end = held_.find('\n'); end != std::string::npos) {
        std::string line = held_.substr(0, end);
        held_.erase(0, end + 1);
        return line;
      }
      if (ended_) {
        if (held_.empty()) return std::nullopt;
        return std::exchange(held_, {});
      }
      TICKHOUSE_TRY(cancel.Check());
      TICKHOUSE_TRY(Read());
    }
  }

 private:
  Status Read() {
    pollfd waiting{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kPollMillis);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return {};
    if (ready < 0) return FailErrno(errno, "standard input");
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count > 0) held_.append(bytes.data(), static_cast<std::size_t>(count));
    // A terminal whose other end is gone answers EIO.
    if (count == 0 || (count < 0 && errno == EIO)) ended_ = true;
    if (count < 0 && errno != EIO && errno != EINTR) return FailErrno(errno, "standard input");
    return {};
  }

  std::string held_;
  bool ended_ = false;
};

Status Show(std::FILE* out, std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::fflush(out) == 0) {
    return {};
  }
  return FailErrno(errno, "the terminal");
}

}  // namespace

void RegisterLakeMenu(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::MenuRequest>();
  CLI::App* const command = AddVerb(
      lake, cli, "menu", "time travel by conversation: look, compare, go back",
      [cli, workspace, request](app::Environment& environment) {
        // The JSON document has standard output for itself.
        std::FILE* const out = cli->options.json ? stderr : stdout;
        const auto lines = std::make_shared<Lines>();
        const CancelToken cancel = environment.cancel;
        request->talk.width = TerminalWidth();
        request->talk.print = [out](std::string_view text) { return Show(out, text); };
        request->talk.ask =
            [out, lines, cancel](std::string_view prompt) -> Result<std::optional<std::string>> {
          TICKHOUSE_TRY(Show(out, prompt));
          return lines->Next(cancel);
        };
        return app::LakeMenu(*workspace, *request, environment);
      });
  command->add_option("TABLE", request->table, std::string(kTable) + " (asked for)");
}

}  // namespace tickhouse::cli
