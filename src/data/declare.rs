//! The text of `instance.toml`: which decision, which settings, how each table's file is written.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use toml::de::{DeTable, DeValue};

use super::cell::shown;
use super::declaration::Declaration;
use super::fault::{Code, Fault, Faults};
use super::near::{did_you_mean, near_miss};
use super::schema::plain_text;

/// Name of the file in an instance folder that says what the folder is.
pub(crate) const INSTANCE_FILE: &str = "instance.toml";

const TOP_KEYS: [&str; 4] = ["model", "name", "settings", "tables"];
const TABLE_KEYS: [&str; 8] =
    ["file", "columns", "decimal", "thousands", "date", "delimiter", "encoding", "carry"];

/// What `instance.toml` says.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub model: Option<(String, Option<u64>)>,
    pub name: Option<String>,
    /// Text and row of each setting.
    pub settings: BTreeMap<String, (String, Option<u64>)>,
    pub tables: BTreeMap<String, DeclaredTable>,
}

/// How one table is declared, and in which rows.
#[derive(Debug, Default)]
pub(crate) struct DeclaredTable {
    pub declaration: Declaration,
    pub row: Option<u64>,
    pub column_rows: BTreeMap<String, Option<u64>>,
}

impl Document {
    /// Reads the text; faults go to `faults` and what can be read is read.
    pub fn parse(text: &str, faults: &mut Faults) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parsed =
            toml::from_str::<toml::Table>(text).and_then(|values| Ok((values, DeTable::parse(text)?)));
        let (values, spans) = match parsed {
            Ok((values, spans)) => (values, spans),
            Err(error) => {
                faults.push(broken_toml(text, &error));
                return Document::default();
            }
        };
        let mut reader = Reader { text, spans: spans.get_ref(), faults };
        reader.document(&values)
    }
}

struct Reader<'a> {
    text: &'a str,
    spans: &'a DeTable<'a>,
    faults: &'a mut Faults,
}

