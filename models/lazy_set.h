// A weight set that makes each file's tensors on first use: what all containers of weights share.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "models/weight_set.h"

namespace jpegai {

class LazySet : public WeightSet {
public:
    [[nodiscard]] std::vector<std::string> files() const final;
    [[nodiscard]] const Checkpoint& load(std::string_view file) const final;

protected:
    /// `names`: the files of the set, each once.
    explicit LazySet(const std::vector<std::string>& names);
    /// Makes the tensors of one of the names. Called at most once at a time per file, from several threads for
    /// different files; when it throws, the next load() tries again.
    [[nodiscard]] virtual Checkpoint read(const std::string& file) const = 0;

private:
    struct Slot {
        std::mutex mutex;
        std::atomic<bool> loaded{false};
        Checkpoint tensors;
    };
    mutable std::map<std::string, Slot, std::less<>> slots_;
};

}  // namespace jpegai
