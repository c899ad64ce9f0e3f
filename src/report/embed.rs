//! Data inside the page: JSON that no text of a user can break out of, series
//! of numbers packed into short strings, and sentences that differ in their
//! numbers only written once.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::tables::shown_text;

/// Digits of the packed form: six bits each.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Stands for a value that is not known.
const UNKNOWN: char = '!';
/// Comes before a count: the next values equal the one before.
const REPEAT: char = '*';
/// Whole numbers beyond this size are clamped in the packed form.
const LARGEST: f64 = 4e15;

/// Stands for a run of digits in a sentence; a text that holds it is kept whole.
const GAP: char = '\u{1}';

/// Texts that many places share, each written once, with gaps in place of its numbers.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The texts in order of first use.
    pub(super) words: Vec<String>,
    known: FxHashMap<String, usize>,
}

impl Words {
    /// What stands for a text: its index, or, with gaps to be filled, a string of the
    /// index and the runs of digits, separated by blanks.
    pub(super) fn code(&mut self, text: &str) -> Value {
        let text = shown_text(text.to_owned());
        if text.contains(GAP) || !text.contains(|c: char| c.is_ascii_digit()) {
            return Value::from(self.index(text));
        }
        let (mut sentence, mut runs) = (String::with_capacity(text.len()), String::new());
        let mut inside = false;
        for c in text.chars() {
            let digit = c.is_ascii_digit();
            if digit {
                if !inside {
                    sentence.push(GAP);
                    runs.push(' ');
                }
                runs.push(c);
            } else {
                sentence.push(c);
            }
            inside = digit;
        }
        Value::from(format!("{}{runs}", self.index(sentence)))
    }

    fn index(&mut self, text: String) -> usize {
        let next = self.words.len();
        *self.known.entry(text).or_insert_with_key(|text| {
            self.words.push(text.clone());
            next
        })
    }
}

/// JSON that is safe inside a `<script>` element: no `<`, `>`, `&`, no line separators.
pub(super) fn script_json(value: &Value) -> String {
    let text = value.to_string();
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    safe
}

/// A number with at most `decimals` decimals; `null` where it is not known.
pub(super) fn rounded(value: f64, decimals: i32) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    let scale = 10f64.powi(decimals);
    let scaled = value * scale;
    let value = if scaled.abs() < 1e15 { scaled.round() / scale } else { value };
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// A date as its day number (days since 1970-01-01).
pub(super) fn day(date: NaiveDate) -> Value {
    Value::from((date - NaiveDate::default()).num_days())
}

/// Decimals that a drawing of these values can show: three digits of the largest.
pub(super) fn drawn_decimals(values: &[f64], decimals: u8) -> u8 {
    let largest = values.iter().filter(|value| value.is_finite()).fold(0.0, |max: f64, v| max.max(v.abs()));
    let shown = [10.0, 100.0].iter().filter(|&&size| largest < size).count();
    decimals.min(shown as u8)
}

/// Packs a series: one digit for its decimals (at most `decimals`), then the
/// difference of each value to the one before as a signed number of variable
/// length, six bits a character; runs of equal values are counted.
///
/// The page's script unpacks it; a typical weekly series takes one or two
/// characters a value.
pub(super) fn pack(values: &[f64], decimals: u8) -> String {
    let decimals = (0..decimals.min(9)).find(|&d| fits(values, d)).unwrap_or(decimals.min(9));
    let scale = 10f64.powi(i32::from(decimals));
    let whole =
        |value: f64| value.is_finite().then(|| (value * scale).round().clamp(-LARGEST, LARGEST) as i64);
    let mut packed = String::with_capacity(values.len() + 4);
    packed.push(char::from(b'0' + decimals));
    let (mut before, mut repeats) = (0, 0u64);
    for &value in values {
        match whole(value) {
            Some(now) if now == before => repeats += 1,
            now => {
                push_repeats(&mut packed, &mut repeats);
                match now {
                    None => packed.push(UNKNOWN),
                    Some(now) => {
                        push_signed(&mut packed, now - before);
                        before = now;
                    }
                }
            }
        }
    }
    push_repeats(&mut packed, &mut repeats);
    packed
}

