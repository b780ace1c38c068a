/* The C interface of vedette-shim. Made by cbindgen of firmware-shim/src/ffi, and compared with it by a test:
 * change that, not this. The contract of every function is at the head of firmware-shim/src/ffi/mod.rs. */

#ifndef VEDETTE_SHIM_H
#define VEDETTE_SHIM_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * The version of this interface.
 */
#define VEDETTE_ABI_VERSION 3

/**
 * The release of the library.
 */
#define VEDETTE_VERSION_MAJOR 0

/**
 * The release of the library.
 */
#define VEDETTE_VERSION_MINOR 1

/**
 * The release of the library.
 */
#define VEDETTE_VERSION_PATCH 0

/**
 * The release as one number that rises: two bytes of major, one each of minor and patch.
 */
#define VEDETTE_VERSION_NUMBER (((VEDETTE_VERSION_MAJOR << 16) | (VEDETTE_VERSION_MINOR << 8)) | VEDETTE_VERSION_PATCH)

/**
 * How a call ended.
 */
enum VedetteStatus
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    VEDETTE_STATUS_OK = 0,
    /**
     * A byte was taken and ends no frame yet.
     */
    VEDETTE_STATUS_MORE = 1,
    /**
     * A pointer is null, a text is none, or a number is out of its range.
     */
    VEDETTE_STATUS_ARGUMENT = 2,
    /**
     * The memory for a context is too small or not aligned.
     */
    VEDETTE_STATUS_MEMORY = 3,
    /**
     * The buffer for the result is too small.
     */
    VEDETTE_STATUS_BUFFER = 4,
    /**
     * The setup breaks a rule: regions, geometry, names.
     */
    VEDETTE_STATUS_SETUP = 5,
    /**
     * No machine readable zone.
     */
    VEDETTE_STATUS_NO_ZONE = 6,
    /**
     * A frame that is none: damaged or too long.
     */
    VEDETTE_STATUS_FRAME = 7,
    /**
     * The spool is full: connect the host.
     */
    VEDETTE_STATUS_NO_ROOM = 8,
    /**
     * A key is missing.
     */
    VEDETTE_STATUS_NO_KEY = 9,
    /**
     * There is no check before.
     */
    VEDETTE_STATUS_UNEXPECTED = 10,
    /**
     * The flash failed.
     */
    VEDETTE_STATUS_FLASH = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum VedetteStatus VedetteStatus;
#else
typedef uint32_t VedetteStatus;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The answer to a check. Ordered by what the officer must see first.
 */
enum VedetteVerdict
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Every list answered, none has it.
     */
    VEDETTE_VERDICT_CLEAR = 0,
    /**
     * At least one list could not answer, or there was none to ask: say so, never "clear".
     */
    VEDETTE_VERDICT_NOT_CHECKED = 1,
    /**
     * A list may have it: compare the document with the alert.
     */
    VEDETTE_VERDICT_POSSIBLE = 2,
    /**
     * A list has it.
     */
    VEDETTE_VERDICT_HIT = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum VedetteVerdict VedetteVerdict;
#else
typedef uint32_t VedetteVerdict;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Reads frames into a buffer of the caller's.
 */
typedef struct VedetteDecoder VedetteDecoder;

/**
 * A page buffer for lookups.
 */
typedef struct VedetteScratch VedetteScratch;

/**
 * A scanner.
 */
typedef struct VedetteUnit VedetteUnit;

/**
 * Who signs: keys of 32 bytes one behind the other, and how many of them must.
 */
typedef struct VedetteRole {
    const uint8_t *keys;
    /**
     * How many keys, at most 8.
     */
    size_t keys_count;
    /**
     * How many of them must sign.
     */
    uint8_t threshold;
} VedetteRole;

/**
 * A run of sectors.
 */
typedef struct VedetteRegion {
    uint32_t first;
    uint32_t sectors;
} VedetteRegion;

/**
 * A list of documents that the scanner may hold.
 */
typedef struct VedetteList {
    /**
     * Its name, such as `interpol/sltd`.
     */
    const uint8_t *name;
    size_t name_len;
    /**
     * Whom it is believed of.
     */
    struct VedetteRole issuer;
    /**
     * Its two banks: an even number of sectors.
     */
    struct VedetteRegion region;
} VedetteList;

/**
 * The caller's flash. The functions return whether they did all of it.
 */
