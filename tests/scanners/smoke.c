/* The whole job of a scanner from C, on this machine: set up by what a host says, checked against the vectors' answers,
 * encounters noted, power lost and handed over. Its flash is memory that holds the library to the rules of flash. */
#include "vedette_shim.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 4096u
#define SECTORS 32u

static uint8_t flash[SECTOR * SECTORS];
static bool power = true;

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static bool flash_read(void *context, uint32_t at, uint8_t *out, size_t len) {
    MUST(context == flash && at + len <= sizeof flash);
    memcpy(out, flash + at, len);
    return true;
}

static bool flash_write(void *context, uint32_t at, const uint8_t *bytes, size_t len) {
    MUST(context == flash && at % 4 == 0 && len % 4 == 0 && at + len <= sizeof flash);
    for (size_t i = 0; i < len; i++) {
        MUST(flash[at + i] == 0xff);
        if (!power && i >= len / 2) return false;
        flash[at + i] = bytes[i];
    }
    return power;
}

static bool flash_erase(void *context, uint32_t at) {
    MUST(context == flash && at % SECTOR == 0);
    memset(flash + at, 0xff, SECTOR);
    return power;
}

static uint8_t *file(const char *folder, const char *name, size_t *len) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    MUST(stream != NULL);
    uint8_t *bytes = malloc(1 << 20);
    *len = fread(bytes, 1, 1 << 20, stream);
    fclose(stream);
    return bytes;
}

static VedetteUnit *open_unit(const uint8_t *pinned, void *memory) {
    VedetteList list = {
        .name = (const uint8_t *)"uto/stolen",
        .name_len = 10,
        .issuer = {.keys = pinned, .keys_count = 1, .threshold = 1},
        .region = {.first = 6, .sectors = 26},
    };
    VedetteSetup setup = {
        .device = (const uint8_t *)"scanner-1",
        .device_len = 9,
        .firmware = (const uint8_t *)"0.1.0",
        .firmware_len = 5,
        .heartbeat = {.keys = pinned + 32, .keys_count = 1, .threshold = 1},
        .vault = {.first = 0, .sectors = 2},
        .journal = {.first = 2, .sectors = 4},
        .lists = &list,
        .lists_count = 1,
        .flash = {flash, SECTOR, 4, SECTORS, flash_read, flash_write, flash_erase},
    };
    VedetteUnit *unit = NULL;
    MUST(vedette_unit_open(&setup, memory, vedette_unit_size() - 1, &unit) == VEDETTE_STATUS_MEMORY);
    setup.journal.first = 1;
    MUST(vedette_unit_open(&setup, memory, vedette_unit_size(), &unit) == VEDETTE_STATUS_SETUP);
    setup.journal.first = 2;
    MUST(vedette_unit_open(NULL, memory, vedette_unit_size(), &unit) == VEDETTE_STATUS_ARGUMENT);
    MUST(vedette_unit_open(&setup, memory, vedette_unit_size(), &unit) == VEDETTE_STATUS_OK);
    return unit;
}

static uint8_t answer[5000], shown[200], inbox[5000];

/* Feeds frames of the host to the scanner; returns how many were answered. */
static int hear(VedetteUnit *unit, VedetteDecoder *decoder, const uint8_t *bytes, size_t len) {
    int answered = 0;
    for (size_t i = 0; i < len; i++) {
        const uint8_t *payload = NULL;
        size_t payload_len = 0, used = 0, shown_used = 0;
        VedetteStatus status = vedette_decoder_push(decoder, bytes[i], &payload, &payload_len);
        if (status == VEDETTE_STATUS_MORE) continue;
        MUST(status == VEDETTE_STATUS_OK);
        MUST(vedette_unit_receive(unit, payload, payload_len, 0, answer, sizeof answer, &used, shown,
                                  sizeof shown, &shown_used) == VEDETTE_STATUS_OK);
        MUST(used > 0 && answer[0] == 0 && answer[used - 1] == 0);
        answered++;
    }
    return answered;
}

