#include "tickhouse/cli/terminal_width.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace tickhouse::cli {

std::size_t TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 120;
  return std::max<std::size_t>(40, size.ws_col);
}

}  // namespace tickhouse::cli
