/* The whole job of a scanner from C, on this machine: set up by its host's messages, checked against the vectors' answers
 * with whole and with damaged flash, encounters noted, power lost, the host's session played again.
 *
 * smoke FOLDER: the folder of the vectors. The flash is memory that holds the library to the rules of flash. */
#include "bench.h"

/* How long the scanner says it has been on when documents are put on it, as the vectors have it. */
#define UPTIME_S 60u

/* A line without its end; `next` is where the one after it begins, NULL at the end of the text. */
typedef struct {
    const char *text;
    size_t len;
    const char *next;
} Line;

static Line line_at(const char *text) {
    const char *end = strchr(text, '\n');
    MUST(end != NULL);
    return (Line){.text = text, .len = (size_t)(end - text), .next = end[1] ? end + 1 : NULL};
}

static Line line_number(const char *text, long number) {
    Line line = line_at(text);
    while (--number > 0) line = line_at(line.next);
    return line;
}

static VedetteUnit *open_unit(const uint8_t *pinned, void *memory) {
    VedetteList list;
    VedetteSetup setup = setup_of(pinned, &list);
    VedetteUnit *unit = NULL;
    MUST(vedette_unit_open(&setup, memory, vedette_unit_size() - 1, &unit) == VEDETTE_STATUS_MEMORY);
    setup.spool.first = 1;
    MUST(vedette_unit_open(&setup, memory, vedette_unit_size(), &unit) == VEDETTE_STATUS_SETUP);
    setup.spool.first = 2;
    MUST(vedette_unit_open(NULL, memory, vedette_unit_size(), &unit) == VEDETTE_STATUS_ARGUMENT);
    MUST(vedette_unit_open(&setup, memory, vedette_unit_size(), &unit) == VEDETTE_STATUS_OK);
    return unit;
}

static uint8_t answer[5000], shown[200], inbox[5000];

