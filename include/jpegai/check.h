/* jpegai: what JPEG AI did to a picture. C interface. SPDX-License-Identifier: BSD-3-Clause
 *
 * The library behind `jpegai check artifacts` and `jpegai check traces`; docs/CHECK.md says what the detectors look for,
 * what they were measured to find and where they fail. Ownership, threads and errors are those of jpegai/jpegai.h.
 * Pictures come as jpegai_source: grey, YUV or RGB planes of 8 to 16 bit with a stride. Alpha does not exist here.
 *
 * Every result has its headline numbers as fields and everything as a JSON document, the one that the program prints
 * with --json (docs/CLI.md), without what is about files. For artifacts `compared` says whether a classic decode was given.
 */
#ifndef JPEGAI_CHECK_H
#define JPEGAI_CHECK_H

#include "jpegai/jpegai.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jpegai_checker jpegai_checker;

/* Detectors on `threads` threads (0: one per processor). `models` are the weights of codestreams, and the set whose traces
 * are looked for; NULL when only pairs of pictures are compared. Results depend neither on cpu nor on threads. */
JPEGAI_API jpegai_error jpegai_checker_create(const jpegai_models *models, jpegai_cpu cpu, uint32_t threads,
                                              jpegai_checker **checker);
/* One more weight set whose traces are looked for, under the name that results give it (the first one's is "default").
 * Not while another thread uses the checker. */
JPEGAI_API jpegai_error jpegai_checker_add_models(jpegai_checker *checker, const jpegai_models *models,
                                                  const char *name);
JPEGAI_API void jpegai_checker_free(jpegai_checker *checker);

/* ---- artifacts ------------------------------------------------------------------------------------------------ */

typedef enum jpegai_detector {
    JPEGAI_DETECT_COLOUR = 0,   /* CIEDE2000 between 3 and 8 over an area */
    JPEGAI_DETECT_BOUNDARY = 1, /* gradients on edges turned */
    JPEGAI_DETECT_TEXTURE = 2,  /* structure of textured areas lost */
    JPEGAI_DETECT_TEXT = 3,     /* regions of text changed */
    JPEGAI_DETECT_HUE = 4,      /* colour of a patch shifted */
    JPEGAI_DETECT_EDGES = 5,    /* edges gone or displaced */
    JPEGAI_DETECT_DETAIL = 6,   /* fine detail of a patch lost */
    JPEGAI_DETECT_SEAM = 7,     /* a straight step in the error, as between tiles */
    JPEGAI_DETECT_CLIPPING = 8, /* samples at the end of the range that are not there in the original */
    JPEGAI_DETECT_SHIFT = 9     /* colour of the whole picture shifted */
} jpegai_detector;
#define JPEGAI_DETECTORS 10

/* A part of a picture, in samples. */
typedef struct jpegai_box {
    uint32_t x, y, width, height;
} jpegai_box;

typedef struct jpegai_artifact_options {
    double thresholds[JPEGAI_DETECTORS]; /* scores above which an artifact counts as found; NaN: the built-in one */
    uint32_t detectors;                  /* bit d set: run detector d; 0: all */
    uint32_t find_text;                  /* 1: look for text in the original */
    const jpegai_box *text;              /* regions of text that are known */
    size_t text_count;
    uint32_t keep_maps;                  /* 1: findings have their maps */
    uint32_t find_causes;                /* codestreams: 1: name likely causes, and compare the latents */
    uint64_t max_pixels;                 /* 0: 60 million (the detectors hold up to 40 float planes) */
    int (*progress)(void *user, double fraction); /* may be NULL; a non-zero result cancels */
    void *user;
} jpegai_artifact_options;

/* Fills in the defaults: all detectors, built-in thresholds, text looked for, causes named, no maps. */
JPEGAI_API void jpegai_artifact_options_init(jpegai_artifact_options *options);

typedef struct jpegai_artifacts jpegai_artifacts;

/* Compares a decode with its original. `classic`, a decode of a classic codec of about the same rate, may be NULL; with it the
 * first four detectors count only what that codec does not do as well. Depths may differ, and one grey picture makes all
 * grey. `options` may be NULL for the defaults. JPEGAI_ERROR_ARGUMENT when the sizes differ, JPEGAI_ERROR_LIMIT. */
JPEGAI_API jpegai_error jpegai_find_artifacts(const jpegai_checker *checker, const jpegai_source *original,
                                              const jpegai_source *decode, const jpegai_source *classic,
                                              const jpegai_artifact_options *options, jpegai_artifacts **artifacts);
/* The same with a codestream as the decode: it tells where tiles and regions meet, and likely causes. The checker needs
 * models. Fails as jpegai_decode, too. */
JPEGAI_API jpegai_error jpegai_find_stream_artifacts(const jpegai_checker *checker, const jpegai_source *original,
                                                     const uint8_t *data, size_t size, const jpegai_source *classic,
                                                     const jpegai_artifact_options *options,
                                                     jpegai_artifacts **artifacts);
