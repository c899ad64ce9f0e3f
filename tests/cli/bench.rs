//! `bench`: instances with a known answer are a gate.

use std::fs;

use crate::support::{purvey, shop};

#[test]
fn a_gate_holds_or_fails_with_its_own_exit_code() {
    let place = shop();
    let at = place.path();
    let objective = purvey(at, "solve shop --json").ends(0).json()["objective"].as_f64().unwrap();
    let expect = |text: String| fs::write(at.join("shop/expected.json"), text).unwrap();
    expect(format!("{{\"objective\": {objective}, \"tolerance\": 0.01, \"tier\": \"smoke\"}}"));
    let passed = purvey(at, "bench . --json").ends(0).json();
    let row = &passed["bench"][0];
    assert_eq!((row["instance"].as_str(), row["verdict"].as_str()), (Some("shop"), Some("pass")), "{row}");
    assert_eq!(row["best_known"].as_f64(), Some(objective));
    let table = purvey(at, "bench shop").ends(0);
    assert!(table.out.contains("best known") && table.out.contains("pass"), "{}", table.out);

    expect(format!("{{\"objective\": {}, \"tolerance\": 0.01}}", 0.5 * objective));
    let failed = purvey(at, "bench shop --json").ends(6).json();
    assert_eq!(failed["bench"][0]["verdict"], "worse");
    expect(format!("{{\"objective\": {}, \"tolerance\": 0.01}}", 2.0 * objective));
    let better = purvey(at, "bench shop").ends(0);
    assert!(better.out.contains("shop: a new best: bring its expected.json up to date (-"), "{}", better.out);
    expect("{\"termination\": \"infeasible\", \"tolerance\": 0}".to_owned());
    let status = purvey(at, "bench shop --json").ends(6).json();
    assert_eq!(status["bench"][0]["verdict"], "wrong_status");
}

#[test]
fn what_cannot_be_judged_is_a_usage_error() {
    let place = shop();
    let at = place.path();
    let none = purvey(at, "bench shop").ends(2);
    assert!(none.err.contains("no instance with an expected.json was found"), "{}", none.err);
    fs::write(at.join("shop/expected.json"), "{\"tolerance\": -1}").unwrap();
    let bad = purvey(at, "bench shop").ends(2);
    assert!(bad.err.contains("tolerance must be 0 or more"), "{}", bad.err);
    for (limit, named) in [("\"time_limit_seconds\": -5", "time_limit_seconds"), ("\"gap\": -0.1", "gap")] {
        fs::write(at.join("shop/expected.json"), format!("{{\"tolerance\": 0, {limit}}}")).unwrap();
        let bad = purvey(at, "bench shop").ends(2);
        assert!(bad.err.contains(&format!("expected.json: {named} must be")), "{}", bad.err);
    }
    fs::write(at.join("shop/expected.json"), "{\"tolerance\": 0, \"tier\": \"large\"}").unwrap();
    purvey(at, "bench shop --tier smoke").ends(2);
}
