/* jpegai: C interface. SPDX-License-Identifier: BSD-3-Clause
 *
 * Ownership: whatever a function hands out through a pointer-to-pointer belongs to the caller, who gives it back with
 * the matching _free function (NULL is allowed there). Handles may be shared between threads: a model set and a decoder
 * can serve several threads at a time, a picture must not be freed while another thread reads it.
 *
 * Errors: functions return JPEGAI_OK or a code of jpegai/error.h; the message and byte offset of the last failure on the
 * calling thread are then available from jpegai_last_message and jpegai_last_offset. On failure no output is made.
 */
#ifndef JPEGAI_JPEGAI_H
#define JPEGAI_JPEGAI_H

#include <stddef.h>
#include <stdint.h>

#include "jpegai/error.h"

#if defined(__GNUC__)
#define JPEGAI_API __attribute__((visibility("default")))
#else
#define JPEGAI_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* "1.2.3" of the library in use. */
JPEGAI_API const char *jpegai_version(void);

/* Message of the last failure on this thread, "" when there was none; valid until the next call on this thread. */
JPEGAI_API const char *jpegai_last_message(void);
/* Byte offset in the input of the last failure on this thread, UINT64_MAX when it has none. */
JPEGAI_API uint64_t jpegai_last_offset(void);

/* ---- weights ------------------------------------------------------------------------------------------------- */

typedef struct jpegai_models jpegai_models;

/* Opens a weight set: a folder of .pth checkpoints or packs, one pack file, the name of a set that `jpegai models list`
 * shows, or the default set for NULL. Weights are read when first needed. */
JPEGAI_API jpegai_error jpegai_models_open(const char *path, jpegai_models **models);
JPEGAI_API void jpegai_models_free(jpegai_models *models);

/* ---- header information, no weights needed ------------------------------------------------------------------- */

typedef struct jpegai_info {
    uint32_t width, height;             /* displayed size in luma samples */
    uint32_t coded_width, coded_height;
    uint32_t bit_depth;                 /* 8 or 10 */
    uint32_t chroma_ver, chroma_hor;    /* source chroma factors, 1 or 2 */
    uint32_t is_rgb;                    /* 1: the decoder's output is RGB */
    uint32_t profile, level, model;     /* decoder_profile_id, level_idc, model_id */
    uint32_t operating_point;           /* default synthesis: 0 SOP, 1 BOP, 2 HOP */
    uint32_t channels[2];               /* coded latent channels */
    uint32_t regions;                   /* number of regions */
    uint64_t stream_size;               /* bytes from SOC to EOC */
} jpegai_info;

JPEGAI_API jpegai_error jpegai_read_info(const uint8_t *data, size_t size, jpegai_info *info);

/* ---- decoding ------------------------------------------------------------------------------------------------ */

typedef enum jpegai_cpu {
    JPEGAI_CPU_AUTO = 0,
    JPEGAI_CPU_SCALAR = 1,
    JPEGAI_CPU_AVX2 = 2,
    JPEGAI_CPU_AVX512 = 3,
    JPEGAI_CPU_NEON = 4
} jpegai_cpu;

typedef struct jpegai_decoder jpegai_decoder;
typedef struct jpegai_picture jpegai_picture;

/* A decoder for one weight set; `threads` 0 means one per processor. The samples decoded do not depend on cpu or threads.
 * The decoder keeps what it needs of `models`, which may be freed before it. */
JPEGAI_API jpegai_error jpegai_decoder_create(const jpegai_models *models, jpegai_cpu cpu, uint32_t threads, jpegai_decoder **decoder);
/* The same with networks and filters on a device: "cpu", "cuda" or "cuda:N" (a GPU), "auto" (a GPU where there is one that
 * this library can use). The samples do not depend on it. JPEGAI_ERROR_UNSUPPORTED when there is no such device. */
JPEGAI_API jpegai_error jpegai_decoder_create_on(const jpegai_models *models, const char *device, uint32_t threads,
                                                 jpegai_decoder **decoder);
JPEGAI_API void jpegai_decoder_free(jpegai_decoder *decoder);

