// SPDX-License-Identifier: BSD-3-Clause
#pragma once
namespace millrace::engine {
struct Settings {
    bool latency_tracking = true;
    bool lazyfree_expire = true;
};
}
