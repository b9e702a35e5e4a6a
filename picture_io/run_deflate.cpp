#include "picture_io/run_deflate.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <queue>
#include <utility>

namespace jpegai::picture_formats {
namespace {

constexpr std::size_t kBlockBytes = 128 * 1024;
constexpr std::size_t kLeastRun = 4, kMostRun = 258;
constexpr unsigned kCodeLimit = 15, kLengthLimit = 7;  // bits of a code; of a code for lengths of codes
constexpr std::size_t kEndOfBlock = 256, kRunToken = 253;  // token of a run: 253 + length

/// The symbol of a run length with the bits behind it (RFC 1951 section 3.2.5).
struct LengthSymbol {
    std::uint16_t symbol;
    std::uint8_t extra_count, extra;
};

constexpr std::array<LengthSymbol, kMostRun + 1> make_length_symbols() {
    std::array<LengthSymbol, kMostRun + 1> table{};
    std::size_t length = 3;
    for (std::uint16_t symbol = 257; symbol < 285; ++symbol) {
        const auto extra = static_cast<std::uint8_t>(symbol < 265 ? 0 : (symbol - 261) / 4);
        for (unsigned i = 0; i < 1U << extra; ++i, ++length) table[length] = {symbol, extra, static_cast<std::uint8_t>(i)};
    }
    table[kMostRun] = {285, 0, 0};
    return table;
}
constexpr std::array<LengthSymbol, kMostRun + 1> kLengthSymbols = make_length_symbols();

std::uint32_t four_bytes(const std::uint8_t* p) {
    std::uint32_t value = 0;
    std::memcpy(&value, p, kLeastRun);
    return value;
}

/// Code words of the given lengths in canonical order, first bit lowest.
void canonical_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes) {
    std::array<unsigned, kCodeLimit + 2> next{};
    for (const std::uint8_t length : lengths) ++next[length + 1U];
    next[1] = 0;  // symbols that do not occur
    for (unsigned length = 1; length < next.size(); ++length) next[length] = (next[length] + next[length - 1]) << 1;
    for (std::size_t s = 0; s < lengths.size(); ++s) {
        unsigned code = next[lengths[s]]++, reversed = 0;
        for (unsigned i = 0; i < lengths[s]; ++i, code >>= 1) reversed = reversed << 1 | (code & 1);
        codes[s] = static_cast<std::uint16_t>(lengths[s] == 0 ? 0 : reversed);
    }
}

/// Depths of the leaves of the Huffman tree.
void tree_depths(std::span<const std::uint32_t> counts, std::span<std::uint8_t> depths) {
    using Item = std::pair<std::uint64_t, std::size_t>;  // count, node
    std::priority_queue<Item, std::vector<Item>, std::greater<>> open;
    for (std::size_t s = 0; s < counts.size(); ++s) {
        if (counts[s] != 0) open.push({counts[s], s});
    }
    std::vector<std::size_t> parents(2 * counts.size());
    std::size_t next = counts.size();
    while (open.size() > 1) {
        const Item a = open.top();
        open.pop();
        const Item b = open.top();
        open.pop();
        parents[a.second] = parents[b.second] = next;
        open.push({a.first + b.first, next++});
    }
    const std::size_t root = next - 1;
    std::vector<std::uint8_t> depth(next);
    for (std::size_t node = next; node-- > 0;) {
        if (node < counts.size() && counts[node] == 0) continue;
        if (node != root) depth[node] = static_cast<std::uint8_t>(std::min(255, depth[parents[node]] + 1));
        if (node < counts.size()) depths[node] = depth[node];
    }
}

}  // namespace

void huffman_lengths(std::span<const std::uint32_t> counts, unsigned limit, std::span<std::uint8_t> lengths) {
    std::fill(lengths.begin(), lengths.end(), std::uint8_t{0});
    const auto used = std::count_if(counts.begin(), counts.end(), [](std::uint32_t n) { return n != 0; });
    if (used <= 1) {
        for (std::size_t s = 0; s < counts.size(); ++s) lengths[s] = counts[s] != 0 ? 1 : 0;
        return;
    }
    // Flatter counts make a shallower tree; with all equal it has the least depth there is.
    std::vector<std::uint32_t> flatter(counts.begin(), counts.end());
    for (;;) {
        tree_depths(flatter, lengths);
        if (*std::max_element(lengths.begin(), lengths.end()) <= limit) return;
        for (std::uint32_t& n : flatter) n = n == 0 ? 0 : n / 2 + 1;
    }
}

RunDeflater::RunDeflater() : out_{0x78, 0x01} {
    block_.reserve(kBlockBytes);
}

void RunDeflater::add(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), kBlockBytes - block_.size()));
        block_.insert(block_.end(), part.begin(), part.end());
        bytes = bytes.subspan(part.size());
        if (block_.size() == kBlockBytes) write_block(false);
    }
}

void RunDeflater::finish() {
    write_block(true);
    put(0, (8 - bit_count_ % 8) % 8);
    flush_bytes();
    const std::uint32_t check = sum_of_sums_ << 16 | sum_;
    for (int shift = 24; shift >= 0; shift -= 8) out_.push_back(static_cast<std::uint8_t>(check >> shift));
}

std::vector<std::uint8_t> RunDeflater::take() {
    return std::exchange(out_, {});
}

