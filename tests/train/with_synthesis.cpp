// with_synthesis IN OUT ID: the same codestream with another default synthesis transform (0 SOP, 1 BOP, 2 HOP), so that
// tests can decode with transforms that no stream at hand was coded for.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/file.h"
#include "bitstream/codestream.h"

int main(int argc, char** argv) try {
    if (argc != 4) return 2;
    const std::vector<std::uint8_t> file = jpegai::read_file(argv[1]);
    jpegai::CodestreamParts parts = jpegai::take_parts(jpegai::parse_codestream(file), file);
    const auto id = static_cast<std::uint8_t>(std::atoi(argv[3]));
    parts.picture.synthesis_transform_id = {id};
    parts.picture.decoder_profile_id = id;
    jpegai::write_file(argv[2], jpegai::write_codestream(parts));
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "with_synthesis: %s\n", error.what());
    return 1;
}
