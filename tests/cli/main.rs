//! The program as a person or another program calls it: arguments, exit codes, streams, files.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

mod advertising;
mod backtest;
mod bench;
mod delivery;
mod faults;
mod features;
mod forecast;
#[cfg(unix)]
mod interrupt;
mod learn;
mod models;
mod plans;
mod pricing;
mod program;
mod route;
mod solve;
mod staffing;
mod support;
mod variants;
