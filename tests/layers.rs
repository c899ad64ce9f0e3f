//! The arrows of `ARCHITECTURE.md` hold: each room uses only what it may know.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// Room (a folder or file of `src`) and the rooms that it may use besides itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("control", &[]),
    ("solution", &[]),
    ("data", &["control"]),
    ("predict", &["control", "data"]),
    ("optimize", &["control", "data", "solution"]),
    ("presentation", &["solution"]),
    ("report", &["presentation", "solution"]),
    ("decide", &["control", "data", "optimize", "predict", "presentation", "solution"]),
    ("cli", &["control", "data", "decide", "optimize", "predict", "presentation", "report", "solution"]),
];

/// Words of a trade, which no solver may know.
const TRADE_WORDS: &[&str] =
    &["shop", "store", "customer", "supplier", "euro", "retailer", "wholesaler", "planner", "sku"];

/// Files of every decision.
const DECISION_FILES: &[&[&str]] = &[
    &["mod.rs"],
    &["problem.rs", "problem"],
    &["model.rs", "model"],
    &["plan.rs", "plan"],
    &["check.rs", "check"],
];

#[test]
fn rooms_use_only_what_they_may_know() {
    let faults = faults_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_broken_tree_is_seen_to_be_broken() {
    let tree = tempfile::tempdir().unwrap();
    let src = tree.path();
    let plant = |path: &str, text: &str| {
        let path = src.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    plant("control.rs", "use crate::data::Table;\n");
    plant("solution.rs", "use crate::control::Control;\n");
    plant("data/mod.rs", "use crate::decide::Input;\n");
    plant("predict/mod.rs", "fn f() { crate::optimize::solve() }\n");
    plant("optimize/mod.rs", "use crate::{predict, solution};\n// the supplier's limit\n");
    plant("presentation.rs", "use crate::report;\n");
    plant("report/mod.rs", "use crate::decide::Solution;\n");
    plant("decide/mod.rs", "pub mod toy;\n");
    plant("decide/toy/mod.rs", "");
    plant("decide/toy/problem.rs", "");
    plant("decide/toy/model.rs", "");
    plant("decide/toy/check.rs", "use super::model::Model;\n");
    plant("decide/toy/check/loss.rs", "use super::super::trials::shares;\n");
    plant("decide/toy/check/mod.rs", "mod trials;\npub(super) use trials::trials;\n");
    let faults = faults_of(src);
    // Six forbidden arrows and predict's path, one trade word, a missing plan.rs, a checker that sees the model,
    // one that sees what proposes tests; its own file of that name is no fault.
    assert_eq!(faults.len(), 11, "{}", faults.join("\n"));
}

fn faults_of(src: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for file in rust_files(src) {
        let inside = file.strip_prefix(src).unwrap().to_path_buf();
        let text = fs::read_to_string(&file).unwrap();
        faults.extend(forbidden_arrows(&inside, &text));
        if inside.starts_with("optimize") {
            faults.extend(trade_words(&inside, &text));
        }
        let is_checker = inside.starts_with("decide")
            && inside
                .components()
                .any(|part| matches!(part.as_os_str().to_str(), Some("check.rs" | "check")));
        let sees =
            |words: [&str; 2]| code_lines(&text).any(|line| words.iter().any(|word| line.contains(word)));
        if is_checker && sees(["model::", "super::model"]) {
            faults.push(format!("{}: the checker looks at the model", inside.display()));
        }
        if is_checker && sees(["::trials::", "super::trials"]) {
            faults.push(format!("{}: the checker looks at the proposer of tests", inside.display()));
        }
    }
    faults.extend(missing_decision_files(&src.join("decide")));
    faults
}

fn forbidden_arrows(inside: &Path, text: &str) -> Vec<String> {
    let room =
        inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else { return Vec::new() };
    let mut faults = Vec::new();
    for line in code_lines(text) {
        for used in rooms_named(line) {
            let known = ARROWS.iter().any(|(name, _)| *name == used);
            if known && used != room && !allowed.contains(&used.as_str()) {
                faults.push(format!("{}: {room} may not use {used}", inside.display()));
            }
        }
    }
    faults
}

/// Rooms after `crate::` or `purvey::`, also in `crate::{a, b::c}`.
fn rooms_named(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for start in ["crate::", "purvey::"] {
        for (at, _) in line.match_indices(start) {
            let rest = &line[at + start.len()..];
            let list = match rest.strip_prefix('{') {
                Some(inner) => inner.split('}').next().unwrap_or("").split(',').collect(),
                None => vec![rest],
            };
            for name in list {
                let word: String =
                    name.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                rooms.push(word);
            }
        }
    }
    rooms
}

fn trade_words(inside: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphabetic());
        for word in words {
            let singular = word.strip_suffix('s').unwrap_or(word);
            // "to store", "stored" are words of memory; the noun in the singular is ambiguous and allowed.
            let traded = TRADE_WORDS.iter().any(|trade| {
                if *trade == "store" {
                    word == "stores" && lower.contains("the stores")
                } else {
                    singular == *trade
                }
            });
            if traded {
                faults.push(format!("{}:{}: `{word}` is a word of a trade", inside.display(), number + 1));
            }
        }
    }
    faults
}

fn missing_decision_files(decide: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let Ok(entries) = fs::read_dir(decide) else { return faults };
    // A folder beside a file of its name belongs to that file, and is no decision.
    let is_decision = |path: &PathBuf| path.is_dir() && !path.with_extension("rs").exists();
    for folder in entries.flatten().map(|entry| entry.path()).filter(is_decision) {
        for names in DECISION_FILES {
            if !names.iter().any(|name| folder.join(name).exists()) {
                faults.push(format!("{}: {} is missing", folder.display(), names[0]));
            }
        }
    }
    faults
}

/// Lines that are not comments; documentation examples may show anything.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
