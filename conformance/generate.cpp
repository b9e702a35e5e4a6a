#include "conformance/generate.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include <fmt/format.h>

#include "base/file.h"
#include "base/hash.h"
#include "conformance/default_suites.h"
#include "conformance/device.h"
#include "conformance/jobs.h"
#include "conformance/runner.h"
#include "conformance/weights.h"

namespace jpegai::conformance {
namespace {

namespace fs = std::filesystem;

/// Float stages of decoders that sum in another order (03 section 19), on the scale of each stage.
const StageTolerances kTolerances = {{".psi", 5e-4}, {".y_hat", 5e-3}, {"syn.", 3e-3},
                                     {"rec.", 3e-3}, {"filt.", 1e-2},  {"out.", 1e-2}};

/// "num_chs" of "pic_header.num_chs[0]".
std::string element_of(const std::string& field) {
    const std::size_t dot = field.find('.');
    std::string name = field.substr(dot == std::string::npos ? 0 : dot + 1);
    return name.substr(0, name.find_first_of("[#"));
}

/// Smallest and largest value of every syntax element over all cases.
class Coverage {
public:
    void add(const std::vector<HeaderField>& fields) {
        for (const HeaderField& field : fields) {
            if (field.values.empty()) continue;
            Entry& entry = entries_[element_of(field.header + "." + field.name)];
            const auto [least, most] = std::minmax_element(field.values.begin(), field.values.end());
            entry.least = std::min(entry.least, *least);
            entry.most = std::max(entry.most, *most);
            entry.bits = std::max(entry.bits, field.bits);
            ++entry.count;
        }
    }
    [[nodiscard]] Json json() const {
        Json document = Json::object();
        for (const auto& [name, entry] : entries_) {
            document[name] = {{"bits", entry.bits}, {"min", entry.least}, {"max", entry.most}, {"fields", entry.count}};
        }
        return document;
    }

private:
    struct Entry {
        std::uint32_t least = ~0U, most = 0;
        int bits = 0;
        std::size_t count = 0;
    };
    std::map<std::string, Entry> entries_;
};

/// What all suites of one call are made with.
struct Workshop {
    explicit Workshop(const GenerateOptions& options)
        : weights(complete_weights(options.weights)),
          models(weights),
          device(internal_device(weights, {options.cpu, options.threads, false})) {}

    std::shared_ptr<const WeightSet> weights;
    ModelStore models;
    std::unique_ptr<Device> device;
};

class Generator {
public:
    Generator(std::string folder, const GenerateOptions& options, Workshop& workshop)
        : folder_(std::move(folder)), options_(options), models_(workshop.models), device_(*workshop.device) {}

    GenerateResult run() {
        for (const char* name : {"streams", "pictures", "cases"}) {
            fs::remove_all(fs::path(folder_) / name);
            fs::create_directories(fs::path(folder_) / name);
        }
        std::vector<CaseRecipe> recipes = make_cases(options_.choice);
        std::erase_if(recipes, [&](const CaseRecipe& r) { return !selected(r); });
        suite_.cases.resize(recipes.size());
        std::size_t begun = 0;
        run_jobs(options_.jobs, recipes.size(), [&](std::size_t i) {
            {
                const std::lock_guard lock(mutex_);
                if (options_.progress) options_.progress(recipes[i].name, begun++, recipes.size());
            }
            suite_.cases[i] = make_case(recipes[i]);
            return true;
        });
        finish();
        return result_;
    }

private:
    [[nodiscard]] bool selected(const CaseRecipe& recipe) const {
        if (recipe.large && !options_.large) return false;
        return selects(options_.filter, recipe.name, recipe.group);
    }

    Case make_case(const CaseRecipe& recipe) {
        Case test;
        test.name = recipe.name;
        test.title = recipe.title;
        test.group = recipe.group;
        test.kind = recipe.kind;
        test.large = recipe.large;
        test.clauses = recipe.clauses;
        test.elements = recipe.elements;
        test.errors = recipe.errors;
        test.rules = recipe.rules;
        test.decode = recipe.decode;
        test.change = recipe.change;
        test.stream = "streams/" + recipe.name + ".jai";
        const std::vector<std::uint8_t> file = make_stream(recipe, models_, options_.choice.seed);
        test.sha256 = sha256_hex(file);
        test.size = file.size();
        write_file((fs::path(folder_) / test.stream).string(), file);
        if (recipe.kind == CaseKind::kReject) {
            expect_rejection(test);
        } else {
            expect_headers(test, file);
            if (recipe.kind != CaseKind::kAccept) expect_results(test, recipe);
        }
        const std::lock_guard lock(mutex_);
        ++result_.cases;
        if (recipe.kind == CaseKind::kReject) ++result_.rejected;
        if (recipe.kind == CaseKind::kDecode || recipe.kind == CaseKind::kReport) ++result_.decoded;
        return test;
    }

