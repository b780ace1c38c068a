//! `vedette mrz` on its own: samples on stdin, `--json` for JSON lines.
use std::io;

fn main() -> io::Result<()> {
    let json = std::env::args().any(|arg| arg == "--json");
    let all_readable = vedette::mrz_view::run(io::stdin().lock(), io::stdout().lock(), json)?;
    std::process::exit(if all_readable { 0 } else { 65 });
}
