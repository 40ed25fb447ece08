// SPDX-License-Identifier: BSD-3-Clause
//
// A server without sockets on a simulated disk: an engine, RDB files, the append-only file. It
// writes units whose effects tell exactly how far a restart has come:
//
//     unit 2n-1   SET c n
//     unit 2n     MULTI, SET a n, SET b n, RPUSH l n, EXEC
//
// Owner:   the test; one lives between two deaths.
// Threads: one plays the main thread; the log's and the snapshots' own run beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/aof/append_only_file.h"
#include "persistence/persistence.h"
#include "sim_disk.h"
#include "world.h"

namespace millrace::torture {

class Machine {
public:
    Machine(SimDisk& disk, const persistence::AofSettings& settings);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // Loads what the disk has; an error is what a server would have ended with.
    Status start();
    // With `appendonly no`; the dataset is empty.
    Status start_without_log();
    // How many units the dataset shows; nothing if it shows half of one, or a gap.
    std::optional<uint64_t> units();
    uint64_t written() const { return first_ + marks_.size(); }

    // The next unit; false: it was refused.
    bool write_unit();
    // Between two turns; `milliseconds` go by.
    void attend(int64_t milliseconds);
    // Until the log has taken what was written, or cannot.
    void settle();

    // Whether the log makes promises; only then the next two say something.
    bool promises() const { return gate_ != nullptr; }
    uint64_t acknowledged();  // Replies to so many units have left.
    uint64_t synced();        // So many units are on disk, as WAITAOF tells.

    void rewrite() { (void)log_.rewrite(); }
    bool is_rewriting() { return log_.counters().rewrite_in_progress; }
    Status set_enabled(bool enabled);

    Status save() { return persistence_.save(); }
    void save_in_background() { (void)persistence_.save_in_background(false); }
    bool is_saving();
    bool last_save_failed();

    // Each write to the log takes so long.
    void delay_writes(int64_t milliseconds) { log_.set_write_delay_us(milliseconds * 1000); }

    // As with SHUTDOWN; the machine does nothing more.
    void end();
    // As with kill -9.
    void kill() { handle_.kill(); }
    bool is_dead() const { return handle_.is_dead(); }

    // How many units an RDB file shows; nothing if it is damaged.
    static std::optional<uint64_t> units_of(const std::string& rdb);

private:
    std::string text(const std::string& key);
    void catch_up();
    uint64_t units_up_to(uint64_t offset, uint64_t& known) const;
    persistence::aof::AppendOnlyFile::Parts parts();

    SimDisk& disk_;
    Handle handle_;
    transcript::World world_;
    persistence::Settings settings_;
    keyspace::Settings keyspace_settings_;
    persistence::Persistence persistence_;
    engine::ReplyGate* gate_ = nullptr;
    bool is_enabled_ = false;
    int64_t world_ms_ = 0;  // The disk's time as far as the engine knows it.
    uint64_t first_ = 0;           // Units that were loaded.
    std::vector<uint64_t> marks_;  // Where the log ended after each unit since.
    uint64_t acknowledged_ = 0;
    uint64_t synced_ = 0;
    persistence::aof::AppendOnlyFile log_;
};

}  // namespace millrace::torture
