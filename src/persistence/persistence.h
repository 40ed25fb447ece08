// SPDX-License-Identifier: BSD-3-Clause
//
// The dataset on disk: saves it, loads it when the server starts, and reloads it for DEBUG.
//
// Owner:   the server.
// Threads: main thread, which does nothing else meanwhile.
#pragma once

#include "engine/engine.h"
#include "engine/services.h"
#include "keyspace/settings.h"
#include "persistence/rdb/dataset_reader.h"
#include "persistence/settings.h"

namespace millrace::persistence {

class Persistence final : public engine::PersistenceControl {
public:
    Persistence(engine::Engine& engine, const Settings& settings,
                const keyspace::Settings& keyspace_settings)
        : engine_(engine), settings_(settings), keyspace_settings_(keyspace_settings) {}

    // Loads the file, if there is one, into databases that are empty. The error is for the log.
    Status load();

    Status save() override;
    Status reload(const engine::ReloadRequest& request) override;
    bool compresses() const override { return settings_.rdb.rdbcompression; }
    bool takes_foreign_versions() const override {
        return settings_.rdb.rdb_version_check == RdbVersionCheck::Relaxed;
    }

private:
    Status write_file();
    // Loads `bytes`; everything that is there goes as soon as they look right, if asked.
    Status load_bytes(std::string_view bytes, bool flush, bool replaces);
    void report(const rdb::LoadCounts& counts);
    rdb::UseMarks use_marks() const;

    engine::Engine& engine_;
    const Settings& settings_;
    const keyspace::Settings& keyspace_settings_;
};

}  // namespace millrace::persistence
