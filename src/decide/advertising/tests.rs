#![allow(clippy::unwrap_used, clippy::print_stdout)]
mod profit;

use super::*;
use crate::data::{Code, Settings, Table, Tables};
use crate::decide::{Event, SolveOptions};
use crate::presentation::Block;
use crate::solution::Termination;

/// Two like channels and a small one.
fn curves() -> Table {
    Table::new("response_curves")
        .with_text("channel", ["search", "social", "radio"])
        .with_number("a", [100.0, 100.0, 10.0])
        .with_number("k", [10.0, 10.0, 10.0])
        .with_number("s", [1.0, 1.0, 1.0])
        .with_number("max", [60.0, 60.0, 60.0])
}

fn input(curves: Table, settings: Settings) -> Input {
    Input::Tables { name: "spring".into(), tables: Tables::default().with(curves), settings }
}

fn prepare(curves: Table, budget: f64) -> Box<dyn Prepared> {
    let settings = Settings::default().with("budget", budget);
    Advertising.prepare(input(curves, settings), &Control::default()).unwrap()
}

fn spend(solution: &crate::decide::Solution) -> Vec<f64> {
    solution.tables.get("spend").unwrap().number("spend").unwrap().to_vec()
}

fn plan(rows: &[(&str, f64)]) -> Tables {
    let table = Table::new("spend")
        .with_text("channel", rows.iter().map(|row| row.0))
        .with_number("spend", rows.iter().map(|row| row.1));
    Tables::default().with(table)
}

#[test]
fn a_budget_is_split_by_equal_marginal_response() {
    let prepared = prepare(curves(), 30.0);
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    // The small channel begins at a slope of 1; at 15 each the large ones still bring 1.6 a unit.
    for (found, known) in spend(&solution).iter().zip([15.0, 15.0, 0.0]) {
        assert!((found - known).abs() < 1e-9, "{found} {known}");
    }
    assert!((solution.outcome.objective.unwrap() - 120.0).abs() < 1e-9);
    assert_eq!(solution.outcome.termination, Termination::Optimal);
    assert!(solution.checks.feasible);
    assert!(solution.headline[0].contains("brings 120"), "{:?}", solution.headline);
    let told = prepared.present(&solution);
    let charts = told.sections.iter().flat_map(|section| &section.blocks);
    assert_eq!(charts.filter(|block| matches!(block, Block::Lines(_))).count(), 3);
}

#[test]
fn money_that_the_bounds_leave_over_is_said() {
    let solution = prepare(curves(), 200.0).solve(&SolveOptions::default()).unwrap();
    assert_eq!(spend(&solution), [60.0; 3]);
    let sentence = solution.headline.last().unwrap();
    assert!(sentence.contains("20") && sentence.contains("every channel is at its maximum"), "{sentence}");
}

#[test]
fn without_a_budget_current_spend_is_split_anew_or_the_lack_is_said() {
    let known = curves().with_number("current", [30.0, 0.0, 0.0]);
    let prepared = Advertising.prepare(input(known, Settings::default()), &Control::default()).unwrap();
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    assert!((spend(&solution)[1] - 15.0).abs() < 1e-9);
    assert!(solution.headline[1].contains("brings 75"), "{:?}", solution.headline);
    let faults = Advertising.validate(input(curves(), Settings::default()), &Control::default()).unwrap_err();
    assert_eq!(faults.as_slice()[0].code, Code::MissingKey);
}

#[test]
fn every_kind_of_broken_limit_is_found_in_a_plan() {
    let table = curves().with_number("min", [5.0, 0.0, 0.0]).with_number("step", [0.0, 2.0, 0.0]);
    let prepared = prepare(table, 90.0);
    let rules = |rows: &[(&str, f64)]| -> Vec<String> {
        let report = prepared.check(&plan(rows)).unwrap();
        assert_eq!(report.feasible, report.violations.is_empty());
        report.violations.into_iter().map(|violation| violation.rule).collect()
    };
    assert!(rules(&[("search", 20.0), ("social", 4.0), ("radio", 1.0)]).is_empty());
    assert_eq!(rules(&[("search", 60.0), ("social", 40.0)]), ["budget"]);
    assert_eq!(rules(&[("search", 4.0)]), ["minimum"]);
    assert_eq!(rules(&[("search", 61.0)]), ["maximum"]);
    assert_eq!(rules(&[("search", 5.0), ("social", 3.0)]), ["step"]);
    assert_eq!(rules(&[("search", 5.0), ("radio", -1.0)]), ["minimum"]);
    let priced = prepared.check(&plan(&[("search", 10.0), ("radio", 10.0)])).unwrap();
    assert_eq!(priced.objective, Some(55.0));
}

