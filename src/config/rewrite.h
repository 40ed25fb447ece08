// SPDX-License-Identifier: BSD-3-Clause
//
// CONFIG REWRITE: brings the configuration file up to the current settings.
//
// Comments, the order of lines, and includes stay. A line about a setting is replaced by the
// setting as it is now, further lines about it go away, and what stands nowhere yet but differs
// from its default is added at the end. A setting whose value comes from an included file is only
// added when it has changed since.
//
// Owner:     whoever runs CONFIG REWRITE.
// Threads:   main thread only.
// Invariant: reading the new file gives the current values of all settings.
#pragma once

#include <string>
#include <string_view>

#include "config/registry.h"

namespace millrace::config {

enum class RewriteScope {
    Changed,  // CONFIG REWRITE
    All,      // DEBUG CONFIG-REWRITE-FORCE-ALL: settings with their default value too
};

// The new text for a file that holds `old_text`.
std::string rewrite_text(const Registry& registry, std::string_view old_text, RewriteScope scope);

// Rewrites the file at `path`, or writes a new one; the error carries errno.
Status rewrite_file(const Registry& registry, const std::string& path, RewriteScope scope);

// Puts `text` in place of the file at `path` so that a crash leaves either the old or the new one,
// whole: temporary file, fsync, rename, fsync of the folder. The mode of an existing file is kept,
// and a symbolic link is followed.
Status replace_file(const std::string& path, std::string_view text);

}  // namespace millrace::config
