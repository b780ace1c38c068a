//! Proof that vedette-shim and all it brings need neither std nor alloc; compiled by cross/no-std-check.
//!
//! This is a program's last stage: it brings a panic handler of its own, and no allocator. If any crate below the shim
//! linked std, rustc would find two panic handlers and refuse ("duplicate lang item `panic_impl`"); if any linked
//! alloc, it would miss an allocator and refuse ("no global memory allocator found"). So it holds on any host, with
//! no other target installed. What it cannot show, atomics or widths that a small processor lacks, a build for
//! that processor's target does.
#![no_std]

use core::panic::PanicInfo;

// Named so that it is linked: rustc leaves out a crate that nobody mentions.
pub use vedette_shim as shim;

#[panic_handler]
fn stop(_: &PanicInfo) -> ! {
    loop {}
}