#define JPEGAI_DECODE_STRICT 1u            /* also reject departures that every decoder copes with */
#define JPEGAI_DECODE_REFERENCE_QUIRKS 2u  /* follow the reference software where it departs from the intent */
#define JPEGAI_DECODE_FORCE_MODELS 4u      /* decode although the stream names another weight set */

typedef struct jpegai_decode_options {
    uint32_t flags;
    int32_t operating_point;  /* -1: as the stream says; 0 SOP, 1 BOP, 2 HOP if the stream lists it */
    uint32_t channels[2];     /* decode only so many latent channels; 0: all */
    uint32_t window_x, window_y, window_width, window_height; /* part of the picture to return; width 0: all of it */
    uint64_t max_pixels;      /* 0: 200 million */
    uint64_t max_memory;      /* bytes; 0: half of the machine's memory */
    uint64_t max_macs;        /* multiply-accumulates; 0: no limit */
    int (*progress)(void *user, double fraction); /* may be NULL; a non-zero result cancels */
    void *user;
} jpegai_decode_options;

/* Fills in the defaults. */
JPEGAI_API void jpegai_decode_options_init(jpegai_decode_options *options);

/* Decodes a whole codestream in memory; `options` may be NULL for the defaults. */
JPEGAI_API jpegai_error jpegai_decode(const jpegai_decoder *decoder, const uint8_t *data, size_t size,
                                      const jpegai_decode_options *options, jpegai_picture **picture);
JPEGAI_API void jpegai_picture_free(jpegai_picture *picture);

/* ---- pictures ------------------------------------------------------------------------------------------------ */

/* Sample planes: R, G, B or Y, U, V. */
typedef struct jpegai_plane {
    const void *samples;      /* rows of `stride` bytes; uint8_t for a depth of 8, else uint16_t in machine order */
    size_t stride;            /* bytes from one row to the next */
    uint32_t width, height;
} jpegai_plane;

JPEGAI_API uint32_t jpegai_picture_is_rgb(const jpegai_picture *picture);
JPEGAI_API uint32_t jpegai_picture_bit_depth(const jpegai_picture *picture);
/* Plane 0, 1 or 2; the samples belong to the picture. */
JPEGAI_API jpegai_error jpegai_picture_plane(const jpegai_picture *picture, uint32_t index, jpegai_plane *plane);
/* The same plane before rounding, 0..255 whatever the depth. */
JPEGAI_API jpegai_error jpegai_picture_float_plane(const jpegai_picture *picture, uint32_t index, jpegai_plane *plane);

/* ---- pictures that stay on a device --------------------------------------------------------------------------- */

/* A decoded picture in the memory of the GPU that decoded it. */
typedef struct jpegai_device_picture jpegai_device_picture;

/* Decodes with a decoder made by jpegai_decoder_create_on for a GPU (others: JPEGAI_ERROR_UNSUPPORTED) and leaves the
 * samples there. All work on them is done when the call returns, so that any stream may read them. */
JPEGAI_API jpegai_error jpegai_decode_on_device(const jpegai_decoder *decoder, const uint8_t *data, size_t size,
                                                const jpegai_decode_options *options, jpegai_device_picture **picture);
/* Gives the memory back; work that reads the samples has to be done. The decoder may be freed before. */
JPEGAI_API void jpegai_device_picture_free(jpegai_device_picture *picture);
JPEGAI_API uint32_t jpegai_device_picture_is_rgb(const jpegai_device_picture *picture);
JPEGAI_API uint32_t jpegai_device_picture_bit_depth(const jpegai_device_picture *picture);
/* Plane 0, 1 or 2: `samples` is an address of the device (for CUDA a pointer of the GPU's primary context), in the
 * layout of jpegai_picture_plane. It belongs to the picture. */
JPEGAI_API jpegai_error jpegai_device_picture_plane(const jpegai_device_picture *picture, uint32_t index,
                                                    jpegai_plane *plane);
