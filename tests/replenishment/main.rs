//! The decision `replenishment` through the library: rules, prices, invariants, new facts.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

mod agreement;
mod facts;
mod freshness;
mod generate;
mod invariants;
mod rules;
mod support;
