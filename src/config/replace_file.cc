// SPDX-License-Identifier: BSD-3-Clause
//
// replace_file() of config/rewrite.h: temporary file, fsync, rename, fsync of the folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "config/rewrite.h"

namespace millrace::config {
namespace {

constexpr mode_t kNewFileMode = 0644;

// Where the bytes really are, if `path` is a link.
std::string follow_links(const std::string& path) {
    char resolved[PATH_MAX];
    return ::realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t bytes = ::write(fd, text.data(), text.size());
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return system_error(path, errno);
        text.remove_prefix(static_cast<size_t>(bytes));
    }
    return done();
}

// Gives the new file the owner and the permissions of the one it replaces.
Status copy_access(int fd, const std::string& path) {
    struct stat old {};
    if (::stat(path.c_str(), &old) != 0) {
        const mode_t mask = ::umask(0);
        ::umask(mask);
        return ::fchmod(fd, kNewFileMode & ~mask) == 0 ? done() : system_error(path, errno);
    }
    // Only root may give a file away; another owner is no reason to fail.
    if (::fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
        return system_error(path, errno);
    return ::fchmod(fd, old.st_mode & 07777) == 0 ? done() : system_error(path, errno);
}

Status sync_folder(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_error(folder, errno);
    const bool synced = ::fsync(fd) == 0;
    const int code = errno;
    ::close(fd);
    return synced ? done() : system_error(folder, code);
}

Status fill(int fd, std::string_view text, const std::string& temporary,
            const std::string& target) {
    TRY(write_all(fd, text, temporary));
    TRY(copy_access(fd, target));
    if (::fsync(fd) != 0) return system_error(temporary, errno);
    return done();
}

}  // namespace

Status replace_file(const std::string& path, std::string_view text) {
    const std::string target = follow_links(path);
    std::string temporary = target + ".XXXXXX";
    const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (fd < 0) return system_error(temporary, errno);

    Status status = fill(fd, text, temporary, target);
    if (::close(fd) != 0 && status.ok()) status = system_error(temporary, errno);
    if (status.ok() && ::rename(temporary.c_str(), target.c_str()) != 0) {
        status = system_error(target, errno);
    }
    if (!status.ok()) {
        ::unlink(temporary.c_str());
        return status;
    }
    return sync_folder(folder_of(target));
}

}  // namespace millrace::config
