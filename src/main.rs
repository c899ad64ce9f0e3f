//! The command line: parses, calls the library, prints. No arithmetic happens
//! here and no decision is known by name.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
