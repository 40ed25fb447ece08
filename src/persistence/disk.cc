// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace millrace::persistence {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;
constexpr size_t kPiecesMax = 128;
constexpr size_t kAgainBytes = size_t{1} << 20;

class SystemFile final : public LogFile {
public:
    SystemFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    ~SystemFile() override { ::close(fd_); }
    SystemFile(const SystemFile&) = delete;
    SystemFile& operator=(const SystemFile&) = delete;

    Result<size_t> append(std::span<const std::string_view> pieces) override {
        std::array<iovec, kPiecesMax> vector;
        const size_t count = std::min(pieces.size(), vector.size());
        for (size_t i = 0; i < count; ++i) {
            vector[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
        }
        ssize_t taken = 0;
        do {
            taken = ::writev(fd_, vector.data(), static_cast<int>(count));
        } while (taken < 0 && errno == EINTR);
        if (taken < 0) return system_error(path_, errno);
        return static_cast<size_t>(taken);
    }
    Status sync() override {
        if (::fdatasync(fd_) == 0) return done();
        return system_error(path_, errno);
    }
    Status cut(uint64_t bytes) override {
        if (::ftruncate(fd_, static_cast<off_t>(bytes)) == 0) return done();
        return system_error(path_, errno);
    }
    void begin_sync(uint64_t from, uint64_t bytes) override {
        (void)::sync_file_range(fd_, static_cast<off64_t>(from), static_cast<off64_t>(bytes),
                                SYNC_FILE_RANGE_WRITE);
    }

private:
    const int fd_;
    const std::string path_;
};

// An errno, or 0.
int put_at(int fd, std::string_view bytes, off_t at) {
    while (!bytes.empty()) {
        const ssize_t taken = ::pwrite(fd, bytes.data(), bytes.size(), at);
        if (taken < 0 && errno == EINTR) continue;
        if (taken <= 0) return taken < 0 ? errno : EIO;
        bytes.remove_prefix(static_cast<size_t>(taken));
        at += taken;
    }
    return 0;
}

// The same of the whole file from there on: pieces that are written are pieces to be synced.
int put_again(int fd, off_t at) {
    std::vector<char> piece(kAgainBytes);
    for (;;) {
        const ssize_t count = ::pread(fd, piece.data(), piece.size(), at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        if (count == 0) return ::fdatasync(fd) == 0 ? 0 : errno;
        const int code = put_at(fd, {piece.data(), static_cast<size_t>(count)}, at);
        if (code != 0) return code;
        (void)::sync_file_range(fd, at, count, SYNC_FILE_RANGE_WRITE);
        at += count;
    }
}

Status answer(int result, const std::string& path) {
    if (result == 0) return done();
    return system_error(path, errno);
}

}  // namespace

SystemDisk::SystemDisk() : folder_(AT_FDCWD) {}

SystemDisk::~SystemDisk() {
    if (folder_ >= 0) ::close(folder_);
}

std::unique_ptr<Disk> SystemDisk::here() {
    auto disk = std::make_unique<SystemDisk>();
    const int fd = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    disk->folder_ = fd >= 0 ? fd : AT_FDCWD;
    return disk;
}

Status SystemDisk::make_folder(const std::string& path) {
    const Status made = answer(::mkdirat(folder_, path.c_str(), kFolderMode), path);
    if (made.ok() || made.error().code() != EEXIST) {
        return made.ok() ? done() : Status(system_error(path, made.error().code()));
    }
    struct stat facts {};
    if (::fstatat(folder_, path.c_str(), &facts, 0) == 0 && !S_ISDIR(facts.st_mode)) {
        return system_error(path, ENOTDIR);
    }
    return done();
}

Result<std::unique_ptr<LogFile>> SystemDisk::open(const std::string& path, bool fresh) {
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (fresh ? O_TRUNC : 0);
    const int fd = ::openat(folder_, path.c_str(), flags, kFileMode);
    if (fd < 0) return system_error(path, errno);
    return std::unique_ptr<LogFile>(std::make_unique<SystemFile>(fd, path));
}

Status SystemDisk::rename(const std::string& from, const std::string& to) {
    return answer(::renameat(folder_, from.c_str(), folder_, to.c_str()), from);
}

Status SystemDisk::remove(const std::string& path) {
    return answer(::unlinkat(folder_, path.c_str(), 0), path);
}

Status SystemDisk::sync_folder(const std::string& path) {
    const int fd = ::openat(folder_, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_error(path, errno);
    const int code = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (code == 0) return done();
    return system_error(path, code);
}

Status SystemDisk::write_again(const std::string& path, uint64_t from) {
    const int fd = ::openat(folder_, path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return system_error(path, errno);
    const int code = put_again(fd, static_cast<off_t>(from));
    ::close(fd);
    if (code == 0) return done();
    return system_error(path, code);
}

Result<uint64_t> SystemDisk::size_of(const std::string& path) {
    struct stat facts {};
    if (::fstatat(folder_, path.c_str(), &facts, 0) != 0) return system_error(path, errno);
    return static_cast<uint64_t>(facts.st_size);
}

Result<std::string> SystemDisk::read(const std::string& path) {
    const int fd = ::openat(folder_, path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return system_error(path, errno);
    std::string text;
    std::array<char, 16384> part;
    for (;;) {
        const ssize_t count = ::read(fd, part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        const int code = errno;
        if (count <= 0) {
            ::close(fd);
            if (count < 0) return system_error(path, code);
            return text;
        }
        text.append(part.data(), static_cast<size_t>(count));
    }
}

Result<std::unique_ptr<FileBytes>> SystemDisk::map(const std::string& path) {
    auto file = std::make_unique<MappedFile>();
    TRY(file->open_in(folder_, path));
    return std::unique_ptr<FileBytes>(std::move(file));
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

Status MappedFile::open(const std::string& path) {
    return open_in(AT_FDCWD, path);
}

Status MappedFile::open_in(int folder, const std::string& path) {
    const int fd = ::openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC);
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

Status replace_file(Disk& disk, const std::string& folder, const std::string& name,
                    std::string_view text) {
    // Compat: the name of the file until it is whole.
    const std::string temporary = folder + "/temp-" + name;
    {
        const std::unique_ptr<LogFile> file = TRY(disk.open(temporary, true));
        while (!text.empty()) text.remove_prefix(TRY(file->append({&text, 1})));
        TRY(file->sync());
    }
    TRY(disk.rename(temporary, folder + "/" + name));
    return disk.sync_folder(folder);
}

}  // namespace millrace::persistence
