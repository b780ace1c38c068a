/* The board: mps2-an386 in QEMU. All that touches hardware or the debugger is behind this, as in the firmware in Rust
 * (cross/firmware/src/board.rs), whose words on the flash, the factory's bytes and the stack hold here too. */
#ifndef BOARD_H
#define BOARD_H

#include "vedette_shim.h"

/* Writes to the console of QEMU. */
void board_say(const char *text);
void board_say_bytes(const uint8_t *text, size_t len);
void board_say_number(uint32_t number);
void board_say_hex(const uint8_t *bytes, size_t len);

/* Ends QEMU. */
_Noreturn void board_end(bool good);

/* The number behind `name` in QEMU's arguments; 0 if it is not there. */
uint32_t board_argument(const char *name);

/* Fills `len` bytes from the host's random source. */
void board_random(uint8_t *out, size_t len);

/* What a factory wrote into the processor's flash for this one scanner. */
typedef struct {
    /* 32 bytes each: public keys of the list's issuer, of the heartbeat and of orders; the scanner's private key; what it
     * takes for random while it hears `host`, a session that was recorded with it. */
    const uint8_t *pinned;
    /* What a host says to set it up, in frames. */
    const uint8_t *host;
    size_t host_len;
    /* Zones of documents, one a line. */
    const uint8_t *zones;
    size_t zones_len;
} Factory;
Factory board_factory(void);

/* Flash in the file flash.bin; the power goes in the middle of step `cut`, if that is not 0. */
VedetteFlash board_flash(uint32_t cut);
uint32_t board_flash_steps(void);

/* The serial line to the host. */
void board_uart_open(void);
uint8_t board_uart_read(void);
void board_uart_write(const uint8_t *bytes, size_t len);

/* Colours the stack below the caller; how deep below that it was used since. */
void board_stack_paint(void);
uint32_t board_stack_deepest(void);

#endif
