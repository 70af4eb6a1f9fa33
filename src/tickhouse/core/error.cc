#include "tickhouse/core/error.h"

#include <cerrno>
#include <cstring>

namespace tickhouse {

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument: return "invalid-argument";
    case ErrorKind::kNotFound: return "not-found";
    case ErrorKind::kAlreadyExists: return "already-exists";
    case ErrorKind::kPermission: return "permission";
    case ErrorKind::kCorrupt: return "corrupt";
    case ErrorKind::kUnsupported: return "unsupported";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kUnknownOutcome: return "unknown-outcome";
    case ErrorKind::kBusy: return "busy";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kNoSpace: return "no-space";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kIo: return "io";
  }
  return "io";
}

Error Error::WithContext(std::string_view context) const {
  return Error{kind, std::string(context) + ": " + message};
}

std::string Error::ToString() const {
  return std::string(ErrorKindName(kind)) + ": " + message;
}

namespace {

ErrorKind KindOfErrno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: return ErrorKind::kNotFound;
    case EEXIST:
    case ENOTEMPTY: return ErrorKind::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::kPermission;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ErrorKind::kNoSpace;
    case EINVAL:
    case EISDIR:
    case ENAMETOOLONG: return ErrorKind::kInvalidArgument;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY: return ErrorKind::kBusy;
    case ETIMEDOUT: return ErrorKind::kTimeout;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH: return ErrorKind::kUnavailable;
    default: return ErrorKind::kIo;
  }
}

}  // namespace

std::unexpected<Error> FailErrno(int error_number, std::string_view what) {
  return Fail(KindOfErrno(error_number), std::string(what) + ": " + std::strerror(error_number));
}

}  // namespace tickhouse
