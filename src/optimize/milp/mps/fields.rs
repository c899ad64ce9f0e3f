//! The fields of an MPS data line, free or fixed.
//!
//! Cost: one pass over the line, no allocation.

use super::super::file::{Fault, LineText};

/// The fields of a data line: a code, a name, and pairs of a name and a number.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub pairs: [Option<(&'a str, &'a str)>; 2],
}

/// The words of a free-format line: a code and a name, or a name, which columns must have, and pairs.
pub(super) fn free_fields(line: LineText<'_>, with_code: bool, is_column: bool) -> Result<Fields<'_>, Fault> {
    let mut words = [""; 6];
    let mut count = 0;
    for word in line.content.split_whitespace() {
        if count == words.len() {
            return Err(line.fault("more than six fields", "write at most two entries a line"));
        }
        words[count] = word;
        count += 1;
    }
    if with_code {
        return match count {
            2 => Ok(Fields { code: words[0], name: words[1], pairs: [None, None] }),
            _ => Err(line.fault(format!("{count} fields"), "write the row's type and its name")),
        };
    }
    // The name of a right-hand side or range set may be left out.
    let (name, first) = if count % 2 == 1 { (words[0], 1) } else { ("", 0) };
    if count < 2 || count > first + 4 || (is_column && first == 0) {
        return Err(
            line.fault(format!("{count} fields"), "write a name and one or two pairs of a row and a number")
        );
    }
    let pair = |at: usize| (at + 1 < count).then(|| (words[at], words[at + 1]));
    Ok(Fields { code: "", name, pairs: [pair(first), pair(first + 2)] })
}

/// Columns 2-3, 5-12, 15-22, 25-36, 40-47 and 50-61 of a fixed-format line.
pub(super) fn fixed_fields(line: LineText<'_>) -> Result<Fields<'_>, Fault> {
    let content = line.content.trim_end();
    let field = |from: usize, to: usize| -> Result<&str, Fault> {
        let (from, to) = (from.min(content.len()), to.min(content.len()));
        let text = content.get(from..to).ok_or_else(|| {
            line.fault("a letter across two fields of the fixed format", "write names in plain letters")
        })?;
        Ok(text.trim())
    };
    let pair = |name: &'_ str, value: &'_ str| !name.is_empty() || !value.is_empty();
    let (first, second) = ((field(14, 22)?, field(24, 36)?), (field(39, 47)?, field(49, 61)?));
    Ok(Fields {
        code: field(0, 3)?,
        name: field(4, 12)?,
        pairs: [Some(first).filter(|p| pair(p.0, p.1)), Some(second).filter(|p| pair(p.0, p.1))],
    })
}
