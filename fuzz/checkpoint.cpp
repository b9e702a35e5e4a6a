// Checkpoints: input that starts like a pickle is put into an archive with two small storages, so that the fuzzer need
// not keep checksums and sizes right; other input is taken as the archive itself.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "fuzz/require.h"
#include "models/checkpoint_reader.h"
#include "models/crc32.h"
#include "models/little_endian.h"

namespace {

using namespace jpegai;
using fuzz::require;
using Bytes = std::vector<std::uint8_t>;

void append(Bytes& out, std::span<const std::uint8_t> more) {
    out.insert(out.end(), more.begin(), more.end());
}

void append_text(Bytes& out, std::string_view text) {
    for (const char c : text) out.push_back(static_cast<std::uint8_t>(c));
}

/// CRC-32, both sizes, length of the name, no extra field: the part that local and central headers share.
void append_shared(Bytes& out, std::string_view name, std::span<const std::uint8_t> content) {
    append_le(out, crc32(content));
    append_le(out, static_cast<std::uint32_t>(content.size()));
    append_le(out, static_cast<std::uint32_t>(content.size()));
    append_le(out, static_cast<std::uint16_t>(name.size()));
    append_le(out, std::uint16_t{0});
}

struct Archive {
    Bytes bytes, directory;
    std::uint16_t entries = 0;

    void add(std::string_view name, std::span<const std::uint8_t> content) {
        append_le(directory, std::uint32_t{0x02014B50});
        directory.insert(directory.end(), 12, 0);
        append_shared(directory, name, content);
        directory.insert(directory.end(), 10, 0);
        append_le(directory, static_cast<std::uint32_t>(bytes.size()));
        append_text(directory, name);
        append_le(bytes, std::uint32_t{0x04034B50});
        bytes.insert(bytes.end(), 10, 0);
        append_shared(bytes, name, content);
        append_text(bytes, name);
        append(bytes, content);
        ++entries;
    }
    Bytes finish() {
        const std::size_t start = bytes.size();
        append(bytes, directory);
        append_le(bytes, std::uint32_t{0x06054B50});
        append_le(bytes, std::uint32_t{0});
        append_le(bytes, entries);
        append_le(bytes, entries);
        append_le(bytes, static_cast<std::uint32_t>(directory.size()));
        append_le(bytes, static_cast<std::uint32_t>(start));
        append_le(bytes, std::uint16_t{0});
        return std::move(bytes);
    }
};

/// True when the checkpoint could be read to the end.
bool check(std::span<const std::uint8_t> file) {
    try {
        const CheckpointReader reader(memory_source("input", file));
        std::uint64_t total = 0;
        for (const auto& [key, tensor] : reader.read([](std::string_view) { return true; })) {
            require(reader.tensors().contains(key), "only tensors that were announced");
            require(tensor.bytes.size() == tensor.count() * dtype_size(tensor.dtype), "values fill the shape");
            total += tensor.bytes.size();
        }
        require(total <= 16 * file.size(), "tensors are in proportion to the file");
        return true;
    } catch (const Error& error) {
        require(error.code() == JPEGAI_ERROR_MODEL, "errors blame the weights");
        require(error.offset() == kNoOffset || error.offset() <= file.size(), "errors have an offset in the file");
        return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> input(data, size);
    if (size < 2 || data[0] != 0x80) {
        check(input);
        return 0;
    }
    Bytes values(64);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0;
    Archive archive;
    archive.add("r/data.pkl", input);
    archive.add("r/data/0", values);
    archive.add("r/data/1", {});
    check(archive.finish());
    return 0;
}
