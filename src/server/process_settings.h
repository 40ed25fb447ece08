// SPDX-License-Identifier: BSD-3-Clause
//
// Makes true what settings say about the process as others see it: its title in `ps`, its place in
// the kernel's list for lack of memory, what it leaves behind in a crash, the locale that SORT goes
// by, the allocator's threads, and the watchdog.
//
// Owner:   the server.
// Threads: main thread.
#pragma once

#include "base/result.h"
#include "server/all_settings.h"
#include "server/oom_score.h"
#include "server/title_area.h"

namespace millrace::server {

class ProcessSettings {
public:
    ProcessSettings(const AllSettings& settings, const std::string& config_file, TitleArea& title)
        : settings_(settings), config_file_(config_file), title_(title) {}

    // Everything, at the start.
    void apply();
    // What may change at run time; the errors are what CONFIG SET answers.
    void show_title();
    void take_locale();
    Status adjust_oom_score();
    void prepare_for_crash();
    Status start_allocator_threads();

private:
    const AllSettings& settings_;
    const std::string config_file_;
    TitleArea& title_;
    OomScore oom_score_;
};

}  // namespace millrace::server