#[test]
fn a_plan_that_does_not_fit_is_refused_with_its_rows() {
    let prepared = prepare(curves(), 30.0);
    let codes = |tables: &Tables| -> Vec<Code> {
        prepared.check(tables).unwrap_err().as_slice().iter().map(|fault| fault.code).collect()
    };
    assert_eq!(codes(&Tables::default()), [Code::MissingTable]);
    assert_eq!(codes(&plan(&[("cinema", 1.0)])), [Code::UnknownReference]);
    assert_eq!(codes(&plan(&[("search", f64::NAN)])), [Code::NotFinite]);
    assert_eq!(codes(&plan(&[("search", 1.0), ("search", 1.0)])), [Code::DuplicateKey]);
}

#[test]
fn minimums_beyond_the_budget_collide_and_the_budget_gives_way_when_asked() {
    let table = curves().with_number("min", [20.0, 15.0, 1.0]);
    let prepared = prepare(table, 30.0);
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    assert_eq!(solution.outcome.termination, Termination::Infeasible);
    let explanation = prepared.explain(&SolveOptions::default()).unwrap();
    let names: Vec<&str> = explanation.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["budget", "minimum of search", "minimum of social"]);
    assert_eq!(explanation.members[1].row, Some(2));
    assert!((explanation.relaxation[0].amount - 6.0).abs() < 1e-9);
    let relaxed = prepared.solve(&SolveOptions { relax: true, ..SolveOptions::default() }).unwrap();
    assert_eq!(spend(&relaxed), [20.0, 15.0, 1.0]);
    assert_eq!(relaxed.warnings.len(), 1);
}

#[test]
fn what_one_more_unit_of_each_limit_is_worth() {
    let table = curves().with_number("min", [0.0, 0.0, 2.0]);
    let explanation = prepare(table, 32.0).explain(&SolveOptions::default()).unwrap();
    let worth: Vec<(&str, f64)> =
        explanation.binding.iter().map(|b| (b.name.as_str(), b.value_of_one_more)).collect();
    assert_eq!((worth[0].0, worth[1].0, worth.len()), ("budget", "minimum of radio", 2));
    // By hand: 100 x / (x + 10) twice at 15.5 after 15, and radio at 3 after 2 with 14.5 elsewhere.
    let two = |x: f64| 200.0 * x / (x + 10.0);
    let radio = |x: f64| 10.0 * x / (x + 10.0);
    assert!((worth[0].1 - (two(15.5) - two(15.0))).abs() < 1e-9, "{worth:?}");
    assert!((worth[1].1 - (two(14.5) + radio(3.0) - two(15.0) - radio(2.0))).abs() < 1e-9, "{worth:?}");
}

#[test]
fn a_new_curve_moves_the_split_as_if_it_had_been_there() {
    let mut prepared = prepare(curves(), 30.0);
    let better = Table::new("response_curves").with_text("channel", ["radio"]).with_number("a", [400.0]);
    let update = prepared.update(&Event { rows: better }).unwrap();
    let known = prepare(curves().with_number("a", [100.0, 100.0, 400.0]), 30.0);
    let fresh = known.solve(&SolveOptions::default()).unwrap();
    assert_eq!(update.orders.number("spend").unwrap(), spend(&fresh));
    let strange = Table::new("response_curves").with_text("channel", ["radio"]).with_number("k", [-1.0]);
    assert_eq!(prepared.update(&Event { rows: strange }).unwrap_err().as_slice()[0].code, Code::OutOfRange);
    let other = Table::new("sales").with_text("channel", ["radio"]);
    assert_eq!(prepared.update(&Event { rows: other }).unwrap_err().as_slice()[0].code, Code::UnknownTable);
}

