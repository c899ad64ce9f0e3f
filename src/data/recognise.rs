//! What a path holds: an instance folder, a long table of series, or a file in a standard format.
//!
//! A format is told by the first lines of the (unpacked) file, so a wrong or
//! missing ending does no harm; the ending decides only where the lines leave
//! it open.

use std::io::Read;
use std::path::Path;

use encoding_rs::UTF_8;

use super::fault::{Code, Fault, Faults};
use super::source;

/// What a path holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// A folder, to be read by [`read_folder`](super::read_folder).
    Folder,
    /// A CSV with the columns `unique_id`, `ds` and `y`.
    LongTable,
    /// A file in a standard format.
    Standard(Format),
}

/// A standard format. A new one joins by one variant and one row in `FORMATS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A linear or mixed-integer program in CPLEX's LP form.
    Lp,
    /// A linear or mixed-integer program in MPS form.
    Mps,
    /// A routing problem with time windows in Solomon's form.
    Solomon,
    /// A routing problem in VRPLIB form.
    Vrplib,
}

/// One format: its endings, and whether lines of text (trimmed, not blank, at most a few
/// hundred) are of it.
struct Known {
    format: Format,
    endings: &'static [&'static str],
    matches: fn(&[&str]) -> bool,
}

const FORMATS: &[Known] = &[
    Known { format: Format::Mps, endings: &["mps"], matches: is_mps },
    Known { format: Format::Lp, endings: &["lp"], matches: is_lp },
    Known { format: Format::Vrplib, endings: &["vrp"], matches: is_vrplib },
    Known { format: Format::Solomon, endings: &["solomon"], matches: is_solomon },
];

impl Format {
    /// Name endings by which decisions say that they take this format, without `.gz`.
    #[must_use]
    pub fn endings(self) -> &'static [&'static str] {
        FORMATS.iter().find(|known| known.format == self).map_or(&[], |known| known.endings)
    }
}

/// Says what stands at `path`.
///
/// ```
/// use purvey::data::{Format, Recognised, recognise};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.txt");
/// std::fs::write(&path, "* a comment\nNAME TINY\nROWS\n N cost\n")?;
/// assert_eq!(recognise(&path)?, Recognised::Standard(Format::Mps));
/// assert_eq!(recognise(folder.path())?, Recognised::Folder);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the path cannot be read or holds nothing known.
pub fn recognise(path: &Path) -> Result<Recognised, Faults> {
    if path.is_dir() {
        return Ok(Recognised::Folder);
    }
    let label = path.display().to_string();
    let head = read_head(path, &label)?;
    let lines: Vec<&str> = head.lines().map(str::trim).filter(|line| !line.is_empty()).take(400).collect();
    if lines.first().is_some_and(|header| is_long_table(header)) {
        return Ok(Recognised::LongTable);
    }
    let by_content = FORMATS.iter().find(|known| (known.matches)(&lines));
    by_content.or_else(|| by_ending(path)).map(|known| Recognised::Standard(known.format)).ok_or_else(|| {
        let fault = Fault::error(Code::BrokenFormat, label, "the first lines are of no known format");
        fault
            .with_help(
                "hand in an instance folder, a CSV unique_id,ds,y, or an .mps, .lp, .vrp or Solomon file",
            )
            .into()
    })
}

/// The first lines of the unpacked file, whatever their bytes.
fn read_head(path: &Path, label: &str) -> Result<String, Faults> {
    const LENGTH: u64 = 1 << 16;
    let mut head = Vec::new();
    source::open(path, label, UTF_8)?
        .take(LENGTH)
        .read_to_end(&mut head)
        .map_err(|error| source::reading_fault(label, &error))?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn by_ending(path: &Path) -> Option<&'static Known> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let (_, ending) = plain.rsplit_once('.')?;
    FORMATS.iter().find(|known| known.endings.contains(&ending))
}

fn is_long_table(header: &str) -> bool {
    let titles: Vec<&str> = header.split(',').map(|title| title.trim().trim_matches('"')).collect();
    ["unique_id", "ds", "y"].iter().all(|wanted| titles.contains(wanted))
}

