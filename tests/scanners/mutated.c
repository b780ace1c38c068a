/* Every call of the C interface with messages that were changed, blocks of exactly the length that is said, results of any
 * size, and a flash that fails and changes its bits: for a build with the address and undefined behaviour sanitizers.
 *
 * mutated FOLDER CALLS SEED: the folder of the vectors. What must hold beside what the sanitizers see: a status is one of the
 * header's, nothing is longer than its buffer, and a document that is listed is never CLEAR. */
#include "bench.h"

#define PAYLOADS_MAX 64u
#define BUFFER_MAX 5000u
/* A scanner is opened again after so many calls, at most. */
#define LIFE_MAX 400u

typedef struct {
    uint8_t *bytes;
    size_t len;
} Block;

static uint64_t calls = 0;
static uint64_t counted[VEDETTE_STATUS_FLASH + 1];

static size_t below(size_t bound) { return (size_t)(random64() % bound); }
static bool one_in(size_t bound) { return below(bound) == 0; }

static VedetteStatus count(VedetteStatus status) {
    MUST(status <= VEDETTE_STATUS_FLASH);
    calls++;
    counted[status]++;
    return status;
}

/* A block of exactly this length; one of none is a pointer that must not be followed. */
static Block block(size_t len) { return (Block){.bytes = malloc(len), .len = len}; }

static Block copy(const uint8_t *bytes, size_t len) {
    Block made = block(len);
    if (len > 0) memcpy(made.bytes, bytes, len);
    return made;
}

/* A copy, changed: bits, bytes, its length. */
static Block changed(const uint8_t *bytes, size_t len) {
    size_t new_len = one_in(3) ? below(len + 40) : len;
    Block made = block(new_len);
    for (size_t i = 0; i < new_len; i++) made.bytes[i] = i < len ? bytes[i] : (uint8_t)random64();
    for (size_t changes = below(4); changes > 0 && new_len > 0; changes--) {
        uint8_t *byte = made.bytes + below(new_len);
        *byte = one_in(2) ? *byte ^ (uint8_t)(1u << below(8)) : (uint8_t)random64();
    }
    return made;
}

/* A length for a result: mostly enough. */
static size_t room(void) { return one_in(4) ? below(200) : BUFFER_MAX - below(100); }

typedef struct {
    Block payloads[PAYLOADS_MAX];
    size_t payloads_count;
    Vector pinned, zones, answers;
    VedetteUnit *unit;
    VedetteScratch *scratch;
    VedetteDecoder *decoder;
    void *unit_memory, *decoder_memory, *scratch_memory;
    Block inbox;
} Bench;

/* The host's session, taken apart into the payloads of its frames. */
static void read_payloads(Bench *bench, const char *folder) {
    Vector host = read_vector(folder, "host.bin");
    for (size_t i = 0; i < host.len; i++) {
        uint8_t *payload;
        size_t len;
        if (vedette_decoder_push(bench->decoder, host.bytes[i], &payload, &len) != VEDETTE_STATUS_OK) continue;
        MUST(bench->payloads_count < PAYLOADS_MAX);
        bench->payloads[bench->payloads_count++] = copy(payload, len);
    }
    free(host.bytes);
}

static void open_decoder(Bench *bench, size_t len) {
    free(bench->inbox.bytes);
    bench->inbox = block(len);
    MUST(vedette_decoder_open(bench->inbox.bytes, len, bench->decoder_memory, vedette_decoder_size(),
                              &bench->decoder) == VEDETTE_STATUS_OK);
}

static void receive(Bench *bench, Block payload, const uint8_t *random) {
    Block out = block(room()), shown = block(room() % 300);
    size_t used = 0, shown_used = 0;
    VedetteStatus status = count(vedette_unit_receive(bench->unit, payload.bytes, payload.len, below(200000), random,
                                                      out.bytes, out.len, &used, shown.bytes, shown.len, &shown_used));
    if (status == VEDETTE_STATUS_OK) MUST(used <= out.len && shown_used <= shown.len);
    free(payload.bytes), free(out.bytes), free(shown.bytes);
}

