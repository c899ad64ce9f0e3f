//! Runs the program and makes small instances for it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{Days, NaiveDate};
use serde_json::Value;
use tempfile::TempDir;

/// How a run ended.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The one JSON document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// The run, when it ended with `code`.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

/// The program with these arguments, separated by blanks; run in `folder`.
pub fn purvey(folder: &Path, arguments: &str) -> Run {
    run(Command::new(env!("CARGO_BIN_EXE_purvey")).args(arguments.split_whitespace()), folder)
}

/// A shell command in `folder`, where `$PURVEY` is the program.
#[cfg(unix)]
pub fn shell(folder: &Path, command: &str) -> Run {
    run(Command::new("sh").args(["-c", command]).env("PURVEY", env!("CARGO_BIN_EXE_purvey")), folder)
}

fn run(command: &mut Command, folder: &Path) -> Run {
    let output = command.current_dir(folder).output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Two items, one store, two suppliers, thirty weeks: solves in a moment.
pub fn shop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_shop(&folder.path().join("shop"), 30);
    folder
}

/// Writes such a shop with `weeks` of sales; its plan date is the Monday after them.
pub fn write_shop(folder: &Path, weeks: u64) {
    fs::create_dir_all(folder).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let plan = plan_date();
    write(
        "instance.toml",
        "model = \"replenishment\"\nname = \"Shop\"\n[settings]\nplan_date = \"2024-07-01\"\nbucket = \"week\"\n\
         horizon = 6\nmethod = \"ets\"\nscenarios = 20\nsafety_factor = \"1\"\n",
    );
    write(
        "items.csv",
        "item,unit,unit_cost,price,cycle_service_level,unmet_demand,volume_m3\n\
         SOAP,piece,1.40,2.50,,lost,0.0004\nSALT,piece,0.45,0.90,0.97,backorder,0.0006\n",
    );
    write("stock.csv", "item,location,date,on_hand\nSOAP,NORTH,2024-07-01,9\nSALT,NORTH,2024-07-01,4\n");
    write("suppliers.csv", "supplier,lead_time_days,order_cost\nWHOLESALE,7,2\nMAKER,7,1\n");
    write(
        "sourcing.csv",
        "item,supplier,moq,order_multiple,unit_price\nSOAP,WHOLESALE,,6,1.40\nSALT,MAKER,10,5,0.45\n",
    );
    let mut sales = "item,location,date,quantity\n".to_owned();
    for week in 0..weeks {
        let day = plan.checked_sub_days(Days::new(7 * (weeks - week))).unwrap();
        writeln!(sales, "SOAP,NORTH,{day},{}", 12 + (week * 7) % 5).unwrap();
        writeln!(sales, "SALT,NORTH,{day},{}", 3 + (week * 5) % 4).unwrap();
    }
    write("sales.csv", &sales);
}

/// Plan date of every shop.
pub fn plan_date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 7, 1).unwrap()
}

/// Replaces text that occurs in a file.
#[track_caller]
pub fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} has no {from}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

/// All files of a folder with their bytes, but for the marker of the writer.
pub fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, Vec<u8>)> = entries
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The text of a file below `folder`.
pub fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// A path inside the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Copies the files of a folder; folders in it are made, empty.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        if entry.path().is_dir() {
            fs::create_dir_all(to.join(entry.file_name())).unwrap();
        }
    }
    for (name, bytes) in contents(from) {
        fs::write(to.join(name), bytes).unwrap();
    }
}
