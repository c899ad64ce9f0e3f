//! Text on the right stream: data to stdout, talk to stderr.
//!
//! A reader that closes the pipe (`purvey models | head`) is no error.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::OnceLock;

use purvey::data::{Fault, Faults, Severity};

use super::options::Color;

/// When to use colour, as the command line says; chosen once, before the command runs.
static COLOR: OnceLock<Color> = OnceLock::new();

const BOLD: &str = "1";
const RED: &str = "31";
const YELLOW: &str = "33";
const CYAN: &str = "36";

/// Faults shown in text before the rest is only counted.
const SHOWN_FAULTS: usize = 100;

/// Settles when to use colour.
pub fn choose(color: Color) {
    let _ = COLOR.set(color);
}

/// Whether text for a stream is coloured.
fn coloured(is_terminal: bool) -> bool {
    match COLOR.get() {
        Some(Color::Always) => true,
        Some(Color::Never) => false,
        Some(Color::Auto) | None => {
            is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

fn paint(text: &str, code: &str, on: bool) -> String {
    if on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Prints one of the sentences that matter most to stdout.
pub fn say_strongly(text: &str) {
    say(&paint(text, BOLD, coloured(stdout().is_terminal())));
}

/// Prints `text` to stdout with a line end; no-break spaces become plain ones.
pub fn say(text: &str) {
    written(writeln!(stdout().lock(), "{}", text.replace('\u{a0}', " ")));
}

/// Prints one JSON document to stdout.
pub fn say_json(document: &serde_json::Value) {
    let mut out = stdout().lock();
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    written(writeln!(out, "{text}"));
}

/// Ends the program where its output is lost; a reader that went away is no loss.
fn written(result: std::io::Result<()>) {
    if let Err(error) = result
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        self::error(&format!("cannot write to standard output: {error}"));
        std::process::exit(i32::from(super::exit::INTERNAL));
    }
}

/// Prints `text` to stderr with a line end.
pub fn tell(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Prints an error to stderr.
pub fn error(text: &str) {
    let name = paint("purvey:", RED, coloured(stderr().is_terminal()));
    tell(&format!("{name} {text}"));
}

/// Prints faults to stderr, errors first, the first hundred in full.
pub fn print_faults(faults: &Faults) {
    let mut list: Vec<_> = faults.as_slice().iter().collect();
    list.sort_by_key(|fault| std::cmp::Reverse(fault.severity));
    let on = coloured(stderr().is_terminal());
    for fault in list.iter().take(SHOWN_FAULTS) {
        tell(&fault_text(fault, on));
    }
    let rest = faults.len().saturating_sub(SHOWN_FAULTS as u64);
    if rest > 0 {
        tell(&format!("… and {rest} more; `purvey check --json` lists up to 10,000 a file"));
    }
}

/// A fault with its code in the colour of its severity.
fn fault_text(fault: &Fault, on: bool) -> String {
    let ink = match fault.severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Notice => CYAN,
    };
    let code = format!("[{}]", fault.code.as_str());
    let text = fault.to_string();
    // The last one on the first line: the words before it may hold anything.
    let (first, help) = text.split_once('\n').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let first = match first.rsplit_once(&code) {
        Some((before, after)) => format!("{before}{}{after}", paint(&code, ink, on)),
        None => first.to_owned(),
    };
    help.map_or(first.clone(), |help| format!("{first}\n{help}"))
}

/// How many faults there are of one severity, whether kept or not.
pub fn count(faults: &Faults, wanted: Severity) -> u64 {
    let of_severity = faults.counts().iter().filter(|((severity, _), _)| *severity == wanted);
    of_severity.map(|(_, count)| count).sum()
}

/// A count with its noun.
pub fn numbered(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
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
