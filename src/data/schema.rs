//! The contract of a decision, read from its `models/NAME.toml`.
//!
//! One file is the one source for validation, scaffolding, documentation and
//! the names that explanations use. Its form, whole:
//!
//! ```
//! let text = r#"
//! name = "replenishment"
//! title = "Replenishment"
//! summary = "How much to order of what, from whom and when."
//!
//! [[table]]
//! name = "items"
//! required = true                       # default false
//! meaning = "What is sold."
//! key = ["item"]                        # default: no key, any rows
//! rows = "unique"                       # or "sum": rows with the same key are summed by the decision
//! extra = "ignore"                      # or "number": further columns are read as numbers (covariates)
//! example = """
//! item,unit_cost,kind,order_days
//! 00123,12.50,fresh,"mon,thu"
//! """                                   # rows that `purvey new` writes
//!
//! [[table.column]]
//! name = "item"
//! type = "code"                         # code text number integer date flag choice weekdays
//! required = true                       # the column must be there and no cell blank
//! meaning = "Code of the item."
//!
//! [[table.column]]
//! name = "unit_cost"
//! type = "number"
//! unit = "money per unit"
//! meaning = "What one unit costs."
//! default = 0                           # fills a missing column and blank cells
//! min = 0                               # closed bounds: min, max; open bounds: above, below
//! below = 1e6
//!
//! [[table.column]]
//! name = "kind"
//! type = "choice"
//! values = ["fresh", "dry"]
//! meaning = "How it keeps."
//!
//! [[table.column]]
//! name = "order_days"
//! type = "weekdays"                     # "mon,thu"; "all" for every day
//! meaning = "Days on which it can be ordered."
//!
//! [[table]]
//! name = "sales"
//! meaning = "What was sold."
//!
//! [[table.column]]
//! name = "item"
//! type = "code"
//! required = true
//! references = "items.item"             # must occur there
//! meaning = "Item sold."
//!
//! [[setting]]                           # also with values, min, max, above, below
//! name = "horizon"
//! type = "integer"
//! unit = "buckets"
//! default = 26                          # none: the setting may stay unset
//! min = 1
//! max = 1000
//! meaning = "Buckets planned."
//!
//! [[cost]]
//! name = "purchase"
//! formula = "sum of quantity x unit_cost"
//! meaning = "Money paid to suppliers."
//! input = ["items.unit_cost", "settings.horizon"]
//! source = "Silver, Pyke and Thomas (2017), chapter 1"   # optional
//!
//! [[constraint]]
//! name = "budget"
//! formula = "sum of purchases <= budget"
//! meaning = "Money that can be spent."
//! input = ["items.unit_cost"]
//!
//! [[output]]
//! name = "orders"                       # written to orders.csv
//! meaning = "What to order."
//!
//! [[output.column]]
//! name = "quantity"
//! type = "number"
//! unit = "units"
//! meaning = "Units to order."
//! "#;
//! let schema = purvey::data::Schema::parse(text)?;
//! assert_eq!(schema.table("items").and_then(|t| t.column("unit_cost")).unwrap().default.as_deref(), Some("0"));
//! # Ok::<(), purvey::data::SchemaError>(())
//! ```

use serde::{Deserialize, Deserializer};

mod error;

pub use error::SchemaError;

use super::cell::{Rule, parse_flag};
pub use super::kind::{Kind, Range};
use super::table::{Table, day_number};

/// The contract of one decision.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Its name, as in `model = "…"`.
    pub name: String,
    /// Its name for a person.
    pub title: String,
    /// What it decides, in a few sentences.
    pub summary: String,
    /// Input tables, in the order in which a person fills them.
    #[serde(default, rename = "table")]
    pub tables: Vec<TableSchema>,
    /// Settings of `instance.toml`.
    #[serde(default, rename = "setting")]
    pub settings: Vec<SettingSchema>,
    /// Terms of the objective.
    #[serde(default, rename = "cost")]
    pub costs: Vec<Term>,
    /// Families of limits.
    #[serde(default, rename = "constraint")]
    pub constraints: Vec<Term>,
    /// Tables of the plan.
    #[serde(default, rename = "output")]
    pub outputs: Vec<OutputSchema>,
}

/// What an input table must look like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSchema {
    /// Its name, and that of its file without the ending.
    pub name: String,
    /// Whether the decision can do without it.
    #[serde(default)]
    pub required: bool,
    /// What its rows say.
    pub meaning: String,
    /// Columns that together name a row; empty: rows have no name.
    #[serde(default)]
    pub key: Vec<String>,
    /// What rows with the same key mean.
    #[serde(default)]
    pub rows: RowRule,
    /// What happens to columns that the schema does not name.
    #[serde(default)]
    pub extra: ExtraRule,
    /// A few rows as CSV with a header, for scaffolding.
    #[serde(default)]
    pub example: String,
    /// Its columns.
    #[serde(default, rename = "column")]
    pub columns: Vec<ColumnSchema>,
}

