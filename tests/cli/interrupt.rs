//! Ctrl-C and kill in the middle of a long solve: the best plan is written, an earlier one is
//! lost only to a whole new one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{contents, copy, purvey, repository, text};

/// A solve that would go on for minutes, until it tells its first plan.
fn long_solve(folder: &Path, arguments: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_purvey"))
        .args(["solve", "large", "--gap", "0", "--time-limit", "5m", "--progress", "json"])
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"incumbent\":") || line.contains("\"incumbent\":null") {
        line.clear();
        assert!(progress.read_line(&mut line).unwrap() > 0, "the solve ended before its first plan");
    }
    // The rest is read by nobody in particular, so that the program never waits for a reader.
    std::thread::spawn(move || std::io::copy(&mut progress, &mut std::io::sink()));
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Exit code and stdout; the run must end soon.
fn end(child: Child) -> (Option<i32>, String) {
    let asked = Instant::now();
    let output = child.wait_with_output().unwrap();
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(60), "it went on for {took:?} after it was asked to stop");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn ctrl_c_writes_the_best_plan_and_says_so() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    copy(&repository("instances/shared-600"), &at.join("large"));
    let child = long_solve(at, "--json");
    signal(&child, "-INT");
    let (code, out) = end(child);
    assert_eq!(code, Some(130), "{out}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["termination"], "interrupted");
    assert_eq!(document["solution_status"], "feasible");
    assert_eq!(document["checks"]["feasible"], true);
    assert!(document["bound"].as_f64().unwrap() <= document["objective"].as_f64().unwrap());
    assert_eq!(text(at, "large/out/solution.json").trim(), out.trim());
    for file in ["orders.csv", "forecast.csv", "projection.csv", "report.html", "presentation.json"] {
        assert!(at.join("large/out").join(file).is_file(), "{file}");
    }
    purvey(at, "check-plan large --plan large/out --quiet").ends(0);
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_a_kill_leaves_the_earlier_plan() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    copy(&repository("instances/shared-600"), &at.join("large"));
    purvey(at, "solve large --quiet --gap 0.5").ends(0);
    let before = contents(&at.join("large/out"));
    let child = long_solve(at, "--seed 9");
    signal(&child, "-KILL");
    assert_eq!(end(child).0, None);
    assert_eq!(before, contents(&at.join("large/out")));
    let beside: Vec<_> =
        std::fs::read_dir(at.join("large")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().contains(".purvey-")), "{beside:?}");
    let child = long_solve(at, "--seed 9 --output other");
    signal(&child, "-INT");
    signal(&child, "-INT");
    assert_eq!(end(child).0, Some(130));
}
