// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace millrace::persistence::rdb {
namespace {

constexpr mode_t kMode = 0644;

}  // namespace

FileSink::FileSink(bool sync_often)
    : sync_often_(sync_often), folder_(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

FileSink::~FileSink() {
    discard();
    if (folder_ >= 0) ::close(folder_);
}

void FileSink::discard() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    if (!temporary_.empty()) ::unlinkat(folder_, temporary_.c_str(), 0);
    temporary_.clear();
}

std::string FileSink::temporary_name(int writer) {
    // Compat: tools look for temp-*.rdb.
    return fmt::format("temp-{}.rdb", writer);
}

Status FileSink::open(int writer) {
    temporary_ = temporary_name(writer);
    fd_ = ::openat(folder_, temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
    if (fd_ >= 0) return done();
    const int code = errno;
    const std::string name = std::exchange(temporary_, {});
    return system_error(fmt::format("Failed opening the temp RDB file {} for saving", name), code);
}

Status FileSink::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("Write error saving DB on disk", errno);
        bytes.remove_prefix(static_cast<size_t>(count));
        written_ += static_cast<size_t>(count);
    }
    if (sync_often_ && written_ - synced_ >= kSyncedEvery) {
        // Only a hint: the fsync at the end is what counts.
        (void)::sync_file_range(fd_, static_cast<off64_t>(synced_),
                                static_cast<off64_t>(written_ - synced_), SYNC_FILE_RANGE_WRITE);
        synced_ = written_;
    }
    return done();
}

Status FileSink::put_in_place(const std::string& name) {
    if (::fsync(fd_) != 0) return system_error("Write error saving DB on disk", errno);
    const int fd = std::exchange(fd_, -1);
    if (::close(fd) != 0) return system_error("Write error saving DB on disk", errno);
    if (::renameat(folder_, temporary_.c_str(), folder_, name.c_str()) != 0) {
        return system_error(fmt::format("Error moving temp DB file {} on the final destination {}",
                                        temporary_, name),
                            errno);
    }
    temporary_.clear();
    if (::fsync(folder_) != 0)
        return system_error("Failed syncing the folder of the DB file", errno);
    return done();
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

Status MappedFile::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return system_error(path, errno);
    struct stat facts {};
    int code = ::fstat(fd, &facts) == 0 ? 0 : errno;
    if (code == 0 && !S_ISREG(facts.st_mode)) code = EISDIR;
    const auto size = static_cast<size_t>(facts.st_size);
    void* data = nullptr;
    if (code == 0 && size > 0) {
        data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) code = errno;
    }
    ::close(fd);
    if (code != 0) return system_error(path, code);
    if (data == nullptr) return done();
    (void)::madvise(data, size, MADV_SEQUENTIAL);
    data_ = static_cast<const char*>(data);
    size_ = size;
    return done();
}

}  // namespace millrace::persistence::rdb
