//! An instance folder: `instance.toml` beside tables, read and checked whole.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use super::cell::shown;
use super::csv::read_csv;
use super::declaration::Declaration;
use super::declare::{DeclaredTable, Document, INSTANCE_FILE};
use super::fault::{Code, Fault, Faults, Severity};
use super::ndjson;
use super::near::{did_you_mean, near_miss};
use super::relations::check_relations;
use super::schema::{Schema, TableSchema};
use super::settings::{Settings, SettingsValues};
use super::source;
use super::table::{Table, Tables};
use super::validate::{fill_missing, unknown_table};

/// An instance folder, read and checked.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its name; the folder's, where `instance.toml` gives none.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// The contract it keeps.
    pub schema: Schema,
    /// Its tables; their notices are those of the reading.
    pub tables: Tables,
    /// The settings as they were given.
    pub settings: Settings,
    /// The settings checked, defaults filled in.
    pub values: SettingsValues,
}

impl Instance {
    /// What was repaired or left out by a stated rule, and what a person should look at.
    #[must_use]
    pub fn notices(&self) -> &Faults {
        self.tables.notices()
    }
}

/// Reads the instance folder at `folder`.
///
/// `sets` are settings that count before those of `instance.toml`; `schema_of`
/// gives the contract of a decision by name. Tables are read in parallel on
/// the caller's thread pool; the result does not depend on it.
///
/// # Errors
/// Every fault of the folder at once, warnings and notices included.
pub fn read_folder(
    folder: &Path,
    sets: &[(String, String)],
    schema_of: impl Fn(&str) -> Option<Schema>,
) -> Result<Instance, Faults> {
    let mut faults = Faults::default();
    let text = read_instance_file(folder)?;
    let document = Document::parse(&text, &mut faults);
    let Some((model, model_row)) = &document.model else { return Err(faults) };
    let Some(schema) = schema_of(model) else {
        let fault =
            Fault::error(Code::UnknownModel, INSTANCE_FILE, format!("model {} does not exist", shown(model)))
                .in_column("model", shown(model))
                .with_help("`purvey models` lists the decisions");
        faults.push(Fault { row: *model_row, ..fault });
        return Err(faults);
    };
    let (settings, values) = settle(&document, sets, &schema, &mut faults);
    check_declared(&document.tables, &schema, &mut faults);
    let tables = read_tables(folder, &document.tables, &schema, &mut faults);
    report_unused_files(folder, &document.tables, &schema, &mut faults);
    check_relations(&tables, &schema, ".csv", &mut faults);
    faults.sort();
    let notices = faults.into_result()?;
    Ok(Instance {
        name: document.name.unwrap_or_else(|| folder_name(folder)),
        folder: folder.to_owned(),
        schema,
        tables: tables.with_notices(notices),
        settings,
        values,
    })
}

/// Longest `instance.toml`, in bytes.
const LONGEST: u64 = 16 << 20;

fn read_instance_file(folder: &Path) -> Result<String, Faults> {
    let path = folder.join(INSTANCE_FILE);
    let label = folder.display().to_string();
    match std::fs::metadata(folder) {
        Ok(data) if !data.is_dir() => {
            return Err(Fault::error(
                Code::NotAFile,
                label,
                "a file stands where an instance folder should be",
            )
            .with_help("name the folder that holds instance.toml")
            .into());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Fault::error(Code::MissingFile, label, "the folder is not there")
                .with_help("check the path, or begin one with `purvey new`")
                .into());
        }
        Err(error) => return Err(source::unreadable(&label, &error).into()),
        Ok(_) => {}
    }
    if !path.exists() {
        return Err(Fault::error(
            Code::MissingFile,
            INSTANCE_FILE,
            format!("the file is not there in {label}"),
        )
        .with_help("add it; a line such as model = \"replenishment\" is enough")
        .into());
    }
    let length = source::regular_file(&path, INSTANCE_FILE)?;
    if length > LONGEST {
        return Err(Fault::error(Code::TooLarge, INSTANCE_FILE, "it is larger than 16 MiB")
            .with_help("keep rows in tables")
            .into());
    }
    let bytes = std::fs::read(&path).map_err(|error| source::unreadable(INSTANCE_FILE, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        Fault::error(Code::BrokenEncoding, INSTANCE_FILE, format!("byte {byte} is no UTF-8 text"))
            .with_help("save the file as UTF-8")
            .into()
    })
}