JPEGAI_API void jpegai_artifacts_free(jpegai_artifacts *artifacts);

/* What one detector says. Texts and samples belong to the result; texts are never NULL. */
typedef struct jpegai_finding {
    uint32_t applies;         /* 0: not asked for, or it does not apply, and `detail` says why; all else is 0 then */
    uint32_t found;           /* 1: the score is above the threshold */
    uint32_t comparative;     /* 1: the score is the difference to the classic decode */
    double score, threshold;  /* in the unit of the detector, docs/CHECK.md */
    uint32_t x, y;            /* where the map is largest */
    jpegai_box box;           /* 300x300 samples around it, or the region of text; width 0: about the whole picture */
    const char *detail;       /* "vertical at x = 256" and the like; often "" */
    const char *cause;        /* likely cause, where a codestream tells, else "" */
    jpegai_plane map;         /* float samples of the picture's size; `samples` is NULL where there is none */
} jpegai_finding;

/* 1 when any detector found something. */
JPEGAI_API uint32_t jpegai_artifacts_found(const jpegai_artifacts *artifacts);
JPEGAI_API jpegai_error jpegai_artifacts_finding(const jpegai_artifacts *artifacts, jpegai_detector detector,
                                                 jpegai_finding *finding);
/* Everything but the maps as JSON, UTF-8; belongs to the result. */
JPEGAI_API const char *jpegai_artifacts_json(const jpegai_artifacts *artifacts);

/* ---- traces --------------------------------------------------------------------------------------------------- */

typedef struct jpegai_trace_options {
    uint32_t search_crops;    /* 1: look for crops off the grid */
    const double *scales;     /* factors by which the picture may have been resized since, 0.1 to 10 */
    size_t scale_count;       /* 0: do not look for resizes */
    const char *classifier;   /* JSON that `jpegai check calibrate --out` wrote; NULL: the built-in parameters */
    uint32_t keep_map;        /* 1: the result has its map */
    uint64_t max_samples;     /* of larger pictures a part in the middle is looked at; 0: 2 million */
    int (*progress)(void *user, double fraction); /* may be NULL; a non-zero result cancels */
    void *user;
} jpegai_trace_options;

/* Fills in the defaults: crops, and the factors 0.5, 2/3, 0.75, 0.8, 0.9, 1.5 and 2. */
JPEGAI_API void jpegai_trace_options_init(jpegai_trace_options *options);

typedef struct jpegai_traces jpegai_traces;

/* Says whether a picture of at least 64 samples a side was coded with one of the checker's weight sets. `options` may be NULL
 * for the defaults. JPEGAI_ERROR_ARGUMENT for smaller pictures and without models, JPEGAI_ERROR_UNSUPPORTED for flat
 * ones, JPEGAI_ERROR_MODEL when no set has a complete model. */
JPEGAI_API jpegai_error jpegai_find_traces(const jpegai_checker *checker, const jpegai_source *picture,
                                           const jpegai_trace_options *options, jpegai_traces **traces);
JPEGAI_API void jpegai_traces_free(jpegai_traces *traces);

typedef struct jpegai_trace_summary {
    double probability;       /* that the picture was JPEG AI coded, when half of all pictures are */
    uint32_t coded;           /* 1: probability of one half or more; what follows up to `cropped` is 0 or -1 otherwise */
    uint32_t generations;     /* codings that the traces show, at least 1 */
    int32_t model;            /* 0 to 3 */
    uint32_t models;          /* which of the checker's weight sets, in the order in which it got them */
    uint32_t has_beta[2];     /* 1: the displacement of luma, of chroma can be told */
    int32_t beta[2];
    double resized_by;        /* size of the picture relative to what was coded */
    uint32_t cropped;         /* 1: its grid begins elsewhere */
    uint32_t jpeg_quality;    /* of a JPEG coding that shows, 1 to 100, else 0; also for pictures not JPEG AI coded */
} jpegai_trace_summary;

JPEGAI_API jpegai_error jpegai_traces_summary(const jpegai_traces *traces, jpegai_trace_summary *summary);
/* "JPEG AI coded (model 1, default), then resized by 0.5" and the like; belongs to the result. */
JPEGAI_API const char *jpegai_traces_verdict(const jpegai_traces *traces);
/* Every feature and hypothesis as JSON, UTF-8; belongs to the result. */
JPEGAI_API const char *jpegai_traces_json(const jpegai_traces *traces);
/* Where the lattice of the latents shows: float samples for the part of the picture that was looked at, which begins at
 * (*x, *y). They scatter by 1 around 0 where nothing was coded. JPEGAI_ERROR_ARGUMENT when no map was kept. */
JPEGAI_API jpegai_error jpegai_traces_map(const jpegai_traces *traces, uint32_t *x, uint32_t *y, jpegai_plane *map);

#ifdef __cplusplus
}
#endif
#endif
