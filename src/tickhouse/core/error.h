// The two sorts of failure, and the value that carries the first.
//
// What the world does (a bad file, a lost connection, a full disk) is a value: `Result<T>`, a
// `std::expected` over one closed list of kinds. What the programmer did is `TICKHOUSE_CHECK`
// (core/check.h), which stays on in release and stops the process.
//
// A message names the file, line or offset at fault and says what to do about it.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tickhouse {

/// Every way in which the world can refuse. Closed: handle all of them or none by name.
enum class ErrorKind {
  kInvalidArgument,  ///< Wrong usage or configuration; the caller must change the request.
  kNotFound,         ///< The named file, object, symbol or key does not exist.
  kAlreadyExists,    ///< It exists, and the call promised not to replace it.
  kPermission,       ///< The operating system or server refuses access.
  kCorrupt,          ///< Bytes that do not mean what their format promises.
  kUnsupported,      ///< Valid, but not something this version can honour.
  kConflict,         ///< Somebody else changed it in between; a retry from the start may succeed.
  kUnknownOutcome,   ///< The request may or may not have taken effect; never clean up on this.
  kBusy,             ///< Another run owns it; the message names the owner.
  kUnavailable,      ///< A service or device does not answer or refuses for now.
  kTimeout,          ///< No answer within the time allowed.
  kNoSpace,          ///< The device or quota is full.
  kCancelled,        ///< The user asked to stop; state is safe.
  kIo,               ///< Any other failure of the device underneath.
};

/// The stable name of a kind as it appears in `--json` output, such as "corrupt".
std::string_view ErrorKindName(ErrorKind kind);

/// One failure. Cheap to move; compares by nothing: look at `kind` and read `message`.
struct Error {
  ErrorKind kind;
  std::string message;

  /// The same failure, told by a caller who knows more: "context: message".
  Error WithContext(std::string_view context) const;

  /// "kind: message", for logs.
  std::string ToString() const;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// `return Fail(ErrorKind::kCorrupt, fmt::format("{}: ...", path));`
inline std::unexpected<Error> Fail(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}
inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected(std::move(error));
}

/// A failure from `errno`: picks the kind (ENOENT, EACCES, ENOSPC, ...) and appends its text.
std::unexpected<Error> FailErrno(int error_number, std::string_view what);

}  // namespace tickhouse

#define TICKHOUSE_CONCAT_INNER(a, b) a##b
#define TICKHOUSE_CONCAT(a, b) TICKHOUSE_CONCAT_INNER(a, b)

/// Evaluates a Status or Result; on failure returns it from the enclosing function.
#define TICKHOUSE_TRY(expression)                                  \
  do {                                                             \
    if (auto tickhouse_status = (expression); !tickhouse_status) { \
      return std::unexpected(std::move(tickhouse_status).error()); \
    }                                                              \
  } while (false)

/// `TICKHOUSE_ASSIGN(auto file, fs.OpenRead(path));`
#define TICKHOUSE_ASSIGN(target, expression) \
  TICKHOUSE_ASSIGN_INNER(TICKHOUSE_CONCAT(tickhouse_result_, __LINE__), target, expression)
#define TICKHOUSE_ASSIGN_INNER(result, target, expression)        \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  target = std::move(*result)
