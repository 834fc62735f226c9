//! The product's own command line, built beside the tests so that they can start it as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    sharpeyes::cli::main()
}