/* The whole session as the host said it, so that there are lists and keys. */
static void set_up(Bench *bench) {
    for (size_t i = 0; i < bench->payloads_count; i++)
        receive(bench, copy(bench->payloads[i].bytes, bench->payloads[i].len), bench->pinned.bytes + 128);
}

static void open_unit(Bench *bench) {
    if (bench->unit != NULL) MUST(vedette_unit_close(bench->unit) == VEDETTE_STATUS_OK);
    if (one_in(8)) {
        memset(flash, (int)below(256), sizeof flash);
    }
    for (size_t flips = one_in(4) ? below(40) : 0; flips > 0; flips--) flash[below(sizeof flash)] ^= (uint8_t)(1u << below(8));
    VedetteList list;
    VedetteSetup setup = setup_of(bench->pinned.bytes, &list);
    bench->unit = NULL;
    faults = 0;
    VedetteStatus status =
        count(vedette_unit_open(&setup, bench->unit_memory, vedette_unit_size(), &bench->unit));
    MUST(status == VEDETTE_STATUS_OK);
    if (!one_in(4)) set_up(bench);
    faults = one_in(2) ? (unsigned)below(64) : 0;
}

/* A zone of the vectors; whether it is listed by their answer. */
static Block any_zone(const Bench *bench, bool *listed) {
    const char *zone = (const char *)bench->zones.bytes, *answer = (const char *)bench->answers.bytes;
    for (size_t skip = below(20); skip > 0; skip--) {
        const char *next_zone = strchr(zone, '\n') + 1, *next_answer = strchr(answer, '\n') + 1;
        if (*next_zone == 0 || *next_answer == 0) break;
        zone = next_zone, answer = next_answer;
    }
    *listed = strncmp(answer, "HIT", 3) == 0;
    return copy((const uint8_t *)zone, (size_t)(strchr(zone, '\n') - zone));
}

static void check(Bench *bench) {
    bool listed;
    Block zone = any_zone(bench, &listed);
    if (one_in(2)) {
        Block other = changed(zone.bytes, zone.len);
        free(zone.bytes);
        zone = other, listed = false;
    }
    VedetteOutcome outcome = {0};
    VedetteStatus status =
        count(vedette_unit_check(bench->unit, bench->scratch, zone.bytes, zone.len, below(200000), &outcome));
    if (status == VEDETTE_STATUS_OK && listed) MUST(outcome.verdict != VEDETTE_VERDICT_CLEAR);
    Block line = block(room() % 500);
    size_t used = 0;
    if (count(vedette_unit_line(bench->unit, line.bytes, line.len, &used)) == VEDETTE_STATUS_OK) MUST(used <= line.len);
    for (uint32_t alert = 0; alert < outcome.alerts + 1 && alert < 4; alert++) {
        Block id = block(16);
        for (size_t i = 0; i < id.len; i++) id.bytes[i] = (uint8_t)random64();
        count(vedette_unit_note(bench->unit, alert, id.bytes, below(200000)));
        free(id.bytes);
    }
    free(zone.bytes), free(line.bytes);
}

static void speak(Bench *bench) {
    bool listed;
    Block zone = any_zone(bench, &listed), text = changed(zone.bytes, zone.len), out = block(room());
    size_t used = 0;
    VedetteStatus status = one_in(4) ? vedette_unit_here(bench->unit, out.bytes, out.len, &used)
                                     : vedette_unit_scan(bench->unit, (uint32_t)random64(), one_in(2), text.bytes,
                                                         text.len, out.bytes, out.len, &used);
    if (count(status) == VEDETTE_STATUS_OK) MUST(used <= out.len);
    free(zone.bytes), free(text.bytes), free(out.bytes);
}

