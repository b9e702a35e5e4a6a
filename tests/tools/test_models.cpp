// `jpegai models`: sets by name, import, add, remove, info, verify.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "models/pack_writer.h"
#include "models/places.h"
#include "networks/eicci.h"
#include "networks/registry.h"
#include "tests/support/default_set.h"
#include "tests/support/random_network.h"
#include "tests/support/synthetic_weights.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

/// The program sees an empty folder of user sets, and no JPEGAI_MODELS.
class Models : public ::testing::Test {
protected:
    Models() {
        ::setenv("XDG_DATA_HOME", folder_.path("data").c_str(), 1);
        ::unsetenv("JPEGAI_MODELS");
    }
    ~Models() override {
        ::unsetenv("XDG_DATA_HOME");
        ::unsetenv("JPEGAI_MODELS");
    }

    [[nodiscard]] std::string user_folder() const { return folder_.path("data") + "/jpegai/models"; }
    /// Everything in the user's folder, hidden things included.
    [[nodiscard]] std::vector<std::string> user_files() const {
        std::vector<std::string> names;
        if (!fs::exists(user_folder())) return names;
        for (const auto& entry : fs::recursive_directory_iterator(user_folder())) {
            names.push_back(fs::relative(entry.path(), user_folder()).string());
        }
        std::sort(names.begin(), names.end());
        return names;
    }
    static std::string default_pack(int model) {
        return built_in_models_folder() + "/model_" + std::to_string(model) + ".jaiw";
    }
    static std::string default_hop_pack(std::size_t model) {
        return fmt::format("{}/model_{}_hop.jaiw", built_in_models_folder(), model);
    }
    /// Files of the default set: eight a model, and two where it has HOP.
    static std::size_t default_files() {
        return 8 * kModels + 2 * static_cast<std::size_t>(std::count(kDefaultHop.begin(), kDefaultHop.end(), true));
    }
    static ProcessResult models(std::vector<std::string> arguments, int exit_code = 0) {
        arguments.insert(arguments.begin(), "models");
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << ::testing::PrintToString(arguments) << result.err;
        return result;
    }
    static Json models_json(std::vector<std::string> arguments, int exit_code = 0) {
        arguments.push_back("--json");
        return Json::parse(models(std::move(arguments), exit_code).out);
    }
    /// A pack with made-up weights of some networks of model 1.
    std::string write_random_pack(const std::string& name, NetworkKind kind, OperatingPoint point, std::size_t model,
                                  const std::function<void(Checkpoint&)>& change = {}) {
        std::map<std::string, Checkpoint, std::less<>> files;
        for (const Component component : {kPrimary, kSecondary}) {
            Checkpoint tensors = random_weights(network_graph(kind, point, component), 7)->load("random");
            if (change) change(tensors);
            files.emplace(network_file(kind, point, component, model), std::move(tensors));
        }
        write_file(folder_.path(name), write_pack(*weights_from_memory("made up", std::move(files)), {"", "", 1, {}}));
        return folder_.path(name);
    }
    static std::string md5_of_photo(const std::vector<std::string>& options) {
        std::vector<std::string> arguments = {"decode", stream_path("photo_bop"), "-", "--format", "ppm"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return result.out;
    }

    TemporaryFolder folder_;
};

TEST_F(Models, TheDefaultSetNeedsNoOption) {
    const Json list = models_json({"list"});
    EXPECT_EQ(list["user_folder"], user_folder());
    EXPECT_EQ(list["in_use"], "default");
    ASSERT_EQ(list["sets"].size(), 1U);
    EXPECT_EQ(list["sets"][0]["name"], "default");
    EXPECT_EQ(list["sets"][0]["built_in"], true);
    for (std::size_t m = 0; m < kModels; ++m) {
        EXPECT_EQ(list["sets"][0]["models"][m]["analysis"], Json({"bop"}));
        EXPECT_EQ(list["sets"][0]["models"][m]["synthesis"],
                  kDefaultHop[m] ? Json({"sop", "bop", "hop"}) : Json({"sop", "bop"}));
        EXPECT_EQ(fs::exists(default_hop_pack(m)), kDefaultHop[m]) << m;
    }
    EXPECT_NE(models({"list"}).out.find("analysis BOP; synthesis SOP BOP HOP;"), std::string::npos);
    EXPECT_FALSE(fs::exists(user_folder())) << "listing makes no folders";
    EXPECT_NE(models({"list"}).out.find("used without --models: default"), std::string::npos);
}

TEST_F(Models, InfoCountsWhatTheStandardCounts) {
    const Json info = models_json({"info", default_pack(1)});
    EXPECT_EQ(info["files"], 8);
    EXPECT_EQ(info["networks"].size(), 15U);
    EXPECT_EQ(info["unused_tensors"], 22) << "what training leaves in the entropy model";
    std::map<std::string, std::uint64_t> parameters;
    for (const Json& network : info["networks"]) {
        parameters[network["network"]] = network["parameters"];
        EXPECT_EQ(network["model"], 1);
        EXPECT_TRUE(network["problems"].empty()) << network;
    }
    EXPECT_EQ(parameters["synthesis.bop.y"], 566656U);
    EXPECT_EQ(parameters["synthesis.sop.uv"],
              count_parameters(network_graph(NetworkKind::kSynthesis, OperatingPoint::kSop, kSecondary)));
    const Json tensors = models_json({"info", default_pack(1), "--tensors"});
    EXPECT_EQ(tensors["tensor_list"].size(), 184U);
    EXPECT_NE(models({"info", default_pack(1)}).out.find("analysis.bop.uv"), std::string::npos);
    EXPECT_NE(models({"info", default_pack(1), "--tensors"}).out.find("[128,1,3,3]"), std::string::npos);
}

TEST_F(Models, AHopPackHoldsTheSynthesis) {
    for (std::size_t m = 0; m < kModels; ++m) {
        if (!kDefaultHop[m]) continue;
        const std::string pack = default_hop_pack(m);
        const Json info = models_json({"info", pack});
        EXPECT_EQ(info["networks"].size(), 2U);
        EXPECT_EQ(info["tensors"], 118);
        EXPECT_EQ(info["unused_tensors"], 0);
        EXPECT_EQ(info["models"][m]["analysis"], Json::array());
        EXPECT_EQ(info["models"][m]["synthesis"], Json({"hop"}));
        EXPECT_NE(models({"info", pack}).out.find("models none; analysis none; synthesis HOP"), std::string::npos);
        const Json verdict = models_json({"verify", pack});
        EXPECT_EQ(verdict["complete_networks"], 2);
        EXPECT_EQ(verdict["problems"], Json::array());
    }
}

TEST_F(Models, AnAddedSetIsFoundByItsName) {
    models({"add", default_pack(1), "--name", "mine"});
    EXPECT_EQ(user_files(), (std::vector<std::string>{"mine", "mine/model_1.jaiw"}));
    EXPECT_EQ(load_bytes(user_folder() + "/mine/model_1.jaiw"), load_bytes(default_pack(1)));
    EXPECT_EQ(models_json({"list"})["sets"][1]["name"], "mine");
    const std::string expected = md5_of_photo({});
    EXPECT_EQ(md5_of_photo({"--models", "mine"}), expected);
    EXPECT_EQ(md5_of_photo({"--models", user_folder() + "/mine"}), expected);
    ::setenv("JPEGAI_MODELS", "mine", 1);
    EXPECT_EQ(models_json({"list"})["in_use"], "mine");
    EXPECT_EQ(models_json({"info"})["files"], 8);
    EXPECT_EQ(models_json({"info", "default"})["files"], default_files());
    ::setenv("JPEGAI_MODELS", "yours", 1);
    EXPECT_NE(models({"verify"}, 1).err.find("there are: default, mine"), std::string::npos);
}

TEST_F(Models, NothingIsReplacedUnasked) {
    models({"add", default_pack(0), "--name", "mine"});
    const auto before = load_bytes(user_folder() + "/mine/model_0.jaiw");
    EXPECT_NE(models({"add", default_pack(1), "--name", "mine"}, 1).err.find("already"), std::string::npos);
    EXPECT_EQ(load_bytes(user_folder() + "/mine/model_0.jaiw"), before);
    models({"add", default_pack(1), "--name", "mine", "--force"});
    EXPECT_EQ(user_files(), (std::vector<std::string>{"mine", "mine/model_1.jaiw"}));
}

TEST_F(Models, ADamagedPackIsRefusedAndLeavesNothing) {
    auto bytes = load_bytes(default_pack(0));
    bytes[bytes.size() - 1000] ^= 1;
    write_file(folder_.path("bad.jaiw"), bytes);
    models({"add", folder_.path("bad.jaiw")}, 1);
    models({"add", default_pack(1), folder_.path("bad.jaiw"), "--name", "two"}, 1);
    models({"add", "/no/such/pack.jaiw"}, 1);
    models({"add", default_pack(1), default_pack(1), "--name", "twice"}, 1);
    EXPECT_EQ(user_files(), std::vector<std::string>{});
    const Json verdict = models_json({"verify", folder_.path("bad.jaiw")}, 1);
    EXPECT_EQ(verdict["ok"], false);
    EXPECT_EQ(verdict["intact_packs"], 0);
    EXPECT_EQ(verdict["problems"].size(), 1U);
    EXPECT_NE(models({"verify", folder_.path("bad.jaiw")}, 1).err.find("model error"), std::string::npos);
}

TEST_F(Models, SetsAreCompletedByPacks) {
    models({"add", default_pack(0), default_pack(1), "--name", "mine"});
    models({"add", default_pack(2), "--to", "mine"});
    EXPECT_EQ(models_json({"info", "mine"})["files"], 24);
    EXPECT_NE(models({"add", default_pack(2), "--to", "mine"}, 1).err.find("already"), std::string::npos);
    models({"add", default_pack(2), "--to", "mine", "--force"});
    models({"add", default_pack(3), "--to", "yours"}, 1);
    write_file(folder_.path("other.jaiw"), load_bytes(default_pack(1)));
    EXPECT_NE(models({"add", folder_.path("other.jaiw"), "--to", "mine"}, 1).err.find("VM_bop/decoder_UV_0.012"),
              std::string::npos)
        << "the same networks twice";
    EXPECT_EQ(models_json({"info", "mine"})["files"], 24);
}

TEST_F(Models, TheDefaultSetIsCompletedByPacks) {
    const std::size_t networks = models_json({"info"})["networks"].size();
    const std::string high = write_random_pack("high.jaiw", NetworkKind::kAnalysis, OperatingPoint::kHop, 2);
    EXPECT_NE(models({"add", default_pack(1), "--to", "default"}, 1).err.find("VM_bop/"), std::string::npos);
    models({"add", default_pack(1), "--name", "default"}, 1);
    EXPECT_EQ(user_files(), std::vector<std::string>{});
    models({"add", high, "--to", "default"});
    const Json list = models_json({"list"});
    ASSERT_EQ(list["sets"].size(), 1U);
    EXPECT_EQ(list["sets"][0]["added"], Json({user_folder() + "/default/high.jaiw"}));
    EXPECT_EQ(list["sets"][0]["models"][2]["analysis"], Json({"bop", "hop"}));
    EXPECT_EQ(models_json({"verify"})["complete_networks"], networks + 2);
    EXPECT_FALSE(md5_of_photo({}).empty());
    models({"remove", "default"});
    EXPECT_EQ(user_files(), std::vector<std::string>{});
    EXPECT_NE(models({"remove", "default"}, 1).err.find("stays"), std::string::npos);
}

TEST_F(Models, RemoveTakesNothingElse) {
    models({"add", default_pack(1), "--name", "mine"});
    models({"remove", "yours"}, 1);
    for (const char* name : {"..", ".", "../models", "/", "mine/..", ""}) models({"remove", name}, 1);
    write_file(user_folder() + "/mine/notes.txt", {});
    EXPECT_NE(models({"remove", "mine"}, 1).err.find("notes.txt"), std::string::npos);
    models({"add", default_pack(1), "--name", "mine", "--force"}, 1);
    EXPECT_EQ(user_files().size(), 3U);
    fs::remove(user_folder() + "/mine/notes.txt");
    models({"remove", "mine"});
    EXPECT_EQ(user_files(), std::vector<std::string>{});
    // A link to a set goes away; what it points to stays.
    fs::create_directory_symlink(built_in_models_folder(), user_folder() + "/linked");
    EXPECT_EQ(models_json({"info", "linked"})["files"], default_files());
    models({"remove", "linked"});
    EXPECT_TRUE(fs::exists(default_pack(0)));
    EXPECT_EQ(user_files(), std::vector<std::string>{});
}

TEST_F(Models, ImportChecksTheOfficialFiles) {
    fs::create_directories(folder_.path("in/VM_bop"));
    write_file(folder_.path("in/VM_bop/extra.pth"), load_bytes(data_path("models/nested.pth")));
    EXPECT_NE(models({"import", folder_.path("in")}, 1).err.find("none of the 68"), std::string::npos);
    write_file(folder_.path("in/VM_bop/decoder_Y_0.5.pth"), load_bytes(data_path("models/views.pth")));
    EXPECT_NE(models({"import", folder_.path("in")}, 1).err.find("VM_bop/decoder_Y_0.5 (wrong size)"),
              std::string::npos);
    models({"import", "/no/such/folder"}, 1);
    EXPECT_EQ(user_files(), std::vector<std::string>{});

    const Json report =
        models_json({"import", folder_.path("in"), "--unofficial", "--name", "mine", "--info", "made up"});
    EXPECT_EQ(report["files"], 2);
    EXPECT_EQ(report["set"], "mine");
    EXPECT_EQ(user_files(), (std::vector<std::string>{"mine", "mine/mine.jaiw"}));
    const Json info = models_json({"info", "mine"});
    EXPECT_EQ(info["name"], "mine");
    EXPECT_EQ(info["info"], "made up");
    EXPECT_EQ(info["fingerprint"], report["fingerprint"]);
    EXPECT_EQ(info["unknown_files"], Json({"VM_bop/extra"}));

    const std::string out = folder_.path("out.jaiw");
    models({"import", folder_.path("in"), "--unofficial", "--out", out});
    EXPECT_EQ(models_json({"info", out})["fingerprint"], report["fingerprint"]);
    EXPECT_NE(models({"import", folder_.path("in"), "--unofficial", "--out", out}, 1).err.find("--force"),
              std::string::npos);
}

TEST_F(Models, VerifyFindsWhatADecoderWouldStumbleOver) {
    const auto verdict = [&](const std::function<void(Checkpoint&)>& change) {
        return models_json(
            {"verify", write_random_pack("x.jaiw", NetworkKind::kSynthesis, OperatingPoint::kBop, 1, change)},
            change ? 1 : 0);
    };
    EXPECT_EQ(verdict({})["complete_networks"], 2);
    const Json missing = verdict([](Checkpoint& tensors) { tensors.erase("conv4.weight"); });
    EXPECT_EQ(missing["problems"][0]["message"], "conv4.weight is missing");
    EXPECT_EQ(missing["problems"][0]["where"], "VM_bop/decoder_UV_0.012, synthesis.bop.uv");
    const Json shape =
        verdict([](Checkpoint& tensors) { std::swap(tensors["conv4.weight"], tensors["conv2_t.bias"]); });
    EXPECT_NE(shape["problems"][0]["message"].get<std::string>().find("has shape ["), std::string::npos) << shape;
    const Json infinite = verdict([](Checkpoint& tensors) {
        const float bad = std::numeric_limits<float>::infinity();
        std::memcpy(tensors["conv3.bias"].bytes.data(), &bad, sizeof bad);
    });
    EXPECT_NE(infinite["problems"][0]["message"].get<std::string>().find("not finite"), std::string::npos) << infinite;
    EXPECT_EQ(infinite["ok"], false);
}

TEST_F(Models, AnEverythingSetVerifies) {
    JPEGAI_NEEDS_SHARED();
    // One model with every kind of network.
    std::map<std::string, Checkpoint, std::less<>> files;
    const auto take = [&](const std::string& file) { files.emplace(file, synthetic_weights()->load(file)); };
    for (const Component component : {kPrimary, kSecondary}) {
        take(common_file(component, 2));
        for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
            take(network_file(NetworkKind::kSynthesis, point, component, 2));
            if (point != OperatingPoint::kSop) take(network_file(NetworkKind::kAnalysis, point, component, 2));
        }
    }
    take(eicci_file(OperatingPoint::kHop, 3));
    write_file(folder_.path("all.jaiw"), write_pack(*weights_from_memory("synthetic", files), {"all", "", 1, {}}));
    models({"add", folder_.path("all.jaiw")});
    const Json verdict = models_json({"verify", "all"});
    EXPECT_EQ(verdict["problems"], Json::array());
    EXPECT_EQ(verdict["complete_networks"], 21);
    const Json set = models_json({"list"})["sets"][1];
    EXPECT_EQ(set["models"][2]["analysis"], Json({"bop", "hop"}));
    EXPECT_EQ(set["models"][2]["synthesis"], Json({"sop", "bop", "hop"}));
    EXPECT_EQ(set["models"][1]["synthesis"], Json::array());
    EXPECT_EQ(set["eicci"], 1);
}

