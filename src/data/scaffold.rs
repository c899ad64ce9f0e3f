//! A new instance folder that solves as it is, made from a decision's contract.

use std::fmt::Write;

use super::schema::{Kind, Schema, SettingSchema, TableSchema};

/// The files of a new instance: name and text of each, `instance.toml` first.
///
/// Every setting stands in `instance.toml` as a comment with its default and
/// meaning; every table has its header and the example rows of the contract.
#[must_use]
pub fn scaffold(schema: &Schema) -> Vec<(String, String)> {
    let mut files = vec![("instance.toml".to_owned(), instance_toml(schema))];
    files.extend(schema.tables.iter().map(|table| (format!("{}.csv", table.name), table_csv(table))));
    files
}

fn instance_toml(schema: &Schema) -> String {
    let mut text = comment(&format!("{}: {}", schema.title, schema.summary));
    let _ = write!(
        text,
        "# `purvey models {}` explains every table and setting.\nmodel = \"{}\"\n",
        schema.name, schema.name,
    );
    text.push_str("\n[settings]\n");
    for setting in &schema.settings {
        text.push_str(&comment(&setting.meaning));
        let _ = writeln!(text, "# {} = {}\n", setting.name, example_value(setting));
    }
    text.push_str(
        "# A table is read from NAME.csv beside this file. Another file, other titles or another\n\
         # way of writing numbers and dates are declared like this:\n\
         # [tables.sales]\n\
         # file = \"export.csv\"\n\
         # columns = { quantity = \"Qty sold\" }\n\
         # decimal = \",\"\n\
         # delimiter = \";\"\n\
         # date = \"%d.%m.%Y\"\n",
    );
    text
}

/// Text as comment lines of at most a hundred characters.
fn comment(text: &str) -> String {
    const WIDTH: usize = 98;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

fn example_value(setting: &SettingSchema) -> String {
    let text = setting.default.as_deref().or(setting.values.first().map(String::as_str)).unwrap_or("");
    match setting.kind {
        Kind::Number | Kind::Integer | Kind::Flag if !text.is_empty() => text.to_owned(),
        _ => format!("\"{text}\""),
    }
}

fn table_csv(table: &TableSchema) -> String {
    let example = table.example.trim();
    if example.is_empty() {
        let titles: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        return format!("{}\n", titles.join(","));
    }
    format!("{example}\n")
}