/// What rows with the same key mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowRule {
    /// A fault that names both rows.
    #[default]
    Unique,
    /// The decision adds their numbers up.
    Sum,
}

/// What happens to columns that the schema does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExtraRule {
    /// Left out with a notice, unless `carry` names them.
    #[default]
    Ignore,
    /// Read as numbers under their own titles.
    Number,
}

/// What a column must hold.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// Its title.
    pub name: String,
    /// Type of its cells.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Unit of its numbers.
    #[serde(default)]
    pub unit: String,
    /// What it says.
    pub meaning: String,
    /// Whether it must be there with no cell blank.
    #[serde(default)]
    pub required: bool,
    /// Text that fills a missing column and blank cells.
    #[serde(default, deserialize_with = "text_of_value")]
    pub default: Option<String>,
    /// Least value.
    #[serde(default)]
    pub min: Option<f64>,
    /// Values are greater than this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Greatest value.
    #[serde(default)]
    pub max: Option<f64>,
    /// Values are less than this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Allowed words of a choice.
    #[serde(default)]
    pub values: Vec<String>,
    /// `table.column` in which each code must occur.
    #[serde(default)]
    pub references: Option<String>,
}

impl ColumnSchema {
    /// A column of which only its name, type and meaning matter.
    #[must_use]
    pub fn plain(name: impl Into<String>, kind: Kind, meaning: impl Into<String>) -> Self {
        ColumnSchema {
            name: name.into(),
            kind,
            unit: String::new(),
            meaning: meaning.into(),
            required: false,
            default: None,
            min: None,
            above: None,
            max: None,
            below: None,
            values: Vec::new(),
            references: None,
        }
    }
}

/// What a setting must be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingSchema {
    /// Its name.
    pub name: String,
    /// Type of its value.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Unit of its number.
    #[serde(default)]
    pub unit: String,
    /// What it does.
    pub meaning: String,
    /// Text that stands in when it is not given.
    #[serde(default, deserialize_with = "text_of_value")]
    pub default: Option<String>,
    /// Least value.
    #[serde(default)]
    pub min: Option<f64>,
    /// Values are greater than this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Greatest value.
    #[serde(default)]
    pub max: Option<f64>,
    /// Values are less than this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Allowed words of a choice.
    #[serde(default)]
    pub values: Vec<String>,
}

/// A cost term or a family of limits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Its name, as explanations and key figures use it.
    pub name: String,
    /// Its formula in words.
    pub formula: String,
    /// What it stands for.
    pub meaning: String,
    /// The inputs it comes from: `table.column` or `settings.name`.
    #[serde(default)]
    pub input: Vec<String>,
    /// Literature.
    #[serde(default)]
    pub source: String,
}

/// A table of the plan.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSchema {
    /// Its name, and that of its file without the ending.
    pub name: String,
    /// What its rows say.
    pub meaning: String,
    /// Its columns, in order.
    #[serde(default, rename = "column")]
    pub columns: Vec<ColumnSchema>,
}

impl OutputSchema {
    /// The table that reads it back: columns that are not required may be missing.
    #[must_use]
    pub fn as_table(&self) -> TableSchema {
        TableSchema {
            name: self.name.clone(),
            required: true,
            meaning: self.meaning.clone(),
            key: Vec::new(),
            rows: RowRule::Sum,
            extra: ExtraRule::Ignore,
            example: String::new(),
            columns: self.columns.clone(),
        }
    }
}

