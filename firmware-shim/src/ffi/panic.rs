//! A panic is a defect: the firmware says what happens then, and it does not come back. Only in an archive that is the
//! whole Rust of a program without an operating system, or that a test builds for this machine; elsewhere std has its own
//! handler, and the feature changes nothing.

unsafe extern "C" {
    /// The firmware's own: where the library is at fault, this is called, and must not return. The archive that
    /// `cross/firmware-build` makes never calls it: there a panic is an undefined instruction, without the code that
    /// would lead here, and it is the processor's fault handler that hears of it.
    fn vedette_on_panic() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: the firmware's own function, which takes nothing and never returns.
    unsafe { vedette_on_panic() }
}