void RunDeflater::put(std::uint32_t bits, unsigned count) {
    bits_ |= std::uint64_t{bits} << bit_count_;
    bit_count_ += count;
    flush_bytes();
}

void RunDeflater::flush_bytes() {
    for (; bit_count_ >= 8; bit_count_ -= 8, bits_ >>= 8) out_.push_back(static_cast<std::uint8_t>(bits_));
}

/// Cuts the block into bytes and runs, counts symbols and adds to the check sums.
void RunDeflater::find_runs(Counts& counts) {
    const std::uint8_t* const in = block_.data();
    const std::size_t n = block_.size();
    tokens_.clear();
    tokens_.resize(n);
    std::uint16_t* token = tokens_.data();
    std::array<std::array<std::uint32_t, 256>, 2> literals{};  // two, because equal bytes often follow each other
    for (std::size_t i = 0; i < n;) {
        const int before = i == 0 ? previous_ : in[i - 1];
        // All bytes of the least run at once: single repetitions are too frequent to be guessed well.
        if (i + kLeastRun <= n && before >= 0 && four_bytes(in + i) == static_cast<std::uint32_t>(before) * 0x01010101U) {
            std::size_t length = kLeastRun;
            const std::size_t most = std::min(kMostRun, n - i);
            while (length < most && in[i + length] == before) ++length;
            ++counts[kLengthSymbols[length].symbol];
            *token++ = static_cast<std::uint16_t>(kRunToken + length);
            i += length;
            continue;
        }
        ++literals[i % 2][in[i]];
        *token++ = in[i++];
    }
    tokens_.resize(static_cast<std::size_t>(token - tokens_.data()));
    for (std::size_t s = 0; s < 256; ++s) counts[s] = literals[0][s] + literals[1][s];
    counts[kEndOfBlock] = 1;
    constexpr std::uint32_t kStep = 32;
    constexpr std::uint32_t kModulus = 65521;
    std::size_t i = 0;
    for (; i + kStep <= n; i += kStep) {
        std::uint32_t sum = 0, weighted = 0;
        for (std::uint32_t k = 0; k < kStep; ++k) {
            sum += in[i + k];
            weighted += (kStep - k) * in[i + k];
        }
        sum_of_sums_ = (sum_of_sums_ + kStep * sum_ + weighted) % kModulus;
        sum_ = (sum_ + sum) % kModulus;
    }
    for (; i < n; ++i) {
        sum_ = (sum_ + in[i]) % kModulus;
        sum_of_sums_ = (sum_of_sums_ + sum_) % kModulus;
    }
}

void RunDeflater::write_block(bool last) {
    Counts counts{};
    find_runs(counts);
    std::array<std::uint8_t, 286> lengths{};
    std::array<std::uint16_t, 286> codes{};
    huffman_lengths(counts, kCodeLimit, lengths);
    canonical_codes(lengths, codes);
    // The header: all lengths as they are, and one distance, 1, whose code has one bit (RFC 1951 section 3.2.7).
    constexpr std::array<std::uint8_t, 19> kOrder = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    std::array<std::uint32_t, 19> length_counts{};
    for (const std::uint8_t length : lengths) ++length_counts[length];
    ++length_counts[1];
    std::array<std::uint8_t, 19> length_lengths{};
    std::array<std::uint16_t, 19> length_codes{};
    huffman_lengths(length_counts, kLengthLimit, length_lengths);
    canonical_codes(length_lengths, length_codes);
    put((last ? 1U : 0U) | 2U << 1, 3);
    put(286 - 257, 5);
    put(0, 5);
    put(19 - 4, 4);
    for (const std::uint8_t symbol : kOrder) put(length_lengths[symbol], 3);
    for (const std::uint8_t length : lengths) put(length_codes[length], length_lengths[length]);
    put(length_codes[1], length_lengths[1]);

    struct Word {
        std::uint32_t bits = 0, count = 0;
    };
    std::array<Word, kRunToken + kMostRun + 1> words{};
    for (std::size_t s = 0; s < 256; ++s) words[s] = {codes[s], lengths[s]};
    for (std::size_t length = kLeastRun; length <= kMostRun; ++length) {
        const LengthSymbol& l = kLengthSymbols[length];
        const std::uint32_t bits = codes[l.symbol] | std::uint32_t{l.extra} << lengths[l.symbol];
        words[kRunToken + length] = {bits, lengths[l.symbol] + l.extra_count + 1U};  // the distance's bit is 0
    }
    constexpr std::size_t kMostBits = kCodeLimit + 5 + 1;
    const std::size_t written = out_.size();
    out_.resize(written + tokens_.size() * kMostBits / 8 + 2 * sizeof(bits_));
    std::uint8_t* out = out_.data() + written;
    for (const std::uint16_t token : tokens_) {
        const Word& word = words[token];
        bits_ |= std::uint64_t{word.bits} << bit_count_;
        bit_count_ += word.count;
        for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(bits_ >> 8 * i);
        const unsigned whole = bit_count_ / 8;
        out += whole;
        bits_ >>= 8 * whole;
        bit_count_ %= 8;
    }
    out_.resize(static_cast<std::size_t>(out - out_.data()));
    put(codes[kEndOfBlock], lengths[kEndOfBlock]);
    if (!block_.empty()) previous_ = block_.back();
    block_.clear();
}

}  // namespace jpegai::picture_formats
