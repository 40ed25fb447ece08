// SPDX-License-Identifier: BSD-3-Clause
//
// millrace-check-aof: says whether the files of an AOF can be loaded, and mends the last one.
#include <cstdio>
#include <cstring>

#include "base/numbers.h"
#include "report.h"

namespace {

int usage(const char* program) {
    std::printf("Usage: %s [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n",
                program);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace millrace;
    check_aof::Task task;
    if (argc == 2) {
        task.path = argv[1];
    } else if (argc == 3 && std::strcmp(argv[1], "--fix") == 0) {
        task.fix = true;
        task.path = argv[2];
    } else if (argc == 4 && std::strcmp(argv[1], "--truncate-to-timestamp") == 0) {
        task.timestamp = parse_integer(argv[2]);
        task.path = argv[3];
        if (!task.timestamp || *task.timestamp <= 0) {
            std::printf("Invalid timestamp, aborting...\n");
            return 1;
        }
    } else {
        return usage(argv[0]);
    }
    return check_aof::Checker(task, stdout, stdin).run();
}
