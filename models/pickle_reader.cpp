#include "models/pickle_reader.h"

#include <bit>
#include <cstring>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "models/little_endian.h"

namespace jpegai {
namespace {

struct KnownGlobal {
    std::string_view name;  ///< module, a blank, name
    PickleGlobal global;
    DType dtype = DType::kFloat32;
};

constexpr KnownGlobal kGlobals[] = {
    {"collections OrderedDict", PickleGlobal::kOrderedDict},
    {"torch._utils _rebuild_tensor_v2", PickleGlobal::kRebuildTensor},
    {"torch._utils _rebuild_parameter", PickleGlobal::kRebuildParameter},
    {"torch Size", PickleGlobal::kSize},
    {"torch FloatStorage", PickleGlobal::kStorageClass, DType::kFloat32},
    {"torch DoubleStorage", PickleGlobal::kStorageClass, DType::kFloat64},
    {"torch HalfStorage", PickleGlobal::kStorageClass, DType::kFloat16},
    {"torch LongStorage", PickleGlobal::kStorageClass, DType::kInt64},
    {"torch IntStorage", PickleGlobal::kStorageClass, DType::kInt32},
    {"torch ShortStorage", PickleGlobal::kStorageClass, DType::kInt16},
    {"torch CharStorage", PickleGlobal::kStorageClass, DType::kInt8},
    {"torch ByteStorage", PickleGlobal::kStorageClass, DType::kUint8},
    {"torch BoolStorage", PickleGlobal::kStorageClass, DType::kBool},
};

/// Executes no more than stack bookkeeping.
class Machine {
public:
    Machine(std::span<const std::uint8_t> bytes, std::uint64_t offset, std::vector<PickleValue>& values)
        : bytes_(bytes), offset_(offset), values_(values) {}

    /// Runs to STOP; returns the id of the one value left.
    std::uint32_t run() {
        for (;;) {
            start_ = at_;
            const std::uint8_t opcode = byte();
            if (opcode == '.') break;
            if (!scalar(opcode) && !container(opcode) && !reference(opcode)) {
                fail(fmt::format("opcode 0x{:02X} is not one that a checkpoint needs", opcode));
            }
        }
        if (stack_.size() != 1 || !marks_.empty()) fail("the stream ends with an unfinished value");
        return stack_[0];
    }

private:
    [[noreturn]] void fail(const std::string& message) const {
        throw Error(JPEGAI_ERROR_MODEL, offset_ + start_, "pickle: " + message);
    }

    // --- input ---
    std::span<const std::uint8_t> take(std::size_t count) {
        if (count > bytes_.size() - at_) fail("the stream ends too early");
        const auto taken = bytes_.subspan(at_, count);
        at_ += count;
        return taken;
    }
    std::uint8_t byte() { return take(1)[0]; }
    template <class T>
    T number() {
        return load_le<T>(take(sizeof(T)).data());
    }
    std::string_view text(std::size_t count) {
        const auto taken = take(count);
        return {reinterpret_cast<const char*>(taken.data()), taken.size()};
    }
    std::string_view line() {
        const void* const end = std::memchr(bytes_.data() + at_, '\n', bytes_.size() - at_);
        if (end == nullptr) fail("the stream ends too early");
        const auto length = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - (bytes_.data() + at_));
        const std::string_view found = text(length);
        ++at_;
        return found;
    }

    // --- stack ---
    PickleValue& push(PickleKind kind) {
        if (values_.size() >= Pickle::kMaxValues) fail("too many values");
        stack_.push_back(static_cast<std::uint32_t>(values_.size()));
        PickleValue& value = values_.emplace_back();
        value.kind = kind;
        return value;
    }
    void push_number(PickleKind kind, std::int64_t value) { push(kind).number = value; }
    /// Values pushed since the last mark (or since the beginning) belong to the caller; others cannot be popped.
    std::uint32_t pop() {
        if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("the stack is empty");
        const std::uint32_t id = stack_.back();
        stack_.pop_back();
        return id;
    }
    PickleValue& top(PickleKind kind) {
        if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("the stack is empty");
        PickleValue& value = values_[stack_.back()];
        if (value.kind != kind) fail("a value of another kind was expected");
        return value;
    }
    std::vector<std::uint32_t> pop_to_mark() {
        if (marks_.empty()) fail("there is no mark");
        const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
        std::vector<std::uint32_t> items(first, stack_.end());
        stack_.erase(first, stack_.end());
        marks_.pop_back();
        return items;
    }
    std::vector<std::uint32_t> pop_count(std::size_t count) {
        std::vector<std::uint32_t> items(count);
        for (std::size_t i = count; i-- > 0;) items[i] = pop();
        return items;
    }