typedef struct VedetteFlash {
    /**
     * Given back to the functions.
     */
    void *context;
    /**
     * Bytes of a sector.
     */
    uint32_t sector_bytes;
    /**
     * Bytes of the unit of writing.
     */
    uint32_t unit_bytes;
    uint32_t sectors;
    /**
     * Fills `out` from `at`. False says that what is there is damaged for good: it counts as no record, and what it
     * held may be lost or written over. What another try may read, the driver tries again before it returns.
     */
    bool (*read)(void *context, uint32_t at, uint8_t *out, size_t len);
    /**
     * Writes whole units that were erased.
     */
    bool (*write)(void *context, uint32_t at, const uint8_t *bytes, size_t len);
    /**
     * Erases the sector that begins at `at`.
     */
    bool (*erase)(void *context, uint32_t at);
} VedetteFlash;

/**
 * What a scanner is made with.
 */
typedef struct VedetteSetup {
    const uint8_t *device;
    size_t device_len;
    /**
     * Its firmware's version.
     */
    const uint8_t *firmware;
    /**
     * Bytes of the version, at most 24.
     */
    size_t firmware_len;
    /**
     * Its X25519 private key, 32 bytes: its own, whose public half headquarters has enrolled.
     */
    const uint8_t *key;
    /**
     * Who signs heartbeats.
     */
    struct VedetteRole heartbeat;
    /**
     * Who signs its enrolment.
     */
    struct VedetteRole orders;
    /**
     * An even number of sectors. Half of them must have 1024 bytes and 864 for each list: of 4 KiB each, 2 sectors do
     * for three lists, 4 for eight.
     */
    struct VedetteRegion kv;
    /**
     * Two sectors at least.
     */
    struct VedetteRegion spool;
    const struct VedetteList *lists;
    /**
     * How many lists, at most 8.
     */
    size_t lists_count;
    struct VedetteFlash flash;
    /**
     * Who signs pins, which replace the keys of the roles above: the root's role.
     */
    struct VedetteRole root;
    /**
     * The version of the root that named all these roles.
     */
    uint32_t root_version;
} VedetteSetup;

/**
 * What a document met.
 */
typedef struct VedetteOutcome {
    VedetteVerdict verdict;
    /**
     * How many alerts were met; each may be noted by its number.
     */
    uint32_t alerts;
    /**
     * The number, the state or the type may be misread: read the document again.
     */
    bool misread;
} VedetteOutcome;

/**
 * The fields of a zone, as texts.
 */
typedef struct VedetteZone {
    /**
     * Every check digit passes.
     */
    bool valid;
    /**
     * One character was corrected, the only way the check digits allow.
     */
    bool repaired;
    /**
     * `P`, `ID`.
     */
    uint8_t code[3];
    /**
     * `UTO`.
     */
    uint8_t issuing_state[4];
    /**
     * The whole document number.
     */
    uint8_t number[33];
    uint8_t surname[45];
    uint8_t given_names[45];
    /**
     * `UTO`.
     */
    uint8_t nationality[4];
    /**
     * YYMMDD.
     */
    uint8_t birth_date[7];
    /**
     * YYMMDD.
     */
    uint8_t expiry_date[7];
} VedetteZone;

/**
 * Characters as an optical reader gives them, one by one. Zeroed, it is empty.
 */
typedef struct VedetteReading {
    /**
     * Characters, UTF-8.
     */
    uint8_t text[140];
    /**
     * How many bytes.
     */
    size_t len;
} VedetteReading;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of this interface: [`VEDETTE_ABI_VERSION`] of the library, to be compared with the header's.
 */
uint32_t vedette_shim_abi_version(void);

/**
 * The release of the library: [`VEDETTE_VERSION_NUMBER`], which may be another than the header's.
 */
uint32_t vedette_version_number(void);

/**
 * What a status says, in English, for a log: a static text that ends with a zero byte. Of a number that is no status too.
 */
const char *vedette_status_text(uint32_t status);

/**
 * A verdict as a display shows it: a static text that ends with a zero byte. Of a number that is no verdict, that of
 * `NOT_CHECKED`.
 */
const char *vedette_verdict_text(uint32_t verdict);

/**
 * Bytes of a scanner's context.
 */
size_t vedette_unit_size(void);

/**
 * Alignment of a scanner's context.
 */
size_t vedette_unit_align(void);

/**
 * Bytes of a decoder's context.
 */
size_t vedette_decoder_size(void);

/**
 * Alignment of a decoder's context.
 */
size_t vedette_decoder_align(void);

/**
 * Bytes of a page buffer's context.
 */
size_t vedette_scratch_size(void);

/**
 * Alignment of a page buffer's context.
 */
size_t vedette_scratch_align(void);

/**
 * Writes a payload as a frame. `out` needs `len + (len + 4) / 254 + 7` bytes at most.
 */
VedetteStatus vedette_frame_encode(const uint8_t *payload,
                                   size_t len,
                                   uint8_t *out,
                                   size_t out_len,
                                   size_t *out_used);