static void read_zones(void) {
    const char *zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    VedetteZone fields;
    MUST(vedette_mrz_parse((const uint8_t *)zone, strlen(zone), &fields) == VEDETTE_STATUS_OK);
    MUST(fields.valid && strcmp((char *)fields.surname, "ERIKSSON") == 0);
    MUST(strcmp((char *)fields.number, "L898902C3") == 0 && strcmp((char *)fields.birth_date, "740812") == 0);
    MUST(vedette_mrz_parse((const uint8_t *)"P<UTO", 5, &fields) == VEDETTE_STATUS_NO_ZONE);
    MUST(vedette_mrz_parse((const uint8_t *)"\xff", 1, &fields) == VEDETTE_STATUS_ARGUMENT);
    MUST(vedette_mrz_parse(NULL, 5, &fields) == VEDETTE_STATUS_ARGUMENT);
    MUST(vedette_mrz_parse((const uint8_t *)zone, strlen(zone), NULL) == VEDETTE_STATUS_ARGUMENT);

    /* An optical reader took a zero for the letter O. */
    VedetteReading reading = {0};
    for (const char *c = zone; *c; c++) {
        uint32_t character = c == strstr(zone, "02C3") ? 'O' : (uint32_t)*c;
        MUST(vedette_reading_push(&reading, character) == VEDETTE_STATUS_OK);
    }
    MUST(vedette_reading_zone(&reading, &fields) == VEDETTE_STATUS_OK);
    MUST(fields.repaired && fields.valid && strcmp((char *)fields.number, "L898902C3") == 0);
    VedetteStatus status = VEDETTE_STATUS_OK;
    for (int i = 0; i < 200 && status == VEDETTE_STATUS_OK; i++) status = vedette_reading_push(&reading, 'A');
    MUST(status == VEDETTE_STATUS_BUFFER);
    MUST(vedette_reading_push(&reading, 0xd800) == VEDETTE_STATUS_ARGUMENT);
}

void vedette_on_panic(void) {
    fputs("the library panicked\n", stderr);
    abort();
}

/* The core library of this machine is built for unwinding, which a firmware has not. */
void rust_eh_personality(void) {}