/* Feeds frames of the host to the scanner, which takes `random` for random; returns how many were answered. */
static int hear(VedetteUnit *unit, VedetteDecoder *decoder, const uint8_t *bytes, size_t len, const uint8_t *random) {
    int answered = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t *payload = NULL;
        size_t payload_len = 0, used = 0, shown_used = 0;
        VedetteStatus status = vedette_decoder_push(decoder, bytes[i], &payload, &payload_len);
        if (status == VEDETTE_STATUS_MORE) continue;
        MUST(status == VEDETTE_STATUS_OK);
        MUST(vedette_unit_receive(unit, payload, payload_len, 0, random, answer, sizeof answer, &used, shown,
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

typedef struct {
    Vector host, pinned, zones, answers, damage;
    VedetteUnit *unit;
    VedetteScratch *scratch;
    VedetteDecoder *decoder;
} Test;

/* Checks a document; the line that it gives must be the one expected. Returns how many alerts it met. */
static uint32_t expect_answer(const Test *test, Line zone, const char *expected, size_t expected_len) {
    uint8_t line[400];
    size_t used = 0;
    VedetteOutcome outcome = {0};
    VedetteStatus status =
        vedette_unit_check(test->unit, test->scratch, (const uint8_t *)zone.text, zone.len, UPTIME_S, &outcome);
    MUST(status == VEDETTE_STATUS_OK || status == VEDETTE_STATUS_NO_ZONE);
    MUST(vedette_unit_line(test->unit, line, 10, &used) == VEDETTE_STATUS_BUFFER);
    MUST(vedette_unit_line(test->unit, line, sizeof line, &used) == VEDETTE_STATUS_OK);
    if (used != expected_len || memcmp(line, expected, used) != 0) {
        fprintf(stderr, "%.*s\nwanted\n%.*s\n", (int)used, (char *)line, (int)expected_len, expected);
        exit(1);
    }
    return outcome.alerts;
}

/* Every document of the vectors, line by line; what is met is noted. */
static void check_documents(const Test *test) {
    int noted = 0;
    const char *zones = (const char *)test->zones.bytes, *answers = (const char *)test->answers.bytes;
    while (zones) {
        Line zone = line_at(zones), answer = line_at(answers);
        uint32_t alerts = expect_answer(test, zone, answer.text, answer.len);
        for (uint32_t alert = 0; alert < alerts; alert++) {
            uint8_t id[16] = {(uint8_t)noted};
            MUST(vedette_unit_note(test->unit, alert, id, UPTIME_S) == VEDETTE_STATUS_OK);
            noted++;
        }
        VedetteStatus status = vedette_unit_note(test->unit, alerts, test->pinned.bytes, UPTIME_S);
        MUST(status == VEDETTE_STATUS_ARGUMENT || status == VEDETTE_STATUS_UNEXPECTED);
        zones = zone.next, answers = answer.next;
    }
    MUST(!answers && noted > 10);
}

/* Every case of damage.txt: SEGMENT OFFSET FLASH BYTES ZONE ANSWER. */
static void check_damage(const Test *test) {
    for (const char *cases = (const char *)test->damage.bytes; cases;) {
        Line line = line_at(cases);
        unsigned long at, bytes;
        long zone;
        int read = 0;
        MUST(sscanf(line.text, "%*u %*u %lu %lu %ld %n", &at, &bytes, &zone, &read) == 3);
        MUST(at + bytes <= sizeof flash);
        for (size_t i = at; i < at + bytes; i++) flash[i] ^= 0x55;
        expect_answer(test, line_number((const char *)test->zones.bytes, zone), line.text + read, line.len - (size_t)read);
        for (size_t i = at; i < at + bytes; i++) flash[i] ^= 0x55;
        cases = line.next;
    }
}

/* A call that fails forgets the check before: nothing can be shown or noted of another document. */
static void check_that_failures_forget(const Test *test) {
    VedetteOutcome outcome;
    uint8_t line[400];
    size_t used;
    Line zone = line_at((const char *)test->zones.bytes);
    const uint8_t *text = (const uint8_t *)zone.text;
    MUST(vedette_unit_check(test->unit, test->scratch, text, zone.len, UPTIME_S, &outcome) == VEDETTE_STATUS_OK);
    MUST(vedette_unit_check(test->unit, test->scratch, (const uint8_t *)"\xff", 1, UPTIME_S, &outcome) ==
         VEDETTE_STATUS_ARGUMENT);
    MUST(vedette_unit_line(test->unit, line, sizeof line, &used) == VEDETTE_STATUS_UNEXPECTED);
    MUST(vedette_unit_note(test->unit, 0, test->pinned.bytes, UPTIME_S) == VEDETTE_STATUS_UNEXPECTED);
}

/* The power goes while one more is noted; after it the keys are gone until the host has opened again, the notes are not. */
static void check_power_loss(Test *test, void *memory) {
    VedetteOutcome outcome;
    Line zone = line_at((const char *)test->zones.bytes);
    const uint8_t *text = (const uint8_t *)zone.text;
    MUST(vedette_unit_check(test->unit, test->scratch, text, zone.len, UPTIME_S, &outcome) == VEDETTE_STATUS_OK);
    MUST(outcome.verdict == VEDETTE_VERDICT_HIT);
    power = false;
    MUST(vedette_unit_note(test->unit, 0, test->pinned.bytes, UPTIME_S) == VEDETTE_STATUS_FLASH);
    MUST(vedette_unit_close(test->unit) == VEDETTE_STATUS_OK);
    power = true;
    test->unit = open_unit(test->pinned.bytes, memory);
    MUST(vedette_unit_check(test->unit, test->scratch, text, zone.len, UPTIME_S, &outcome) == VEDETTE_STATUS_OK);
    MUST(outcome.verdict == VEDETTE_VERDICT_NOT_CHECKED && outcome.alerts == 0); /* keys are in memory only */
    size_t used;
    MUST(vedette_unit_scan(test->unit, 1, false, text, zone.len, answer, sizeof answer, &used) == VEDETTE_STATUS_BUFFER);
    MUST(hear(test->unit, test->decoder, test->host.bytes, test->host.len, test->pinned.bytes + 128) > 10);
    MUST(vedette_unit_check(test->unit, test->scratch, text, zone.len, UPTIME_S, &outcome) == VEDETTE_STATUS_OK);
    MUST(outcome.verdict == VEDETTE_VERDICT_HIT);
    MUST(vedette_unit_scan(test->unit, 1, false, text, zone.len, answer, sizeof answer, &used) == VEDETTE_STATUS_OK);
    MUST(vedette_unit_here(test->unit, answer, 4, &used) == VEDETTE_STATUS_BUFFER);
    MUST(vedette_unit_here(test->unit, answer, sizeof answer, &used) == VEDETTE_STATUS_OK && used > 9);
}

/* Who plays the host's session to a scanner that was switched off and on is refused: its keys are others by then. */
static void check_replay(Test *test, void *memory) {
    MUST(vedette_unit_close(test->unit) == VEDETTE_STATUS_OK);
    test->unit = open_unit(test->pinned.bytes, memory);
    const uint8_t fresh[32] = {1, 2, 3};
    MUST(hear(test->unit, test->decoder, test->host.bytes, test->host.len, fresh) > 10);
    VedetteOutcome outcome;
    Line zone = line_at((const char *)test->zones.bytes);
    MUST(vedette_unit_check(test->unit, test->scratch, (const uint8_t *)zone.text, zone.len, UPTIME_S, &outcome) ==
         VEDETTE_STATUS_OK);
    MUST(outcome.verdict == VEDETTE_VERDICT_NOT_CHECKED && outcome.alerts == 0);
    size_t used, shown_used;
    uint8_t none[3] = {2, 2, 0};
    MUST(vedette_unit_receive(test->unit, none, 3, 0, NULL, answer, sizeof answer, &used, shown, sizeof shown,
                              &shown_used) == VEDETTE_STATUS_ARGUMENT);
}

/* A frame there and back, and one damaged. */
static void check_frames(const Test *test) {
    uint8_t *payload;
    size_t len, used;
    MUST(vedette_frame_encode(test->pinned.bytes, 64, answer, 20, &used) == VEDETTE_STATUS_BUFFER);
    MUST(vedette_frame_encode(test->pinned.bytes, 64, answer, sizeof answer, &used) == VEDETTE_STATUS_OK);
    for (size_t i = 0; i + 1 < used; i++)
        MUST(vedette_decoder_push(test->decoder, answer[i], &payload, &len) == VEDETTE_STATUS_MORE);
    MUST(vedette_decoder_push(test->decoder, 0, &payload, &len) == VEDETTE_STATUS_OK);
    MUST(len == 64 && memcmp(payload, test->pinned.bytes, 64) == 0);
    answer[5] ^= 1;
    VedetteStatus last = VEDETTE_STATUS_MORE;
    for (size_t i = 0; i < used && last == VEDETTE_STATUS_MORE; i++)
        last = vedette_decoder_push(test->decoder, answer[i], &payload, &len);
    MUST(last == VEDETTE_STATUS_FRAME);
}

/* Header and archive are of one release, and every number that C sees has a text. */
static void check_versions_and_texts(void) {
    MUST(vedette_shim_abi_version() == VEDETTE_ABI_VERSION);
    MUST(vedette_version_number() == VEDETTE_VERSION_NUMBER);
    MUST(VEDETTE_VERSION_NUMBER ==
         (VEDETTE_VERSION_MAJOR << 16 | VEDETTE_VERSION_MINOR << 8 | VEDETTE_VERSION_PATCH));
    MUST(strcmp(vedette_status_text(VEDETTE_STATUS_FLASH), "the flash failed") == 0);
    MUST(strcmp(vedette_status_text(99), vedette_status_text(98)) == 0);
    MUST(strcmp(vedette_verdict_text(VEDETTE_VERDICT_HIT), "HIT") == 0);
    MUST(strcmp(vedette_verdict_text(99), "NOT CHECKED") == 0);
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    check_versions_and_texts();
    Test test = {
        .host = read_vector(argv[1], "host.bin"),
        .pinned = read_vector(argv[1], "pinned.bin"),
        .zones = read_vector(argv[1], "zones.txt"),
        .answers = read_vector(argv[1], "answers.txt"),
        .damage = read_vector(argv[1], "damage.txt"),
    };
    memset(flash, 0x5a, sizeof flash);
    void *unit = aligned_alloc(vedette_unit_align(), vedette_unit_size());
    void *decoder = malloc(vedette_decoder_size()), *scratch = malloc(vedette_scratch_size());
    test.unit = open_unit(test.pinned.bytes, unit);
    MUST(vedette_decoder_open(inbox, sizeof inbox, decoder, vedette_decoder_size(), &test.decoder) == VEDETTE_STATUS_OK);
    MUST(vedette_scratch_open(scratch, vedette_scratch_size(), &test.scratch) == VEDETTE_STATUS_OK);
    MUST(hear(test.unit, test.decoder, test.host.bytes, test.host.len, test.pinned.bytes + 128) > 10);

    read_zones();
    check_damage(&test);
    check_documents(&test);
    check_that_failures_forget(&test);
    check_power_loss(&test, unit);
    check_replay(&test, unit);
    check_frames(&test);

    MUST(vedette_unit_close(test.unit) == VEDETTE_STATUS_OK);
    free(unit), free(decoder), free(scratch);
    Vector vectors[] = {test.host, test.pinned, test.zones, test.answers, test.damage};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) free(vectors[i].bytes);
    puts("all of it works from C");
    return 0;
}
