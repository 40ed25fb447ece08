// SPDX-License-Identifier: BSD-3-Clause
#include "sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace millrace::torture {

using persistence::FileBytes;
using persistence::LogFile;

namespace {

std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

class Copy final : public FileBytes {
public:
    explicit Copy(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string_view bytes() const override { return bytes_; }

private:
    const std::string bytes_;
};

}  // namespace

const char* name_of(Action action) {
    static constexpr const char* kNames[] = {"append",    "cut",   "sync",   "failed sync",
                                             "lost sync", "mkdir", "create", "rename",
                                             "remove",    "sync folder"};
    return kNames[static_cast<size_t>(action)];
}

// --- files ---

class SimFile final : public LogFile {
public:
    SimFile(SimDisk& disk, std::shared_ptr<std::atomic<bool>> dead, size_t file, std::string path)
        : disk_(disk), dead_(std::move(dead)), file_(file), path_(std::move(path)) {}

    Result<size_t> append(std::span<const std::string_view> pieces) override {
        disk_.schedule.dawdle();
        const std::lock_guard lock(disk_.mutex_);
        if (*dead_) return system_error(path_, EIO);
        if (const int code = disk_.fails(Call::Append, path_); code != 0) {
            return system_error(path_, code);
        }
        std::string bytes;
        for (std::string_view piece : pieces) bytes += piece;
        const uint64_t room = disk_.room;
        if (bytes.size() > room) bytes.resize(room);
        if (bytes.empty()) return system_error(path_, ENOSPC);
        if (room != UINT64_MAX) disk_.room = room - bytes.size();
        const size_t taken = bytes.size();
        std::string& all = disk_.files_[file_].bytes;
        disk_.note({.action = Action::Append,
                    .file = file_,
                    .path = path_,
                    .from = all.size(),
                    .bytes = bytes});
        all += bytes;
        return taken;
    }

    Status sync() override {
        disk_.schedule.dawdle();
        size_t began = 0;
        const int64_t began_ms = disk_.schedule.now_ms();
        {
            const std::lock_guard lock(disk_.mutex_);
            began = disk_.history_.size();
        }
        disk_.wait_for_sync(began_ms, *dead_);
        const std::lock_guard lock(disk_.mutex_);
        const int code = *dead_ ? EIO : disk_.fails(Call::Sync, path_);
        disk_.note({.action = *dead_      ? Action::LostSync
                              : code == 0 ? Action::Sync
                                          : Action::FailedSync,
                    .began = began,
                    .file = file_,
                    .began_ms = began_ms});
        if (code != 0) return system_error(path_, code);
        return done();
    }