/// After comments, MPS begins with a section word alone or NAME, and has ROWS.
fn is_mps(lines: &[&str]) -> bool {
    let mut lines = lines.iter().filter(|line| !line.starts_with('*'));
    let word = |line: &&&str| line.split_whitespace().next().unwrap_or("").to_ascii_uppercase();
    let first = lines.next().map(|line| word(&line)).unwrap_or_default();
    let sections = ["ROWS", "OBJSENSE", "OBJSENSE:"];
    let named =
        first == "NAME" && lines.clone().take(20).any(|line| sections.contains(&word(&line).as_str()));
    named || sections.contains(&first.as_str())
}

/// After comments, an LP file begins with the sense of its objective.
fn is_lp(lines: &[&str]) -> bool {
    let mut lines = lines.iter().filter(|line| !line.starts_with('\\'));
    let first =
        lines.next().and_then(|line| line.split_whitespace().next()).unwrap_or("").to_ascii_lowercase();
    ["minimize", "minimise", "minimum", "min", "maximize", "maximise", "maximum", "max"]
        .contains(&first.as_str())
}

/// Among the first lines of VRPLIB stand a number of nodes and a kind of distances.
fn is_vrplib(lines: &[&str]) -> bool {
    let has = |key: &str| lines.iter().take(40).any(|line| line.split([':', ' ', '\t']).next() == Some(key));
    has("DIMENSION") && (has("EDGE_WEIGHT_TYPE") || has("NODE_COORD_SECTION"))
}

/// After its name, a Solomon file has a block of vehicles.
fn is_solomon(lines: &[&str]) -> bool {
    let word = |at: usize, word: &str| lines.get(at).is_some_and(|line| line.eq_ignore_ascii_case(word));
    let heading = lines.get(2).map(|line| line.to_ascii_uppercase()).unwrap_or_default();
    word(1, "VEHICLE") && heading.starts_with("NUMBER") && heading.contains("CAPACITY")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    fn of(name: &str, bytes: &[u8]) -> Result<Recognised, Faults> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        recognise(&path)
    }

    #[test]
    fn content_decides_and_the_ending_helps() {
        assert_eq!(of("a", b"ROWS\n N c\n"), Ok(Recognised::Standard(Format::Mps)));
        assert_eq!(of("a.lp", b"NAME x\nOBJSENSE\n MAX\nROWS\n"), Ok(Recognised::Standard(Format::Mps)));
        assert_eq!(of("a", b"\\ comment\n\nMaximize\n obj: x\n"), Ok(Recognised::Standard(Format::Lp)));
        assert_eq!(of("a.mps", b"damaged"), Ok(Recognised::Standard(Format::Mps)));
        assert_eq!(of("a.csv", b"\xef\xbb\xbfds,\"unique_id\",y\n"), Ok(Recognised::LongTable));
        let vrp = b"NAME : x\nTYPE : CVRP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EUC_2D\n";
        assert_eq!(of("a.txt", vrp), Ok(Recognised::Standard(Format::Vrplib)));
        let solomon = b"R101\n\nVEHICLE\nNUMBER     CAPACITY\n  25         200\n";
        assert_eq!(of("r101.txt", solomon), Ok(Recognised::Standard(Format::Solomon)));
        assert_eq!(of("a.csv", b"a,b\n").unwrap_err().as_slice()[0].code, Code::BrokenFormat);
    }

    #[test]
    fn packed_files_are_looked_into() {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(b"min\n x\nend\n").unwrap();
        let packed = writer.finish().unwrap();
        assert_eq!(of("model.gz", &packed), Ok(Recognised::Standard(Format::Lp)));
        assert_eq!(of("a.mps.gz", b"not packed").unwrap_err().as_slice()[0].code, Code::BrokenCompression);
    }

    #[test]
    fn nothing_there_is_said_so() {
        let faults = recognise(Path::new("no/such/file.mps")).unwrap_err();
        assert_eq!(faults.as_slice()[0].code, Code::MissingFile);
    }
}