    // --- opcodes; each group says whether it knows the opcode ---
    bool scalar(std::uint8_t opcode) {
        switch (opcode) {
            case 'N':
                push(PickleKind::kNone);
                return true;
            case 0x88:
                push_number(PickleKind::kBool, 1);
                return true;
            case 0x89:
                push_number(PickleKind::kBool, 0);
                return true;
            case 'J':
                push_number(PickleKind::kInt, number<std::int32_t>());
                return true;
            case 'K':
                push_number(PickleKind::kInt, byte());
                return true;
            case 'M':
                push_number(PickleKind::kInt, number<std::uint16_t>());
                return true;
            case 0x8A:
                push_long(byte());
                return true;
            case 'G':
                push_float();
                return true;
            case 'X': {
                const std::string_view words = text(number<std::uint32_t>());
                push(PickleKind::kText).text = words;
                return true;
            }
            default:
                return false;
        }
    }
    void push_long(std::size_t size) {
        const auto digits = take(size);
        if (size > 8) {
            push(PickleKind::kOpaque);
            return;
        }
        std::uint64_t value = size > 0 && digits[size - 1] >= 0x80 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = size; i-- > 0;) value = value << 8 | digits[i];
        push_number(PickleKind::kInt, static_cast<std::int64_t>(value));
    }
    void push_float() {
        std::uint64_t bits = 0;
        for (const std::uint8_t part : take(8)) bits = bits << 8 | part;  // the one big-endian number of the format
        push(PickleKind::kFloat).real = std::bit_cast<double>(bits);
    }

    bool container(std::uint8_t opcode) {
        switch (opcode) {
            case '(':
                marks_.push_back(stack_.size());
                return true;
            case ')':
                push_items(PickleKind::kTuple, {});
                return true;
            case 't':
                push_items(PickleKind::kTuple, pop_to_mark());
                return true;
            case 0x85:
                push_items(PickleKind::kTuple, pop_count(1));
                return true;
            case 0x86:
                push_items(PickleKind::kTuple, pop_count(2));
                return true;
            case 0x87:
                push_items(PickleKind::kTuple, pop_count(3));
                return true;
            case ']':
                push_items(PickleKind::kList, {});
                return true;
            case 'l':
                push_items(PickleKind::kList, pop_to_mark());
                return true;
            case 'a':
                extend(PickleKind::kList, pop_count(1));
                return true;
            case 'e':
                extend(PickleKind::kList, pop_to_mark());
                return true;
            case '}':
                push_items(PickleKind::kDict, {});
                return true;
            case 'd':
                push_items(PickleKind::kDict, pairs(pop_to_mark()));
                return true;
            case 's':
                extend(PickleKind::kDict, pop_count(2));
                return true;
            case 'u':
                extend(PickleKind::kDict, pairs(pop_to_mark()));
                return true;
            case 'b':  // attributes of an OrderedDict (its _metadata)
                pop();
                top(PickleKind::kDict);
                return true;
            default:
                return false;
        }
    }
    void push_items(PickleKind kind, std::vector<std::uint32_t> items) { push(kind).items = std::move(items); }
    void extend(PickleKind kind, const std::vector<std::uint32_t>& items) {
        auto& all = top(kind).items;
        all.insert(all.end(), items.begin(), items.end());
    }
    std::vector<std::uint32_t> pairs(std::vector<std::uint32_t> items) const {
        if (items.size() % 2 != 0) fail("a dictionary with a key and no value");
        return items;
    }