impl Reader<'_> {
    fn document(&mut self, values: &toml::Table) -> Document {
        let mut document = Document::default();
        for (key, value) in values {
            match key.as_str() {
                "model" => {
                    document.model =
                        self.string(&["model"], value).map(|model| (model, self.row(&["model"])));
                }
                "name" => document.name = self.string(&["name"], value),
                "settings" => document.settings = self.settings(value),
                "tables" => document.tables = self.tables(value),
                _ => self.unknown_key(&[key], &TOP_KEYS),
            }
        }
        if !values.contains_key("model") {
            self.faults.push(
                Fault::error(Code::MissingKey, INSTANCE_FILE, "it does not say which decision this is")
                    .in_column("model", "")
                    .with_help("add a line such as model = \"replenishment\""),
            );
        }
        document
    }

    fn settings(&mut self, value: &toml::Value) -> BTreeMap<String, (String, Option<u64>)> {
        let mut settings = BTreeMap::new();
        for (name, value) in self.table(&["settings"], value) {
            let path = ["settings", name.as_str()];
            if value.is_table() {
                self.wrong_type(&path, "a plain value");
            } else {
                settings.insert(name.clone(), (plain_text(&value), self.row(&path)));
            }
        }
        settings
    }

    fn tables(&mut self, value: &toml::Value) -> BTreeMap<String, DeclaredTable> {
        let mut tables = BTreeMap::new();
        for (name, value) in self.table(&["tables"], value) {
            let path = ["tables", name.as_str()];
            let mut declared = DeclaredTable { row: self.row(&path), ..DeclaredTable::default() };
            for (key, value) in self.table(&path, &value) {
                self.table_key(&name, &key, &value, &mut declared);
            }
            self.check_signs(&path, &declared.declaration);
            tables.insert(name, declared);
        }
        tables
    }

    fn table_key(&mut self, table: &str, key: &str, value: &toml::Value, declared: &mut DeclaredTable) {
        let path = ["tables", table, key];
        let declaration = &mut declared.declaration;
        match key {
            "file" => declaration.file = self.string(&path, value),
            "columns" => {
                for (column, title) in self.table(&path, value) {
                    let path = ["tables", table, key, column.as_str()];
                    declared.column_rows.insert(column.clone(), self.row(&path));
                    if let Some(title) = self.string(&path, &title) {
                        declaration.columns.insert(column, title);
                    }
                }
            }
            "decimal" => {
                if let Some(sign) = self.sign(&path, value, "one character, . or ,") {
                    match sign {
                        '.' | ',' => declaration.decimal = sign as u8,
                        _ => self.bad(&path, "decimal must be . or ,", "write decimal = \",\""),
                    }
                }
            }
            "thousands" => declaration.thousands = self.sign(&path, value, "one character"),
            "delimiter" => {
                if let Some(sign) = self.sign(&path, value, "one character") {
                    match u8::try_from(sign) {
                        Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | b' ' | 0) => {
                            declaration.delimiter = byte;
                        }
                        _ => self.bad(
                            &path,
                            "this cannot stand between cells",
                            "write delimiter = \";\" or \"\\t\"",
                        ),
                    }
                }
            }
            "date" => declaration.date = self.date_form(&path, value),
            "encoding" => {
                if let Some(label) = self.string(&path, value) {
                    match Encoding::for_label(label.as_bytes()) {
                        Some(encoding) => declaration.encoding = encoding,
                        None => {
                            let message = format!("encoding {} is not known", shown(&label));
                            self.bad(&path, &message, "write utf-8, windows-1252, gbk, shift_jis, utf-16 …");
                        }
                    }
                }
            }
            "carry" => match value.as_array() {
                Some(titles) if titles.iter().all(toml::Value::is_str) => {
                    declaration.carry = titles.iter().map(plain_text).collect();
                }
                _ => self.wrong_type(&path, "a list of column titles"),
            },
            _ => self.unknown_key(&path, &TABLE_KEYS),
        }
    }

    /// Signs that would make a file ambiguous.
    fn check_signs(&mut self, path: &[&str], declaration: &Declaration) {
        let decimal = char::from(declaration.decimal);
        if declaration.thousands == Some(decimal) {
            self.bad(path, "decimal and thousands are the same sign", "declare two different signs");
        }
    }

    fn date_form(&mut self, path: &[&str], value: &toml::Value) -> Option<String> {
        let form = self.string(path, value)?;
        let sound = {
            let day = chrono::NaiveDate::from_ymd_opt(2031, 11, 23)?.and_hms_opt(0, 0, 0)?;
            let mut items = chrono::format::StrftimeItems::new(&form);
            items.all(|item| item != chrono::format::Item::Error)
                && chrono::NaiveDate::parse_from_str(&day.format(&form).to_string(), &form) == Ok(day.date())
        };
        if !sound {
            let message = format!("date form \"{}\" does not tell a day", shown(&form));
            self.bad(path, &message, "write it with %Y, %m and %d, for example %d.%m.%Y");
        }
        sound.then_some(form)
    }

    fn sign(&mut self, path: &[&str], value: &toml::Value, wanted: &'static str) -> Option<char> {
        let text = self.string(path, value)?;
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(sign), None) if !sign.is_alphanumeric() => Some(sign),
            _ => {
                let key = path.last().unwrap_or(&"");
                self.bad(
                    path,
                    &format!("{key} is \"{}\": not {wanted}", shown(&text)),
                    "write a single sign",
                );
                None
            }
        }
    }

    fn string(&mut self, path: &[&str], value: &toml::Value) -> Option<String> {
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong_type(path, "a text in quotes");
                None
            }
        }
    }

    fn table(&mut self, path: &[&str], value: &toml::Value) -> toml::Table {
        match value.as_table() {
            Some(table) => table.clone(),
            None => {
                self.wrong_type(path, "a table of keys");
                toml::Table::new()
            }
        }
    }

    fn wrong_type(&mut self, path: &[&str], wanted: &str) {
        let message = format!("{} is not {wanted}", path.join("."));
        let help = format!("write {wanted}");
        self.push(path, Fault::error(Code::WrongType, INSTANCE_FILE, message).with_help(help));
    }

    fn bad(&mut self, path: &[&str], message: &str, help: &str) {
        self.push(path, Fault::error(Code::BadDeclaration, INSTANCE_FILE, message).with_help(help));
    }

    fn unknown_key(&mut self, path: &[&str], known: &[&'static str]) {
        let key = path.last().copied().unwrap_or("");
        let near = near_miss(key, known.iter().copied());
        let otherwise = format!("it can hold {}", known.join(", "));
        let message = format!("nothing reads the key {}", shown(key));
        let fault =
            Fault::error(Code::UnknownKey, INSTANCE_FILE, message).with_help(did_you_mean(near, otherwise));
        self.push(path, fault);
    }

    fn push(&mut self, path: &[&str], fault: Fault) {
        let row = self.row(path);
        let column = path.join(".");
        self.faults.push(Fault { row, column: Some(column), ..fault });
    }

    /// Row of the key at `path`.
    fn row(&self, path: &[&str]) -> Option<u64> {
        let mut table = self.spans;
        let mut place = None;
        for key in path {
            let (key, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
            place = Some(key.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        place.map(|byte| row_of(self.text, byte))
    }
}

fn row_of(text: &str, byte: usize) -> u64 {
    text.as_bytes()[..byte.min(text.len())].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1
}

fn broken_toml(text: &str, error: &toml::de::Error) -> Fault {
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let row = error.span().map(|span| row_of(text, span.start));
    let fault = Fault::error(Code::BrokenToml, INSTANCE_FILE, format!("not TOML: {message}"))
        .with_help("write key = value, one a line; texts and dates of files in quotes");
    Fault { row, ..fault }
}
