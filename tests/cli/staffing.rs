//! Staffing from the command line.

use std::fs;

use crate::support::purvey;

#[test]
fn a_folder_is_staffed_forecast_explained_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    purvey(folder.path(), "new staffing city").ends(0);
    let solved = purvey(folder.path(), "solve city --json").ends(0).json();
    assert_eq!(
        (&solved["checks"]["feasible"], &solved["solution_status"]),
        (&true.into(), &"optimal".into())
    );
    assert_eq!(solved["objective"], solved["kpis"]["shift_cost"]);
    let out = folder.path().join("city/out");
    let staffing = fs::read_to_string(out.join("staffing.csv")).unwrap();
    assert!(
        staffing.starts_with(
            "date,hour,expected_orders,orders_at_level,needed,drivers,missing\n2026-02-23,00:00,"
        )
    );
    assert_eq!(staffing.lines().count(), 1 + 7 * 24);
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    for told in ["heat h9", "Drivers on duty and vehicles needed", "Where free vehicles wait", "HARBOUR"] {
        assert!(report.contains(told), "{told}");
    }
    let checked = purvey(folder.path(), "check-plan city --plan city/out --json").ends(0).json();
    assert_eq!(checked["check_plan"]["objective"], solved["objective"]);
    // A plan of another seed has other needs, and is judged by them.
    purvey(folder.path(), "solve city --seed 3 --output other").ends(0);
    let checked = purvey(folder.path(), "check-plan city --plan other --json").ends(0).json();
    let note = checked["check_plan"]["notes"][0].as_str().unwrap().to_owned();
    assert!(note.contains("needed in its own staffing.csv; the forecast of this run, with seed 0"), "{note}");
    let checked = purvey(folder.path(), "check-plan city --plan other").ends(0);
    assert!(checked.out.contains("its own staffing.csv"), "{}", checked.out);
    let shifts = fs::read_to_string(out.join("shifts_plan.csv")).unwrap();
    let fewer: String =
        shifts.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect();
    fs::write(folder.path().join("shifts_plan.csv"), fewer).unwrap();
    let broken = purvey(folder.path(), "check-plan city --plan shifts_plan.csv").ends(4);
    assert!(broken.out.contains("[cover]"), "{}", broken.out);
    assert!(broken.out.contains("the forecast of this run, with seed 0"), "{}", broken.out);
    // Nothing is missing: 0, not -0.
    let told = fs::read_to_string(out.join("solution.json")).unwrap();
    assert!(told.contains("\"missing_vehicle_hours\": 0.0"), "{told}");
    // The example has orders in odd and even hours.
    let orders = fs::read_to_string(folder.path().join("city/orders.csv")).unwrap();
    for hour in 8..20 {
        assert!(orders.contains(&format!(" {hour:02}:00,")), "{hour}");
    }

    let forecast = purvey(folder.path(), "forecast city --json").ends(0).json();
    assert_eq!((&forecast["forecast"]["series"], &forecast["forecast"]["rows"]), (&2.into(), &336.into()));
    let rows = fs::read_to_string(folder.path().join("city/out-forecast/forecast.csv")).unwrap();
    assert!(rows.starts_with("unique_id,ds,mean,q2.5,q10,q50,q90,q97.5\nCENTRE,2026-02-23 00:00,"), "{rows}");

    // With one vehicle, hours are short, and one is told of them.
    let short = purvey(folder.path(), "solve city --set vehicles=1 --output short --json").ends(0).json();
    assert!(short["kpis"]["hours_short"].as_f64().unwrap() > 0.0, "{}", short["kpis"]);
    assert!(short["warnings"][0].as_str().unwrap().contains("missing on 2026-02-2"), "{}", short["warnings"]);
    assert!(short["warnings"][0].as_str().unwrap().ends_with("within the limits of shifts and vehicles"));
    let explained = purvey(folder.path(), "explain city --set vehicles=1 --json").ends(0).json();
    assert!(!explained["explain"]["text"].as_array().unwrap().is_empty());
}

#[test]
fn a_backtest_compares_three_ways() {
    let folder = tempfile::tempdir().unwrap();
    purvey(folder.path(), "new staffing city").ends(0);
    let told = purvey(folder.path(), "backtest city --rounds 1 --json").ends(0).json();
    let policies = &told["backtest"]["policies"];
    for policy in ["purvey", "last_week", "perfect_foresight"] {
        assert!(policies[policy]["cost"].as_f64().unwrap() > 0.0, "{policies}");
    }
    assert_eq!(policies["perfect_foresight"]["orders_late"], 0.0);
    let report = fs::read_to_string(folder.path().join("city/out-backtest/report.html")).unwrap();
    assert!(report.contains("Same hour of last week") && report.contains("hours without work"));
}