    Status cut(uint64_t bytes) override {
        disk_.schedule.dawdle();
        const std::lock_guard lock(disk_.mutex_);
        if (*dead_) return system_error(path_, EIO);
        if (const int code = disk_.fails(Call::Cut, path_); code != 0) {
            return system_error(path_, code);
        }
        std::string& all = disk_.files_[file_].bytes;
        if (disk_.room != UINT64_MAX) disk_.room += all.size() - bytes;
        all.resize(bytes);
        disk_.note({.action = Action::Cut, .file = file_, .from = bytes});
        return done();
    }

private:
    SimDisk& disk_;
    const std::shared_ptr<std::atomic<bool>> dead_;
    const size_t file_;
    const std::string path_;
};

SimDisk::SimDisk(const Image& image, uint64_t seed)
    : schedule(seed), folders_(image.folders), initial_(image) {
    folders_.insert(".");
    for (const auto& [name, bytes] : image.files) {
        names_[name] = files_.size();
        files_.push_back({.bytes = bytes});
    }
}

size_t SimDisk::history_size() const {
    const std::lock_guard lock(mutex_);
    return history_.size();
}

int SimDisk::fails(Call call, const std::string& path) {
    return fault ? fault(call, path) : 0;
}

void SimDisk::wait_for_sync(int64_t began_ms, const std::atomic<bool>& given_up) const {
    if (sync_ms > 0) schedule.wait_until(began_ms + sync_ms, [&] { return given_up.load(); });
}

void SimDisk::note(Operation operation) {
    operation.at_ms = schedule.now_ms();
    history_.push_back(std::move(operation));
}

Image SimDisk::image_now() const {
    const std::lock_guard lock(mutex_);
    Image image{.folders = folders_};
    for (const auto& [name, file] : names_) image.files[name] = files_[file].bytes;
    return image;
}

// --- one process's way to it ---

void Handle::kill() {
    const std::lock_guard lock(disk_.mutex_);
    *dead_ = true;
}

#define FAIL_AS_TOLD(call, path)                                                        \
    const std::lock_guard lock(disk_.mutex_);                                           \
    if (*dead_) return system_error(path, EIO);                                         \
    if (const int code = disk_.fails(call, path); code != 0) return system_error(path, code)

Status Handle::make_folder(const std::string& path) {
    disk_.schedule.dawdle();
    FAIL_AS_TOLD(Call::MakeFolder, path);
    if (!disk_.folders_.insert(path).second) return done();
    disk_.note({.action = Action::MakeFolder, .path = path});
    return done();
}

Result<std::unique_ptr<LogFile>> Handle::open(const std::string& path, bool fresh) {
    disk_.schedule.dawdle();
    FAIL_AS_TOLD(Call::Open, path);
    if (!disk_.folders_.contains(folder_of(path))) return system_error(path, ENOENT);
    auto found = disk_.names_.find(path);
    if (found == disk_.names_.end()) {
        found = disk_.names_.emplace(path, disk_.files_.size()).first;
        disk_.files_.emplace_back();
        disk_.note({.action = Action::Create, .file = found->second, .path = path});
    } else if (fresh && !disk_.files_[found->second].bytes.empty()) {
        if (disk_.room != UINT64_MAX) disk_.room += disk_.files_[found->second].bytes.size();
        disk_.files_[found->second].bytes.clear();
        disk_.note({.action = Action::Cut, .file = found->second, .from = 0});
    }
    return std::unique_ptr<LogFile>(
        std::make_unique<SimFile>(disk_, dead_, found->second, path));
}

Status Handle::rename(const std::string& from, const std::string& to) {
    disk_.schedule.dawdle();
    FAIL_AS_TOLD(Call::Rename, to);
    const auto found = disk_.names_.find(from);
    if (found == disk_.names_.end()) return system_error(from, ENOENT);
    if (!disk_.folders_.contains(folder_of(to))) return system_error(to, ENOENT);
    const size_t file = found->second;
    disk_.names_.erase(found);
    disk_.names_[to] = file;
    disk_.note({.action = Action::Rename, .file = file, .path = from, .to = to});
    return done();
}

Status Handle::remove(const std::string& path) {
    disk_.schedule.dawdle();
    FAIL_AS_TOLD(Call::Remove, path);
    const auto found = disk_.names_.find(path);
    if (found == disk_.names_.end()) return system_error(path, ENOENT);
    if (disk_.room != UINT64_MAX) disk_.room += disk_.files_[found->second].bytes.size();
    disk_.note({.action = Action::Remove, .file = found->second, .path = path});
    disk_.names_.erase(found);
    return done();
}

Status Handle::sync_folder(const std::string& path) {
    disk_.schedule.dawdle();
    size_t began = 0;
    const int64_t began_ms = disk_.schedule.now_ms();
    {
        const std::lock_guard lock(disk_.mutex_);
        began = disk_.history_.size();
    }
    disk_.wait_for_sync(began_ms, *dead_);
    FAIL_AS_TOLD(Call::SyncFolder, path);
    if (!disk_.folders_.contains(path)) return system_error(path, ENOENT);
    disk_.note({.action = Action::SyncFolder, .began = began, .path = path, .began_ms = began_ms});
    return done();
}

Status Handle::write_again(const std::string& path, uint64_t from) {
    disk_.schedule.dawdle();
    size_t file = 0;
    {
        FAIL_AS_TOLD(Call::Append, path);
        const auto found = disk_.names_.find(path);
        if (found == disk_.names_.end()) return system_error(path, ENOENT);
        file = found->second;
        const std::string& all = disk_.files_[file].bytes;
        if (from < all.size()) {
            disk_.note({.action = Action::Append,
                        .file = file,
                        .path = path,
                        .from = from,
                        .bytes = all.substr(from)});
        }
    }
    return SimFile(disk_, dead_, file, path).sync();
}

Result<uint64_t> Handle::size_of(const std::string& path) {
    const std::lock_guard lock(disk_.mutex_);
    if (*dead_) return system_error(path, EIO);
    const auto found = disk_.names_.find(path);
    if (found == disk_.names_.end()) return system_error(path, ENOENT);
    return static_cast<uint64_t>(disk_.files_[found->second].bytes.size());
}

Result<std::string> Handle::read(const std::string& path) {
    const std::lock_guard lock(disk_.mutex_);
    if (*dead_) return system_error(path, EIO);
    const auto found = disk_.names_.find(path);
    if (found == disk_.names_.end()) return system_error(path, ENOENT);
    return disk_.files_[found->second].bytes;
}

Result<std::unique_ptr<FileBytes>> Handle::map(const std::string& path) {
    return std::unique_ptr<FileBytes>(std::make_unique<Copy>(TRY(read(path))));
}

// --- the power goes ---

namespace {

// What of the history is on disk for sure, and what is lost for sure.
class Outcome {
public:
    Outcome(const std::vector<Operation>& history, size_t cut, const Damage& damage)
        : history_(history), cut_(cut), damage_(damage), random_(damage.seed) {
        pending_.assign(cut, true);
        for (size_t i = 0; i < cut; ++i) settle(history[i]);
        bytes_end_ = cut == 0 ? 0 : random_() % (cut + 1);
        names_end_ = cut == 0 ? 0 : random_() % (cut + 1);
    }