#[test]
fn bounds_that_no_spend_keeps_are_faults_of_the_table() {
    let crossed = curves().with_number("min", [61.0, 0.0, 0.0]);
    let stepped = curves().with_number("min", [3.0, 0.0, 0.0]).with_number("step", [100.0, 0.0, 0.0]);
    for table in [crossed, stepped] {
        let settings = Settings::default().with("budget", 100.0);
        let faults = Advertising.validate(input(table, settings), &Control::default()).unwrap_err();
        assert_eq!(faults.as_slice()[0].code, Code::Contradiction);
        assert_eq!(faults.as_slice()[0].row, Some(2));
    }
}

#[test]
fn one_more_step_of_a_bound_is_worth_what_it_brings_by_the_unit() {
    // Social is held at 20 to 22 in steps of 5, so at 20 alone; radio must spend all it may.
    let table = curves()
        .with_number("min", [0.0, 18.0, 60.0])
        .with_number("max", [60.0, 22.0, 60.0])
        .with_number("step", [0.0, 5.0, 0.0]);
    let explanation = prepare(table, 100.0).explain(&SolveOptions::default()).unwrap();
    let worth = |name: &str| explanation.binding.iter().find(|b| b.name == name).unwrap().value_of_one_more;
    let brings = |x: f64| 100.0 * x / (x + 10.0);
    let step = brings(25.0) + brings(15.0) - 2.0 * brings(20.0);
    assert!((worth("maximum of social") - step.max(0.0) / 5.0).abs() < 1e-9, "{explanation:?}");
    assert!((worth("minimum of social") - step / 5.0).abs() < 1e-9, "{explanation:?}");
    let radio = |x: f64| 10.0 * x / (x + 10.0);
    let more = radio(61.0) + brings(19.0) - radio(60.0) - brings(20.0);
    assert!((worth("minimum of radio") - more).abs() < 1e-9, "{explanation:?}");
}

#[test]
fn a_worth_that_is_not_known_is_said_and_no_failure() {
    let full = curves().with_number("min", [10.0, 10.0, 10.0]);
    let explanation = prepare(full, 30.0).explain(&SolveOptions::default()).unwrap();
    let minimum = explanation.binding.iter().find(|b| b.name == "minimum of radio").unwrap();
    assert!(minimum.value_of_one_more.is_nan());
    let said = explanation.text.iter().any(|text| text.contains("the least spend would exceed the budget"));
    assert!(said && !explanation.text.iter().any(|text| text.contains("NaN")), "{:?}", explanation.text);
    // Steps and S-shapes that no time at all can settle.
    let hard = curves().with_number("s", [3.0, 2.5, 3.5]).with_number("step", [7.0, 9.0, 11.0]);
    let control = Control::default().with_work(0);
    let options = SolveOptions { control, ..SolveOptions::default() };
    let explanation = prepare(hard.with_number("min", [7.0, 0.0, 0.0]), 33.0).explain(&options).unwrap();
    assert_eq!(explanation.status, crate::decide::Verdict::Feasible);
    assert!(explanation.binding.iter().all(|b| b.value_of_one_more.is_nan()), "{explanation:?}");
}

#[test]
fn the_reason_for_unspent_money_is_the_true_one() {
    let last = |table: Table, budget: f64| {
        let solution = prepare(table, budget).solve(&SolveOptions::default()).unwrap();
        solution.headline.last().unwrap().clone()
    };
    let stepped = curves().with_number("step", [7.0, 7.0, 7.0]);
    let sentence = last(stepped.clone(), 20.0);
    assert!(sentence.contains("less than one step"), "{sentence}");
    // 56 is the last multiple of 7 below 60.
    let sentence = last(stepped, 190.0);
    assert!(sentence.contains("every channel is at its maximum"), "{sentence}");
}

