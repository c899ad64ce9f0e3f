//! Wrong calls and wrong input: exit codes 2 and 3, and the exact text.

use std::fs;

use crate::support::{copy, edit, purvey, repository, shop};

#[test]
fn a_wrong_call_is_a_usage_error_and_says_so_on_stderr() {
    let place = shop();
    let wrong = [
        "",
        "sovle shop",
        "solve",
        "solve shop --tme-limit 3",
        "solve shop --time-limit 3parsecs",
        "solve shop --gap -1",
        "solve shop --threads many",
        "solve shop --set budget",
        "solve shop/sales.csv",
        "new program here",
        "new replenishmint here",
        "models nothing",
        "check-plan shop",
        "report nowhere",
        "diff nowhere nowhere",
    ];
    for arguments in wrong {
        let run = purvey(place.path(), arguments).ends(2);
        assert!(run.out.is_empty(), "{arguments}: {}", run.out);
        assert!(!run.err.is_empty(), "{arguments}");
    }
    assert!(purvey(place.path(), "--version").ends(0).out.starts_with("purvey 0."));
    assert!(purvey(place.path(), "--help").ends(0).out.contains("Exit status: 0 a plan"));
    assert!(!place.path().join("here").exists());
}

#[test]
fn every_fault_is_told_at_once_in_the_exact_words() {
    let place = shop();
    let at = place.path();
    edit(&at.join("shop/items.csv"), "SOAP,piece,1.40", "SOAP,piece,\"1,40\"");
    edit(&at.join("shop/stock.csv"), "SALT,NORTH,2024-07-01,4", "SALZ,NORTH,2024-07-01,4");
    let text = "items.csv:2: unit_cost is \"1,40\": not a number [not-a-number]\n  \
                help: write decimals with a point: 1.40 (or declare decimal = \",\" for this table in instance.toml)\n\
                stock.csv:3: item is \"SALZ\": not in items.csv [unknown-reference]\n  help: did you mean \"SALT\"?\n";
    for command in ["check shop", "solve shop", "explain shop", "forecast shop", "backtest shop"] {
        let run = purvey(at, command).ends(3);
        assert_eq!(run.err, text, "{command}");
        let verdict = if command == "check shop" { "2 errors; nothing was solved.\n" } else { "" };
        assert_eq!(run.out, verdict, "{command}");
    }
    assert!(!at.join("shop/out").exists());
    let list = purvey(at, "check shop --json").ends(3).json();
    assert_eq!(list[0]["code"], "not-a-number");
    assert_eq!(list[0]["severity"], "error");
    assert_eq!(list[0]["row"], 2);
    assert_eq!(list[1]["column"], "item");
}

#[test]
fn the_program_tells_the_texts_of_every_class_of_fault() {
    let mut told = 0;
    for entry in fs::read_dir(repository("tests/bad")).unwrap() {
        let folder = entry.unwrap().path();
        let place = tempfile::tempdir().unwrap();
        if !folder.join("instance.toml").exists() {
            continue;
        }
        copy(&folder, place.path());
        fs::remove_file(place.path().join("expected.txt")).unwrap();
        let expected = fs::read_to_string(folder.join("expected.txt")).unwrap();
        let run = purvey(place.path(), "check . --quiet");
        let is_error = !expected
            .lines()
            .filter(|line| !line.starts_with("  "))
            .all(|line| line.contains(": warning: ") || line.contains(": notice: "));
        if run.code == 3 && run.err == expected {
            told += 1;
        }
        assert_eq!(run.code == 3, is_error, "{}: {}", folder.display(), run.err);
        assert!([0, 3].contains(&run.code), "{}: {}{}", folder.display(), run.code, run.err);
        assert!(!run.err.is_empty(), "{}", folder.display());
    }
    assert!(told > 20, "only {told} texts are the same");
}

#[test]
fn a_folder_that_is_not_there_is_said_to_be_missing() {
    let place = shop();
    let run = purvey(place.path(), "solve nowhere").ends(3);
    assert!(run.err.contains("nowhere"), "{}", run.err);
}
