//! Opens a table's file: plain or compressed, in any declared encoding, as a stream of UTF-8.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};
use flate2::read::MultiGzDecoder;

use super::fault::{Code, Fault, Faults};

/// A compressed file may unpack to this many bytes …
const FREE: u64 = 16 << 20;
/// … plus this many times its size.
const RATIO: u64 = 200;

/// Opens the file at `path`, called `label` in messages.
pub(crate) fn open(
    path: &Path,
    label: &str,
    encoding: &'static Encoding,
) -> Result<Box<dyn Read + Send>, Faults> {
    let length = regular_file(path, label)?;
    let file = File::open(path).map_err(|error| unreadable(label, &error))?;
    let mut raw = BufReader::with_capacity(1 << 16, file);
    let (magic, got) = peek::<2>(&mut raw).map_err(|error| unreadable(label, &error))?;
    let raw = io::Cursor::new(magic).take(got as u64).chain(raw);
    if got == 2 && magic == [0x1f, 0x8b] {
        let limit = FREE + RATIO * length;
        return text(Guard { source: MultiGzDecoder::new(raw), left: limit, limit }, label, encoding);
    }
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz")) {
        return Err(broken_compression(label, "its first bytes are not those of a gzip file").into());
    }
    text(raw, label, encoding)
}

/// Reads the whole text of the file at `path`, plain or gzip, UTF-8; a mark of byte order is left out.
///
/// # Errors
/// When the file is not there, cannot be read or unpacked.
pub fn read_text(path: &Path) -> Result<String, Faults> {
    let label = path.display().to_string();
    let mut text = String::new();
    open(path, &label, UTF_8)?.read_to_string(&mut text).map_err(|error| reading_fault(&label, &error))?;
    Ok(text)
}

/// Turns an error of reading into a fault of the file.
pub(crate) fn reading_fault(label: &str, error: &io::Error) -> Fault {
    if let Some(TooLarge { limit }) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Fault::error(
            Code::TooLarge,
            label,
            format!("unpacks to more than {} MiB, out of proportion to its size", limit >> 20),
        )
        .with_help("unpack it first, or check that it is the right file");
    }
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            broken_compression(label, &plain_error(error))
        }
        _ => unreadable(label, error),
    }
}

/// The length of a regular file; directories, pipes and devices are refused.
pub(crate) fn regular_file(path: &Path, label: &str) -> Result<u64, Faults> {
    let data = match std::fs::metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Fault::error(Code::MissingFile, label, "the file is not there")
                .with_help("check the name and the folder")
                .into());
        }
        Err(error) => return Err(unreadable(label, &error).into()),
    };
    if data.is_file() {
        return Ok(data.len());
    }
    let what = if data.is_dir() { "a folder" } else { "a pipe or a device" };
    Err(Fault::error(Code::NotAFile, label, format!("{what} stands where a file should be"))
        .with_help("put the table's file in its place")
        .into())
}

/// A fault for a file that the system refuses.
pub(crate) fn unreadable(label: &str, error: &io::Error) -> Fault {
    Fault::error(Code::UnreadableFile, label, format!("cannot be read: {}", plain_error(error)))
        .with_help("check the file's name and permissions")
}

fn broken_compression(label: &str, reason: &str) -> Fault {
    Fault::error(Code::BrokenCompression, label, format!("cannot be unpacked: {reason}"))
        .with_help("pack it again with gzip, or hand in the plain file")
}

/// The system's words without its error number, which differs between systems.
pub(crate) fn plain_error(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or("");
    words.chars().take(1).flat_map(char::to_lowercase).chain(words.chars().skip(1)).collect()
}

/// Takes a byte order mark off and decodes.
fn text<R: Read + Send + 'static>(
    mut raw: R,
    label: &str,
    encoding: &'static Encoding,
) -> Result<Box<dyn Read + Send>, Faults> {
    if encoding != UTF_8 {
        return Ok(Box::new(Decode::new(raw, encoding)));
    }
    let (head, got) = peek::<3>(&mut raw).map_err(|error| reading_fault(label, &error))?;
    if got >= 2 && (head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff])) {
        let help = "save it as UTF-8, or declare encoding = \"utf-16\" for this table in instance.toml";
        let fault = Fault::error(Code::BrokenEncoding, label, "the file is UTF-16, not UTF-8");
        return Err(fault.with_help(help).into());
    }
    let skip = if head == [0xef, 0xbb, 0xbf] { 3 } else { 0 };
    let mut start = io::Cursor::new(head).take(got as u64);
    start.get_mut().set_position(skip);
    start.set_limit(got as u64 - skip);
    Ok(Box::new(start.chain(raw)))
}

fn peek<const N: usize>(source: &mut impl Read) -> io::Result<([u8; N], usize)> {
    let mut head = [0; N];
    let mut got = 0;
    while got < N {
        match source.read(&mut head[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((head, got))
}

/// Stops a stream that unpacks to more than its limit.
struct Guard<R> {
    source: R,
    left: u64,
    limit: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("unpacks to more than {limit} bytes")]
struct TooLarge {
    limit: u64,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(out)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(TooLarge { limit: self.limit }))?;
        Ok(count)
    }
}

/// A stream of another encoding as UTF-8; what cannot be decoded becomes U+FFFD, which the
/// reader of cells reports.
struct Decode<R> {
    source: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_start: usize,
    raw_end: usize,
    at_end: bool,
    finished: bool,
}

impl<R: Read> Decode<R> {
    fn new(source: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder();
        Decode {
            source,
            decoder,
            raw: vec![0; 1 << 15],
            raw_start: 0,
            raw_end: 0,
            at_end: false,
            finished: false,
        }
    }
}

impl<R: Read> Read for Decode<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        const ONE_LETTER: usize = 8;
        if out.len() < ONE_LETTER {
            // The decoder needs room for a whole letter.
            return Err(io::Error::other("a buffer too small to decode into"));
        }
        while !self.finished {
            if self.raw_start == self.raw_end && !self.at_end {
                self.raw_start = 0;
                self.raw_end = self.source.read(&mut self.raw)?;
                self.at_end = self.raw_end == 0;
            }
            let rest = &self.raw[self.raw_start..self.raw_end];
            let (result, read, written, _) = self.decoder.decode_to_utf8(rest, out, self.at_end);
            self.raw_start += read;
            self.finished = self.at_end && result == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
