// Folders of checkpoints: opening, listing, comparing with the official list, importing.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/hash.h"
#include "models/catalog.h"
#include "models/fingerprint.h"
#include "models/import.h"
#include "models/official.h"
#include "tests/models/temporary_folder.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

TEST(CheckpointFolder, AcceptsBothLayouts) {
    for (const std::string prefix : {"", "models/"}) {
        const TemporaryFolder folder;
        folder.put("views.pth", prefix + "VM_bop/decoder_Y_0.5.pth");
        folder.put("nested.pth", prefix + "VM_common_int/Y_0.012.pth");
        const auto set = open_weights(folder.path());
        EXPECT_EQ(set->files(), (std::vector<std::string>{"VM_bop/decoder_Y_0.5", "VM_common_int/Y_0.012"}));
        EXPECT_EQ(set->tensor("VM_bop/decoder_Y_0.5", "parameter").floats("")[1], 6.0f);
        EXPECT_EQ(thrown_code([&] { (void)set->tensor("VM_bop/decoder_Y_0.5", "channel_wise_entropy"); }),
                  JPEGAI_ERROR_MODEL);
    }
}

TEST(CheckpointFolder, RefusesWhatIsEmptyOrAmbiguous) {
    const TemporaryFolder folder;
    EXPECT_EQ(thrown_code([&] { (void)open_weights(folder.path()); }), JPEGAI_ERROR_MODEL);
    folder.put("views.pth", "VM_bop/x.pth");
    folder.put("views.pth", "models/VM_bop/x.pth");
    EXPECT_EQ(thrown_code([&] { (void)open_weights(folder.path()); }), JPEGAI_ERROR_MODEL);
}

TEST(Official, ListIsComplete) {
    const auto files = official_files();
    EXPECT_EQ(files.size(), 68u);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (i > 0) {
            EXPECT_LT(files[i - 1].name, files[i].name);
        }
        EXPECT_EQ(files[i].sha256.size(), 64u);
        EXPECT_EQ(files[i].sha256.find_first_not_of("0123456789abcdef"), std::string_view::npos);
        total += files[i].size;
    }
    EXPECT_EQ(total, 472371802u);
    std::vector<std::string> names;
    for (const OfficialFile& file : files) names.emplace_back(file.name);
    const SetContents contents = contents_of(names);
    for (const ModelContents& model : contents.models) {
        EXPECT_TRUE(model.common && model.analysis_bop && model.analysis_hop && model.synthesis_sop &&
                    model.synthesis_bop && model.synthesis_hop);
    }
    EXPECT_EQ(contents.eicci, 20u);
}

TEST(Official, NamesAreThoseOfTheSyntheticSet) {
    JPEGAI_NEEDS_SHARED();
    std::vector<std::string> names;
    for (const OfficialFile& file : official_files()) names.emplace_back(file.name);
    EXPECT_EQ(names, synthetic_weights()->files());
}

TEST(Official, EachWayToDifferIsTold) {
    const TemporaryFolder folder;
    const auto bytes = load_bytes(data_path("models/views.pth"));
    const std::string hash = sha256_hex(bytes);
    for (const char* const name : {"a", "b", "c"}) folder.put("views.pth", std::string("models/V/") + name + ".pth");
    const OfficialFile list[] = {{"V/a", bytes.size(), hash},
                                 {"V/b", bytes.size() + 1, hash},
                                 {"V/c", bytes.size(), "0000"},
                                 {"V/d", bytes.size(), hash}};
    std::vector<OfficialStatus> statuses;
    for (const OfficialCheck& check : verify_files(folder.path(), list)) statuses.push_back(check.status);
    EXPECT_EQ(statuses, (std::vector<OfficialStatus>{OfficialStatus::kOk, OfficialStatus::kWrongSize,
                                                     OfficialStatus::kWrongHash, OfficialStatus::kMissing}));
    for (const OfficialCheck& check : verify_official(folder.path())) EXPECT_EQ(check.status, OfficialStatus::kMissing);
    EXPECT_EQ(thrown_code([] { (void)verify_official("/no/such/folder"); }), JPEGAI_ERROR_IO);
}

