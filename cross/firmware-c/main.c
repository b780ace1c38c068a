/* A scanner's firmware in C, linked with the archive: the job, the log and the arguments of the one in Rust
 * (cross/firmware/src/main.rs), through include/vedette_shim.h. */
#include "board.h"

/* How long the scanner says it has been on when documents are put on it, as the vectors have it. */
enum { UPTIME_S = 60 };
/* Largest message, its checksum, and what a frame adds; and the contexts, whose sizes the library is asked for. */
enum { MESSAGE = 4096, FRAME = MESSAGE + MESSAGE / 254 + 16, UNIT = 7 * 1024, SCRATCH = 2048, DECODER = 64 };

static uint8_t incoming[MESSAGE + 4], outgoing[FRAME], line[512];
static _Alignas(16) uint8_t unit_memory[UNIT], scratch_memory[SCRATCH], decoder_memory[DECODER];
static VedetteUnit *unit;
static VedetteScratch *scratch;
static VedetteDecoder *decoder;

/* Ends the program unless `status` is OK: `what` failed, and why. */
static void must(VedetteStatus status, const char *what) {
    if (status == VEDETTE_STATUS_OK) return;
    board_say("stopped: ");
    board_say(what);
    board_say(": ");
    board_say(vedette_status_text(status));
    board_say("\n");
    board_end(false);
}

static const char list_name[] = "uto/stolen", device_name[] = "scanner-1", firmware_version[] = "0.1.0";

/* The layout of the flash, 32 sectors of 4 KiB: key-value store, spool, the list's two banks. */
static void open_all(const Factory *factory) {
    if (vedette_shim_abi_version() != VEDETTE_ABI_VERSION) must(VEDETTE_STATUS_SETUP, "the header is another archive's");
    VedetteList list = {
        .name = (const uint8_t *)list_name,
        .name_len = sizeof list_name - 1,
        .issuer = {.keys = factory->pinned, .keys_count = 1, .threshold = 1},
        .region = {.first = 6, .sectors = 26},
    };
    VedetteSetup setup = {
        .device = (const uint8_t *)device_name,
        .device_len = sizeof device_name - 1,
        .firmware = (const uint8_t *)firmware_version,
        .firmware_len = sizeof firmware_version - 1,
        .key = factory->pinned + 96,
        .root = {.keys = factory->pinned + 160, .keys_count = 1, .threshold = 1},
        .root_version = 1,
        .orders = {.keys = factory->pinned + 64, .keys_count = 1, .threshold = 1},
        .heartbeat = {.keys = factory->pinned + 32, .keys_count = 1, .threshold = 1},
        .kv = {.first = 0, .sectors = 2},
        .spool = {.first = 2, .sectors = 4},
        .lists = &list,
        .lists_count = 1,
        .flash = board_flash(board_argument("cut=")),
    };
    must(vedette_unit_open(&setup, unit_memory, UNIT, &unit), "unit_open");
    must(vedette_scratch_open(scratch_memory, SCRATCH, &scratch), "scratch_open");
    must(vedette_decoder_open(incoming, sizeof incoming, decoder_memory, DECODER, &decoder), "decoder_open");
}

/* Takes in a byte of the host; how many bytes of answer are in `outgoing`, if it ended a message. */
static size_t hear(uint8_t byte, uint64_t uptime_s, const uint8_t *random) {
    uint8_t *message;
    size_t len, used, shown;
    if (vedette_decoder_push(decoder, byte, &message, &len) != VEDETTE_STATUS_OK) return 0;
    VedetteStatus status =
        vedette_unit_receive(unit, message, len, uptime_s, random, outgoing, sizeof outgoing, &used, line, sizeof line, &shown);
    return status == VEDETTE_STATUS_OK ? used : 0;
}

/* Waits for a byte of the host, and answers if it ends a message. */
static void answer(void) {
    uint8_t byte = board_uart_read(), random[32] = {0};
    /* Only the zero that ends a frame may begin a channel. */
    if (byte == 0) board_random(random, sizeof random);
    board_uart_write(outgoing, hear(byte, UPTIME_S, random));
}

/* The length of the line that begins here. */
static size_t line_len(const uint8_t *text, size_t len) {
    size_t at = 0;
    while (at < len && text[at] != '\n') at++;
    return at;
}

/* Whether there is all that this document's check needs. */
static bool can_check(const uint8_t *zone, size_t len) {
    VedetteOutcome outcome;
    VedetteStatus status = vedette_unit_check(unit, scratch, zone, len, UPTIME_S, &outcome);
    return status == VEDETTE_STATUS_OK && outcome.verdict != VEDETTE_VERDICT_NOT_CHECKED;
}

/* A document is put on the scanner. */
static void put_on(const uint8_t *zone, size_t len) {
    VedetteOutcome outcome = {0};
    VedetteStatus status = vedette_unit_check(unit, scratch, zone, len, UPTIME_S, &outcome);
    if (status != VEDETTE_STATUS_NO_ZONE) must(status, "unit_check");
    size_t used;
    must(vedette_unit_line(unit, line, sizeof line, &used), "unit_line");
    board_say("answer ");
    board_say_bytes(line, used);
    board_say("\n");
    for (uint32_t alert = 0; alert < outcome.alerts; alert++) {
        uint8_t id[16];
        board_random(id, sizeof id);
        /* The scanner goes on answering if a note is refused, because the spool is full, say. */
        status = vedette_unit_note(unit, alert, id, UPTIME_S);
        if (status == VEDETTE_STATUS_OK) {
            board_say("noted ");
            board_say_hex(id, sizeof id);
        } else {
            board_say("not noted: ");
            board_say(vedette_status_text(status));
        }
        board_say("\n");
    }
}

static void say_stack(uint32_t deepest) {
    board_say("stack ");
    board_say_number(deepest);
    board_say(" bytes\n");
}

int main(void) {
    board_stack_paint();
    Factory factory = board_factory();
    open_all(&factory);
    board_say("state ");
    board_say_number(vedette_unit_size() + vedette_decoder_size());
    board_say(" bytes, page buffers ");
    board_say_number(sizeof incoming + sizeof outgoing + vedette_scratch_size());
    board_say(" bytes\n");

    /* Pieces of what is installed already are refused, which is as it should be. */
    for (size_t i = 0; i < factory.host_len; i++) hear(factory.host[i], 0, factory.pinned + 128);
    board_uart_open();
    while (!can_check(factory.zones, line_len(factory.zones, factory.zones_len))) answer();
    board_say("steps ");
    board_say_number(board_flash_steps());
    board_say(" until ready to note\n");
    for (size_t at = 0; at < factory.zones_len;) {
        size_t len = line_len(factory.zones + at, factory.zones_len - at);
        put_on(factory.zones + at, len);
        at += len + 1;
    }
    board_say("steps ");
    board_say_number(board_flash_steps());
    board_say("\n");
    uint32_t deepest = board_stack_deepest();
    say_stack(deepest);
    board_say("ready\n");
    for (;;) {
        answer();
        if (board_stack_deepest() > deepest) {
            deepest = board_stack_deepest();
            say_stack(deepest);
        }
    }
}
