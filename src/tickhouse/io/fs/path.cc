#include <algorithm>
#include <cctype>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

namespace {

// "/" and "s3://" are kept whole: they are where a path begins, not a separator within it.
std::size_t RootLength(std::string_view path) {
  const std::size_t scheme = path.find("://");
  if (scheme != std::string_view::npos && scheme > 0 &&
      std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(scheme),
                  [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-'; })) {
    return scheme + 3;
  }
  return path.starts_with('/') ? 1 : 0;
}

std::string_view WithoutTrailingSlashes(std::string_view path) {
  const std::size_t root = RootLength(path);
  while (path.size() > root && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

std::string JoinPath(std::string_view folder, std::string_view name) {
  if (folder.empty() || RootLength(name) > 0) return std::string(name);
  std::string joined(folder);
  if (!joined.ends_with('/')) joined += '/';
  joined += name;
  return joined;
}

std::string_view BaseName(std::string_view path) {
  path = WithoutTrailingSlashes(path);
  path.remove_prefix(RootLength(path));
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view ParentPath(std::string_view path) {
  path = WithoutTrailingSlashes(path);
  const std::size_t root = RootLength(path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash < root) return path.substr(0, root);
  return WithoutTrailingSlashes(path.substr(0, slash));
}

std::string Extension(std::string_view path) {
  const std::string_view name = BaseName(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  std::string extension(name.substr(dot + 1));
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  return extension;
}

std::optional<std::string> RelativePath(std::string_view path, std::string_view root) {
  root = WithoutTrailingSlashes(root);
  if (root.empty()) {
    if (path.empty() || RootLength(path) > 0) return std::nullopt;
    return std::string(path);
  }
  if (!path.starts_with(root)) return std::nullopt;
  std::string_view rest = path.substr(root.size());
  if (!root.ends_with('/')) {
    if (!rest.starts_with('/')) return std::nullopt;
    while (rest.starts_with('/')) rest.remove_prefix(1);
  }
  if (rest.empty()) return std::nullopt;
  return std::string(rest);
}

}  // namespace tickhouse::io
