// A weight set with some of its files hidden.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/weight_set.h"

namespace jpegai::test {

class PartialWeights : public WeightSet {
public:
    PartialWeights(std::shared_ptr<const WeightSet> all, std::function<bool(const std::string& file)> hidden)
        : all_(std::move(all)), hidden_(std::move(hidden)) {}
    [[nodiscard]] std::string describe() const override { return "part of " + all_->describe(); }
    [[nodiscard]] std::vector<std::string> files() const override {
        std::vector<std::string> files = all_->files();
        std::erase_if(files, hidden_);
        return files;
    }
    [[nodiscard]] const Checkpoint& load(std::string_view file) const override { return all_->load(file); }

private:
    std::shared_ptr<const WeightSet> all_;
    std::function<bool(const std::string&)> hidden_;
};

}  // namespace jpegai::test
