//! Text on the right stream: data to stdout, talk to stderr.
//!
//! A reader that closes the pipe (`purvey models | head`) is no error.

use std::io::{Write, stderr, stdout};

use purvey::data::Faults;

/// Faults shown in text before the rest is only counted.
const SHOWN_FAULTS: usize = 100;

/// Prints `text` to stdout with a line end.
pub fn say(text: &str) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Prints one JSON document to stdout.
pub fn say_json(document: &serde_json::Value) {
    let mut out = stdout().lock();
    let _ = serde_json::to_writer_pretty(&mut out, document);
    let _ = writeln!(out);
}

/// Prints `text` to stderr with a line end.
pub fn tell(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Prints an error to stderr.
pub fn error(text: &str) {
    tell(&format!("purvey: {text}"));
}

/// Prints faults to stderr, errors first, the first hundred in full.
pub fn print_faults(faults: &Faults) {
    let mut list: Vec<_> = faults.as_slice().iter().collect();
    list.sort_by_key(|fault| std::cmp::Reverse(fault.severity));
    for fault in list.iter().take(SHOWN_FAULTS) {
        tell(&fault.to_string());
    }
    if list.len() > SHOWN_FAULTS {
        tell(&format!("… and {} more", list.len() - SHOWN_FAULTS));
    }
}

/// An empty table with a header: numbers right, no frame, width of the terminal.
pub fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_header(header.to_vec());
    table
}
