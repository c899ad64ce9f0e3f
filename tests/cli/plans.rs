//! `check-plan`, `explain`, `diff` and `report`: what is done with a plan.

use std::fs;

use crate::support::{contents, edit, purvey, shop, text};

#[test]
fn the_own_plan_costs_what_the_solve_said() {
    let place = shop();
    let at = place.path();
    let solved = purvey(at, "solve shop --json").ends(0).json();
    let objective = solved["objective"].as_f64().unwrap();
    for plan in ["shop/out/orders.csv", "shop/out"] {
        let check = purvey(at, &format!("check-plan shop --json --plan {plan}")).ends(0).json();
        let check = &check["check_plan"];
        assert_eq!(check["feasible"], true, "{check}");
        assert_eq!(check["violations"].as_array().unwrap().len(), 0);
        let found = check["objective"].as_f64().unwrap();
        assert!((found - objective).abs() <= 1e-6 * objective.max(1.0), "{found} {objective}");
    }
    let told = purvey(at, "check-plan shop --plan shop/out/orders.csv").ends(0);
    assert!(told.out.contains("The plan keeps every rule."), "{}", told.out);
}

#[test]
fn a_broken_plan_names_the_rule_and_the_row() {
    let place = shop();
    let at = place.path();
    fs::write(
        at.join("orders.csv"),
        "item,location,supplier,order_date,quantity\nSOAP,NORTH,WHOLESALE,2024-07-01,13\n\
         SALT,NORTH,MAKER,2024-07-01,5\n",
    )
    .unwrap();
    let check = purvey(at, "check-plan shop --json --plan orders.csv").ends(4).json();
    let violations = check["check_plan"]["violations"].as_array().unwrap();
    let told: Vec<(&str, &str)> =
        violations.iter().map(|v| (v["rule"].as_str().unwrap(), v["text"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("moq", "SALT@NORTH of 2024-07-01: 5 is less than the least quantity 10 (sourcing.csv:3)"),
            ("order_multiple", "SOAP@NORTH of 2024-07-01: 13 is not a whole multiple of 6 (sourcing.csv:2)"),
        ]
    );
    let text = purvey(at, "check-plan shop --plan orders.csv").ends(4);
    assert!(
        text.out.contains("[order_multiple]") && text.out.contains("The plan breaks the rules in 2 places."),
        "{}",
        text.out
    );
}

#[test]
fn a_plan_that_speaks_of_other_things_is_refused() {
    let place = shop();
    let at = place.path();
    fs::write(
        at.join("orders.csv"),
        "item,location,supplier,order_date,quantity\nSOAPP,NORTH,WHOLESALE,2024-07-01,6\n",
    )
    .unwrap();
    let refused = purvey(at, "check-plan shop --plan orders.csv").ends(3);
    assert!(refused.err.contains("orders.csv:2") && refused.err.contains("SOAPP"), "{}", refused.err);
    let missing = purvey(at, "check-plan shop --plan nowhere.csv").ends(3);
    assert!(missing.err.contains("nowhere.csv"), "{}", missing.err);
}

#[test]
fn explain_names_the_limit_that_binds() {
    let place = shop();
    let explain = purvey(place.path(), "explain shop --json --set budget=60").ends(0).json();
    let explain = &explain["explain"];
    assert!(["feasible", "optimal"].contains(&explain["status"].as_str().unwrap()), "{explain}");
    let keys: Vec<&str> = explain.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["status", "irreducible", "members", "relaxation", "binding", "text"]);
    let binding = explain["binding"].as_array().unwrap();
    assert_eq!(binding[0]["name"], "budget", "{explain}");
    assert_eq!(binding[0]["file"], "instance.toml");
    assert!(binding[0]["value_of_one_more"].as_f64().unwrap() > 0.05, "{explain}");
    assert!(binding.iter().all(|limit| limit["value_of_one_more"].as_f64().unwrap() != 0.0), "{explain}");
    let told = purvey(place.path(), "explain shop --set budget=60").ends(0);
    assert!(told.out.contains("A plan exists") && told.out.contains("(integers fixed)"), "{}", told.out);
    assert!(told.out.contains("  budget (€ 60): one more EUR saves € 0."), "{}", told.out);
}

/// Locks beyond a capacity of a supplier with one buyer, beyond the budget and at two suppliers.
#[test]
fn solve_names_the_limits_that_locks_collide_with_and_plans_with_their_relaxation() {
    let suppliers = "supplier,lead_time_days,capacity_units\nWHOLESALE,7,20\nMAKER,7,\n";
    let both = "item,supplier,order_multiple\nSOAP,WHOLESALE,\nSOAP,MAKER,\nSALT,MAKER,\n";
    let soap = "SOAP,NORTH,WHOLESALE,2024-07-01,30\n";
    let twice = "SOAP,NORTH,WHOLESALE,2024-07-01,12\nSOAP,NORTH,MAKER,2024-07-08,12\n";
    for (files, locks, option, members, rule) in [
        (
            vec![("suppliers.csv", suppliers)],
            soap,
            "",
            ["locks.csv:2", "suppliers.csv:2"],
            "supplier_capacity",
        ),
        (vec![], soap, "--set budget=40", ["locks.csv:2", "instance.toml"], "budget"),
        (vec![("sourcing.csv", both)], twice, "", ["locks.csv:2", "locks.csv:3"], "locks"),
    ] {
        let place = shop();
        let at = place.path();
        for (name, text) in files {
            fs::write(at.join("shop").join(name), text).unwrap();
        }
        let header = "item,location,supplier,order_date,quantity\n";
        fs::write(at.join("shop/locks.csv"), format!("{header}{locks}")).unwrap();
        let told = purvey(at, &format!("solve shop {option}")).ends(4);
        assert!(members.iter().all(|member| told.out.contains(member)), "{}", told.out);
        let solved = purvey(at, &format!("solve shop --json {option}")).ends(4).json();
        assert_eq!(solved["termination"], "infeasible");
        assert!(solved["warnings"].to_string().contains(members[1]), "{solved}");
        assert!(!at.join("shop/out").exists());
        purvey(at, &format!("solve shop --quiet --relax {option}")).ends(0);
        let check = purvey(at, &format!("check-plan shop --json --plan shop/out {option}")).ends(4).json();
        let violations = check["check_plan"]["violations"].as_array().unwrap();
        assert!(!violations.is_empty() && violations.iter().all(|v| v["rule"] == rule), "{check}");
    }
}