    bool name_survives(size_t at) {
        return !pending_[at] || survives(damage_.names, at, names_end_);
    }
    // Which of the bytes of an append are there: pieces of torn_at bytes.
    std::vector<bool> bytes_that_survive(size_t at) {
        const Operation& append = history_[at];
        const uint64_t first = append.from / damage_.torn_at;
        const uint64_t last = (append.from + append.bytes.size() - 1) / damage_.torn_at;
        std::vector<bool> pieces(last - first + 1, !pending_[at]);
        if (!pending_[at]) return pieces;
        switch (damage_.bytes) {
            case Fate::Lost:
                break;
            case Fate::Kept:
                pieces.assign(pieces.size(), true);
                break;
            case Fate::Prefix: {
                size_t count = at < bytes_end_ ? pieces.size() : 0;
                if (at == bytes_end_) count = random_() % (pieces.size() + 1);
                std::fill(pieces.begin(), pieces.begin() + static_cast<long>(count), true);
                break;
            }
            case Fate::Subset:
                for (auto&& piece : pieces) piece = random_() % 2 == 0;
                break;
            case Fate::Files:
                pieces.assign(pieces.size(), keeps_file(append.file));
                break;
        }
        return pieces;
    }
    // Whether a file may be longer than what of it was written.
    bool keeps_length(size_t at) { return pending_[at] && damage_.bytes != Fate::Lost && flip(); }
    bool cut_survives(size_t at) {
        if (damage_.bytes == Fate::Files) return !pending_[at] || keeps_file(history_[at].file);
        return !pending_[at] || survives(damage_.bytes, at, bytes_end_);
    }

private:
    bool flip() { return random_() % 4 == 0; }
    bool keeps_file(size_t file) const {
        return std::mt19937_64(damage_.seed + file)() % 2 == 0;
    }
    bool survives(Fate fate, size_t at, size_t end) {
        switch (fate) {
            case Fate::Lost:
                return false;
            case Fate::Kept:
                return true;
            case Fate::Prefix:
                return at < end;
            case Fate::Subset:
            case Fate::Files:
                return random_() % 2 == 0;
        }
        return false;
    }
    static bool is_in(const Operation& operation, const std::string& folder) {
        switch (operation.action) {
            case Action::Create:
            case Action::Remove:
            case Action::MakeFolder:
                return folder_of(operation.path) == folder;
            case Action::Rename:
                return folder_of(operation.to) == folder;
            default:
                return false;
        }
    }
    void settle(const Operation& sync) {
        if (sync.action == Action::FailedSync) failed_[sync.file] = sync.began;
        const bool of_file = sync.action == Action::Sync;
        if (!of_file && sync.action != Action::SyncFolder) return;
        // What a sync has failed to write, the next one does not write either.
        const auto failed = failed_.find(sync.file);
        const size_t begin = of_file && failed != failed_.end() ? failed->second : 0;
        for (size_t i = begin; i < std::min(sync.began, cut_); ++i) {
            const Operation& each = history_[i];
            const bool is_bytes = each.action == Action::Append || each.action == Action::Cut;
            if (of_file ? is_bytes && each.file == sync.file : is_in(each, sync.path)) {
                pending_[i] = false;
            }
        }
    }

