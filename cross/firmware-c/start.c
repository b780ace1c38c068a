/* From reset to main: vectors, statics, floating point. */
#include "board.h"

extern uint32_t data_begin[], data_end[], data_image[], bss_begin[], bss_end[], stack_top[];

int main(void);
void reset(void);

void reset(void) {
    for (uint32_t *to = data_begin, *from = data_image; to < data_end;) *to++ = *from++;
    for (uint32_t *to = bss_begin; to < bss_end;) *to++ = 0;
    /* CPACR: coprocessors 10 and 11, the floating point unit, for everybody: the calling convention passes in it. */
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm volatile("dsb\n isb" ::: "memory");
    main();
    board_end(true);
}

static void fault(void) {
    board_say("stopped: a fault\n");
    board_end(false);
}

/* Stack pointer, reset, NMI and the faults; no interrupt is enabled. */
__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