/// Whether all values have at most `decimals` decimals.
fn fits(values: &[f64], decimals: u8) -> bool {
    let scale = 10f64.powi(i32::from(decimals));
    values.iter().filter(|value| value.is_finite()).all(|value| {
        let scaled = value * scale;
        (scaled - scaled.round()).abs() < 1e-6
    })
}

fn push_repeats(packed: &mut String, repeats: &mut u64) {
    match std::mem::take(repeats) {
        0 => {}
        short @ 1..=2 => (0..short).for_each(|_| push_signed(packed, 0)),
        long => {
            packed.push(REPEAT);
            push_digits(packed, long);
        }
    }
}

/// The sign goes into the lowest bit, so that small numbers of either sign stay short.
fn push_signed(packed: &mut String, value: i64) {
    push_digits(packed, (value.unsigned_abs() << 1) | u64::from(value < 0));
}

/// Five bits a character, the lowest first; the sixth bit says that more follow.
fn push_digits(packed: &mut String, mut value: u64) {
    loop {
        let more = if value >= 32 { 32 } else { 0 };
        packed.push(char::from(DIGITS[(value & 31 | more) as usize]));
        value >>= 5;
        if more == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The inverse of [`pack`], as the page's script does it.
    fn unpack(packed: &str) -> Vec<f64> {
        let mut bytes = packed.bytes();
        let scale = 10f64.powi(i32::from(bytes.next().unwrap() - b'0'));
        let number = |bytes: &mut std::str::Bytes| {
            let (mut value, mut shift) = (0u64, 0);
            loop {
                let byte = bytes.next().unwrap();
                let digit = DIGITS.iter().position(|&d| d == byte).unwrap() as u64;
                value |= (digit & 31) << shift;
                shift += 5;
                if digit < 32 {
                    return value;
                }
            }
        };
        let (mut values, mut before) = (Vec::new(), 0i64);
        while let Some(&next) = bytes.clone().peekable().peek() {
            match char::from(next) {
                UNKNOWN => {
                    bytes.next();
                    values.push(f64::NAN);
                }
                REPEAT => {
                    bytes.next();
                    let count = number(&mut bytes);
                    values.extend((0..count).map(|_| before as f64 / scale));
                }
                _ => {
                    let coded = number(&mut bytes);
                    let size = (coded >> 1) as i64;
                    before += if coded & 1 == 1 { -size } else { size };
                    values.push(before as f64 / scale);
                }
            }
        }
        values
    }

    #[test]
    fn packed_series_come_back() {
        let series = [
            vec![],
            vec![0.0],
            vec![1.0, 1.0, 1.0, 1.0, 1.0, -7.5, 1000.25, 0.0, 0.0],
            vec![f64::NAN, 3.0, f64::NAN, f64::NAN, 3.0, 3.0, 3.0, 3.0],
            (0..300).map(|i| f64::from((i * 7919) % 1009) / 4.0).collect(),
        ];
        for values in series {
            let back = unpack(&pack(&values, 2));
            assert_eq!(back.len(), values.len());
            let same = |(a, b): (&f64, &f64)| (a.is_nan() && b.is_nan()) || a == b;
            assert!(back.iter().zip(&values).all(same), "{values:?} {back:?}");
        }
    }

    #[test]
    fn a_flat_series_is_short_and_a_huge_one_is_harmless() {
        assert!(pack(&[12.0; 52], 2).len() <= 6);
        assert!(!pack(&[1e300, -1e300, f64::INFINITY], 2).is_empty());
    }

    #[test]
    fn sentences_that_differ_in_numbers_share_one_text() {
        let mut words = Words::default();
        assert_eq!(words.code("rounded up from 47 to 48"), "0 47 48");
        assert_eq!(words.code("rounded up from 007 to 12"), "0 007 12");
        assert_eq!(words.code("no numbers"), 1);
        assert_eq!(words.code("a \u{1} and 3"), 2);
        assert_eq!(words.words, ["rounded up from \u{1} to \u{1}", "no numbers", "a \u{1} and 3"]);
    }

    #[test]
    fn script_json_cannot_be_left() {
        let text = script_json(&Value::from("</script><!--&\u{2028}"));
        assert!(!text.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "</script><!--&\u{2028}");
    }
}
