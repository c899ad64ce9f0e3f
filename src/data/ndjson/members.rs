//! The members of the JSON object of one line, numbers in the digits in which they are written.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The value of a member.
pub(super) enum Value<'a> {
    Null,
    Flag(bool),
    /// A number as it is written.
    Number(&'a str),
    Text(String),
    /// A list or an object.
    Nested,
}

/// Members of the object that a line holds, in their order; else the column, from 1, that breaks it.
pub(super) fn members(line: &[u8]) -> Result<Vec<(String, Value<'_>)>, usize> {
    let text = std::str::from_utf8(line).map_err(|error| error.valid_up_to() + 1)?;
    let mut line = Line { text, at: 0 };
    let mut members = Vec::new();
    line.sign("{")?;
    if line.sign("}").is_ok() {
        return line.end().map(|()| members);
    }
    loop {
        let (title, _) = line.json::<String>()?;
        line.sign(":")?;
        members.push((title, line.value()?));
        if line.sign(",").is_err() {
            line.sign("}")?;
            return line.end().map(|()| members);
        }
    }
}

/// A line that is read from its begin to its end.
struct Line<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Line<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Column, from 1, of what comes next; the last one at the end.
    fn column(&self) -> usize {
        (self.at + 1).min(self.text.len())
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    /// Goes past a sign.
    fn sign(&mut self, sign: &str) -> Result<(), usize> {
        self.skip_blanks();
        if !self.rest().starts_with(sign) {
            return Err(self.column());
        }
        self.at += sign.len();
        Ok(())
    }

    fn end(&mut self) -> Result<(), usize> {
        self.skip_blanks();
        if self.rest().is_empty() { Ok(()) } else { Err(self.column()) }
    }

    /// Goes past one value of JSON; it and how it is written.
    fn json<T: Deserialize<'a>>(&mut self) -> Result<(T, &'a str), usize> {
        self.skip_blanks();
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<T>();
        match values.next() {
            Some(Ok(value)) => {
                let length = values.byte_offset();
                self.at += length;
                Ok((value, &rest[..length]))
            }
            Some(Err(error)) => Err((self.at + error.column()).min(self.text.len())),
            None => Err(self.column()),
        }
    }

    fn value(&mut self) -> Result<Value<'a>, usize> {
        self.skip_blanks();
        if self.rest().starts_with('"') {
            return Ok(Value::Text(self.json::<String>()?.0));
        }
        let (_, written) = self.json::<IgnoredAny>()?;
        Ok(match written {
            "null" => Value::Null,
            "true" | "false" => Value::Flag(written == "true"),
            nested if nested.starts_with(['[', '{']) => Value::Nested,
            digits => Value::Number(digits),
        })
    }
}
