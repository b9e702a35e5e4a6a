#include "tests/networks/latent_vectors.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/npy.h"
#include "networks/registry.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai::test {

namespace {

std::string dump_path(const VectorCase& c, const std::string& name) {
    return (shared_dir() / (c.trained ? "models/vectors" : "vectors") / c.name / (name + ".npy")).string();
}

/// Scaler of one channel from the only used column of vr_vec.c [C][18], beta displacement 0.
float gain(const VectorCase& c, Component component, std::size_t channel) {
    constexpr float kLogStep = 0x1.9a5938p-3F;  // f32 bits 0x3E4D2C9C
    const Tensor& table = weights_of(c)->tensor(common_file(component, c.model_id), "vr_vec.c");
    const std::size_t columns = table.shape.at(1);
    float value = 0.0F;
    for (std::size_t k = 0; k < columns; ++k) value += table.floats("vr_vec.c")[channel * columns + k];
    const float log_gain = std::fmax(-2048.0F, std::nearbyint(value * 128.0F));
    return std::nearbyint(std::exp(log_gain * kLogStep / 128.0F) * 1024.0F) / 1024.0F;
}

}  // namespace

std::shared_ptr<const WeightSet> weights_of(const VectorCase& c) {
    return c.trained ? trained_weights() : synthetic_weights();
}

bool have_dump(const VectorCase& c, const std::string& name) {
    return std::filesystem::exists(dump_path(c, name));
}

Array3<float> load_dump(const VectorCase& c, const std::string& name) {
    const Npy npy = read_npy(dump_path(c, name));
    std::vector<std::size_t> shape = npy.shape;
    while (shape.size() > 3 && shape.front() == 1) shape.erase(shape.begin());
    while (shape.size() < 3) shape.insert(shape.begin(), 1);
    if (shape.size() > 3) throw std::runtime_error(name + ": too many dimensions");
    Array3<float> array(shape[0], shape[1], shape[2]);
    const std::vector<float> values = npy.as<float>();
    std::copy(values.begin(), values.end(), array.data());
    return array;
}

Array3<float> load_residual(const VectorCase& c, Component component) {
    Array3<float> residual = load_dump(c, component == kPrimary ? "y.residual_quant" : "uv.residual_quant");
    for (std::size_t channel = 0; channel < residual.channels(); ++channel) {
        const float divisor = gain(c, component, channel) + 1e-9F;
        for (std::size_t i = 0; i < residual.plane_size(); ++i) residual.plane(channel)[i] /= divisor;
    }
    return residual;
}

double largest_deviation(const Array3<float>& a, const Array3<float>& b) {
    if (a.channels() != b.channels() || a.rows() != b.rows() || a.cols() != b.cols()) {
        return std::numeric_limits<double>::infinity();
    }
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double d = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
        if (!(d <= worst)) worst = d;
    }
    return worst;
}

}  // namespace jpegai::test