#[test]
fn a_relaxed_plan_is_told_with_the_budget_it_was_given() {
    let prepared = prepare(curves().with_number("min", [20.0, 15.0, 1.0]), 30.0);
    let relaxed = prepared.solve(&SolveOptions { relax: true, ..SolveOptions::default() }).unwrap();
    let told = prepared.present(&relaxed);
    assert!(told.subtitle.contains("36") && told.subtitle.contains("raised from"), "{}", told.subtitle);
}

#[test]
fn new_rows_of_another_type_or_without_a_split_change_nothing() {
    let mut prepared = prepare(curves(), 30.0);
    let before = spend(&prepared.solve(&SolveOptions::default()).unwrap());
    let words = Table::new("response_curves").with_text("channel", ["radio"]).with_text("a", ["much"]);
    assert_eq!(prepared.update(&Event { rows: words }).unwrap_err().as_slice()[0].code, Code::WrongType);
    let greedy = Table::new("response_curves").with_text("channel", ["radio"]).with_number("min", [50.0]);
    let faults = prepared.update(&Event { rows: greedy }).unwrap_err();
    assert_eq!(faults.as_slice()[0].code, Code::Contradiction);
    assert_eq!(spend(&prepared.solve(&SolveOptions::default()).unwrap()), before);
    let added = Table::new("response_curves")
        .with_text("channel", ["cinema"])
        .with_number("a", [-5.0])
        .with_number("k", [10.0])
        .with_number("s", [1.0])
        .with_number("max", [60.0]);
    let faults = prepared.update(&Event { rows: added }).unwrap_err();
    assert_eq!(faults.as_slice()[0].row, Some(5), "a new row stands below the known ones");
}

/// Curves with what all goals need.
fn curves_for_goals() -> Table {
    curves()
        .with_number("margin", [1.0, 1.0, 4.0])
        .with_number("new_share", [0.1, 0.6, 0.3])
        .with_number("error", [0.05, 0.4, 0.1])
}

fn prepare_goals(table: Table, goals: &str, choice: &str) -> Box<dyn Prepared> {
    let settings = Settings::default().with("budget", 60.0).with("goals", goals).with("choice", choice);
    Advertising.prepare(input(table, settings), &Control::default()).unwrap()
}

#[test]
fn of_several_goals_the_front_is_exact_where_exact_splits_are_known() {
    let solution =
        prepare_goals(curves(), "response, spend", "knee").solve(&SolveOptions::default()).unwrap();
    let front = solution.tables.get("front").unwrap();
    let (brings, costs) = (front.number("response").unwrap(), front.number("spend").unwrap());
    assert!(front.len() > 30, "{}", front.len());
    for point in 0..front.len() {
        // No split of what a point spends brings more than the exact one.
        let exact = prepare(curves(), costs[point]).solve(&SolveOptions::default()).unwrap();
        let most = exact.outcome.objective.unwrap();
        assert!(brings[point] <= most + 1e-7, "{} {most}", brings[point]);
        assert!(brings[point] >= most - 1e-7, "{} {most}", brings[point]);
        let rises = point == 0 || (brings[point] >= brings[point - 1] && costs[point] >= costs[point - 1]);
        assert!(rises, "{brings:?} {costs:?}");
    }
    // Both ends are there: nothing at all, and the exact split of the whole budget.
    let whole = prepare(curves(), 60.0).solve(&SolveOptions::default()).unwrap().outcome.objective.unwrap();
    assert!(brings[0] < 1e-9 && (brings[front.len() - 1] - whole).abs() < 1e-7, "{brings:?}");
    // By hand: the knee lies where one more unit of money brings the mean slope of the whole front.
    let kpi = |name: &str| solution.kpis.iter().find(|(known, _)| known == name).unwrap().1;
    let slope = 100.0 * 10.0 / (kpi("spend") / 2.0 + 10.0).powi(2);
    let mean = whole / 60.0;
    assert!((slope / mean - 1.0).abs() < 0.35, "{slope} {mean}");
    assert_eq!(kpi("chosen_point"), kpi("knee_point"));
    assert!((kpi("response") - solution.outcome.objective.unwrap()).abs() < 1e-9);
    assert!(solution.checks.feasible && solution.outcome.bound.unwrap() >= whole - 1e-9);
}