fn folder_name(folder: &Path) -> String {
    let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| "instance".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Settings of the file, overruled by `sets`, checked.
fn settle(
    document: &Document,
    sets: &[(String, String)],
    schema: &Schema,
    faults: &mut Faults,
) -> (Settings, SettingsValues) {
    let mut settings = Settings { file: INSTANCE_FILE.to_owned(), ..Settings::default() };
    for (name, (text, _)) in &document.settings {
        settings.values.insert(name.clone(), text.clone());
    }
    let mut overruled = BTreeMap::new();
    for (name, text) in sets {
        settings.values.insert(name.clone(), text.clone());
        overruled.insert(name.as_str(), ());
    }
    let typed = settings.typed_at(schema, |name| {
        if overruled.contains_key(name) {
            return ("--set".to_owned(), None);
        }
        (INSTANCE_FILE.to_owned(), document.settings.get(name).and_then(|(_, row)| *row))
    });
    let values = typed.unwrap_or_else(|more| {
        faults.extend(more);
        SettingsValues::default()
    });
    (settings, values)
}

/// Declarations must be of tables and columns that the decision has.
fn check_declared(declared: &BTreeMap<String, DeclaredTable>, schema: &Schema, faults: &mut Faults) {
    for (name, table) in declared {
        let Some(wanted) = schema.table(name) else {
            let fault = unknown_table(INSTANCE_FILE, name, schema);
            faults.push(Fault { row: table.row, ..fault });
            continue;
        };
        for column in table.declaration.columns.keys().filter(|column| wanted.column(column).is_none()) {
            let near = near_miss(column, wanted.columns.iter().map(|c| c.name.as_str()));
            let otherwise = format!("`purvey models {}` lists the columns", schema.name);
            let fault = Fault::error(
                Code::UnknownColumn,
                INSTANCE_FILE,
                format!("{name} has no column {}", shown(column)),
            )
            .in_column(column, "")
            .with_help(did_you_mean(near, otherwise));
            faults.push(Fault { row: table.column_rows.get(column).copied().flatten(), ..fault });
        }
    }
}

/// Reads every table of the schema that is there, in parallel; results in the schema's order.
fn read_tables(
    folder: &Path,
    declared: &BTreeMap<String, DeclaredTable>,
    schema: &Schema,
    faults: &mut Faults,
) -> Tables {
    let plain = Declaration::default();
    let read: Vec<(Option<Table>, Faults)> = schema
        .tables
        .par_iter()
        .map(|wanted| {
            let declared = declared.get(&wanted.name);
            let declaration = declared.map_or(&plain, |declared| &declared.declaration);
            match find_file(folder, &wanted.name, declared) {
                Ok(None) => (None, Faults::default()),
                Ok(Some(file)) => {
                    let (mut table, faults) = read_csv(&folder.join(&file), &file, wanted, declaration);
                    fill_missing(&mut table, wanted);
                    (Some(table), faults)
                }
                Err(faults) => (Some(Table::new(&wanted.name).with_flaws(Vec::new(), true)), faults),
            }
        })
        .collect();
    let mut tables = Tables::default();
    for (table, found) in read {
        faults.extend(found);
        if let Some(table) = table {
            tables.insert(table);
        }
    }
    tables
}

/// The file of a table relative to the folder; `None` where it has none.
fn find_file(folder: &Path, name: &str, declared: Option<&DeclaredTable>) -> Result<Option<String>, Faults> {
    if let Some(declared) = declared
        && let Some(file) = &declared.declaration.file
    {
        let inside =
            Path::new(file).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside || file.is_empty() {
            let message =
                format!("file \"{}\" of table {name} is not inside the instance folder", shown(file));
            let fault = Fault::error(Code::OutsideFolder, INSTANCE_FILE, message)
                .in_column("file", shown(file))
                .with_help("copy the file into the folder and name it from there");
            return Err(Fault { row: declared.row, ..fault }.into());
        }
        return Ok(Some(file.clone()));
    }
    let endings = [".csv", ".csv.gz"].into_iter().chain(ndjson::ENDINGS);
    let there = |file: &String| std::fs::symlink_metadata(folder.join(file)).is_ok();
    let mut files = endings.map(|ending| format!("{name}{ending}")).filter(there);
    match (files.next(), files.next()) {
        (Some(one), Some(other)) => {
            Err(Fault::error(Code::AmbiguousFile, &one, format!("{other} is there as well"))
                .with_help("delete one of the two, or declare which one is meant with file = \"…\"")
                .into())
        }
        (one, _) => Ok(one),
    }
}

/// Table files that nothing reads are probably misspelt.
fn report_unused_files(
    folder: &Path,
    declared: &BTreeMap<String, DeclaredTable>,
    schema: &Schema,
    faults: &mut Faults,
) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort_unstable();
    for file in names {
        let Some(stem) = file.strip_suffix(".csv").or_else(|| file.strip_suffix(".csv.gz")) else { continue };
        let declared_file =
            declared.values().any(|table| table.declaration.file.as_deref() == Some(file.as_str()));
        let own_name = schema.table(stem).is_some()
            && declared.get(stem).is_none_or(|table| table.declaration.file.is_none());
        if declared_file || own_name {
            continue;
        }
        let missing = |table: &&TableSchema| !folder.join(format!("{}.csv", table.name)).exists();
        let near = near_miss(stem, schema.tables.iter().filter(missing).map(|table| table.name.as_str()));
        let severity = if near.is_some() { Severity::Warning } else { Severity::Notice };
        let help = near.map_or_else(String::new, |name| format!("did you mean \"{name}.csv\"?"));
        let fault = Fault::error(Code::UnusedFile, &file, "no table is read from this file");
        faults.push(fault.with_severity(severity).with_help(help));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    const SCHEMA: &str = r#"
name = "shop"
title = "Shop"
summary = "A shop."
[[table]]
name = "items"
required = true
meaning = "What is sold."
key = ["item"]
[[table.column]]
name = "item"
type = "code"
required = true
meaning = "Code."
[[table.column]]
name = "price"
type = "number"
min = 0
default = 1
meaning = "Money per unit."
[[table]]
name = "sales"
required = true
meaning = "What was sold."
key = ["item", "date"]
rows = "sum"
[[table.column]]
name = "item"
type = "code"
required = true
references = "items.item"
meaning = "Item."
[[table.column]]
name = "date"
type = "date"
required = true
meaning = "Day."
[[table.column]]
name = "quantity"
type = "number"
required = true
meaning = "Units."
[[setting]]
name = "horizon"
type = "integer"
default = 26
min = 1
meaning = "Buckets."
"#;

    fn read(files: &[(&str, &[u8])], sets: &[(&str, &str)]) -> Result<Instance, Faults> {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let sets: Vec<_> = sets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        read_folder(folder.path(), &sets, |name| (name == "shop").then(|| Schema::parse(SCHEMA).unwrap()))
    }

    const LINE: (&str, &[u8]) = ("instance.toml", b"model = \"shop\"\n");
    const ITEMS: (&str, &[u8]) = ("items.csv", b"item,price\n00123,2.5\nsalt,\n");
    const SALES: (&str, &[u8]) =
        ("sales.csv", b"item,date,quantity\n00123,2024-01-01,3\nsalt,2024-01-02,4\n");

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn one_line_is_enough_and_defaults_are_filled_in() {
        let instance = read(&[LINE, ITEMS, SALES], &[]).unwrap();
        let items = instance.tables.get("items").unwrap();
        assert_eq!(items.text("item").unwrap().get(0), "00123");
        assert_eq!(items.number("price").unwrap(), [2.5, 1.0]);
        assert_eq!(instance.values.integer("horizon"), Some(26));
        assert!(instance.notices().is_empty());
    }

    #[test]
    fn a_packed_file_and_permuted_columns_give_the_same_tables() {
        let plain = read(&[LINE, ITEMS, SALES], &[]).unwrap();
        let gz = packed(SALES.1);
        let mut from_gz = read(&[LINE, ITEMS, ("sales.csv.gz", &gz)], &[]).unwrap();
        assert_eq!(
            plain.tables.get("sales").unwrap().columns(),
            from_gz.tables.get("sales").unwrap().columns()
        );
        let permuted = b"quantity,item,date\n3,00123,2024-01-01\n4,salt,2024-01-02\n";
        from_gz = read(&[LINE, ITEMS, ("sales.csv", permuted)], &[]).unwrap();
        for (name, column) in plain.tables.get("sales").unwrap().columns() {
            assert_eq!(from_gz.tables.get("sales").unwrap().column(name), Some(column));
        }
    }

    #[test]
    fn a_declared_export_is_read() {
        let toml = "model = \"shop\"\n[tables.sales]\nfile = \"export.txt\"\n\
            columns = { quantity = \"Qty sold\", item = \"Art.\", date = \"Tag\" }\n\
            decimal = \",\"\nthousands = \".\"\ndate = \"%d.%m.%Y\"\ndelimiter = \";\"\nencoding = \"windows-1252\"\n\
            carry = [\"Größe\"]\n[tables.items]\nencoding = \"utf-16\"\n";
        let export = b"Art.;Tag;Qty sold;Gr\xf6\xdfe\ns\xe4ge;31.12.2023;1.234,5;gro\xdf\n";
        let items: Vec<u8> = "\u{feff}item\nsäge\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let files = [("instance.toml", toml.as_bytes()), ("items.csv", &items), ("export.txt", export)];
        let instance = read(&files, &[]).unwrap();
        let sales = instance.tables.get("sales").unwrap();
        assert_eq!(sales.text("item").unwrap().get(0), "säge");
        assert_eq!(sales.number("quantity").unwrap(), [1234.5]);
        assert_eq!(sales.cell_text("date", 0), "2023-12-31");
        assert_eq!(
            (sales.carried(), sales.cell_text("Größe", 0).as_str()),
            (&["Größe".to_owned()][..], "groß")
        );
    }

    #[test]
    fn sets_count_before_the_file_and_are_checked() {
        let toml = b"model = \"shop\"\n[settings]\nhorizon = 0\n";
        let files = [("instance.toml", &toml[..]), ITEMS, SALES];
        let instance = read(&files, &[("horizon", "13")]).unwrap();
        assert_eq!(instance.values.integer("horizon"), Some(13));
        let faults = read(&files, &[]).unwrap_err().to_string();
        assert!(
            faults.starts_with("instance.toml:3: horizon is \"0\": must be at least 1 [out-of-range]"),
            "{faults}"
        );
        let faults = read(&files, &[("horizon", "x"), ("hroizon", "1")]).unwrap_err().to_string();
        assert!(faults.contains("--set: horizon is \"x\": not a number"), "{faults}");
        assert!(faults.contains("--set: hroizon is no setting of shop [unknown-setting]"), "{faults}");
    }

    #[test]
    fn blanks_boms_and_unused_columns_are_counted() {
        let items = b"\xef\xbb\xbfitem,prise\n  soap ,2\n\n,,\n".to_vec();
        let instance = read(
            &[
                LINE,
                ("items.csv", &items[..items.len() - 3]),
                ("sales.csv", b"item,date,quantity\n"),
                ("sale.csv", b"x"),
            ],
            &[],
        )
        .unwrap();
        let text = instance.notices().to_string();
        let expected = "\
items.csv: warning: column prise is not used [unused-column]
  help: did you mean \"price\"?
items.csv:2: notice: blanks at the ends of 1 cell were cut [trimmed-blanks]
sale.csv: notice: no table is read from this file [unused-file]";
        assert_eq!(text, expected);
    }

    #[test]
    fn checking_a_folder_again_in_memory_changes_nothing() {
        let sales = ("sales.csv", &b"item,date,quantity\n 00123,2024-01-01,3\n"[..]);
        let instance = read(&[LINE, ITEMS, sales], &[("horizon", "8")]).unwrap();
        let valid =
            crate::data::validate(instance.tables.clone(), &instance.settings, &instance.schema).unwrap();
        assert_eq!((&valid.settings, &valid.notices), (&instance.values, instance.notices()));
        for table in instance.tables.as_slice() {
            assert_eq!(valid.tables.get(table.name()), Some(table));
        }
    }

    #[test]
    fn a_bomb_is_stopped() {
        let rows = vec![b'\n'; 80 << 20];
        let faults = read(&[LINE, ITEMS, ("sales.csv.gz", &packed(&rows))], &[]).unwrap_err();
        let codes: Vec<_> = faults.as_slice().iter().map(|fault| fault.code).collect();
        assert_eq!(codes, [Code::TooLarge]);
    }

    #[test]
    fn a_thousand_faults_are_all_reported_with_their_rows() {
        let mut sales = b"item,date,quantity\n".to_vec();
        for row in 0..2000 {
            let quantity = if row % 2 == 0 { "x" } else { "1" };
            writeln!(sales, "salt,2024-01-02,{quantity}").unwrap();
        }
        let faults = read(&[LINE, ITEMS, ("sales.csv", &sales)], &[]).unwrap_err();
        let rows: Vec<_> = faults.as_slice().iter().map(|fault| fault.row.unwrap()).collect();
        assert_eq!(rows, (2..2002).step_by(2).collect::<Vec<_>>());
    }
}