    bool reference(std::uint8_t opcode) {
        switch (opcode) {
            case 0x80:
                if (byte() != 2) fail("only protocol 2 is read");
                return true;
            case 'q':
                put(byte());
                return true;
            case 'r':
                put(number<std::uint32_t>());
                return true;
            case 'h':
                get(byte());
                return true;
            case 'j':
                get(number<std::uint32_t>());
                return true;
            case 'c':
                push_global();
                return true;
            case 'R':
                reduce();
                return true;
            case 'Q':
                push_storage();
                return true;
            default:
                return false;
        }
    }
    void put(std::size_t slot) {
        if (slot >= Pickle::kMaxValues) fail("memo number out of range");
        const std::uint32_t id = pop();
        stack_.push_back(id);
        if (slot >= memo_.size()) memo_.resize(slot + 1);
        memo_[slot] = id;
    }
    void get(std::size_t slot) {
        if (slot >= memo_.size() || !memo_[slot]) fail("memo number never given");
        stack_.push_back(*memo_[slot]);
    }
    void push_global() {
        const std::string_view module = line(), name = line();
        const std::string full = fmt::format("{} {}", module.substr(0, 64), name.substr(0, 64));
        for (const KnownGlobal& known : kGlobals) {
            if (known.name != full) continue;
            PickleValue& value = push(PickleKind::kGlobal);
            value.global = known.global;
            value.dtype = known.dtype;
            return;
        }
        fail("a checkpoint of plain tensors has no use for \"" + printable(full) + "\"");
    }
    static std::string printable(std::string words) {
        for (char& c : words) c = c >= 32 && c < 127 ? c : '?';
        return words;
    }

    // --- calls that stand for tensors ---
    const PickleValue& item(const PickleValue& value, std::size_t i, PickleKind kind) const {
        if (i >= value.items.size() || values_[value.items[i]].kind != kind)
            fail("an argument of another kind was expected");
        return values_[value.items[i]];
    }
    void reduce() {
        const std::uint32_t arguments = pop(), function = pop();
        if (values_[arguments].kind != PickleKind::kTuple || values_[function].kind != PickleKind::kGlobal) {
            fail("a call of something that is no known function");
        }
        switch (values_[function].global) {
            case PickleGlobal::kOrderedDict:
                if (!values_[arguments].items.empty()) fail("an OrderedDict made with arguments");
                push(PickleKind::kDict);
                break;
            case PickleGlobal::kRebuildTensor:
                push_tensor(arguments);
                break;
            case PickleGlobal::kRebuildParameter:
                item(values_[arguments], 0, PickleKind::kTensor);
                stack_.push_back(values_[arguments].items[0]);
                break;
            case PickleGlobal::kSize:
                item(values_[arguments], 0, PickleKind::kTuple);
                stack_.push_back(values_[arguments].items[0]);
                break;
            case PickleGlobal::kNone:
            case PickleGlobal::kStorageClass:
                fail("a call of something that is no function");
        }
    }
    /// (storage, offset, sizes, strides, requires_grad, hooks ...)
    void push_tensor(std::uint32_t arguments) {
        const PickleValue& list = values_[arguments];
        item(list, 0, PickleKind::kStorage);
        const std::int64_t start = item(list, 1, PickleKind::kInt).number;
        item(list, 2, PickleKind::kTuple);
        item(list, 3, PickleKind::kTuple);
        std::vector<std::uint32_t> parts = {list.items[0], list.items[2], list.items[3]};
        PickleValue& tensor = push(PickleKind::kTensor);
        tensor.number = start;
        tensor.items = std::move(parts);
    }
    /// Persistent id ('storage', class, key, device, length)
    void push_storage() {
        const std::uint32_t id = pop();
        if (values_[id].kind != PickleKind::kTuple) fail("an unknown persistent id");
        const PickleValue& list = values_[id];
        const PickleValue& type = item(list, 1, PickleKind::kGlobal);
        if (item(list, 0, PickleKind::kText).text != "storage" || type.global != PickleGlobal::kStorageClass) {
            fail("an unknown persistent id");
        }
        const DType dtype = type.dtype;
        const std::string_view key = item(list, 2, PickleKind::kText).text;
        const std::int64_t length = item(list, 4, PickleKind::kInt).number;
        PickleValue& storage = push(PickleKind::kStorage);
        storage.dtype = dtype;
        storage.text = key;
        storage.number = length;
    }

    std::span<const std::uint8_t> bytes_;
    std::uint64_t offset_;
    std::size_t at_ = 0, start_ = 0;
    std::vector<PickleValue>& values_;
    std::vector<std::uint32_t> stack_;
    std::vector<std::size_t> marks_;
    std::vector<std::optional<std::uint32_t>> memo_;
};

}  // namespace

Pickle::Pickle(std::vector<std::uint8_t> bytes, std::uint64_t offset) : bytes_(std::move(bytes)) {
    root_ = Machine(bytes_, offset, values_).run();
}

}  // namespace jpegai