static void read_zone(const Bench *bench) {
    bool listed;
    Block zone = any_zone(bench, &listed), text = changed(zone.bytes, zone.len);
    VedetteZone *fields = malloc(sizeof *fields);
    if (count(vedette_mrz_parse(text.bytes, text.len, fields)) == VEDETTE_STATUS_OK)
        MUST(memchr(fields->number, 0, sizeof fields->number) && memchr(fields->surname, 0, sizeof fields->surname));
    VedetteReading *reading = calloc(1, sizeof *reading);
    for (size_t i = 0; i < text.len; i++) {
        uint32_t character = one_in(50) ? (uint32_t)random64() : text.bytes[i];
        count(vedette_reading_push(reading, character));
    }
    count(vedette_reading_zone(reading, fields));
    free(zone.bytes), free(text.bytes), free(fields), free(reading);
}

static void frame(Bench *bench) {
    if (one_in(4)) open_decoder(bench, one_in(2) ? below(64) : BUFFER_MAX);
    Block from = bench->payloads[below(bench->payloads_count)], payload = changed(from.bytes, from.len), out = block(room());
    size_t used = 0;
    if (count(vedette_frame_encode(payload.bytes, payload.len, out.bytes, out.len, &used)) == VEDETTE_STATUS_OK) {
        MUST(used <= out.len);
        if (one_in(2)) out.bytes[below(used)] ^= (uint8_t)(1u << below(8));
        for (size_t i = 0; i < used; i++) {
            uint8_t *read = NULL;
            size_t len = 0;
            if (count(vedette_decoder_push(bench->decoder, out.bytes[i], &read, &len)) == VEDETTE_STATUS_OK)
                MUST(read >= bench->inbox.bytes && len <= bench->inbox.len);
        }
    }
    free(payload.bytes), free(out.bytes);
}

int main(int argc, char **argv) {
    MUST(argc == 4);
    uint64_t calls_max = strtoull(argv[2], NULL, 10);
    seed = strtoull(argv[3], NULL, 10);
    flipped = true;
    Bench bench = {
        .pinned = read_vector(argv[1], "pinned.bin"),
        .zones = read_vector(argv[1], "zones.txt"),
        .answers = read_vector(argv[1], "answers.txt"),
        .unit_memory = aligned_alloc(vedette_unit_align(), vedette_unit_size()),
        .decoder_memory = malloc(vedette_decoder_size()),
        .scratch_memory = malloc(vedette_scratch_size()),
    };
    open_decoder(&bench, BUFFER_MAX);
    MUST(vedette_scratch_open(bench.scratch_memory, vedette_scratch_size(), &bench.scratch) == VEDETTE_STATUS_OK);
    read_payloads(&bench, argv[1]);
    while (calls < calls_max) {
        open_unit(&bench);
        for (size_t life = below(LIFE_MAX); life > 0; life--) {
            Block payload = bench.payloads[below(bench.payloads_count)];
            switch (below(6)) {
                case 0: receive(&bench, changed(payload.bytes, payload.len), bench.pinned.bytes + 128); break;
                case 1: check(&bench); break;
                case 2: speak(&bench); break;
                case 3: read_zone(&bench); break;
                case 4: frame(&bench); break;
                default: receive(&bench, copy(payload.bytes, payload.len), bench.pinned.bytes + 128); break;
            }
        }
    }
    MUST(vedette_unit_close(bench.unit) == VEDETTE_STATUS_OK);
    free(bench.unit_memory), free(bench.decoder_memory), free(bench.scratch_memory), free(bench.inbox.bytes);
    for (size_t i = 0; i < bench.payloads_count; i++) free(bench.payloads[i].bytes);
    free(bench.pinned.bytes), free(bench.zones.bytes), free(bench.answers.bytes);
    printf("%llu calls, %llu of them taken: no report\n", (unsigned long long)calls, (unsigned long long)counted[0]);
    return 0;
}

void vedette_on_panic(void) {
    fputs("the library panicked\n", stderr);
    abort();
}

/* The core library of this machine is built for unwinding, which a firmware has not. */
void rust_eh_personality(void) {}
