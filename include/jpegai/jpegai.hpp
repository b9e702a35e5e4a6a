// jpegai: C++ interface, a thin RAII layer over jpegai.h. SPDX-License-Identifier: BSD-3-Clause
#ifndef JPEGAI_JPEGAI_HPP
#define JPEGAI_JPEGAI_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "jpegai/jpegai.h"

namespace jpegai_api {

/// What every failed call throws: code, message, and the byte offset of its cause (UINT64_MAX when it has none).
class Error : public std::runtime_error {
public:
    explicit Error(jpegai_error code)
        : std::runtime_error(jpegai_last_message()), code_(code), offset_(jpegai_last_offset()) {}
    [[nodiscard]] jpegai_error code() const noexcept { return code_; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

private:
    jpegai_error code_;
    std::uint64_t offset_;
};

namespace detail {
inline void check(jpegai_error code) {
    if (code != JPEGAI_OK) throw Error(code);
}
template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
}  // namespace detail

/// Header information of a stream; needs no weights.
[[nodiscard]] inline jpegai_info read_info(std::span<const std::uint8_t> data) {
    jpegai_info info;
    detail::check(jpegai_read_info(data.data(), data.size(), &info));
    return info;
}

/// A weight set: the default one, or a folder or pack.
class Models {
public:
    Models() : Models(nullptr) {}
    explicit Models(const std::string& path) : Models(path.c_str()) {}
    [[nodiscard]] const jpegai_models* get() const noexcept { return models_.get(); }

private:
    explicit Models(const char* path) {
        jpegai_models* models = nullptr;
        detail::check(jpegai_models_open(path, &models));
        models_.reset(models);
    }
    std::unique_ptr<jpegai_models, detail::Deleter<jpegai_models_free>> models_;
};

/// A decoded picture.
class Picture {
public:
    explicit Picture(jpegai_picture* picture) : picture_(picture) {}
    [[nodiscard]] bool is_rgb() const { return jpegai_picture_is_rgb(picture_.get()) != 0; }
    [[nodiscard]] unsigned bit_depth() const { return jpegai_picture_bit_depth(picture_.get()); }
    [[nodiscard]] jpegai_plane plane(std::uint32_t index) const {
        jpegai_plane plane;
        detail::check(jpegai_picture_plane(picture_.get(), index, &plane));
        return plane;
    }
    [[nodiscard]] jpegai_plane float_plane(std::uint32_t index) const {
        jpegai_plane plane;
        detail::check(jpegai_picture_float_plane(picture_.get(), index, &plane));
        return plane;
    }

private:
    std::unique_ptr<jpegai_picture, detail::Deleter<jpegai_picture_free>> picture_;
};

/// A decoded picture in the memory of the GPU that decoded it.
class DevicePicture {
public:
    explicit DevicePicture(jpegai_device_picture* picture) : picture_(picture) {}
    [[nodiscard]] bool is_rgb() const { return jpegai_device_picture_is_rgb(picture_.get()) != 0; }
    [[nodiscard]] unsigned bit_depth() const { return jpegai_device_picture_bit_depth(picture_.get()); }
    /// `samples` is an address of the device; valid while this object lives.
    [[nodiscard]] jpegai_plane plane(std::uint32_t index) const {
        jpegai_plane plane;
        detail::check(jpegai_device_picture_plane(picture_.get(), index, &plane));
        return plane;
    }
    /// Copies a plane to rows of `stride` bytes of the host.
    void copy(std::uint32_t index, void* to, std::size_t stride) const {
        detail::check(jpegai_device_picture_copy(picture_.get(), index, to, stride));
    }

private:
    std::unique_ptr<jpegai_device_picture, detail::Deleter<jpegai_device_picture_free>> picture_;
};

/// Options with the library's defaults; `progress` is called with 0..1 and returns false to cancel.
struct DecodeOptions {
    DecodeOptions() { jpegai_decode_options_init(&c); }
    jpegai_decode_options c;
    std::function<bool(double)> progress;
};

class Decoder {
public:
    explicit Decoder(const Models& models, jpegai_cpu cpu = JPEGAI_CPU_AUTO, std::uint32_t threads = 0) {
        jpegai_decoder* decoder = nullptr;
        detail::check(jpegai_decoder_create(models.get(), cpu, threads, &decoder));
        decoder_.reset(decoder);
    }
    /// On a device: "cpu", "cuda", "cuda:N" or "auto".
    Decoder(const Models& models, const std::string& device, std::uint32_t threads = 0) {
        jpegai_decoder* decoder = nullptr;
        detail::check(jpegai_decoder_create_on(models.get(), device.c_str(), threads, &decoder));
        decoder_.reset(decoder);
    }
    /// Throws Error.
    [[nodiscard]] Picture decode(std::span<const std::uint8_t> data, const DecodeOptions& options = {}) const {
        const jpegai_decode_options c = c_options(options);
        jpegai_picture* picture = nullptr;
        detail::check(jpegai_decode(decoder_.get(), data.data(), data.size(), &c, &picture));
        return Picture(picture);
    }
    /// Leaves the samples on the decoder's GPU. Throws Error.
    [[nodiscard]] DevicePicture decode_on_device(std::span<const std::uint8_t> data,
                                                 const DecodeOptions& options = {}) const {
        const jpegai_decode_options c = c_options(options);
        jpegai_device_picture* picture = nullptr;
        detail::check(jpegai_decode_on_device(decoder_.get(), data.data(), data.size(), &c, &picture));
        return DevicePicture(picture);
    }

private:
    /// Refers to `options`.
    static jpegai_decode_options c_options(const DecodeOptions& options) {
        jpegai_decode_options c = options.c;
        if (options.progress) {
            c.user = const_cast<std::function<bool(double)>*>(&options.progress);
            c.progress = [](void* user, double fraction) {
                return (*static_cast<std::function<bool(double)>*>(user))(fraction) ? 0 : 1;
            };
        }
        return c;
    }
    std::unique_ptr<jpegai_decoder, detail::Deleter<jpegai_decoder_free>> decoder_;
};

/// Options with the library's defaults; `progress` is called with 0..1 and returns false to cancel.
struct EncodeOptions {
    EncodeOptions() { jpegai_encode_options_init(&c); }
    jpegai_encode_options c;
    std::function<bool(double)> progress;
};

/// A codestream and what the encode came to.
struct Encoded {
    std::vector<std::uint8_t> bytes;
    jpegai_encode_report report;
};

class Encoder {
public:
    explicit Encoder(const Models& models, jpegai_cpu cpu = JPEGAI_CPU_AUTO, std::uint32_t threads = 0) {
        jpegai_encoder* encoder = nullptr;
        detail::check(jpegai_encoder_create(models.get(), cpu, threads, &encoder));
        encoder_.reset(encoder);
    }
    /// On a device: "cpu", "cuda", "cuda:N" or "auto".
    Encoder(const Models& models, const std::string& device, std::uint32_t threads = 0) {
        jpegai_encoder* encoder = nullptr;
        detail::check(jpegai_encoder_create_on(models.get(), device.c_str(), threads, &encoder));
        encoder_.reset(encoder);
    }
    /// Throws Error.
    [[nodiscard]] Encoded encode(const jpegai_source& source, const EncodeOptions& options = {}) const {
        jpegai_encode_options c = options.c;
        if (options.progress) {
            c.user = const_cast<std::function<bool(double)>*>(&options.progress);
            c.progress = [](void* user, double fraction) {
                return (*static_cast<std::function<bool(double)>*>(user))(fraction) ? 0 : 1;
            };
        }
        Encoded encoded;
        std::uint8_t* data = nullptr;
        std::size_t size = 0;
        detail::check(jpegai_encode(encoder_.get(), &source, &c, &data, &size, &encoded.report));
        const std::unique_ptr<std::uint8_t, detail::Deleter<jpegai_data_free>> owner(data);
        encoded.bytes.assign(data, data + size);
        return encoded;
    }

private:
    std::unique_ptr<jpegai_encoder, detail::Deleter<jpegai_encoder_free>> encoder_;
};

}  // namespace jpegai_api

#endif