#[test]
fn diff_tells_what_changed() {
    let place = shop();
    let at = place.path();
    purvey(at, "solve shop --quiet --output a").ends(0);
    purvey(at, "solve shop --quiet --output b --set budget=110").ends(0);
    let same = purvey(at, "diff a a --json").ends(0).json();
    assert_eq!(same["diff"]["lines"].as_array().unwrap().len(), 0);
    assert!(same["diff"]["unchanged"].as_u64().unwrap() > 0);
    let changed = purvey(at, "diff a b --json").ends(0).json();
    assert!(!changed["diff"]["lines"].as_array().unwrap().is_empty());
    let told = purvey(at, "diff a b").ends(0);
    assert!(told.out.contains("The second plan costs € "), "{}", told.out);
    assert!(told.out.lines().any(|line| line.starts_with(" changed  S")), "{}", told.out);
    let nothing = purvey(at, "diff a shop").ends(2);
    assert!(nothing.err.contains("solution.json"), "{}", nothing.err);
}

#[test]
fn report_draws_the_same_page_again() {
    let place = shop();
    let at = place.path();
    purvey(at, "solve shop --quiet").ends(0);
    let before = contents(&at.join("shop/out"));
    fs::write(at.join("shop/out/report.html"), "spoilt").unwrap();
    let told = purvey(at, "report shop/out").ends(0);
    assert_eq!(told.out, "Report: shop/out/report.html\n");
    assert_eq!(before, contents(&at.join("shop/out")));
    purvey(at, "report shop").ends(2);
}

#[test]
fn an_accepted_plan_read_as_open_orders_is_not_proposed_again() {
    let place = shop();
    let at = place.path();
    purvey(at, "solve shop --quiet").ends(0);
    let orders = text(at, "shop/out/orders.csv");
    assert!(orders.lines().count() > 2);
    fs::write(at.join("shop/open_orders.csv"), orders).unwrap();
    let again = purvey(at, "solve shop --json --output again").ends(0).json();
    assert_eq!(again["kpis"]["lines"].as_f64(), Some(0.0), "{}", text(at, "again/orders.csv"));
    fs::remove_file(at.join("shop/open_orders.csv")).unwrap();
    fs::copy(at.join("shop/out/orders.csv"), at.join("shop/locks.csv")).unwrap();
    let locked = purvey(at, "solve shop --quiet --output locked").ends(0);
    assert_eq!(locked.err, "");
    let diff = purvey(at, "diff shop/out locked --json").ends(0).json();
    assert_eq!(diff["diff"]["lines"].as_array().unwrap().len(), 0, "{diff}");
}

#[test]
fn a_start_of_an_older_plan_is_read_as_far_as_it_goes() {
    let place = shop();
    let at = place.path();
    purvey(at, "solve shop --quiet --output first").ends(0);
    edit(&at.join("shop/instance.toml"), "plan_date = \"2024-07-01\"", "plan_date = \"2024-07-08\"");
    let next = purvey(at, "solve shop --json --start first/orders.csv --set stability_penalty=0.01").ends(0);
    assert_eq!(next.json()["checks"]["feasible"], true);
    let refused = purvey(at, "solve shop --start shop").ends(2);
    assert!(refused.err.contains("holds no plan of `replenishment`"), "{}", refused.err);
}

/// What is known of the problem and the exit code go together.
#[test]
fn explain_ends_as_what_it_found() {
    let place = shop();
    let at = place.path();
    let told = |option: &str, code: i32| {
        let told = purvey(at, &format!("explain shop --json {option}")).ends(code).json();
        told["explain"]["status"].as_str().unwrap().to_owned()
    };
    assert!(["optimal", "feasible"].contains(&told("", 0).as_str()));
    fs::write(
        at.join("shop/locks.csv"),
        "item,location,supplier,order_date,quantity\nSOAP,NORTH,WHOLESALE,2024-07-01,30\n",
    )
    .unwrap();
    assert_eq!(told("--set budget=40", 4), "infeasible");
    let program = "Maximize\n 3 x + 2 y\nSubject To\n c: 4 x + 3 y <= 17.5\nGeneral\n x y\nEnd\n";
    fs::write(at.join("small.lp"), program).unwrap();
    let unknown = purvey(at, "explain small.lp --json --time-limit 0s").ends(5).json();
    assert_eq!(unknown["explain"]["status"], "unknown");
    assert_eq!(purvey(at, "explain small.lp --json").ends(0).json()["explain"]["status"], "optimal");
    fs::write(at.join("small.lp"), program.replace("<= 17.5", "<= -1")).unwrap();
    assert_eq!(purvey(at, "explain small.lp --json").ends(4).json()["explain"]["status"], "infeasible");
    fs::write(at.join("small.lp"), program.replace("<= 17.5", ">= 1")).unwrap();
    assert_eq!(purvey(at, "explain small.lp --json").ends(4).json()["explain"]["status"], "unbounded");
}
