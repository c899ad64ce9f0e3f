//! Every class of fault: a folder that has it, and the exact text that a person gets.
//!
//! `tests/bad/CODE/` is an input with a fault of that code, `tests/bad/CODE.WORD/`
//! another; `expected.txt` is the text of all its faults. `PURVEY_BLESS=1 cargo test --test bad_input` writes
//! the texts anew; read the difference before you commit it.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use purvey::control::Control;
use purvey::data::{Code, Declaration, Faults, Schema, read_csv, read_folder, recognise};
use purvey::decide::{self, Input};

/// Codes that only a decision raises, after its tables have been read.
const OF_DECISIONS: [Code; 4] = [Code::Contradiction, Code::LeftOut, Code::Repaired, Code::UnknownUnit];

fn root() -> PathBuf {
    PathBuf::from("tests/bad")
}

fn schema(name: &str) -> Option<Schema> {
    let text = std::fs::read_to_string(format!("models/{name}.toml")).ok()?;
    Some(Schema::parse(&text).unwrap())
}

/// All faults of a folder, or of the file `input.txt` in it.
fn faults_of(folder: &Path) -> Faults {
    let file = folder.join("input.txt");
    if file.exists() {
        return recognise(&file).unwrap_err();
    }
    let instance = match read_folder(folder, &[], schema) {
        Ok(instance) => instance,
        Err(faults) => return faults,
    };
    let notices = instance.notices().clone();
    let Some(decision) = decide::find(&instance.schema.name) else { return notices };
    let input = Input::Tables { name: instance.name, tables: instance.tables, settings: instance.settings };
    match decision.validate(input, &Control::default()) {
        Ok(faults) | Err(faults) => faults,
    }
}

fn folders() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap());
    entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().into_string().unwrap()).collect()
}

/// The code that a folder shows: its name up to a point.
fn code_of(folder: &str) -> &str {
    folder.split('.').next().unwrap_or(folder)
}

#[test]
fn every_fault_reads_exactly_so() {
    let bless = std::env::var_os("PURVEY_BLESS").is_some();
    let mut wrong = Vec::new();
    if schema("replenishment").is_none() {
        println!("the folders wait for models/replenishment.toml");
        return;
    }
    for name in folders() {
        let code = Code::ALL.iter().find(|code| code.as_str() == code_of(&name)).unwrap();
        if OF_DECISIONS.contains(code) && decide::find("replenishment").is_none() {
            println!("{name}: waits for the decision that raises it");
            continue;
        }
        let folder = root().join(&name);
        let faults = faults_of(&folder);
        let text = format!("{faults}\n");
        let expected = folder.join("expected.txt");
        if bless {
            std::fs::write(&expected, &text).unwrap();
        }
        if !faults.as_slice().iter().any(|fault| fault.code == *code) {
            wrong.push(format!("{name}: {} is not raised:\n{text}", code.as_str()));
        }
        let known = std::fs::read_to_string(&expected).unwrap_or_default();
        if known != text {
            wrong.push(format!("{name}: expected\n{known}but found\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_headings_and_folders_are_the_same_list() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    let page = std::fs::read_to_string("docs/errors.md").unwrap();
    let headings: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.trim().to_owned())
        .collect();
    assert_eq!(codes, headings);
    let shown: BTreeSet<String> = folders().iter().map(|name| code_of(name).to_owned()).collect();
    assert_eq!(codes, shown);
}

#[test]
fn every_entry_of_the_page_shows_an_input_and_its_repair() {
    let page = std::fs::read_to_string("docs/errors.md").unwrap();
    for entry in page.split("\n## ").skip(1) {
        for part in ["Wrong:", "Repair:"] {
            assert!(entry.contains(part), "{} lacks {part}", entry.lines().next().unwrap_or(""));
        }
    }
}

const TABLE: &str = "name = 'm'\ntitle = 'M'\nsummary = 's'\n\
    [[table]]\nname = 't'\nmeaning = ''\nkey = ['a']\n\
    [[table.column]]\nname = 'a'\ntype = 'code'\nrequired = true\nmeaning = ''\n\
    [[table.column]]\nname = 'b'\ntype = 'number'\nmin = 0\nmeaning = ''\n\
    [[table.column]]\nname = 'c'\ntype = 'date'\nmeaning = ''\n\
    [[table.column]]\nname = 'd'\ntype = 'weekdays'\nmeaning = ''\n";

fn read_bytes(bytes: &[u8], declaration: &Declaration) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, bytes).unwrap();
    let schema = Schema::parse(TABLE).unwrap();
    let (table, faults) = read_csv(&path, "t.csv", schema.table("t").unwrap(), declaration);
    assert!(table.columns().iter().all(|(_, column)| column.len() == table.len()));
    assert!(faults.to_string().lines().count() <= 2 * Faults::SHOWN + 1);
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(11), cases: 300, ..Default::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), other in any::<bool>()) {
        let declaration = if other {
            Declaration { encoding: encoding_rs::SHIFT_JIS, delimiter: b';', decimal: b',', ..Declaration::default() }
        } else {
            Declaration::default()
        };
        read_bytes(&bytes, &declaration);
        read_bytes(&[b"a,b,c,d\n".as_slice(), &bytes].concat(), &declaration);
    }

    #[test]
    fn almost_sound_tables_are_read_or_refused(
        body in "([a-c]{0,2}|\"|,|\n|\r|1\\.5|-2|NaN|2024-01-0[1-9]|mon|\u{a0}| ){0,80}"
    ) {
        read_bytes(format!("a,b,c,d\n{body}").as_bytes(), &Declaration::default());
    }

    #[test]
    fn any_instance_file_is_read_or_refused(
        text in "(model|name|settings|tables|\\[|\\]|\\.|=|\"|'|\n|sales|file|[a-z]|[0-9]|\\{|\\}|,| ){0,60}"
    ) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("instance.toml"), text).unwrap();
        let read = read_folder(folder.path(), &[], |_| Schema::parse(TABLE).ok());
        prop_assert!(read.is_ok() || read.unwrap_err().has_errors());
    }
}
