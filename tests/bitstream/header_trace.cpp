#include "tests/bitstream/header_trace.h"

#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

namespace jpegai::test {

namespace {

/// "# substream NAME region_N: {json} gaussian=..."
void take_size_line(HeaderTrace& trace, const std::string& line) {
    std::istringstream words(line);
    std::string hash, keyword, name, region;
    words >> hash >> keyword >> name >> region;
    const std::size_t begin = line.find('{'), end = line.find('}');
    const auto json = nlohmann::json::parse(line.substr(begin, end - begin + 1));
    if (json.contains("Size")) trace.sizes[{name, std::stoul(region.substr(7))}] = json["Size"];
    if (json.contains("Subregions")) trace.region_sizes[name] = json["Subregions"].get<std::vector<std::size_t>>();
}

/// "NAME<tab>FIELD<tab>u(BITS)<tab>VALUE or [VALUES]"
void take_field_line(HeaderTrace& trace, const std::string& line) {
    std::vector<std::string> columns;
    std::istringstream rest(line);
    for (std::string column; std::getline(rest, column, '\t');) columns.push_back(column);
    HeaderField field;
    field.header = columns.at(0);
    field.name = columns.at(1);
    field.bits = std::stoi(columns.at(2).substr(2));
    std::string values = columns.at(3);
    for (char& c : values) {
        if (c == '[' || c == ']' || c == ',') c = ' ';
    }
    std::istringstream numbers(values);
    for (std::uint32_t value = 0; numbers >> value;) field.values.push_back(value);
    trace.fields[field.header].push_back(field);
}

}  // namespace

HeaderTrace load_trace(const std::filesystem::path& folder) {
    const auto fixed = folder / "fixed_header.txt";
    std::ifstream file(std::filesystem::exists(fixed) ? fixed : folder / "header.txt");
    HeaderTrace trace;
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("# substream ", 0) == 0 && line.find('{') != std::string::npos) {
            take_size_line(trace, line);
        } else if (!line.empty() && line[0] != '#') {
            take_field_line(trace, line);
        }
    }
    return trace;
}

}  // namespace jpegai::test
