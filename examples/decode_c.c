/* Decodes a JPEG AI file to a PPM: decode_c IN.jai OUT.ppm */
#include <jpegai/jpegai.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    static uint8_t data[1 << 24];
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (in == NULL) return fprintf(stderr, "usage: decode_c IN.jai OUT.ppm\n"), 2;
    size_t size = fread(data, 1, sizeof data, in);
    fclose(in);

    jpegai_models *models = NULL;
    jpegai_decoder *decoder = NULL;
    jpegai_picture *picture = NULL;
    if (jpegai_models_open(NULL, &models) != JPEGAI_OK || jpegai_decoder_create(models, JPEGAI_CPU_AUTO, 0, &decoder) != JPEGAI_OK ||
        jpegai_decode(decoder, data, size, NULL, &picture) != JPEGAI_OK) {
        return fprintf(stderr, "%s\n", jpegai_last_message()), 1;
    }
    jpegai_plane plane[3];
    for (uint32_t i = 0; i < 3; ++i) jpegai_picture_plane(picture, i, &plane[i]);
    if (!jpegai_picture_is_rgb(picture) || jpegai_picture_bit_depth(picture) != 8) return fprintf(stderr, "not 8-bit RGB\n"), 1;
    FILE *out = fopen(argv[2], "wb");
    if (out == NULL) return perror(argv[2]), 1;
    fprintf(out, "P6\n%u %u\n255\n", plane[0].width, plane[0].height);
    for (uint32_t y = 0; y < plane[0].height; ++y)
        for (uint32_t x = 0; x < plane[0].width; ++x)
            for (int i = 0; i < 3; ++i) fputc(((const uint8_t *)plane[i].samples)[y * plane[i].stride + x], out);
    jpegai_picture_free(picture);
    jpegai_decoder_free(decoder);
    jpegai_models_free(models);
    return fclose(out) == 0 ? 0 : 1;
}