TEST_F(Models, WrongCommandLines) {
    models({}, 2);
    models({"frobnicate"}, 2);
    models({"add"}, 2);
    models({"remove"}, 2);
    models({"add", default_pack(0), default_pack(1)}, 2);
    models({"add", default_pack(0), "--name", "a", "--to", "b"}, 2);
    models({"import", "x", "--level", "20"}, 2);
    EXPECT_NE(models({"add", "a", "b"}, 2).err.find("'jpegai models add --help'"), std::string::npos);
    models({"add", default_pack(0), "--name", "a/b"}, 1);
    models({"add", default_pack(0), "--name", ".hidden"}, 1);
    EXPECT_EQ(user_files(), std::vector<std::string>{});
}

TEST_F(Models, WithoutAnyHomeThereIsStillTheDefaultSet) {
    const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
    ::setenv("XDG_DATA_HOME", "relative", 1);  // to be ignored (XDG Base Directory Specification)
    ::unsetenv("HOME");
    EXPECT_EQ(models_json({"list"})["user_folder"], "");
    EXPECT_EQ(models_json({"info"})["files"], default_files());
    EXPECT_NE(models({"add", default_pack(0)}, 1).err.find("HOME"), std::string::npos);
    ::setenv("HOME", folder_.path("home").c_str(), 1);
    EXPECT_EQ(models_json({"list"})["user_folder"], folder_.path("home") + "/.local/share/jpegai/models");
    ::setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace jpegai::test
