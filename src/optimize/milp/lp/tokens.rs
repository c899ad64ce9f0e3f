//! The words of the LP format: section headers, names, numbers, relations and signs, each with its line.
//!
//! Cost: one pass, time and memory in proportion to the text.

use super::super::file::{Fault, LineText, number};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Minimise,
    Maximise,
    Rows,
    Bounds,
    General,
    Binary,
    SemiContinuous,
    Unsupported,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Header(Section),
    Name,
    Number(f64),
    Compare(Compare),
    Plus,
    Minus,
    Colon,
}

/// A lower and an upper limit, as far as they are stated.
pub(super) type Limits = (Option<f64>, Option<f64>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    AtMost,
    AtLeast,
    Equal,
}

impl Compare {
    /// The same relation read from the other side.
    pub(super) fn turned(self) -> Self {
        match self {
            Compare::AtMost => Compare::AtLeast,
            Compare::AtLeast => Compare::AtMost,
            Compare::Equal => Compare::Equal,
        }
    }

    /// The lower and the upper limit that the relation states.
    pub(super) fn limits(self, value: f64) -> Limits {
        match self {
            Compare::AtMost => (None, Some(value)),
            Compare::AtLeast => (Some(value), None),
            Compare::Equal => (Some(value), Some(value)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub line: usize,
}

impl Token<'_> {
    pub(super) fn fault(&self, found: impl Into<String>, help: &str) -> Fault {
        LineText { number: self.line, content: self.text }.fault(found, help)
    }
}

/// The section that a word at the start of a line opens; `next` is the word after it.
pub(super) fn section_of(word: &str, next: &str) -> Option<Section> {
    Some(match word {
        "min" | "minimize" | "minimise" | "minimum" => Section::Minimise,
        "max" | "maximize" | "maximise" | "maximum" => Section::Maximise,
        "st" | "s.t." | "st." => Section::Rows,
        "subject" if next == "to" => Section::Rows,
        "such" if next == "that" => Section::Rows,
        "bound" | "bounds" => Section::Bounds,
        "general" | "generals" | "gen" | "integer" | "integers" | "int" => Section::General,
        "binary" | "binaries" | "bin" => Section::Binary,
        "semi-continuous" | "semis" | "semi" => Section::SemiContinuous,
        "sos" | "sos1" | "sos2" | "lazy" | "user" | "pwlobj" => Section::Unsupported,
        "end" => Section::End,
        _ => return None,
    })
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || "!\"#$%&(),.;?@_'`{}~/|".contains(letter)
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut tokens = Vec::new();
    for (index, content) in text.lines().enumerate() {
        let line = LineText { number: index + 1, content };
        let content = content.split('\\').next().unwrap_or("");
        let rest = header(content, line.number, &mut tokens);
        words(LineText { number: line.number, content: rest }, &mut tokens)?;
    }
    Ok(tokens)
}

/// Takes a section header from the start of a line; returns what follows it.
fn header<'a>(content: &'a str, line: usize, tokens: &mut Vec<Token<'a>>) -> &'a str {
    let trimmed = content.trim_start();
    let end_of_word = |text: &str| text.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(text.len());
    let end = end_of_word(trimmed);
    let after = trimmed[end..].trim_start();
    let next = after[..end_of_word(after)].to_ascii_lowercase();
    // A name before a colon, and an operand, are not headers.
    if end == 0 || after.starts_with([':', '<', '>', '=']) {
        return content;
    }
    let word = trimmed[..end].to_ascii_lowercase();
    let Some(section) = section_of(&word, &next) else { return content };
    tokens.push(Token { kind: Kind::Header(section), text: &trimmed[..end], line });
    let is_two_words = word == "subject" || word == "such";
    let rest = if is_two_words { &after[next.len()..] } else { &trimmed[end..] };
    rest.strip_prefix(':').unwrap_or(rest)
}

/// Splits a line into tokens.
fn words<'a>(line: LineText<'a>, tokens: &mut Vec<Token<'a>>) -> Result<(), Fault> {
    let content = line.content;
    let mut at = 0;
    while let Some(letter) = content[at..].chars().next() {
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let rest = &content[at..];
        let (kind, length) = match letter {
            '+' => (Kind::Plus, 1),
            '-' => (Kind::Minus, 1),
            ':' => (Kind::Colon, 1),
            '<' | '>' | '=' => {
                let second = rest[1..].chars().next().filter(|c| "<>=".contains(*c));
                let pair = [Some(letter), second];
                let compare = if pair.contains(&Some('<')) {
                    Compare::AtMost
                } else if pair.contains(&Some('>')) {
                    Compare::AtLeast
                } else {
                    Compare::Equal
                };
                (Kind::Compare(compare), 1 + usize::from(second.is_some()))
            }
            '0'..='9' | '.' => {
                let length = number_length(rest);
                (Kind::Number(number(line, &rest[..length])?), length)
            }
            _ if is_name_letter(letter) => {
                let end = rest.find(|c: char| !is_name_letter(c) && c != '-' && c != '[' && c != ']');
                (Kind::Name, name_length(&rest[..end.unwrap_or(rest.len())]))
            }
            '[' | '^' | '*' => {
                return Err(line.fault("a quadratic term", "write the program with linear terms only"));
            }
            other => return Err(line.fault(format!("the sign \"{other}\""), "remove it")),
        };
        tokens.push(Token { kind, text: &rest[..length], line: line.number });
        at += length;
    }
    Ok(())
}

/// A name ends at a minus, except where brackets are open: `x[a-b]` is one name.
fn name_length(text: &str) -> usize {
    let mut open = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => open += 1,
            ']' => open = open.saturating_sub(1),
            '-' if open == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// Length of the number at the start of `text`: digits, a point, an exponent.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
            at += 1;
        }
        at
    };
    let end = digits(0);
    if !bytes.get(end).is_some_and(|b| matches!(b, b'e' | b'E')) {
        return end.max(1);
    }
    let signed = end + 1 + usize::from(bytes.get(end + 1).is_some_and(|b| matches!(b, b'+' | b'-')));
    let exponent = digits(signed);
    if exponent > signed { exponent } else { end.max(1) }
}