/**
 * Makes a decoder over a buffer that holds the largest payload and 4 bytes more.
 */
VedetteStatus vedette_decoder_open(uint8_t *buffer,
                                   size_t buffer_len,
                                   void *memory,
                                   size_t len,
                                   struct VedetteDecoder **out);

/**
 * Takes a byte of the line. `OK`: it ends a frame, whose payload is at `payload` until the next byte. `MORE`: none yet.
 * `FRAME`: what it ends is no frame.
 */
VedetteStatus vedette_decoder_push(struct VedetteDecoder *decoder,
                                   uint8_t byte,
                                   uint8_t **payload,
                                   size_t *len);

/**
 * The firmware's own: where the library is at fault, this is called, and must not return. The archive that
 * `cross/firmware-build` makes never calls it: there a panic is an undefined instruction, without the code that
 * would lead here, and it is the processor's fault handler that hears of it.
 */
extern void vedette_on_panic(void);

/**
 * Makes a page buffer.
 */
VedetteStatus vedette_scratch_open(void *memory, size_t len, struct VedetteScratch **out);

/**
 * Starts a scanner on what its flash holds.
 */
VedetteStatus vedette_unit_open(const struct VedetteSetup *given,
                                void *memory,
                                size_t len,
                                struct VedetteUnit **out);

/**
 * Ends a scanner: its keys are erased from memory. The context is no context any more.
 */
VedetteStatus vedette_unit_close(struct VedetteUnit *unit);

/**
 * Takes the payload of a frame, which is changed by it; does what it says if it is the enrolled host's, and writes the
 * answer, a whole frame, into `out`. `random`: 32 bytes of a random source, used for this call alone. Text that the
 * officer should see, if the message was the answer to a scan, comes into `shown`, cut to its length.
 */
VedetteStatus vedette_unit_receive(struct VedetteUnit *unit,
                                   uint8_t *payload,
                                   size_t payload_len,
                                   uint64_t uptime_s,
                                   const uint8_t *random,
                                   uint8_t *out,
                                   size_t out_len,
                                   size_t *out_used,
                                   uint8_t *shown,
                                   size_t shown_len,
                                   size_t *shown_used);

/**
 * Writes the frame that says that the scanner is there, to be sent when it has started.
 */
VedetteStatus vedette_unit_here(struct VedetteUnit *unit, uint8_t *out, size_t out_len, size_t *out_used);

/**
 * Writes the frame that asks the host to check a zone, under a number that counts up; `optical` says that its characters
 * were read from an image. `BUFFER` as well if no host has opened a channel.
 */
VedetteStatus vedette_unit_scan(struct VedetteUnit *unit,
                                uint32_t number,
                                bool optical,
                                const uint8_t *zone,
                                size_t zone_len,
                                uint8_t *out,
                                size_t out_len,
                                size_t *out_used);

/**
 * Checks a document. What it met is kept in the context until the next check, for [`vedette_unit_line`] and
 * [`vedette_unit_note`].
 */
VedetteStatus vedette_unit_check(struct VedetteUnit *unit,
                                 struct VedetteScratch *scratch,
                                 const uint8_t *zone,
                                 size_t zone_len,
                                 uint64_t uptime_s,
                                 struct VedetteOutcome *out);

/**
 * The last check as one line of text, for a display or a log; after `NO_ZONE`, what is wrong with the zone.
 */
VedetteStatus vedette_unit_line(struct VedetteUnit *unit, uint8_t *out, size_t out_len, size_t *out_used);

/**
 * Keeps a note of an alert of the last check in flash, under 16 random bytes that no other note has. Once this returns
 * `OK`, it is there until the host takes it.
 */
VedetteStatus vedette_unit_note(struct VedetteUnit *unit,
                                uint32_t alert,
                                const uint8_t *id,
                                uint64_t uptime_s);

/**
 * Reads a zone from text with any line breaks.
 */
VedetteStatus vedette_mrz_parse(const uint8_t *zone, size_t zone_len, struct VedetteZone *out);

/**
 * Takes a character (a Unicode scalar value) of an optical reader: a line feed or carriage return between lines.
 * `BUFFER` when more came than a zone has: begin anew with a zeroed reading.
 */
VedetteStatus vedette_reading_push(struct VedetteReading *reading,
                                   uint32_t character);

/**
 * Reads the zone from the characters taken; if its check digits fail and exactly one correction of a character mends
 * them, that one is shown, and `repaired` says so: compare it with the document.
 */
VedetteStatus vedette_reading_zone(const struct VedetteReading *reading,
                                   struct VedetteZone *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* VEDETTE_SHIM_H */
