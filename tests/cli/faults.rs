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
        "solve shop --threads 1000",
        "forecast shop --horizon 0",
        "forecast shop --horizon 1000000000",
        "forecast shop --season-length 0",
        "solve shop --set budget",
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
        let verdict = if command == "check shop" {
            "2 errors; nothing can be solved until that is mended.\n"
        } else {
            ""
        };
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
        let told = |text: &str| -> Vec<String> {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        if run.err.lines().count() < 200 {
            assert_eq!(told(&run.err), told(&expected), "{}", folder.display());
        }
        assert_eq!(run.code == 3, is_error, "{}: {}", folder.display(), run.err);
        assert!([0, 3].contains(&run.code), "{}: {}{}", folder.display(), run.code, run.err);
        assert!(!run.err.is_empty(), "{}", folder.display());
    }
}

#[test]
fn a_file_is_recognised_by_what_it_holds() {
    let place = shop();
    let at = place.path();
    let unknown = purvey(at, "solve shop/sales.csv").ends(3);
    assert_eq!(
        unknown.err,
        "shop/sales.csv: the first lines are of no known format [broken-format]\n  \
         help: hand in an instance folder, a CSV unique_id,ds,y, or an .mps, .lp, .vrp or Solomon file\n"
    );
    fs::write(at.join("series.csv"), "unique_id,ds,y\na,2024-01-01,1\n").unwrap();
    let long = purvey(at, "solve series.csv").ends(2);
    assert_eq!(long.err, "purvey: series.csv is a long table of series; `purvey forecast` takes it\n");
    fs::write(at.join("model.txt"), "minimize\n 2 x\nsubject to\n c: x >= 3\nend\n").unwrap();
    let solved = purvey(at, "solve model.txt --json").ends(0).json();
    assert_eq!(solved["objective"].as_f64(), Some(6.0));
    let missing = purvey(at, "solve nowhere.mps").ends(3);
    assert!(missing.err.starts_with("nowhere.mps: the file is not there [missing-file]"), "{}", missing.err);
}

#[test]
fn colour_comes_when_asked_for_and_never_into_a_document() {
    let place = shop();
    let at = place.path();
    let plain = purvey(at, "solve shop").ends(0);
    assert!(!plain.out.contains('\u{1b}'), "{}", plain.out);
    let painted = purvey(at, "solve shop --color always").ends(0);
    assert!(painted.out.starts_with("\u{1b}[1m"), "{}", painted.out);
    assert_eq!(
        painted.out.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "").lines().next(),
        plain.out.lines().next()
    );
    let document = purvey(at, "solve shop --json --color always").ends(0);
    document.json();
    assert!(!document.out.contains('\u{1b}'), "{}", document.out);
    edit(&at.join("shop/items.csv"), "SOAP,piece,1.40", "SOAP,piece,x");
    let faulty = purvey(at, "check shop --color=always").ends(3);
    assert!(faulty.err.contains("\u{1b}[31m[not-a-number]\u{1b}[0m"), "{}", faulty.err);
    assert!(!purvey(at, "check shop --color never").ends(3).err.contains('\u{1b}'));
}

#[cfg(target_os = "linux")]
#[test]
fn a_document_that_cannot_be_printed_is_an_error() {
    let place = shop();
    let lost = crate::support::shell(place.path(), "\"$PURVEY\" models --json >/dev/full");
    assert_eq!(lost.code, 1);
    assert!(lost.err.starts_with("purvey: cannot write to standard output: "), "{}", lost.err);
    assert_eq!(crate::support::shell(place.path(), "\"$PURVEY\" models --json | true").code, 0);
}

#[test]
fn absurd_quantities_are_planned_without_a_panic() {
    let place = shop();
    let at = place.path();
    edit(&at.join("shop/sales.csv"), "SOAP,NORTH,2024-06-24,", "SOAP,NORTH,2024-06-24,9000000000000");
    purvey(at, "solve shop --quiet").ends(0);
}

#[test]
fn a_folder_that_is_not_there_is_said_to_be_missing() {
    let place = shop();
    let run = purvey(place.path(), "solve nowhere").ends(3);
    assert!(run.err.contains("nowhere"), "{}", run.err);
}
