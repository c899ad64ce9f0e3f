//! Near misses: the known name that a misspelt one probably meant.

/// The nearest of `known` to `word`, where it is near enough to be meant: equal but for
/// case, blanks and punctuation, or a third of its letters or fewer away.
///
/// ```
/// use purvey::data::near_miss;
/// assert_eq!(near_miss("untis", ["item", "units"]), Some("units"));
/// assert_eq!(near_miss("Lead time", ["lead_time"]), Some("lead_time"));
/// assert_eq!(near_miss("colour", ["item", "units"]), None);
/// ```
#[must_use]
pub fn near_miss<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain_word = plain(word);
    let reach = plain_word.chars().count().div_ceil(3).min(3);
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        let plain_name = plain(name);
        if plain_name.len().abs_diff(plain_word.len()) > 4 * reach {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&plain_word, &plain_name);
        if distance <= reach && distance < plain_word.len() && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// `help` text that offers `near`, or else `otherwise`.
pub(crate) fn did_you_mean(near: Option<&str>, otherwise: impl Into<String>) -> String {
    near.map_or_else(|| otherwise.into(), |name| format!("did you mean \"{name}\"?"))
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(80).collect()
}
