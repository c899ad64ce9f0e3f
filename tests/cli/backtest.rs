//! `backtest`: what the decisions would have cost.

use std::fs;

use crate::support::{purvey, write_shop};

#[test]
fn every_policy_of_every_window_is_priced() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write_shop(&at.join("shop"), 44);
    let document = purvey(at, "backtest shop --json --rounds 3 --windows 2").ends(0).json();
    let backtest = &document["backtest"];
    assert_eq!(backtest["rounds"], 3);
    let windows = backtest["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 2);
    assert_eq!(windows[0]["from"], backtest["from"]);
    let policies = backtest["policies"].as_object().unwrap();
    let names: Vec<&str> = policies.keys().map(String::as_str).collect();
    assert_eq!(names, ["purvey", "simple_rule", "tuned_rule", "perfect_foresight"]);
    let keys = ["total_cost", "controllable_cost", "holding_cost", "shortage_cost", "fill_rate"];
    for (name, policy) in policies {
        let of = |key: &str| policy[key].as_f64().unwrap_or_else(|| panic!("{name} has no {key}"));
        keys.into_iter().for_each(|key| {
            of(key);
        });
        let parts = ["holding_cost", "shortage_cost", "order_cost", "purchase_variance", "waste_cost"];
        let sum: f64 = parts.map(of).iter().sum();
        assert!((sum - of("total_cost")).abs() <= 1e-6 * sum.abs().max(1.0), "{name}: {policy}");
        assert!((0.0..=1.0 + 1e-9).contains(&of("fill_rate")), "{name}: {policy}");
        let windows: f64 =
            windows.iter().map(|window| window["policies"][name]["total_cost"].as_f64().unwrap()).sum();
        assert!((windows - of("total_cost")).abs() <= 1e-6 * windows.abs().max(1.0), "{name}");
    }
    let cost = |name: &str| policies[name]["controllable_cost"].as_f64().unwrap();
    assert!(cost("tuned_rule") <= cost("simple_rule") + 1e-9);
    // Orders cost something here, and still nothing is cheaper than to know all.
    assert!(policies["purvey"]["order_cost"].as_f64().unwrap() > 0.0);
    for window in windows {
        let of = |name: &str| window["policies"][name]["controllable_cost"].as_f64().unwrap();
        assert!(names.iter().all(|name| of("perfect_foresight") <= of(name) + 1e-9), "{window}");
    }
    assert_eq!(backtest["warnings"].as_array().unwrap().len(), 0);
    for file in ["backtest.json", "presentation.json", "report.html"] {
        assert!(at.join("shop/out-backtest").join(file).is_file(), "{file}");
    }
}

#[test]
fn the_planners_own_orders_are_a_policy_too() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write_shop(&at.join("shop"), 44);
    fs::write(
        at.join("orders.csv"),
        "item,location,supplier,order_date,quantity\nSOAP,NORTH,WHOLESALE,2024-06-03,30\n\
         SALT,NORTH,MAKER,2024-06-03,15\n",
    )
    .unwrap();
    let arguments = "backtest shop --json --rounds 2 --from 2024-06-03 --own-orders orders.csv";
    let backtest = purvey(at, arguments).ends(0).json();
    assert_eq!(backtest["backtest"]["from"], "2024-06-03");
    assert!(backtest["backtest"]["policies"]["own_orders"]["total_cost"].as_f64().unwrap() > 0.0);
    assert_eq!(backtest["backtest"]["warnings"], serde_json::json!([]));
}

#[test]
fn own_orders_that_no_longer_fit_are_told() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write_shop(&at.join("shop"), 44);
    let orders = "item,location,supplier,order_date,quantity\nSOAP,NORTH,GONE,2024-06-03,30\n\
                  SALT,NORTH,MAKER,2024-06-03,-5\nWAX,NORTH,MAKER,2024-06-03,5\n";
    fs::write(at.join("orders.csv"), orders).unwrap();
    let arguments = "backtest shop --json --rounds 2 --from 2024-06-03 --own-orders orders.csv";
    let backtest = purvey(at, arguments).ends(0).json();
    let told = [
        "2 rows of the own orders left out (first row 3: quantity is -5: must be at least 0)",
        "1 row of the own orders counted as of the first source, since their supplier does not deliver \
         there (first row 2: GONE)",
    ];
    assert_eq!(backtest["backtest"]["warnings"], serde_json::json!(told));
    fs::write(at.join("orders.csv"), "item,quantity\nSOAP,30\n").unwrap();
    let refused = purvey(at, arguments).ends(3);
    assert!(refused.err.contains("column order_date is missing"), "{}", refused.err);
}

#[test]
fn a_window_that_history_cannot_hold_is_refused() {
    let place = tempfile::tempdir().unwrap();
    write_shop(&place.path().join("shop"), 30);
    let refused = purvey(place.path(), "backtest shop --from 2024-06-24 --rounds 6").ends(3);
    assert!(refused.err.contains("need sales to"), "{}", refused.err);
    assert!(refused.err.contains("the history allows first decisions from"), "{}", refused.err);
    let short = purvey(place.path(), "backtest shop --rounds 99").ends(3);
    assert!(short.err.contains("the history of 30 weeks is too short for 99 rounds"), "{}", short.err);
    for wrong in ["--rounds 0", "--rounds 1001", "--windows 0", "--windows 1001", "--round exact"] {
        purvey(place.path(), &format!("backtest shop {wrong}")).ends(2);
    }
    purvey(place.path(), "backtest shop --from yesterday").ends(2);
}

#[test]
fn fewer_windows_than_asked_for_are_told_and_money_is_in_the_currency() {
    let place = tempfile::tempdir().unwrap();
    write_shop(&place.path().join("shop"), 30);
    let told = purvey(place.path(), "backtest shop --rounds 2 --windows 4 --set currency=CHF").ends(0);
    assert!(told.out.contains("warning: of 4 windows 2 fit: first decisions can be taken"), "{}", told.out);
    assert!(told.out.contains("CHF") && !told.out.contains('€'), "{}", told.out);
    let quiet = purvey(place.path(), "backtest shop --rounds 2 --windows 4 --json").ends(0).json();
    let warnings = quiet["backtest"]["warnings"].as_array().unwrap();
    assert!(warnings.len() == 1 && warnings[0].as_str().unwrap().starts_with("of 4 windows 2 fit"));
    assert_eq!(quiet["backtest"]["windows"].as_array().unwrap().len(), 2);
}