    void expect_rejection(const Case& test) {
        const Outcome outcome = device_.run(folder_, test);
        const bool expected =
            std::find(test.errors.begin(), test.errors.end(), outcome.error_class) != test.errors.end();
        if (outcome.status != Outcome::Status::kRefused || !expected) {
            throw Error(JPEGAI_ERROR_INTERNAL, fmt::format("{} is not refused as stated, but \"{}\": {}", test.name,
                                                           outcome.error_class, outcome.message));
        }
    }

    void expect_headers(Case& test, std::span<const std::uint8_t> file) {
        ParseOptions parse;
        parse.max_pixels = ~std::uint64_t{0};
        const Codestream stream = parse_codestream(file, parse);
        test.header = header_json(stream);
        const std::lock_guard lock(mutex_);
        coverage_.add(list_fields(stream.picture, stream.dialect));
        if (stream.has_tools) coverage_.add(list_fields(stream.tools, stream.picture));
        if (stream.has_rendering) coverage_.add(list_fields(stream.rendering));
    }

    void expect_results(Case& test, const CaseRecipe& recipe) {
        // The device decides by the description whether a picture is wanted.
        if (recipe.picture) test.picture.emplace();
        Outcome outcome = device_.run(folder_, test);
        test.picture.reset();
        if (outcome.status != Outcome::Status::kDecoded) {
            throw Error(JPEGAI_ERROR_INTERNAL, fmt::format("{} cannot be decoded: {}", test.name, outcome.message));
        }
        // A decoder may compute as much more than a window as it likes.
        if (test.decode.window) {
            std::erase_if(outcome.stages,
                          [](const auto& stage) { return stage_rank(stage.first) >= stage_rank("syn.Y"); });
        }
        test.stages = describe_stages(outcome.stages);
        if (outcome.picture && recipe.picture) {
            test.picture = store_expected_picture(folder_, test.name, *outcome.picture);
        }
    }

    void finish() {
        suite_.name = suite_name(options_.choice);
        suite_.dialect = options_.choice.dialect;
        suite_.profile = options_.choice.profile;
        suite_.level = options_.choice.level;
        suite_.seed = options_.choice.seed;
        suite_.weights = "default set of jpegai";
        suite_.weights_fingerprint = suite_fingerprint(*options_.weights);
        suite_.synthetic_weights = synthetic_files(*options_.weights);
        suite_.tolerances = kTolerances;
        suite_.coverage = coverage_.json();
        save_suite(suite_, folder_);
        for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
            if (entry.is_regular_file()) result_.bytes += entry.file_size();
        }
    }

    const std::string folder_;
    const GenerateOptions& options_;
    ModelStore& models_;
    const Device& device_;
    Suite suite_;
    std::mutex mutex_;  ///< of what follows and of progress; each case has a place of its own in suite_
    Coverage coverage_;
    GenerateResult result_;
};

}  // namespace

std::string suite_name(const SuiteChoice& choice) {
    return fmt::format("{}-{}-{}", profile_name(choice.profile), level_name(choice.level),
                       choice.dialect == Dialect::kIs ? "is" : "dis");
}

namespace {

GenerateResult generate_in(const std::string& folder, const GenerateOptions& options, Workshop& workshop) {
    fs::create_directories(folder);
    if (!fs::is_empty(folder) && !fs::exists(fs::path(folder) / "suite.json")) {
        throw Error(JPEGAI_ERROR_ARGUMENT, folder + " is not empty and holds no suite");
    }
    return Generator(folder, options, workshop).run();
}

}  // namespace

GenerateResult generate_suite(const std::string& folder, const GenerateOptions& options) {
    Workshop workshop(options);
    return generate_in(folder, options, workshop);
}

void generate_default_suites(const std::string& folder, const GenerateOptions& options,
                             const std::function<void(const SuiteChoice&, const GenerateResult&)>& done) {
    Workshop workshop(options);
    for (const DefaultSuite& suite : default_suites()) {
        GenerateOptions own = options;
        own.choice = suite.choice;
        own.choice.seed = options.choice.seed;
        own.filter = suite.filter;
        done(own.choice, generate_in((fs::path(folder) / suite_name(own.choice)).string(), own, workshop));
    }
}

}  // namespace jpegai::conformance
