// SPDX-License-Identifier: BSD-3-Clause
//
// Runs a libFuzzer target without libFuzzer: over the files named on the command line and, so that
// the target cannot rot, over a few hundred inputs from a fixed seed.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::ifstream file(argv[i], std::ios::binary);
        std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file),
                                   std::istreambuf_iterator<char>()};
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    std::mt19937 random(20240607);
    for (int round = 0; round < 300; ++round) {
        std::vector<uint8_t> bytes(random() % 512);
        for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    std::printf("300 generated inputs and %d files replayed\n", argc - 1);
    return 0;
}
