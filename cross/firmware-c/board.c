#include "board.h"

/* Semihosting: the numbers of its calls, of its ways to open a file, and how QEMU is ended. */
enum { SYS_OPEN = 1, SYS_WRITE0 = 4, SYS_WRITE = 5, SYS_READ = 6, SYS_SEEK = 0xa, SYS_GET_CMDLINE = 0x15, SYS_EXIT = 0x18 };
enum { READ_BINARY = 1, READ_WRITE_BINARY = 3, READ_WRITE_NEW_BINARY = 7 };
enum { EXIT_GOOD = 0x20026, EXIT_BAD = 0x20023 };

static uint32_t call(uint32_t number, const void *argument) {
    register uint32_t r0 __asm("r0") = number;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_say(const char *text) {
    call(SYS_WRITE0, text);
}

void board_say_bytes(const uint8_t *text, size_t len) {
    char part[64];
    while (len > 0) {
        size_t some = len < sizeof part - 1 ? len : sizeof part - 1;
        __builtin_memcpy(part, text, some);
        part[some] = 0;
        board_say(part);
        text += some;
        len -= some;
    }
}

void board_say_number(uint32_t number) {
    char digits[11];
    char *at = digits + sizeof digits;
    *--at = 0;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    board_say(at);
}

void board_say_hex(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        const char *digits = "0123456789abcdef";
        char pair[3] = {digits[bytes[i] >> 4], digits[bytes[i] & 15], 0};
        board_say(pair);
    }
}

_Noreturn void board_end(bool good) {
    for (;;) call(SYS_EXIT, (const void *)(good ? EXIT_GOOD : EXIT_BAD));
}

/* An archive may call it where the library is at fault. The one of cross/firmware-build stops the processor instead. */
void vedette_on_panic(void) {
    board_say("stopped: a panic\n");
    board_end(false);
}

static void need(bool condition, const char *what) {
    if (condition) return;
    board_say("stopped: ");
    board_say(what);
    board_say("\n");
    board_end(false);
}

uint32_t board_argument(const char *name) {
    static char line[80];
    uint32_t block[2] = {(uint32_t)line, sizeof line};
    if (call(SYS_GET_CMDLINE, block) != 0) return 0;
    for (char *at = line; *at; at++) {
        size_t len = 0;
        while (name[len] && at[len] == name[len]) len++;
        if (name[len]) continue;
        uint32_t number = 0;
        for (at += len; *at >= '0' && *at <= '9'; at++) number = number * 10 + (uint32_t)(*at - '0');
        return number;
    }
    return 0;
}

/* Files of the machine that QEMU runs on. */
static uint32_t file_open(const char *name, uint32_t mode) {
    uint32_t len = 0;
    while (name[len]) len++;
    uint32_t block[3] = {(uint32_t)name, mode, len};
    return call(SYS_OPEN, block);
}

static bool file_seek(uint32_t file, uint32_t at) {
    uint32_t block[2] = {file, at};
    return call(SYS_SEEK, block) == 0;
}

static bool file_read(uint32_t file, void *out, uint32_t len) {
    uint32_t block[3] = {file, (uint32_t)out, len};
    return call(SYS_READ, block) == 0;
}

static bool file_write(uint32_t file, const void *bytes, uint32_t len) {
    uint32_t block[3] = {file, (uint32_t)bytes, len};
    return call(SYS_WRITE, block) == 0;
}

#define NO_FILE UINT32_MAX

void board_random(uint8_t *out, size_t len) {
    static uint32_t file = NO_FILE;
    if (file == NO_FILE) file = file_open("/dev/urandom", READ_BINARY);
    need(file != NO_FILE && file_read(file, out, len), "no random source");
}

