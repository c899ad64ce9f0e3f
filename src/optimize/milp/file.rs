//! Reading a program from a file: `.mps` and `.lp`, plain or gzip, told apart by content.
//!
//! The readers are written here and not taken from the solver's C++ code, so
//! that a damaged or hostile file ends in an error that names its line, and
//! memory stays in proportion to the file.

use super::{MilpError, Program, lp, mps};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A gzip file may unfold to this many times its size and no more; programs compress at most about fortyfold.
const LARGEST_UNFOLDING: u64 = 200;
/// What a small gzip file may unfold to in any case.
const ALWAYS_ALLOWED: u64 = 64 << 20;
/// A bound of this size or more is no bound.
const NO_BOUND: f64 = 1e20;

/// Reads a program from an `.mps` or `.lp` file, plain or gzip.
///
/// The format is recognised by the content, not the name. Names of rows and
/// columns are kept.
///
/// # Errors
/// When the file cannot be read, or a line of it cannot be understood; the
/// error names the line and the fix.
pub fn read_program(path: &Path) -> Result<Program, MilpError> {
    let text = read_text(path).map_err(|source| MilpError::Read { file: path.to_owned(), source })?;
    parse_program(&text, path)
}

/// Reads a program from the text of an `.mps` or `.lp` file; `file` is the name used in errors.
///
/// ```
/// use purvey::optimize::milp::parse_program;
/// let text = "max\n profit: 3 x + 2 y\nst\n oven: x + y <= 4\nbounds\n x <= 3\nend\n";
/// let program = parse_program(text, "bakery.lp".as_ref())?;
/// assert_eq!(program.row_name(0), "oven");
/// assert_eq!(program.column_bounds(0), (0.0, 3.0));
/// # Ok::<(), purvey::optimize::milp::MilpError>(())
/// ```
///
/// # Errors
/// As [`read_program`].
pub fn parse_program(text: &str, file: &Path) -> Result<Program, MilpError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = if mps::is_mps(text) { mps::parse(text) } else { lp::parse(text) };
    parsed.map_err(|fault| MilpError::File {
        file: file.to_owned(),
        line: fault.line,
        found: fault.found,
        help: fault.help,
    })
}

/// Whether a text is a program that [`parse_program`] can be asked to read, judged by its first lines.
#[must_use]
pub fn looks_like_program(text: &str) -> bool {
    mps::is_mps(text) || lp::is_lp(text)
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut magic = [0; 2];
    let is_gzip = file.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    if is_gzip {
        let limit = size.saturating_mul(LARGEST_UNFOLDING).max(ALWAYS_ALLOWED);
        flate2::read::MultiGzDecoder::new(file).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            let reason = format!(
                "unfolds to more than {LARGEST_UNFOLDING} times its size; unpack it yourself to read it"
            );
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
        }
    } else {
        file.read_to_end(&mut bytes)?;
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// A line that cannot be understood, before the file's name is known.
#[derive(Debug)]
pub(super) struct Fault {
    pub line: usize,
    pub found: String,
    pub help: String,
}

/// A line of a file with its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineText<'a> {
    pub number: usize,
    pub content: &'a str,
}

impl LineText<'_> {
    pub(super) fn fault(&self, found: impl Into<String>, help: &str) -> Fault {
        Fault { line: self.number, found: shortened(found.into()), help: help.to_owned() }
    }
}

/// A number of a file; Fortran's `1.5D3` is understood.
pub(super) fn number(line: LineText<'_>, text: &str) -> Result<f64, Fault> {
    let parsed = text.parse::<f64>().or_else(|_| text.replace(['d', 'D'], "e").parse());
    match parsed {
        Ok(value) if !value.is_nan() => Ok(value),
        _ => Err(line.fault(format!("\"{text}\" is not a number"), "write a number such as 12.5 or 1e3")),
    }
}

/// A bound, infinite where the number is so large that none is meant.
pub(super) fn bound_value(value: f64) -> f64 {
    if value.abs() >= NO_BOUND { f64::INFINITY.copysign(value) } else { value }
}

/// At most 200 letters of what a file says, so that a message stays readable.
fn shortened(text: String) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
