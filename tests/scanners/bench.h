/* What the programs in C share: a flash in memory that holds the library to the rules of flash, files of the vectors, and the
 * setup of the vectors' scanner. */
#include "vedette_shim.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 4096u
#define SECTORS 32u

static uint8_t flash[SECTOR * SECTORS];
/* Without power a write stops in its middle. */
static bool power = true;
/* Of 256 calls of the flash so many fail. */
static unsigned faults = 0;

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Bits of the flash were changed from outside: what was erased may not be. */
static bool flipped = false;

static uint64_t seed = 1;

/* SplitMix64. */
static uint64_t random64(void) {
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool fails(void) { return faults > 0 && random64() % 256 < faults; }

static bool flash_read(void *context, uint32_t at, uint8_t *out, size_t len) {
    MUST(context == flash && at + len <= sizeof flash);
    if (fails()) return false;
    memcpy(out, flash + at, len);
    return true;
}

static bool flash_write(void *context, uint32_t at, const uint8_t *bytes, size_t len) {
    MUST(context == flash && at % 4 == 0 && len % 4 == 0 && at + len <= sizeof flash);
    const bool stops = !power || fails();
    for (size_t i = 0; i < len; i++) {
        MUST(flash[at + i] == 0xff || flipped);
        if (stops && i >= len / 2) return false;
        flash[at + i] = bytes[i];
    }
    return power;
}

static bool flash_erase(void *context, uint32_t at) {
    MUST(context == flash && at % SECTOR == 0);
    if (fails()) return false;
    memset(flash + at, 0xff, SECTOR);
    return power;
}

#define FILE_BYTES_MAX (1u << 20)

/* A file of the vectors, with a zero byte behind it. */
typedef struct {
    uint8_t *bytes;
    size_t len;
} Vector;

static Vector read_vector(const char *folder, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    MUST(stream != NULL);
    Vector vector = {.bytes = calloc(FILE_BYTES_MAX + 1, 1)};
    vector.len = fread(vector.bytes, 1, FILE_BYTES_MAX, stream);
    fclose(stream);
    return vector;
}

/* The setup of the vectors' scanner, whose keys are in `pinned`; `list` is filled and must live as long. */
static VedetteSetup setup_of(const uint8_t *pinned, VedetteList *list) {
    *list = (VedetteList){
        .name = (const uint8_t *)"uto/stolen",
        .name_len = 10,
        .issuer = {.keys = pinned, .keys_count = 1, .threshold = 1},
        .region = {.first = 6, .sectors = 26},
    };
    return (VedetteSetup){
        .device = (const uint8_t *)"scanner-1",
        .device_len = 9,
        .firmware = (const uint8_t *)"0.1.0",
        .firmware_len = 5,
        .key = pinned + 96,
        .heartbeat = {.keys = pinned + 32, .keys_count = 1, .threshold = 1},
        .root = {.keys = pinned + 160, .keys_count = 1, .threshold = 1},
        .root_version = 1,
        .orders = {.keys = pinned + 64, .keys_count = 1, .threshold = 1},
        .kv = {.first = 0, .sectors = 2},
        .spool = {.first = 2, .sectors = 4},
        .lists = list,
        .lists_count = 1,
        .flash = {flash, SECTOR, 4, SECTORS, flash_read, flash_write, flash_erase},
    };
}
