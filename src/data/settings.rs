//! Settings of a decision: from the text a person writes to checked values.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::calendar::Weekdays;
use super::cell::{Format, Rule, parse_date, parse_flag, shown};
use super::fault::{Code, Fault, Faults};
use super::near::{did_you_mean, near_miss};
use super::schema::{Kind, Schema, SettingSchema};
use super::table::date_of;

/// Settings by name, in the text form in which a person writes them.
///
/// Types, ranges and defaults are the schema's; [`Settings::typed`] checks them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Name and text of each setting that was given.
    pub values: BTreeMap<String, String>,
    /// Where the settings were written, for messages (`instance.toml`).
    pub file: String,
}

/// Checked settings of a decision, defaults filled in.
///
/// A getter gives `None` for a setting that is unset and has no default, and
/// for a name or type that the schema does not have.
///
/// ```
/// use purvey::data::{Schema, Settings};
/// let schema = Schema::parse(
///     "name = 'm'\ntitle = 'M'\nsummary = 's'\n\
///      [[setting]]\nname = 'horizon'\ntype = 'integer'\ndefault = 26\nmin = 1\nmeaning = 'Buckets.'\n\
///      [[setting]]\nname = 'budget'\ntype = 'number'\nmeaning = 'Money.'",
/// )?;
/// let given = Settings::default().with("budget", "1000");
/// let values = given.typed(&schema)?;
/// assert_eq!((values.integer("horizon"), values.number("budget")), (Some(26), Some(1000.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingsValues {
    values: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Number(f64),
    Flag(bool),
    Date(NaiveDate),
    Text(String),
}

impl Settings {
    /// The same settings with one more (or that one replaced).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.values.insert(name.into(), value.to_string());
        self
    }

    /// Checks names, types and ranges, and fills in defaults.
    ///
    /// # Errors
    /// All faults at once.
    pub fn typed(&self, schema: &Schema) -> Result<SettingsValues, Faults> {
        self.typed_at(schema, |_| (self.file_name().to_owned(), None))
    }

    /// [`Settings::typed`] with a place (file and row) for each setting.
    pub(crate) fn typed_at(
        &self,
        schema: &Schema,
        place: impl Fn(&str) -> (String, Option<u64>),
    ) -> Result<SettingsValues, Faults> {
        let mut faults = Faults::default();
        let mut typed = SettingsValues::default();
        for name in self.values.keys().filter(|name| schema.setting(name).is_none()) {
            let (file, row) = place(name);
            faults.push(Fault { row, ..unknown_setting(name, schema, file) });
        }
        for setting in &schema.settings {
            let given =
                self.values.get(&setting.name).map(|text| text.trim()).filter(|text| !text.is_empty());
            match given.or(setting.default.as_deref()).map(|text| (text, read(setting, text))) {
                None => {}
                Some((_, Ok(value))) => {
                    typed.values.insert(setting.name.clone(), value);
                }
                Some((text, Err(flaw))) => {
                    let (file, row) = place(&setting.name);
                    let (code, message, help) = Rule::from(setting).tell(flaw, text, &Format::default());
                    let fault = Fault::error(code, file, message)
                        .in_column(&setting.name, shown(text))
                        .with_help(of_a_setting(&help));
                    faults.push(Fault { row, ..fault });
                }
            }
        }
        faults.into_result().map(|_| typed)
    }

    fn file_name(&self) -> &str {
        if self.file.is_empty() { "settings" } else { &self.file }
    }
}

impl SettingsValues {
    /// A number (or a whole number).
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.values.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.number(name).filter(|number| number.fract() == 0.0).map(|number| number as i64)
    }

    /// A code, a text, a choice, or weekdays in their canonical form.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The word of a choice.
    #[must_use]
    pub fn choice(&self, name: &str) -> Option<&str> {
        self.text(name)
    }

    /// A yes or no.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.values.get(name) {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A day.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<NaiveDate> {
        match self.values.get(name) {
            Some(Value::Date(date)) => Some(*date),
            _ => None,
        }
    }

    /// A list of weekdays.
    #[must_use]
    pub fn weekdays(&self, name: &str) -> Option<Weekdays> {
        self.text(name).and_then(Weekdays::parse)
    }
}