Factory board_factory(void) {
    const uint8_t *at = (const uint8_t *)0x300000;
    uint32_t lengths[3];
    __builtin_memcpy(lengths, at, sizeof lengths);
    need(lengths[0] == 192 && lengths[1] < 0x40000 && lengths[2] < 0x40000, "no factory's bytes");
    at += sizeof lengths;
    return (Factory){at, at + lengths[0], lengths[1], at + lengths[0] + lengths[1], lengths[2]};
}

enum { SECTOR = 4096, UNIT = 4, SECTORS = 32 };

static struct {
    uint32_t file;
    uint32_t steps;
    uint32_t cut;
} flash;

/* Counts a step; whether the power goes in its middle. */
static bool power_goes(void) {
    return ++flash.steps == flash.cut;
}

static _Noreturn void power_gone(void) {
    board_say("power lost\n");
    board_end(true);
}

static bool flash_read(void *context, uint32_t at, uint8_t *out, size_t len) {
    (void)context;
    return file_seek(flash.file, at) && file_read(flash.file, out, len);
}

static bool flash_write(void *context, uint32_t at, const uint8_t *bytes, size_t len) {
    (void)context;
    for (size_t done = 0; done < len; done += UNIT) {
        uint8_t now[UNIT];
        if (!file_seek(flash.file, at + done) || !file_read(flash.file, now, UNIT)) return false;
        bool cut = power_goes();
        /* A write clears bits; torn, every other of them. */
        for (size_t i = 0; i < UNIT; i++) now[i] &= cut ? bytes[done + i] | 0x55 : bytes[done + i];
        if (!file_seek(flash.file, at + done) || !file_write(flash.file, now, UNIT)) return false;
        if (cut) power_gone();
    }
    return true;
}

/* Erases the first `len` bytes from `at`. */
static bool blank(uint32_t at, uint32_t len) {
    uint8_t part[256];
    __builtin_memset(part, 0xff, sizeof part);
    if (!file_seek(flash.file, at)) return false;
    for (uint32_t done = 0; done < len; done += sizeof part)
        if (!file_write(flash.file, part, sizeof part)) return false;
    return true;
}

static bool flash_erase(void *context, uint32_t at) {
    (void)context;
    bool cut = power_goes();
    /* Torn, it has come half way. */
    bool done = blank(at, cut ? SECTOR / 2 : SECTOR);
    if (cut) power_gone();
    return done;
}

VedetteFlash board_flash(uint32_t cut) {
    flash.cut = cut;
    flash.file = file_open("flash.bin", READ_WRITE_BINARY);
    if (flash.file == NO_FILE) {
        flash.file = file_open("flash.bin", READ_WRITE_NEW_BINARY);
        need(flash.file != NO_FILE && blank(0, SECTOR * SECTORS), "no file for the flash");
    }
    return (VedetteFlash){NULL, SECTOR, UNIT, SECTORS, flash_read, flash_write, flash_erase};
}

uint32_t board_flash_steps(void) {
    return flash.steps;
}

/* The CMSDK UART 0: data, state, control, divider. */
#define UART ((volatile uint32_t *)0x40004000)

void board_uart_open(void) {
    UART[4] = 16;
    UART[2] = 3;
}

uint8_t board_uart_read(void) {
    while (!(UART[1] & 2)) {}
    return (uint8_t)UART[0];
}

void board_uart_write(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        while (UART[1] & 1) {}
        UART[0] = bytes[i];
    }
}

enum { COLOUR = 0xc5, PAINTED = 24 * 1024 };
static uint8_t *painted_from;

/* Paints below its own frame, which is all that is in use then; no interrupt is enabled. */
__attribute__((noinline)) void board_stack_paint(void) {
    uint8_t *here = (uint8_t *)__builtin_frame_address(0) - 256;
    painted_from = here - PAINTED;
    for (volatile uint8_t *at = painted_from; at < here; at++) *at = COLOUR;
}

uint32_t board_stack_deepest(void) {
    const volatile uint8_t *at = painted_from;
    while (*at == COLOUR) at++;
    return (uint32_t)(painted_from + PAINTED + 256 - at);
}