int main(int argc, char **argv) {
    MUST(argc == 2 && vedette_shim_abi_version() == VEDETTE_ABI_VERSION);
    size_t host_len, pinned_len, zones_len, answers_len;
    uint8_t *host = file(argv[1], "host.bin", &host_len), *pinned = file(argv[1], "pinned.bin", &pinned_len);
    char *zones = (char *)file(argv[1], "zones.txt", &zones_len);
    char *answers = (char *)file(argv[1], "answers.txt", &answers_len);
    read_zones();

    memset(flash, 0x5a, sizeof flash);
    void *memory = aligned_alloc(vedette_unit_align(), vedette_unit_size());
    void *decoder_memory = malloc(vedette_decoder_size()), *scratch_memory = malloc(vedette_scratch_size());
    VedetteUnit *unit = open_unit(pinned, memory);
    VedetteDecoder *decoder;
    VedetteScratch *scratch;
    MUST(vedette_decoder_open(inbox, sizeof inbox, decoder_memory, vedette_decoder_size(), &decoder) == VEDETTE_STATUS_OK);
    MUST(vedette_scratch_open(scratch_memory, vedette_scratch_size(), &scratch) == VEDETTE_STATUS_OK);
    MUST(hear(unit, decoder, host, host_len) > 10);

    /* Every document of the vectors, line by line; what is met is noted. */
    int noted = 0;
    char *answers_end = answers + answers_len;
    for (char *zone = zones; zone < zones + zones_len; zone = strchr(zone, '\n') + 1) {
        size_t len = (size_t)(strchr(zone, '\n') - zone), used = 0;
        char *end = memchr(answers, '\n', (size_t)(answers_end - answers));
        uint8_t line[400];
        VedetteOutcome outcome;
        VedetteStatus status = vedette_unit_check(unit, scratch, (uint8_t *)zone, len, 60, &outcome);
        if (status == VEDETTE_STATUS_OK) {
            MUST(vedette_unit_line(unit, line, sizeof line, &used) == VEDETTE_STATUS_OK);
            MUST(used == (size_t)(end - answers) && memcmp(line, answers, used) == 0);
            MUST(vedette_unit_line(unit, line, 10, &used) == VEDETTE_STATUS_BUFFER);
            for (uint32_t alert = 0; alert < outcome.alerts; alert++) {
                uint8_t id[16] = {(uint8_t)noted};
                MUST(vedette_unit_note(unit, alert, id, 60) == VEDETTE_STATUS_OK);
                noted++;
            }
            MUST(vedette_unit_note(unit, outcome.alerts, pinned, 60) == VEDETTE_STATUS_ARGUMENT);
        } else {
            MUST(status == VEDETTE_STATUS_NO_ZONE);
            MUST(vedette_unit_line(unit, line, sizeof line, &used) == VEDETTE_STATUS_OK);
            MUST(used == (size_t)(end - answers) && memcmp(line, answers, used) == 0);
            MUST(vedette_unit_note(unit, 0, pinned, 60) == VEDETTE_STATUS_UNEXPECTED);
        }
        answers = end + 1;
    }
    MUST(answers == answers_end && noted > 10);

    /* A call that fails forgets the check before: nothing can be shown or noted of another document. */
    VedetteOutcome outcome;
    uint8_t shown[400];
    size_t shown_len = 0;
    MUST(vedette_unit_check(unit, scratch, (uint8_t *)zones, 88, 60, &outcome) == VEDETTE_STATUS_OK);
    MUST(vedette_unit_check(unit, scratch, (const uint8_t *)"\xff", 1, 60, &outcome) == VEDETTE_STATUS_ARGUMENT);
    MUST(vedette_unit_line(unit, shown, sizeof shown, &shown_len) == VEDETTE_STATUS_UNEXPECTED);
    MUST(vedette_unit_note(unit, 0, pinned, 60) == VEDETTE_STATUS_UNEXPECTED);

    /* The power goes while one more is noted; after it all the others are there, in their order. */
    MUST(vedette_unit_check(unit, scratch, (uint8_t *)zones, 88, 60, &outcome) == VEDETTE_STATUS_OK && outcome.verdict == 3);
    power = false;
    MUST(vedette_unit_note(unit, 0, pinned, 60) == VEDETTE_STATUS_FLASH);
    MUST(vedette_unit_close(unit) == VEDETTE_STATUS_OK);
    power = true;
    unit = open_unit(pinned, memory);
    MUST(vedette_unit_check(unit, scratch, (uint8_t *)zones, 88, 60, &outcome) == VEDETTE_STATUS_OK);
    MUST(outcome.verdict == 1 && outcome.alerts == 0); /* keys are in memory only */
    uint8_t id[16], note[400];
    size_t used;
    for (int i = 0; i < noted; i++) {
        MUST(vedette_unit_oldest(unit, id, note, 10, &used) == VEDETTE_STATUS_BUFFER);
        MUST(vedette_unit_oldest(unit, id, note, sizeof note, &used) == VEDETTE_STATUS_OK);
        MUST(id[0] == i && used > 100);
        MUST(vedette_unit_taken(unit, id) == VEDETTE_STATUS_OK);
    }
    MUST(vedette_unit_oldest(unit, id, note, sizeof note, &used) == VEDETTE_STATUS_NOTHING);

    /* What nobody signed is not believed, and what is not needed not taken. */
    VedetteStep step;
    MUST(vedette_unit_offer(unit, host, 100, &step) == VEDETTE_STATUS_UNREADABLE);
    MUST(vedette_unit_piece(unit, pinned, 0, host, 100, &step) == VEDETTE_STATUS_UNEXPECTED);
    MUST(vedette_unit_time(unit, host, 100, 0) == VEDETTE_STATUS_UNREADABLE);
    MUST(vedette_unit_list_key(unit, (const uint8_t *)"a/b", 3, 1, pinned) == VEDETTE_STATUS_UNKNOWN_LIST);
    MUST(vedette_unit_scanner_key(unit, NULL) == VEDETTE_STATUS_ARGUMENT);

    /* A frame there and back, and one damaged. */
    const uint8_t *payload;
    size_t len;
    MUST(vedette_frame_encode(pinned, 64, answer, 20, &used) == VEDETTE_STATUS_BUFFER);
    MUST(vedette_frame_encode(pinned, 64, answer, sizeof answer, &used) == VEDETTE_STATUS_OK);
    for (size_t i = 0; i + 1 < used; i++)
        MUST(vedette_decoder_push(decoder, answer[i], &payload, &len) == VEDETTE_STATUS_MORE);
    MUST(vedette_decoder_push(decoder, 0, &payload, &len) == VEDETTE_STATUS_OK);
    MUST(len == 64 && memcmp(payload, pinned, 64) == 0);
    answer[5] ^= 1;
    VedetteStatus last = VEDETTE_STATUS_MORE;
    for (size_t i = 0; i < used && last == VEDETTE_STATUS_MORE; i++)
        last = vedette_decoder_push(decoder, answer[i], &payload, &len);
    MUST(last == VEDETTE_STATUS_FRAME);

    MUST(vedette_unit_close(unit) == VEDETTE_STATUS_OK);
    free(memory), free(decoder_memory), free(scratch_memory), free(host), free(pinned), free(zones);
    free(answers_end - answers_len);
    puts("all of it works from C");
    return 0;
}