#[test]
fn the_chosen_point_is_the_one_asked_for_and_shown() {
    let names = "response, profit, new_customers, risk";
    let best = |choice: &str, goal: &str| -> f64 {
        let prepared = prepare_goals(curves_for_goals(), names, choice);
        let solution = prepared.solve(&SolveOptions::default()).unwrap();
        let told = prepared.present(&solution);
        let front = told.sections.iter().find(|section| section.title == "The front").unwrap();
        let charts = front.blocks.iter().filter_map(|block| match block {
            Block::Lines(lines) => Some(lines),
            _ => None,
        });
        assert!(charts.clone().count() == 4 && charts.clone().all(|chart| chart.markers.len() == 2));
        let spends = solution.tables.get("front_spend").unwrap();
        let at = solution.kpis.iter().find(|(known, _)| known == "chosen_point").unwrap().1;
        let rows = (0..spends.len()).filter(|&row| spends.number("point").unwrap()[row] == at);
        let listed: Vec<f64> = rows.map(|row| spends.number("spend").unwrap()[row]).collect();
        assert_eq!(listed, spend(&solution));
        solution.kpis.iter().rev().find(|(known, _)| known == goal).unwrap().1
    };
    for goal in ["response", "profit", "new_customers"] {
        assert!(best(goal, goal) >= best("knee", goal) - 1e-9, "{goal}");
    }
    assert!(best("risk", "risk") <= best("knee", "risk"));
    // Point 1 has the least of the first goal.
    assert!(best("1", "response") <= best("knee", "response"));
}

#[test]
fn goals_keep_steps_bounds_and_the_seed() {
    let table = curves_for_goals().with_number("step", [5.0, 0.0, 7.0]).with_number("min", [10.0, 3.0, 0.0]);
    let prepared = prepare_goals(table, "profit spend", "profit");
    let first = prepared.solve(&SolveOptions::default()).unwrap();
    assert!(first.checks.feasible, "{:?}", first.checks);
    let again = prepared.solve(&SolveOptions::default()).unwrap();
    assert_eq!(spend(&first), spend(&again));
    assert!((spend(&first)[0] / 5.0).fract() < 1e-9 && spend(&first)[1] >= 3.0, "{:?}", spend(&first));
}

#[test]
fn goals_that_cannot_be_are_told() {
    let codes = |goals: &str, choice: &str| {
        let settings = Settings::default().with("budget", 60.0).with("goals", goals).with("choice", choice);
        let faults = Advertising.validate(input(curves(), settings), &Control::default()).unwrap_err();
        faults.as_slice().iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; ")
    };
    assert!(codes("response, spnd", "knee").contains("no goal `spnd`"));
    assert!(codes("response, risk", "knee").contains("needs error"));
    assert!(codes("spend", "knee").contains("one goal other than response"));
    assert!(codes("response, spend, spend", "knee").contains("twice"));
    assert!(codes("response, spend", "profit").contains("no such point"));
    assert!(codes("response, spend", "61").contains("no such point"));
}

fn prepare_target(table: Table, setting: &str, value: f64) -> Box<dyn Prepared> {
    let settings = Settings::default().with("budget", 100.0).with(setting, value);
    Advertising.prepare(input(table, settings), &Control::default()).unwrap()
}

#[test]
fn a_target_for_the_cost_of_response_holds_money_back() {
    // Two like channels: x each brings 200 x / (x + 10) for 2 x, so 0.25 a unit is reached at x = 15.
    let table = curves().with_number("a", [100.0, 100.0, 0.0]);
    for (setting, value) in [("max_cpa", 0.25), ("min_roas", 4.0)] {
        let prepared = prepare_target(table.clone(), setting, value);
        let solution = prepared.solve(&SolveOptions::default()).unwrap();
        assert!((solution.outcome.objective.unwrap() - 120.0).abs() < 1e-6, "{solution:?}");
        assert_eq!(solution.outcome.termination, Termination::Optimal);
        assert!(solution.checks.feasible, "{:?}", solution.checks);
        let sentence = solution.headline.last().unwrap();
        assert!(sentence.contains("too little for the target"), "{sentence}");
        let over = prepared.check(&plan(&[("search", 20.0), ("social", 20.0)])).unwrap();
        assert_eq!(over.violations[0].rule, "target");
    }
    // A target that the whole budget keeps changes nothing.
    let free = prepare_target(table.clone(), "max_cpa", 10.0).solve(&SolveOptions::default()).unwrap();
    assert_eq!(spend(&free), spend(&prepare(table, 100.0).solve(&SolveOptions::default()).unwrap()));
}

