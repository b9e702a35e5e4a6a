#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "models/lazy_set.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

Tensor floats_tensor(std::vector<std::size_t> shape, const std::vector<float>& values) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    return {DType::kFloat32, std::move(shape), {bytes, bytes + values.size() * sizeof(float)}};
}

TEST(Tensor, ViewsValuesOfItsTypeOnly) {
    const Tensor tensor = floats_tensor({2, 1}, {0.5f, -3.0f});
    EXPECT_EQ(tensor.count(), 2u);
    EXPECT_EQ(tensor.floats("x")[1], -3.0f);
    EXPECT_EQ(thrown_code([&] { (void)tensor.ints("x"); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(thrown_code([&] { (void)tensor.bytes8("x"); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(Tensor{}.count(), 1u) << "no dimensions: one value";
}

TEST(MemoryWeights, FindsTensorsAndReportsWhatIsMissing) {
    const auto set = weights_from_memory("two files", {{"b", {{"k", floats_tensor({1}, {7.0f})}}}, {"a", {}}});
    EXPECT_EQ(set->files(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(set->tensor("b", "k").floats("k")[0], 7.0f);
    EXPECT_EQ(thrown_code([&] { (void)set->tensor("b", "other"); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(thrown_code([&] { (void)set->load("c"); }), JPEGAI_ERROR_MODEL);
}

TEST(MemoryWeights, RefusesValuesThatDoNotFillTheShape) {
    const auto make = [] { (void)weights_from_memory("", {{"a", {{"k", floats_tensor({2}, {7.0f})}}}}); };
    EXPECT_EQ(thrown_code(make), JPEGAI_ERROR_MODEL);
}

/// Counts its loads; the first load of "flaky" fails.
class CountingSet final : public LazySet {
public:
    CountingSet() : LazySet({"flaky", "good"}) {}
    [[nodiscard]] std::string describe() const override { return "counting"; }
    mutable std::atomic<int> reads{0};

private:
    [[nodiscard]] Checkpoint read(const std::string& file) const override {
        if (reads++ == 0 && file == "flaky") throw Error(JPEGAI_ERROR_IO, "not now");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return {{"k", floats_tensor({1}, {1.0f})}};
    }
};

TEST(LazySet, LoadsEachFileOnceForAllThreads) {
    const CountingSet set;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_EQ(set.load("good").size(), 1u); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(set.reads, 1);
    EXPECT_EQ(&set.load("good"), &set.load("good"));
}

TEST(LazySet, TriesAgainAfterAFailure) {
    const CountingSet set;
    EXPECT_EQ(thrown_code([&] { (void)set.load("flaky"); }), JPEGAI_ERROR_IO);
    EXPECT_EQ(set.load("flaky").size(), 1u);
}

TEST(OpenWeights, ReportsWhatCannotBeOpened) {
    EXPECT_EQ(thrown_code([] { (void)open_weights("/no/such/file.jaiw"); }), JPEGAI_ERROR_IO);
    EXPECT_EQ(thrown_code([] { (void)open_weights("/proc/self"); }), JPEGAI_ERROR_MODEL);
}

}  // namespace
}  // namespace jpegai::test
