//! The C header in the repository is what cbindgen makes of the code today, and a C program does the whole job with it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// This machine, as the compiler names it: where it is named, flags are not those of build scripts.
fn target() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

fn shim() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-shim")
}

fn generated() -> Vec<u8> {
    let config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(
            "/* The C interface of vedette-shim. Made by cbindgen of firmware-shim/src/ffi, and compared with it by a test:\n \
             * change that, not this. The contract of every function is at the head of firmware-shim/src/ffi/mod.rs. */"
                .into(),
        ),
        include_guard: Some("VEDETTE_SHIM_H".into()),
        no_includes: true,
        sys_includes: ["stdint.h", "stdbool.h", "stddef.h"].map(String::from).into(),
        usize_is_size_t: true,
        cpp_compat: true,
        documentation: true,
        style: cbindgen::Style::Both,
        line_length: 110,
        tab_width: 4,
        enumeration: cbindgen::EnumConfig {
            prefix_with_name: true,
            rename_variants: cbindgen::RenameRule::ScreamingSnakeCase,
            ..Default::default()
        },
        constant: cbindgen::ConstantConfig { allow_static_const: false, ..Default::default() },
        ..Default::default()
    };
    // It follows the module's own files by itself.
    let builder = cbindgen::Builder::new().with_config(config).with_src(shim().join("src/ffi/mod.rs"));
    let mut out = Vec::new();
    builder.generate().expect("the interface can be told in C").write(&mut out);
    out
}

#[test]
fn the_header_is_that_of_this_code() {
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vedette_shim.h");
    std::fs::write(&fresh, generated()).unwrap();
    let stored = shim().join("include/vedette_shim.h");
    assert!(
        std::fs::read(&stored).unwrap_or_default() == std::fs::read(&fresh).unwrap(),
        "{} is of another time; if the change is meant: cp {} {0}",
        stored.display(),
        fresh.display()
    );
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?} failed:\n{said}");
    said
}

/// The archive as a firmware links it, but for this machine and with the address sanitizer in it; then a program of C around it.
/// The stable compiler takes the flag with RUSTC_BOOTSTRAP.
fn built(name: &str) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let archive = out.join("archive").join(target()).join("debug/libvedette_shim.a");
    run(Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--locked", "-p", "vedette-shim", "--lib", "--crate-type", "staticlib"])
        .args(["--features", "panic-handler", "--target", &target(), "--target-dir"])
        .arg(out.join("archive"))
        .args(["--", "-C", "panic=abort", "--cfg", "vedette_archive"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .current_dir(shim()));
    let program = out.join(name);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("scanners");
    let warnings = ["-std=c11", "-Wall", "-Wextra", "-Wredundant-decls", "-Werror"];
    run(Command::new("cc")
        .args(warnings)
        .args(["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"])
        .arg("-I")
        .arg(shim().join("include"))
        .arg("-o")
        .arg(&program)
        .arg(sources.join(name).with_extension("c"))
        .arg(archive));
    program
}

#[test]
fn a_c_program_does_the_whole_job_under_address_sanitizer() {
    let said = run(Command::new(built("smoke")).arg(vedette_tests::vectors::folder()));
    assert!(said.ends_with("all of it works from C\n"), "{said}");
}

#[test]
fn no_call_of_c_reads_or_writes_beyond_what_it_was_given() {
    let calls = std::env::var("CALLS").unwrap_or_else(|_| "1000000".into());
    let seed = std::env::var("SEED").unwrap_or_else(|_| "1".into());
    let said = run(Command::new(built("mutated")).arg(vedette_tests::vectors::folder()).args([calls, seed]));
    assert!(said.ends_with(" of them taken: no report\n"), "{said}");
    println!("{said}");
}
