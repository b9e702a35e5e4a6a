/* Error codes of the jpegai library (C and C++). SPDX-License-Identifier: BSD-3-Clause */
#ifndef JPEGAI_ERROR_H
#define JPEGAI_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong. Each failure also carries a message and, where the cause lies in a file, the byte
 * offset of the first byte that could not be accepted. The numbers are part of the ABI: append only. */
typedef enum jpegai_error {
    JPEGAI_OK = 0,
    JPEGAI_ERROR_ARGUMENT = 1,       /* the caller asked for something that makes no sense */
    JPEGAI_ERROR_IO = 2,             /* a file could not be opened, read or written */
    JPEGAI_ERROR_TRUNCATED = 3,      /* the data end before the syntax does */
    JPEGAI_ERROR_STRUCTURE = 4,      /* markers: missing, unknown, repeated, in a wrong place; sizes that contradict */
    JPEGAI_ERROR_HEADER = 5,         /* a header field has a value the syntax does not allow */
    JPEGAI_ERROR_CONFORMANCE = 6,    /* well-formed, but outside the signalled profile or level */
    JPEGAI_ERROR_ENTROPY = 7,        /* an entropy coded payload contradicts itself */
    JPEGAI_ERROR_UNSUPPORTED = 8,    /* legal, but not implemented here */
    JPEGAI_ERROR_LIMIT = 9,          /* more pixels, memory or compute than the caller's limits allow */
    JPEGAI_ERROR_MODEL = 10,         /* weights are missing, malformed or of the wrong shape */
    JPEGAI_ERROR_MODEL_MISMATCH = 11,/* the stream was coded with another weight set */
    JPEGAI_ERROR_MEMORY = 12,        /* allocation failed */
    JPEGAI_ERROR_CANCELLED = 13,     /* the caller's callback asked to stop */
    JPEGAI_ERROR_INTERNAL = 14       /* a defect of this library */
} jpegai_error;

/* Stable lower-case identifier, e.g. "truncated"; never NULL. */
__attribute__((visibility("default"))) const char *jpegai_error_name(jpegai_error code);

#ifdef __cplusplus
}
#endif
#endif