TEST(Import, MakesOnePackOfAFolder) {
    const TemporaryFolder folder;
    folder.put("views.pth", "in/VM_bop/decoder_Y_0.5.pth");
    folder.put("nested.pth", "in/VM_bop/decoder_UV_0.5.pth");
    const std::string in = folder.path() + "/in", out = folder.path() + "/out.jaiw";
    ImportOptions options;
    EXPECT_EQ(thrown_code([&] { (void)import_folder(in, out, options); }), JPEGAI_ERROR_MODEL)
        << "not the official set";
    EXPECT_FALSE(std::filesystem::exists(out));
    options.list = {};
    options.pack.name = "imported";
    std::vector<std::string> seen;
    options.pack.progress = [&](const std::string& file, std::size_t, std::size_t) { seen.push_back(file); };
    const ImportResult result = import_folder(in, out, options);
    EXPECT_EQ(result.files, 2u);
    EXPECT_EQ(result.tensors, 15u);
    EXPECT_EQ(result.pack_bytes, std::filesystem::file_size(out));
    EXPECT_EQ(seen, (std::vector<std::string>{"VM_bop/decoder_UV_0.5", "VM_bop/decoder_Y_0.5"}));
    EXPECT_EQ(result.fingerprint, fingerprint(*open_weights(in)));
    EXPECT_EQ(result.fingerprint, compute_fingerprint(*open_weights(out)));
}

TEST(Import, TakesThePartOfTheListThatIsThere) {
    const TemporaryFolder folder;
    const auto bytes = load_bytes(data_path("models/views.pth"));
    const std::string hash = sha256_hex(bytes);
    folder.put("views.pth", "in/V/a.pth");
    folder.put("nested.pth", "in/V/other.pth");
    OfficialFile list[] = {{"V/a", bytes.size(), hash}, {"V/b", bytes.size(), hash}};
    const std::string in = folder.path() + "/in", out = folder.path() + "/out.jaiw";
    ImportOptions options;
    options.list = list;
    const ImportResult result = import_folder(in, out, options);
    EXPECT_EQ(result.missing, std::vector<std::string>{"V/b"});
    EXPECT_EQ(result.ignored, std::vector<std::string>{"V/other"});
    EXPECT_EQ(open_weights(out)->files(), std::vector<std::string>{"V/a"});
    // One file with other contents spoils everything.
    folder.put("nested.pth", "in/V/b.pth");
    list[1].size = load_bytes(data_path("models/nested.pth")).size();
    const std::string second = folder.path() + "/second.jaiw";
    EXPECT_EQ(thrown_code([&] { (void)import_folder(in, second, options); }), JPEGAI_ERROR_MODEL);
    EXPECT_FALSE(std::filesystem::exists(second));
}

TEST(Catalog, ListsFoldersAndPacksAlike) {
    const TemporaryFolder folder;
    folder.put("views.pth", "in/VM_bop/decoder_Y_0.5.pth");
    folder.put("every_type.pth", "in/VM_bop/decoder_UV_0.5.pth");
    const std::string in = folder.path() + "/in", out = folder.path() + "/out.jaiw";
    ImportOptions options;
    options.list = {};
    options.pack.name = "imported";
    options.pack.info = "for a test";
    const ImportResult result = import_folder(in, out, options);
    const Catalog files = make_catalog(in), pack = make_catalog(out);
    EXPECT_EQ(files.tensors.size(), 19u);
    EXPECT_EQ(files.files, pack.files);
    EXPECT_EQ(files.bytes, pack.bytes);
    EXPECT_EQ(files.bytes, result.bytes);
    EXPECT_EQ(files.values, pack.values);
    ASSERT_EQ(files.tensors.size(), pack.tensors.size());
    for (std::size_t i = 0; i < files.tensors.size(); ++i) {
        EXPECT_EQ(files.tensors[i].file, pack.tensors[i].file);
        EXPECT_EQ(files.tensors[i].key, pack.tensors[i].key);
        EXPECT_EQ(files.tensors[i].dtype, pack.tensors[i].dtype);
        EXPECT_EQ(files.tensors[i].shape, pack.tensors[i].shape);
        EXPECT_FALSE(pack.tensors[i].encoding.empty());
    }
    EXPECT_EQ(pack.name, "imported");
    EXPECT_EQ(pack.info, "for a test");
    EXPECT_EQ(pack.fingerprint, result.fingerprint);
    EXPECT_TRUE(files.fingerprint.empty());
    EXPECT_TRUE(contents_of(pack.files).models[3].synthesis_bop);
    EXPECT_FALSE(contents_of(pack.files).models[2].synthesis_bop);
    EXPECT_FALSE(contents_of(pack.files).models[3].common);
}

}  // namespace
}  // namespace jpegai::test