#[test]
fn a_target_over_s_shapes_is_kept_and_one_out_of_reach_is_told() {
    let shaped = curves().with_number("s", [3.0, 2.5, 1.0]);
    let solution = prepare_target(shaped, "max_cpa", 0.2).solve(&SolveOptions::default()).unwrap();
    let spent: f64 = spend(&solution).iter().sum();
    let brings = solution.outcome.objective.unwrap();
    assert!(solution.checks.feasible && spent > 1.0 && spent <= 0.2 * brings * (1.0 + 1e-6), "{solution:?}");
    assert!(solution.outcome.bound.unwrap() >= brings);
    let held = curves().with_number("min", [0.0, 0.0, 50.0]);
    let prepared = prepare_target(held, "max_cpa", 0.01);
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    assert_eq!(solution.outcome.termination, Termination::Infeasible);
    let explanation = prepared.explain(&SolveOptions::default()).unwrap();
    assert_eq!(explanation.members[0].name, "target");
}

#[test]
fn a_target_that_only_a_narrow_spend_keeps_is_found() {
    let steep = |min: f64| {
        Table::new("response_curves")
            .with_text("channel", ["steep", "fixed"])
            .with_number("a", [1000.0, 0.001])
            .with_number("k", [200.0, 10.0])
            .with_number("s", [12.0, 1.0])
            .with_number("max", [3000.0, min])
            .with_number("min", [0.0, min])
    };
    for (min, most_cost) in [(1.0, 0.27556), (0.0, 0.28)] {
        let settings = Settings::default().with("budget", 3000.0).with("max_cpa", most_cost);
        let prepared = Advertising.prepare(input(steep(min), settings), &Control::default()).unwrap();
        let solution = prepared.solve(&SolveOptions::default()).unwrap();
        assert!(solution.checks.feasible && solution.outcome.objective.unwrap() > 800.0, "{solution:?}");
    }
}

#[test]
fn a_thousand_campaigns_on_twenty_eight_days_are_split_within_the_gap() {
    let (campaigns, days) = (1_000, 28);
    let rows = campaigns * days;
    let of = |row: usize, prime: usize| ((row / days * prime) % 101) as f64 / 101.0;
    let day = |row: usize| 0.7 + 0.6 * ((row % days % 7) as f64 / 6.0);
    let table = Table::new("response_curves")
        .with_text("channel", (0..rows).map(|row| format!("c{}-d{}", row / days, row % days)))
        .with_number("a", (0..rows).map(|row| (20.0 + 200.0 * of(row, 37)) * day(row)))
        .with_number("k", (0..rows).map(|row| 3.0 + 20.0 * of(row, 53)))
        .with_number("s", (0..rows).map(|row| 0.6 + 1.6 * of(row, 71)))
        .with_number("max", (0..rows).map(|_| 30.0));
    let started = std::time::Instant::now();
    let solution = prepare(table, 100_000.0).solve(&SolveOptions::default()).unwrap();
    println!("{} curves: {:.2} s", rows, started.elapsed().as_secs_f64());
    assert!(solution.checks.feasible && solution.outcome.gap().unwrap() < 1e-3, "{:?}", solution.outcome);
}

#[test]
fn a_choice_without_a_front_is_refused() {
    let settings = Settings::default().with("budget", 30.0).with("choice", "profit");
    let faults = Advertising.validate(input(curves(), settings), &Control::default()).unwrap_err();
    assert!(faults.as_slice()[0].message.contains("`profit` chooses a point"), "{faults:?}");
}