/* Copies a plane to rows of `stride` bytes in the host's memory. */
JPEGAI_API jpegai_error jpegai_device_picture_copy(const jpegai_device_picture *picture, uint32_t index, void *to,
                                                   size_t stride);

/* ---- encoding ------------------------------------------------------------------------------------------------ */

typedef struct jpegai_encoder jpegai_encoder;

/* As jpegai_decoder_create. The bytes do not depend on cpu or threads. */
JPEGAI_API jpegai_error jpegai_encoder_create(const jpegai_models *models, jpegai_cpu cpu, uint32_t threads, jpegai_encoder **encoder);
/* As jpegai_decoder_create_on. The bytes do not depend on the device. */
JPEGAI_API jpegai_error jpegai_encoder_create_on(const jpegai_models *models, const char *device, uint32_t threads,
                                                 jpegai_encoder **encoder);
JPEGAI_API void jpegai_encoder_free(jpegai_encoder *encoder);

typedef enum jpegai_colour { JPEGAI_GREY = 0, JPEGAI_YUV = 1, JPEGAI_RGB = 2 } jpegai_colour;

/* A picture to encode; the samples stay the caller's. Chroma planes of YUV have ceil(width / chroma_hor) columns and
 * ceil(height / chroma_ver) rows. */
typedef struct jpegai_source {
    jpegai_colour colour;             /* grey: one plane; YUV; RGB */
    uint32_t width, height;           /* 1 to 65599 */
    uint32_t bit_depth;               /* 8: uint8_t samples; 9 to 16: uint16_t in machine order */
    uint32_t chroma_ver, chroma_hor;  /* YUV: 1 and 1, 1 and 2, or 2 and 2; otherwise 1 and 1 (0 is read as 1) */
    const void *samples[3];
    size_t stride[3];                 /* bytes from one row to the next */
} jpegai_source;

typedef enum jpegai_rate_mode {
    JPEGAI_RATE_QUALITY = 0,  /* value 0 to 100 */
    JPEGAI_RATE_BPP = 1,      /* value in bits per pixel of the whole stream, met within 1 % */
    JPEGAI_RATE_SIZE = 2,     /* value in bytes, met within 1 % and not exceeded */
    JPEGAI_RATE_FIXED = 3     /* model and beta as given */
} jpegai_rate_mode;

typedef struct jpegai_encode_options {
    jpegai_rate_mode rate_mode;
    double rate;               /* value of the mode */
    uint32_t best_effort;      /* 1: take the nearest when a rate is out of reach */
    uint32_t model;            /* JPEGAI_RATE_FIXED: 0 to 3 */
    int32_t beta[2];           /* JPEGAI_RATE_FIXED: displacement of luma and chroma, -2048 to 2047 */
    uint32_t operating_point;  /* synthesis transform to code for: 0 SOP, 1 BOP, 2 HOP */
    uint32_t effort;           /* 1 (fast) to 9 */
    uint32_t lanes;            /* entropy coding threads: 1, 2, 4, 8 or 16 */
    int (*progress)(void *user, double fraction); /* may be NULL; a non-zero result cancels */
    void *user;
} jpegai_encode_options;

/* Fills in the defaults: quality 50, BOP, effort 3, one lane. */
JPEGAI_API void jpegai_encode_options_init(jpegai_encode_options *options);

/* What an encode came to. */
typedef struct jpegai_encode_report {
    double bpp;
    uint32_t model;
    int32_t beta[2];
    uint32_t trials, analyses; /* times the picture was quantised and coded, and models it was analysed with */
    uint32_t reached;          /* 0: best effort, the target is out of reach */
} jpegai_encode_report;

/* Encodes a picture to a codestream of *size bytes at *data, which the caller frees with jpegai_data_free. `options` may
 * be NULL for the defaults, `report` when it is not wanted. */
JPEGAI_API jpegai_error jpegai_encode(const jpegai_encoder *encoder, const jpegai_source *source,
                                      const jpegai_encode_options *options, uint8_t **data, size_t *size,
                                      jpegai_encode_report *report);
JPEGAI_API void jpegai_data_free(uint8_t *data);

#ifdef __cplusplus
}
#endif
#endif
