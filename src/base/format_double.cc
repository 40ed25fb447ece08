// SPDX-License-Identifier: BSD-3-Clause
//
// format_double(): the algorithm Grisu2 of Florian Loitsch, "Printing Floating-Point Numbers
// Quickly and Accurately with Integers" (2010).
//
// Compat: Grisu2 finds the shortest digits for all but some 0.4 % of all doubles, where the server
// shows one digit more or a neighbour, such as 281.56446999999997 for 281.56447. Clients see these
// digits in scores, so the choice of the powers and all roundings are those of Valkey's formatter.
#include <bit>
#include <cmath>
#include <cstring>

#include "base/assert.h"
#include "base/format_double.h"
#include "base/numbers.h"

namespace millrace {
namespace {

// significand * 2^exponent
struct Scaled {
    uint64_t significand;
    int exponent;
};

constexpr int kFirstPower = -348;
constexpr int kPowerStep = 8;

// 10^-348, 10^-340, ... 10^340, rounded to 64 bits.
constexpr Scaled kPowersOfTen[] = {
    {0xfa8fd5a0081c0288, -1220}, {0xbaaee17fa23ebf76, -1193}, {0x8b16fb203055ac76, -1166},
    {0xcf42894a5dce35ea, -1140}, {0x9a6bb0aa55653b2d, -1113}, {0xe61acf033d1a45df, -1087},
    {0xab70fe17c79ac6ca, -1060}, {0xff77b1fcbebcdc4f, -1034}, {0xbe5691ef416bd60c, -1007},
    {0x8dd01fad907ffc3c, -980},  {0xd3515c2831559a83, -954},  {0x9d71ac8fada6c9b5, -927},
    {0xea9c227723ee8bcb, -901},  {0xaecc49914078536d, -874},  {0x823c12795db6ce57, -847},
    {0xc21094364dfb5637, -821},  {0x9096ea6f3848984f, -794},  {0xd77485cb25823ac7, -768},
    {0xa086cfcd97bf97f4, -741},  {0xef340a98172aace5, -715},  {0xb23867fb2a35b28e, -688},
    {0x84c8d4dfd2c63f3b, -661},  {0xc5dd44271ad3cdba, -635},  {0x936b9fcebb25c996, -608},
    {0xdbac6c247d62a584, -582},  {0xa3ab66580d5fdaf6, -555},  {0xf3e2f893dec3f126, -529},
    {0xb5b5ada8aaff80b8, -502},  {0x87625f056c7c4a8b, -475},  {0xc9bcff6034c13053, -449},
    {0x964e858c91ba2655, -422},  {0xdff9772470297ebd, -396},  {0xa6dfbd9fb8e5b88f, -369},
    {0xf8a95fcf88747d94, -343},  {0xb94470938fa89bcf, -316},  {0x8a08f0f8bf0f156b, -289},
    {0xcdb02555653131b6, -263},  {0x993fe2c6d07b7fac, -236},  {0xe45c10c42a2b3b06, -210},
    {0xaa242499697392d3, -183},  {0xfd87b5f28300ca0e, -157},  {0xbce5086492111aeb, -130},
    {0x8cbccc096f5088cc, -103},  {0xd1b71758e219652c, -77},   {0x9c40000000000000, -50},
    {0xe8d4a51000000000, -24},   {0xad78ebc5ac620000, 3},     {0x813f3978f8940984, 30},
    {0xc097ce7bc90715b3, 56},    {0x8f7e32ce7bea5c70, 83},    {0xd5d238a4abe98068, 109},
    {0x9f4f2726179a2245, 136},   {0xed63a231d4c4fb27, 162},   {0xb0de65388cc8ada8, 189},
    {0x83c7088e1aab65db, 216},   {0xc45d1df942711d9a, 242},   {0x924d692ca61be758, 269},
    {0xda01ee641a708dea, 295},   {0xa26da3999aef774a, 322},   {0xf209787bb47d6b85, 348},
    {0xb454e4a179dd1877, 375},   {0x865b86925b9bc5c2, 402},   {0xc83553c5c8965d3d, 428},
    {0x952ab45cfa97a0b3, 455},   {0xde469fbd99a05fe3, 481},   {0xa59bc234db398c25, 508},
    {0xf6c69a72a3989f5c, 534},   {0xb7dcbf5354e9bece, 561},   {0x88fcf317f22241e2, 588},
    {0xcc20ce9bd35c78a5, 614},   {0x98165af37b2153df, 641},   {0xe2a0b5dc971f303a, 667},
    {0xa8d9d1535ce3b396, 694},   {0xfb9b7cd9a4a7443c, 720},   {0xbb764c4ca7a44410, 747},
    {0x8bab8eefb6409c1a, 774},   {0xd01fef10a657842c, 800},   {0x9b10a4e5e9913129, 827},
    {0xe7109bfba19c0c9d, 853},   {0xac2820d9623bf429, 880},   {0x80444b5e7aa7cf85, 907},
    {0xbf21e44003acdd2d, 933},   {0x8e679c2f5e44ff8f, 960},   {0xd433179d9c8cb841, 986},
    {0x9e19db92b4e31ba9, 1013},  {0xeb96bf6ebadf77d9, 1039},  {0xaf87023b9bf0ee6b, 1066},
};
constexpr int kPowerCount = sizeof kPowersOfTen / sizeof kPowersOfTen[0];

// A scaled value has an exponent between these two, so that its whole part fits 32 bits and ten
// times its fraction 64.
constexpr int kScaledExponentMin = -60;
constexpr int kScaledExponentMax = -32;

constexpr uint64_t kUnits[] = {1,      10,      100,      1000,      10000,
                               100000, 1000000, 10000000, 100000000, 1000000000};

Scaled multiply(Scaled a, Scaled b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a.significand} * b.significand + (uint64_t{1} << 63);
    return {static_cast<uint64_t>(product >> 64), a.exponent + b.exponent + 64};
}

Scaled normalized(Scaled value) {
    const int shift = std::countl_zero(value.significand);
    return {value.significand << shift, value.exponent - shift};
}

// The index of the smallest power that brings a value of `exponent` to kScaledExponentMin or more.
int power_index(int exponent) {
    // 10^(8 i - 348) has the exponent 26.575 i - 1220; the estimate is never too high.
    const int wanted = kScaledExponentMin - 64 - exponent;
    int index = (wanted + 1219) * 1000 / 26576;
    if (index < 0) index = 0;
    while (kPowersOfTen[index].exponent < wanted) ++index;
    DCHECK(index < kPowerCount);
    return index;
}

// The digits of a number and the power of ten that the last one counts.
struct Decimal {
    char digits[20];
    int size = 0;
    int exponent = 0;
};

// Lowers the last digit while that brings the number nearer to the value, which lies `distance`
// below the upper bound; `rest` is how far the digits are below it, `unit` what one step adds.
void approach_value(Decimal& decimal, uint64_t width, uint64_t rest, uint64_t unit,
                    uint64_t distance) {
    while (rest < distance && width - rest >= unit &&
           (rest + unit < distance || distance - rest > rest + unit - distance)) {
        --decimal.digits[decimal.size - 1];
        rest += unit;
    }
}

void append_digit(Decimal& decimal, uint64_t digit) {
    if (digit == 0 && decimal.size == 0) return;
    decimal.digits[decimal.size++] = static_cast<char>('0' + digit);
}

// Appends the fewest digits of a number between `upper` - `width` and `upper`.
void generate_digits(Decimal& decimal, Scaled upper, uint64_t width, uint64_t distance) {
    const int shift = -upper.exponent;
    DCHECK(shift <= -kScaledExponentMin);
    DCHECK(shift >= -kScaledExponentMax);
    const uint64_t one = uint64_t{1} << shift;
    uint64_t whole = upper.significand >> shift;
    uint64_t fraction = upper.significand & (one - 1);

    for (int place = 9; place >= 0; --place) {
        append_digit(decimal, whole / kUnits[place]);
        whole %= kUnits[place];
        const uint64_t rest = (whole << shift) + fraction;
        if (rest <= width) {
            decimal.exponent += place;
            return approach_value(decimal, width, rest, kUnits[place] << shift, distance);
        }
    }
    uint64_t scale = 1;
    for (int place = -1;; --place) {
        fraction *= 10;
        width *= 10;
        scale *= 10;
        append_digit(decimal, fraction >> shift);
        fraction &= one - 1;
        if (fraction < width) {
            decimal.exponent += place;
            return approach_value(decimal, width, fraction, one, distance * scale);
        }
    }
}

// The digits of a finite value above zero.
Decimal to_decimal(double value) {
    constexpr int kFractionBits = 52;
    constexpr uint64_t kHiddenBit = uint64_t{1} << kFractionBits;
    const auto bits = std::bit_cast<uint64_t>(value);
    const auto biased = static_cast<int>(bits >> kFractionBits);
    Scaled exact{bits & (kHiddenBit - 1), 1 - 1075};
    if (biased != 0) exact = {exact.significand + kHiddenBit, biased - 1075};

    // The bounds lie half way to the neighbours; below a power of two the lower one is nearer.
    const Scaled upper = normalized({exact.significand * 2 + 1, exact.exponent - 1});
    const int nearer = exact.significand == kHiddenBit ? 2 : 1;
    Scaled lower{(exact.significand << nearer) - 1, exact.exponent - nearer};
    lower.significand <<= lower.exponent - upper.exponent;
    lower.exponent = upper.exponent;

    const int index = power_index(upper.exponent);
    const Scaled power = kPowersOfTen[index];
    const Scaled scaled = multiply(normalized(exact), power);
    Scaled scaled_upper = multiply(upper, power);
    const uint64_t scaled_lower = multiply(lower, power).significand + 1;
    --scaled_upper.significand;

    Decimal decimal;
    decimal.exponent = -(kFirstPower + index * kPowerStep);
    generate_digits(decimal, scaled_upper, scaled_upper.significand - scaled_lower,
                    scaled_upper.significand - scaled.significand);
    return decimal;
}

char* append(char* out, const char* bytes, int size) {
    std::memcpy(out, bytes, static_cast<size_t>(size));
    return out + size;
}

char* append_zeros(char* out, int count) {
    std::memset(out, '0', static_cast<size_t>(count));
    return out + count;
}

char* append_scientific(char* out, const Decimal& decimal, int exponent, bool negative) {
    // Compat: a negative number shows at most 17 digits, others 18.
    const int size = std::min(decimal.size, negative ? 17 : 18);
    *out++ = decimal.digits[0];
    if (size > 1) {
        *out++ = '.';
        out = append(out, decimal.digits + 1, size - 1);
    }
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    return out + format_unsigned(out, static_cast<uint64_t>(std::abs(exponent)));
}

char* append_decimal(char* out, const Decimal& decimal, bool negative) {
    const int last = decimal.exponent;
    const int first = last + decimal.size - 1;
    if (last >= 0 && first < decimal.size + 7) {
        return append_zeros(append(out, decimal.digits, decimal.size), last);
    }
    if (last >= 0 || (last <= -7 && std::abs(first) >= 4)) {
        return append_scientific(out, decimal, first, negative);
    }
    if (first >= 0) {
        out = append(out, decimal.digits, first + 1);
        *out++ = '.';
        return append(out, decimal.digits + first + 1, -last);
    }
    *out++ = '0';
    *out++ = '.';
    out = append_zeros(out, -first - 1);
    return append(out, decimal.digits, decimal.size);
}

size_t copy_word(char* out, std::string_view word) {
    std::memcpy(out, word.data(), word.size());
    return word.size();
}

}  // namespace

size_t format_double_digits(char* out, double value) {
    if (std::isnan(value)) return copy_word(out, "nan");
    if (std::isinf(value)) return copy_word(out, value < 0 ? "-inf" : "inf");
    const bool negative = std::signbit(value);
    if (value == 0) return copy_word(out, negative ? "-0" : "0");
    char* next = out;
    if (negative) *next++ = '-';
    next = append_decimal(next, to_decimal(std::fabs(value)), negative);
    return static_cast<size_t>(next - out);
}

size_t format_double(char* out, double value) {
    constexpr double kWholeMax = 4611686018427387904.0;  // 2^62
    if (value != 0 && std::fabs(value) <= kWholeMax) {
        const auto whole = static_cast<int64_t>(value);
        if (static_cast<double>(whole) == value) return format_integer(out, whole);
    }
    return format_double_digits(out, value);
}

}  // namespace millrace