impl Schema {
    /// Reads a contract and checks that it agrees with itself.
    ///
    /// # Errors
    /// [`SchemaError`] when the text is not TOML of this form, or names something that it does not define.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let schema: Schema = toml::from_str(text)
            .map_err(|error| SchemaError::Form { text: error.to_string().trim_end().to_owned() })?;
        schema.check()?;
        Ok(schema)
    }

    /// An input table by name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&TableSchema> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// A setting by name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&SettingSchema> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// An output table by name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&OutputSchema> {
        self.outputs.iter().find(|output| output.name == name)
    }

    fn check(&self) -> Result<(), SchemaError> {
        unique("table", self.tables.iter().map(|table| &table.name))?;
        unique("setting", self.settings.iter().map(|setting| &setting.name))?;
        unique("output", self.outputs.iter().map(|output| &output.name))?;
        unique("cost or constraint", self.costs.iter().chain(&self.constraints).map(|term| &term.name))?;
        for table in &self.tables {
            self.check_table(table)?;
        }
        for setting in &self.settings {
            setting.check()?;
        }
        for output in &self.outputs {
            unique(&output.name, output.columns.iter().map(|column| &column.name))?;
        }
        for term in self.costs.iter().chain(&self.constraints) {
            for input in &term.input {
                if !self.defines(input) {
                    return Err(SchemaError::Undefined { user: term.name.clone(), name: input.clone() });
                }
            }
        }
        Ok(())
    }

    fn check_table(&self, table: &TableSchema) -> Result<(), SchemaError> {
        unique(&table.name, table.columns.iter().map(|column| &column.name))?;
        for key in &table.key {
            if table.column(key).is_none() {
                return Err(SchemaError::Undefined { user: table.name.clone(), name: key.clone() });
            }
        }
        for column in &table.columns {
            column.check(&table.name)?;
            if let Some(target) = &column.references
                && !self.defines(target)
            {
                let user = format!("{}.{}", table.name, column.name);
                return Err(SchemaError::Undefined { user, name: target.clone() });
            }
        }
        let header = table.example.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        for title in header.split(',').map(str::trim).filter(|title| !title.is_empty()) {
            if table.column(title).is_none() && table.extra == ExtraRule::Ignore {
                let user = format!("example of {}", table.name);
                return Err(SchemaError::Undefined { user, name: title.to_owned() });
            }
        }
        Ok(())
    }

    /// Whether `table.column`, `table` or `settings.name` is part of this schema.
    fn defines(&self, path: &str) -> bool {
        match path.split_once('.') {
            Some(("settings", name)) => self.setting(name).is_some(),
            Some((table, column)) => self.table(table).is_some_and(|table| table.column(column).is_some()),
            None => self.table(path).is_some(),
        }
    }
}

impl TableSchema {
    /// A column by title.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl ColumnSchema {
    /// Its allowed numbers.
    #[must_use]
    pub fn range(&self) -> Range {
        Range { min: self.min, above: self.above, max: self.max, below: self.below }
    }

    /// The number that fills blanks; NaN without a default.
    pub(crate) fn default_number(&self) -> f64 {
        self.default.as_ref().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }

    /// The day number that fills blanks; [`Table::NO_DATE`] without a default.
    pub(crate) fn default_date(&self) -> i32 {
        let date = self.default.as_ref().and_then(|text| text.parse().ok());
        date.map_or(Table::NO_DATE, day_number)
    }

    /// The flag that fills blanks; [`Table::BLANK_FLAG`] without a default.
    pub(crate) fn default_flag(&self) -> u8 {
        let flag = self.default.as_ref().and_then(|text| parse_flag(text.as_bytes()).ok());
        flag.unwrap_or(Table::BLANK_FLAG)
    }

    fn check(&self, table: &str) -> Result<(), SchemaError> {
        check_kind(&format!("{table}.{}", self.name), Rule::from(self), self.default.as_deref())
    }
}

impl SettingSchema {
    /// Its allowed numbers.
    #[must_use]
    pub fn range(&self) -> Range {
        Range { min: self.min, above: self.above, max: self.max, below: self.below }
    }

    fn check(&self) -> Result<(), SchemaError> {
        check_kind(&format!("settings.{}", self.name), Rule::from(self), self.default.as_deref())
    }
}

fn check_kind(name: &str, rule: Rule<'_>, default: Option<&str>) -> Result<(), SchemaError> {
    let misfit = |reason| Err(SchemaError::Misfit { name: name.to_owned(), reason });
    if (rule.kind == Kind::Choice) == rule.values.is_empty() {
        return misfit("a choice has values, and nothing else has");
    }
    if !matches!(rule.kind, Kind::Number | Kind::Integer) && !rule.range.is_open() {
        return misfit("only numbers have bounds");
    }
    if rule.required && default.is_some() {
        return misfit("what has a default is not required");
    }
    match default {
        Some(text) if !rule.accepts(text) => misfit("the default breaks its own rule"),
        _ => Ok(()),
    }
}

fn unique<'a>(place: &str, names: impl Iterator<Item = &'a String>) -> Result<(), SchemaError> {
    let mut seen = rustc_hash::FxHashSet::default();
    for name in names {
        if !seen.insert(name) {
            return Err(SchemaError::Duplicate { place: place.to_owned(), name: name.clone() });
        }
    }
    Ok(())
}

/// A default may be written as a TOML number, boolean, date or string; it is kept as text.
fn text_of_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    Ok(Some(plain_text(&value)))
}

/// A TOML value in the text form in which a cell would hold it.
pub(crate) fn plain_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(plain_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
