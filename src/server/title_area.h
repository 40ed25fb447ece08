// SPDX-License-Identifier: BSD-3-Clause
//
// Where the kernel reads the words that `ps` shows: the memory of main()'s arguments and, behind
// them, of the environment.
//
// Owner:   main(); made before anything looks at the environment.
// Threads: main thread.
// Limits:  titles as long as the arguments and the environment were at the start; longer ones are
// cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::server {

class TitleArea {
public:
    // Moves the environment elsewhere, so that its memory may be written to. The arguments must not
    // be used after the first set().
    TitleArea(int argument_count, char** arguments);

    void set(std::string_view title);
    // As the program was called.
    const std::string& original() const { return original_; }

private:
    std::string original_;
    char* begin_ = nullptr;
    size_t bytes_ = 0;
};

}  // namespace millrace::server
