#![allow(clippy::unwrap_used)]
use crate::control::Control;
use crate::data::{Code, Settings, Table, Tables};
use crate::decide::advertising::Advertising;
use crate::decide::{Decision, Input, Prepared, SolveOptions};
use crate::solution::Termination;

/// Three channels, one of which works on for long.
fn curves() -> Table {
    Table::new("response_curves")
        .with_text("channel", ["television", "search", "radio"])
        .with_number("a", [100.0, 80.0, 30.0])
        .with_number("k", [10.0, 8.0, 6.0])
        .with_number("s", [1.0, 0.8, 1.0])
        .with_number("max", [30.0, 30.0, 30.0])
        .with_number("carry_over", [0.6, 0.0, 0.2])
        .with_number("carried", [5.0, 0.0, 0.0])
        .with_number("total_max", [f64::NAN, f64::NAN, 10.0])
        .with_number("margin", [1.0, 1.0, 1.0])
}

fn limits() -> Table {
    Table::new("period_limits")
        .with_number("period", [2.0, 3.0, 5.0])
        .with_text("channel", ["", "", "search"])
        .with_number("min", [f64::NAN, 30.0, f64::NAN])
        .with_number("max", [12.0, f64::NAN, 0.0])
}

fn settings() -> Settings {
    Settings::default().with("pacing", "by_period").with("plan_periods", 6.0).with("budget", 90.0)
}

fn input(curves: Table, settings: Settings) -> Input {
    let tables = Tables::default().with(curves).with(limits());
    Input::Tables { name: "spring".into(), tables, settings }
}

fn prepare(settings: Settings) -> Box<dyn Prepared> {
    Advertising.prepare(input(curves(), settings), &Control::default()).unwrap()
}

#[test]
fn a_plan_by_period_keeps_its_limits_and_is_proved() {
    let prepared = prepare(settings().with("max_change", 0.5));
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    assert!(solution.checks.feasible, "{:?}", solution.checks);
    assert_eq!(solution.outcome.termination, Termination::Optimal);
    let plan = solution.tables.get("pacing").unwrap();
    assert_eq!(plan.len(), 18);
    let spend = plan.number("spend").unwrap();
    let of = |channel: usize, period: usize| spend[6 * channel + period - 1];
    let total = |period: usize| (0..3).map(|channel| of(channel, period)).sum::<f64>();
    assert!(total(2) <= 12.0 + 1e-6 && total(3) >= 30.0 - 1e-6 && of(1, 5) < 1e-6, "{spend:?}");
    assert!((0..3).all(|c| (2..=6).all(|p| (of(c, p) - of(c, p - 1)).abs() <= 15.0 + 1e-6)), "{spend:?}");
    assert!(spend[12..].iter().sum::<f64>() <= 10.0 + 1e-6);
    // The plan reads back as it was written, and is worth what it says.
    let checked = prepared.check(&solution.tables).unwrap();
    assert!((checked.objective.unwrap() - solution.outcome.objective.unwrap()).abs() < 1e-6);
    let told = solution.headline.join(" ");
    assert!(told.contains("6 periods") && told.contains("after its last period"), "{told}");
    let page = prepared.present(&solution);
    assert!(page.sections.iter().any(|section| section.title == "Spend by period"));
    let explanation = prepared.explain(&SolveOptions::default()).unwrap();
    let names: Vec<&str> = explanation.binding.iter().map(|binding| binding.name.as_str()).collect();
    assert!(names.contains(&"budget") && names.contains(&"minimum of period 3"), "{names:?}");
}

#[test]
fn every_kind_of_broken_limit_by_period_is_found() {
    let prepared = prepare(settings().with("max_change", 0.5));
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    let rules = |change: &dyn Fn(&mut [f64])| -> Vec<String> {
        let plan = solution.tables.get("pacing").unwrap();
        let mut spend = plan.number("spend").unwrap().to_vec();
        change(&mut spend);
        let broken = plan.clone().with_number("spend", spend);
        let report = prepared.check(&Tables::default().with(broken)).unwrap();
        report.violations.into_iter().map(|violation| violation.rule).collect()
    };
    assert!(rules(&|_| ()).is_empty());
    assert!(rules(&|spend| spend[1] += 13.0).contains(&"period".to_owned()));
    assert!(rules(&|spend| spend[10] = 1.0).contains(&"maximum".to_owned()));
    assert!(rules(&|spend| spend[0] = -1.0).contains(&"minimum".to_owned()));
    assert!(rules(&|spend| spend[0] = 30.0).contains(&"change".to_owned()));
    assert!(rules(&|spend| spend.fill(10.0)).contains(&"budget".to_owned()));
    let missing = prepared.check(&Tables::default()).unwrap_err();
    assert_eq!(missing.as_slice()[0].code, Code::MissingTable);
}

#[test]
fn steps_and_profit_are_planned_by_period() {
    let stepped = curves().with_number("step", [2.0, 2.0, 2.0]);
    let prepared = Advertising.prepare(input(stepped, settings()), &Control::default()).unwrap();
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    assert!(solution.checks.feasible, "{:?}", solution.checks);
    let free = prepare(settings()).solve(&SolveOptions::default()).unwrap().outcome.objective.unwrap();
    let found = solution.outcome.objective.unwrap();
    assert!(found <= free + 1e-6 && found > 0.97 * free, "{found} of {free}");
    // With money to spare profit leaves some: one more unit brings back one.
    let rich = settings().with("objective", "profit").with("budget", 1_000.0);
    let solution = prepare(rich).solve(&SolveOptions::default()).unwrap();
    assert!(solution.checks.feasible && solution.outcome.termination == Termination::Optimal);
    let told = solution.headline.join(" ");
    assert!(told.contains("earns") && told.contains("bring back less than one"), "{told}");
}

#[test]
fn what_does_not_go_with_a_plan_by_period_is_refused() {
    let message = |curves: Table, settings: Settings| -> String {
        let faults = Advertising.validate(input(curves, settings), &Control::default()).unwrap_err();
        faults.as_slice()[0].message.clone()
    };
    let even = Settings::default().with("budget", 90.0);
    assert!(message(curves(), even).contains("count in a plan by period only"));
    assert!(message(curves(), settings().with("max_cpa", 2.0)).contains("by_period does not go together"));
    assert!(message(curves(), settings().with("goals", "response, spend")).contains("several goals"));
    assert!(message(curves(), settings().with("plan_periods", 4.0)).contains("period 5 is not one of the 4"));
    let crossed = curves().with_number("total_min", [0.0, 0.0, 11.0]);
    assert!(message(crossed, settings()).contains("at least 11 and at most 10 in all"));
    let prepared = Advertising
        .prepare(input(curves().with_number("min", [20.0, 0.0, 0.0]), settings()), &Control::default())
        .unwrap();
    let none = prepared.solve(&SolveOptions::default()).unwrap();
    assert_eq!(none.outcome.termination, Termination::Infeasible, "{:?}", none.headline);
}
