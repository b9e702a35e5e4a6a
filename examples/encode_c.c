/* Encodes a binary PPM picture of 8 bit: encode_c IN.ppm OUT.jai BITS_PER_PIXEL */
#include <jpegai/jpegai.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, jpegai_last_message());
    return 1;
}

int main(int argc, char **argv) {
    unsigned width, height, max;
    if (argc != 4) return fprintf(stderr, "usage: encode_c IN.ppm OUT.jai BITS_PER_PIXEL\n"), 2;
    FILE *in = fopen(argv[1], "rb");
    if (in == NULL || fscanf(in, "P6 %u %u %u", &width, &height, &max) != 3 || max != 255 || fgetc(in) == EOF) {
        return fprintf(stderr, "%s is no PPM file of 8 bit without comments\n", argv[1]), 1;
    }

    /* The file holds R G B R G B ..., the library wants three planes. */
    const size_t samples = (size_t)width * height;
    uint8_t *planes = malloc(3 * samples);
    if (planes == NULL) return fprintf(stderr, "out of memory\n"), 1;
    for (size_t i = 0; i < 3 * samples; ++i) planes[i % 3 * samples + i / 3] = (uint8_t)fgetc(in);
    fclose(in);
    jpegai_source source = {JPEGAI_RGB, width, height, 8, 1, 1, {planes, planes + samples, planes + 2 * samples},
                            {width, width, width}};

    jpegai_models *models = NULL;
    jpegai_encoder *encoder = NULL;
    if (jpegai_models_open(NULL, &models) != JPEGAI_OK) return fail("weights");
    if (jpegai_encoder_create(models, JPEGAI_CPU_AUTO, 0, &encoder) != JPEGAI_OK) return fail("encoder");

    jpegai_encode_options options;
    jpegai_encode_options_init(&options);
    options.rate_mode = JPEGAI_RATE_BPP;
    options.rate = atof(argv[3]);
    uint8_t *data = NULL;
    size_t size = 0;
    jpegai_encode_report report;
    if (jpegai_encode(encoder, &source, &options, &data, &size, &report) != JPEGAI_OK) return fail(argv[1]);
    printf("%zu bytes, %.4f bits per pixel, model %u, displacement %d,%d\n", size, report.bpp, report.model,
           report.beta[0], report.beta[1]);

    FILE *out = fopen(argv[2], "wb");
    const int written = out != NULL && fwrite(data, 1, size, out) == size;
    if ((out != NULL && fclose(out) != 0) || !written) return fprintf(stderr, "cannot write %s\n", argv[2]), 1;
    jpegai_data_free(data);
    jpegai_encoder_free(encoder);
    jpegai_models_free(models);
    free(planes);
    return 0;
}