    const std::vector<Operation>& history_;
    const size_t cut_;
    const Damage damage_;
    std::mt19937_64 random_;
    std::vector<bool> pending_;
    std::map<size_t, size_t> failed_;
    size_t bytes_end_ = 0;
    size_t names_end_ = 0;
};

// A file as far as it has come back, and which of its bytes were written.
struct Remains {
    std::string bytes;
    std::string written;  // A byte each.

    void put(const Operation& append, const std::vector<bool>& pieces, uint64_t piece_bytes) {
        const uint64_t first = append.from / piece_bytes;
        for (uint64_t i = 0; i < append.bytes.size(); ++i) {
            const uint64_t at = append.from + i;
            if (!pieces[at / piece_bytes - first]) continue;
            if (bytes.size() <= at) lengthen(at + 1);
            bytes[at] = append.bytes[i];
            written[at] = 1;
        }
    }
    void lengthen(uint64_t size) {
        if (size <= bytes.size()) return;
        bytes.resize(size, '\0');
        written.resize(size, '\0');
    }
    // Where there are zeros with data behind them; npos: nowhere.
    size_t hole() const {
        const size_t zero = written.find('\0');
        if (zero == std::string::npos) return zero;
        return written.find('\1', zero) == std::string::npos ? std::string::npos : zero;
    }
};

}  // namespace

Image SimDisk::image_at(size_t cut, const Damage& damage) const {
    const std::lock_guard lock(mutex_);
    Outcome outcome(history_, cut, damage);
    std::map<std::string, size_t> names;
    std::set<std::string> folders = initial_.folders;
    std::vector<Remains> files(files_.size());
    size_t number = 0;
    for (const auto& [name, bytes] : initial_.files) {
        names[name] = number;
        files[number].bytes = bytes;
        files[number++].written.assign(bytes.size(), '\1');
    }
    for (size_t i = 0; i < cut; ++i) {
        const Operation& each = history_[i];
        switch (each.action) {
            case Action::Append:
                files[each.file].put(each, outcome.bytes_that_survive(i), damage.torn_at);
                if (outcome.keeps_length(i)) {
                    files[each.file].lengthen(each.from + each.bytes.size());
                }
                break;
            case Action::Cut:
                if (!outcome.cut_survives(i) || files[each.file].bytes.size() <= each.from) break;
                files[each.file].bytes.resize(each.from);
                files[each.file].written.resize(each.from);
                break;
            case Action::MakeFolder:
                if (outcome.name_survives(i)) folders.insert(each.path);
                break;
            case Action::Create:
                if (outcome.name_survives(i)) names[each.path] = each.file;
                break;
            case Action::Rename:
                if (!outcome.name_survives(i)) break;
                if (const auto old = names.find(each.path);
                    old != names.end() && old->second == each.file) {
                    names.erase(old);
                }
                names[each.to] = each.file;
                break;
            case Action::Remove:
                if (outcome.name_survives(i)) names.erase(each.path);
                break;
            default:
                break;
        }
    }
    folders.insert(".");
    Image image{.folders = folders};
    for (const auto& [name, file] : names) {
        if (!folders.contains(folder_of(name))) continue;
        image.files[name] = files[file].bytes;
        const size_t hole = files[file].hole();
        if (name.ends_with(".aof") && hole != std::string::npos) image.holes[name] = hole;
    }
    return image;
}

}  // namespace millrace::torture