fn read(setting: &SettingSchema, text: &str) -> Result<Value, super::cell::Flaw> {
    let (rule, format, bytes) = (Rule::from(setting), Format::default(), text.as_bytes());
    match setting.kind {
        Kind::Number | Kind::Integer => rule.number(bytes, &format).map(Value::Number),
        Kind::Date => {
            let day = parse_date(bytes, &format)?;
            date_of(day).map(Value::Date).ok_or(super::cell::Flaw::NotADate)
        }
        Kind::Flag => parse_flag(bytes).map(|flag| Value::Flag(flag == 1)),
        Kind::Code | Kind::Text | Kind::Choice | Kind::Weekdays => {
            rule.word(text).map(|word| Value::Text(word.into_owned()))
        }
    }
}

/// The fix for a cell, without what only tables have: declarations and empty cells.
fn of_a_setting(help: &str) -> &str {
    let ends = [" (or declare ", ", or declare ", ", or leave the cell empty"];
    let end = ends.iter().filter_map(|end| help.find(end)).min();
    end.and_then(|end| help.get(..end)).unwrap_or(help)
}

fn unknown_setting(name: &str, schema: &Schema, file: String) -> Fault {
    let near = near_miss(name, schema.settings.iter().map(|setting| setting.name.as_str()));
    let otherwise = format!("`purvey models {}` lists the settings", schema.name);
    Fault::error(Code::UnknownSetting, file, format!("{} is no setting of {}", shown(name), schema.name))
        .in_column(name, "")
        .with_help(did_you_mean(near, otherwise))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn schema() -> Schema {
        Schema::parse(
            "name='m'\ntitle='M'\nsummary='s'\n\
             [[setting]]\nname='gap'\ntype='number'\nabove=0\nmeaning=''\ndefault=0.01\n\
             [[setting]]\nname='from'\ntype='date'\nmeaning=''\n\
             [[setting]]\nname='relax'\ntype='flag'\nmeaning=''\ndefault=false\n\
             [[setting]]\nname='bucket'\ntype='choice'\nvalues=['day','week']\nmeaning=''\ndefault='week'\n\
             [[setting]]\nname='days'\ntype='weekdays'\nmeaning=''",
        )
        .unwrap()
    }

    #[test]
    fn given_values_and_defaults_come_back_typed() {
        let given =
            Settings::default().with("from", "2024-04-15").with("days", "Thu, mon").with("bucket", "DAY");
        let values = given.typed(&schema()).unwrap();
        assert_eq!(values.number("gap"), Some(0.01));
        assert_eq!(values.date("from"), "2024-04-15".parse().ok());
        assert_eq!(values.flag("relax"), Some(false));
        assert_eq!(values.choice("bucket"), Some("day"));
        assert_eq!(values.text("days"), Some("mon,thu"));
        assert_eq!(values.weekdays("days"), Weekdays::parse("mon,thu"));
        assert_eq!(values.number("days"), None);
    }

    #[test]
    fn every_wrong_setting_is_reported() {
        let given = Settings { file: "instance.toml".to_owned(), ..Settings::default() }
            .with("gap", "0")
            .with("from", "soon")
            .with("relax", "maybe")
            .with("bucket", "wek")
            .with("gpa", "1");
        let text = given.typed(&schema()).unwrap_err().to_string();
        let expected = "\
instance.toml: gpa is no setting of m [unknown-setting]
  help: did you mean \"gap\"?
instance.toml: gap is \"0\": must be above 0 [out-of-range]
  help: write a value that is above 0
instance.toml: from is \"soon\": not a date [not-a-date]
  help: write dates as 2024-12-31
instance.toml: relax is \"maybe\": neither yes nor no [not-a-flag]
  help: write yes or no
instance.toml: bucket is \"wek\": not one of day, week [not-a-choice]
  help: did you mean \"week\"?";
        assert_eq!(text, expected);
    }
}
