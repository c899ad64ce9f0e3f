#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::NaiveDate;

use super::periods::Periods;
use super::read::History;
use super::readout::Readout;
use crate::control::Control;
use crate::data::{Code, Faults, Settings, Table, Tables, day_number, validate};
use crate::decide::advertising::Advertising;
use crate::decide::advertising::problem::Problem;
use crate::decide::{Decision, Input, Prepared, SolveOptions};
use crate::predict::mix::{MixOptions, fit};
use crate::presentation::Block;

const WEEKS: usize = 80;

fn date(week: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new(7 * week as u64)
}

/// Spend of a week, in a pattern that repeats at no season.
fn spent(channel: usize, week: usize) -> f64 {
    let wave = ((week * (7 + 4 * channel)) % 23) as f64;
    if wave < 6.0 { 0.0 } else { 10.0 * wave }
}

/// A folder whose history has two channels; the first brings most.
fn folder() -> Tables {
    let mut sales = vec![0.0; WEEKS];
    let mut levels = [0.0; 2];
    for (week, y) in sales.iter_mut().enumerate() {
        *y = 1000.0 + ((week * 37) % 11) as f64;
        for (channel, level) in levels.iter_mut().enumerate() {
            *level = 0.3 * *level + 0.7 * spent(channel, week);
            *y += [500.0, 100.0][channel] * *level / (*level + 120.0);
        }
    }
    let rows = || (0..WEEKS).flat_map(|week| (0..2).map(move |channel| (channel, week)));
    let spend = Table::new("spend")
        .with_text("channel", rows().map(|(channel, _)| ["search", "radio"][channel]))
        .with_date("date", rows().map(|(_, week)| date(week)))
        .with_number("spend", rows().map(|(channel, week)| spent(channel, week)));
    let sales = Table::new("sales").with_date("date", (0..WEEKS).map(date)).with_number("quantity", sales);
    Tables::default().with(spend).with(sales)
}

fn input(tables: Tables) -> Input {
    Input::Tables { name: "spring".into(), tables, settings: Settings::default() }
}

fn prepare(tables: Tables) -> Box<dyn Prepared> {
    Advertising.prepare(input(tables), &Control::default()).unwrap()
}

#[test]
fn a_history_becomes_a_split() {
    let prepared = prepare(folder());
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    assert!(solution.checks.feasible);
    let spend = solution.tables.get("spend").unwrap();
    assert_eq!(spend.len(), 2);
    let (amounts, now) = (spend.number("spend").unwrap(), spend.number("current").unwrap());
    // As much as is spent now; more of it on the channel that brings more.
    assert!((amounts.iter().sum::<f64>() - now.iter().sum::<f64>()).abs() < 1e-6);
    assert!(amounts[0] > now[0] && amounts[1] < now[1], "{amounts:?} instead of {now:?}");
    let contributions = solution.tables.get("contributions").unwrap();
    let roas = contributions.number("roas").unwrap();
    assert!(roas[0] > 2.0 * roas[1], "{roas:?}");
    assert_eq!(contributions.cell_text("identified", 0), "yes");
    let presentation = prepared.present(&solution);
    let section = |title: &str| presentation.sections.iter().find(|s| s.title == title).unwrap();
    let Block::Lines(lines) = &section("Response curves").blocks[0] else { panic!("no curve") };
    assert_eq!(lines.bands.len(), 1);
    assert_eq!(lines.bands[0].low.len(), lines.lines[0].values.len());
    assert!(matches!(section("What history says").blocks[0], Block::Lines(_)));
}

#[test]
fn the_decomposition_adds_up_to_sales() {
    let tables = folder();
    let sales = tables.get("sales").unwrap().number("quantity").unwrap().to_vec();
    let solution = prepare(tables).solve(&SolveOptions::default()).unwrap();
    let parts = solution.tables.get("decomposition").unwrap();
    let mut sums = std::collections::BTreeMap::new();
    for (day, value) in parts.date("date").unwrap().iter().zip(parts.number("value").unwrap()) {
        *sums.entry(*day).or_insert(0.0) += value;
    }
    assert_eq!(sums.len(), WEEKS);
    for (sum, y) in sums.values().zip(&sales) {
        assert!((sum - y).abs() < 1e-9 * y);
    }
}

#[test]
fn spend_beyond_history_is_said() {
    let mut tables = folder();
    let limits = Table::new("channel_limits")
        .with_text("channel", ["search", "radio"])
        .with_number("min", [13.0 * 400.0, 0.0])
        .with_number("max", [13.0 * 500.0, 13.0 * 100.0])
        .with_number("current", [13.0 * 400.0, 10.0]);
    tables.insert(limits);
    let solution = prepare(tables).solve(&SolveOptions::default()).unwrap();
    let said = solution.warnings.iter().any(|text| text.contains("beyond the greatest spend of history"));
    assert!(said, "{:?}", solution.warnings);
}

#[test]
fn constant_and_missing_spend_are_said() {
    let tables = folder();
    let spend = tables.get("spend").unwrap();
    let more = Table::new("spend")
        .with_text("channel", (0..WEEKS).map(|_| "poster").chain(["fair"]))
        .with_date("date", (0..WEEKS).map(date).chain([date(0)]))
        .with_number("spend", (0..WEEKS).map(|_| 50.0).chain([0.0]));
    let tables = tables.clone().with(spend.with_rows(&more));
    let checked = Advertising.validate(input(tables.clone()), &Control::default()).unwrap();
    let text = checked.as_slice().iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("\n");
    assert!(text.contains("poster never changed") && text.contains("ever spent on fair"), "{text}");
    let solution = prepare(tables).solve(&SolveOptions::default()).unwrap();
    let contributions = solution.tables.get("contributions").unwrap();
    let row =
        (0..contributions.len()).find(|&row| contributions.cell_text("channel", row) == "poster").unwrap();
    assert_eq!(contributions.cell_text("identified", row), "no: constant spend");
    // Without spend there is no curve.
    assert_eq!(solution.tables.get("spend").unwrap().len(), 3);
}

#[test]
fn a_channel_that_may_not_be_spent_on_keeps_its_history() {
    let plain = prepare(folder()).solve(&SolveOptions::default()).unwrap();
    let limits = Table::new("channel_limits").with_text("channel", ["search"]).with_number("max", [0.0]);
    let solution = prepare(folder().with(limits)).solve(&SolveOptions::default()).unwrap();
    let brought = |solution: &crate::decide::Solution| {
        solution.tables.get("contributions").unwrap().number("contribution").unwrap().to_vec()
    };
    assert_eq!(brought(&solution), brought(&plain));
    assert_eq!(solution.tables.get("spend").unwrap().number("spend").unwrap()[0], 0.0);
}

#[test]
fn what_is_missing_is_asked_for() {
    let faults = Advertising.validate(input(Tables::default()), &Control::default()).unwrap_err();
    let missing = faults.as_slice().iter().filter(|fault| fault.code == Code::MissingTable).count();
    assert_eq!(missing, 2);
    let tables = folder();
    let lift = Table::new("lift_tests")
        .with_text("channel", ["cinema"])
        .with_date("start", [date(3)])
        .with_date("end", [date(6)])
        .with_number("lift", [5.0])
        .with_number("error", [1.0]);
    let faults = Advertising.validate(input(tables.with(lift)), &Control::default()).unwrap_err();
    assert!(faults.as_slice().iter().any(|fault| fault.code == Code::UnknownReference));
}

/// Eight regions over ten weeks; sales of the first four fall by a tenth during the test.
fn experiment() -> Table {
    let rows = || (0..8).flat_map(|region| (0..10).map(move |week| (region, week)));
    let flag = |is: bool| is;
    Table::new("geo_tests")
        .with_text("channel", rows().map(|_| "search"))
        .with_text("region", rows().map(|(region, _)| format!("R{region}")))
        .with_date("date", rows().map(|(_, week)| date(30 + week)))
        .with_number(
            "quantity",
            rows().map(|(region, week)| {
                let usual = 100.0 + 10.0 * region as f64 + ((region * 5 + week * 3) % 7) as f64 / 10.0;
                if region < 4 && week >= 5 { 0.9 * usual } else { usual }
            }),
        )
        .with_flag("treated", rows().map(|(region, _)| flag(region < 4)))
        .with_flag("during", rows().map(|(_, week)| flag(week >= 5)))
}

#[test]
fn a_regional_experiment_is_read_out_and_calibrates() {
    let plain = prepare(folder()).solve(&SolveOptions::default()).unwrap();
    let tested = prepare(folder().with(experiment())).solve(&SolveOptions::default()).unwrap();
    let readout = tested.tables.get("geo_readout").unwrap();
    assert!((readout.number("effect").unwrap()[0] + 0.1).abs() < 0.005);
    // A tenth of sales is less than what search brought in truth: the test draws it down.
    let brought = |solution: &crate::decide::Solution| {
        solution.tables.get("contributions").unwrap().number("contribution").unwrap()[0]
    };
    assert!(brought(&tested) < 0.9 * brought(&plain), "{} after {}", brought(&tested), brought(&plain));
}

#[test]
fn an_experiment_beside_given_curves_is_read_out() {
    let curves = Table::new("response_curves")
        .with_text("channel", ["search"])
        .with_number("a", [10.0])
        .with_number("k", [10.0])
        .with_number("s", [1.0])
        .with_number("max", [60.0])
        .with_number("current", [5.0]);
    let tables = Tables::default().with(curves).with(experiment());
    let solution = prepare(tables).solve(&SolveOptions::default()).unwrap();
    assert!(solution.tables.get("geo_readout").is_some() && solution.tables.get("contributions").is_none());
    assert!(solution.headline.iter().any(|line| line.starts_with("Test ")), "{:?}", solution.headline);
}

#[test]
fn an_experiment_alone_is_read_out() {
    let tables = Tables::default().with(experiment());
    assert!(Advertising.validate(input(tables.clone()), &Control::default()).is_ok());
    let solution = prepare(tables).solve(&SolveOptions::default()).unwrap();
    assert!(solution.tables.get("spend").is_none() && solution.kpis.is_empty());
    assert!(solution.headline.len() == 1 && solution.headline[0].starts_with("Test "), "{solution:?}");
    let readout = solution.tables.get("geo_readout").unwrap();
    assert_eq!(readout.number("treated").unwrap(), [4.0]);
}

#[test]
fn gaps_in_dates_are_periods_without_sales() {
    let days: Vec<i32> = [0, 1, 2, 5, 6].iter().map(|&week| day_number(date(week))).collect();
    let periods = Periods::of(&days).unwrap();
    assert_eq!(periods.starts.len(), 7);
    assert_eq!(periods.at(days[2] + 8), Some(3));
    assert_eq!(periods.at(days[0] - 1), None);
    assert_eq!((periods.at(days[4] + 6), periods.at(days[4] + 7)), (Some(6), None));
    let months: Vec<i32> =
        (1..=6).map(|month| day_number(NaiveDate::from_ymd_opt(2024, month, 1).unwrap())).collect();
    assert!((Periods::of(&months).unwrap().season_length() - 12.0).abs() < 1e-9);
    let tables = folder();
    let sales = tables.get("sales").unwrap();
    let kept: Vec<bool> = (0..WEEKS).map(|week| week % 9 != 4).collect();
    let tables = tables.clone().with(sales.filtered(&kept));
    let solution = prepare(tables).solve(&SolveOptions::default()).unwrap();
    let parts = solution.tables.get("decomposition").unwrap();
    let found: std::collections::BTreeSet<i32> = parts.date("date").unwrap().iter().copied().collect();
    assert_eq!(found.len(), kept.iter().filter(|kept| **kept).count());
}

fn faults(tables: Tables, settings: Settings) -> Faults {
    let input =
        || Input::Tables { name: "spring".into(), tables: tables.clone(), settings: settings.clone() };
    let checked = Advertising.validate(input(), &Control::default()).unwrap_err();
    let prepared = Advertising.prepare(input(), &Control::default()).err().unwrap();
    assert_eq!(checked.as_slice(), prepared.as_slice(), "what a check says and what a solve says");
    checked
}

#[test]
fn a_check_refuses_what_a_solve_refuses() {
    let first = |table: &Table, weeks: usize| {
        let rows: Vec<bool> =
            table.date("date").unwrap().iter().map(|day| *day < day_number(date(weeks))).collect();
        table.filtered(&rows)
    };
    let all = folder();
    let short = Tables::default()
        .with(first(all.get("spend").unwrap(), 11))
        .with(first(all.get("sales").unwrap(), 11));
    let told = faults(short, Settings::default());
    assert!(told.as_slice()[0].message.contains("11 periods have an outcome"), "{told:?}");
    let limits = Table::new("channel_limits")
        .with_text("channel", ["search"])
        .with_number("min", [9.0])
        .with_number("max", [5.0]);
    let told = faults(folder().with(limits), Settings::default());
    assert!(told.as_slice()[0].message.contains("at least 9 and at most 5"), "{told:?}");
    let told = faults(folder(), Settings::default().with("goals", "response,reach"));
    assert!(told.as_slice()[0].message.contains("no goal `reach`"), "{told:?}");
}

#[test]
fn a_lift_test_that_cannot_be_is_refused_at_its_row() {
    let lift = Table::new("lift_tests")
        .with_text("channel", ["search", "radio"])
        .with_date("start", [date(3), date(9)])
        .with_date("end", [date(6), date(12)])
        .with_number("lift", [5.0, 6.0])
        .with_number("error", [1.0, f64::INFINITY]);
    let told = faults(folder().with(lift), Settings::default());
    let fault = &told.as_slice()[0];
    assert!(fault.file.contains("lift_tests"), "{fault:?}");
    assert_eq!(fault.row, Some(3));
}

#[test]
fn a_fit_cut_short_is_told_beside_its_split() {
    let valid = validate(folder(), &Settings::default(), &Problem::schema().unwrap()).unwrap();
    let history = History::read(&valid.tables, &valid.settings, &mut Faults::default()).unwrap();
    let options = MixOptions { settle: 5, draws: 100_000, thin: 10, ..MixOptions::default() };
    let control = Control::default().with_time(std::time::Duration::from_millis(300));
    let fitted = fit(&history.mix, &options, &control).unwrap();
    let readout = Readout::new(history, &fitted, Faults::default()).unwrap();
    let notices = readout.notices();
    assert!(notices.as_slice().iter().any(|fault| fault.message.contains("cut short")), "{notices:?}");
    let tables = folder().with(readout.curves());
    let (problem, _) = Problem::read(input(tables)).unwrap();
    let said = readout.sentences(&problem);
    assert!(said.iter().any(|line| line.contains("cut the fit short")), "{said:?}");
}

#[test]
fn fitted_curves_carry_what_a_later_folder_needs() {
    let limits = Table::new("channel_limits")
        .with_text("channel", ["search"])
        .with_number("min", [100.0])
        .with_number("step", [50.0]);
    let tables = folder().with(limits);
    let goals = Settings::default().with("goals", "response,risk");
    let with_goals = Input::Tables { name: "spring".into(), tables: tables.clone(), settings: goals };
    assert!(Advertising.prepare(with_goals, &Control::default()).is_ok());
    let solution = prepare(tables).solve(&SolveOptions::default()).unwrap();
    let curves = solution.tables.get("fitted_curves").unwrap();
    assert_eq!(curves.number("min").unwrap(), [100.0, 0.0]);
    assert_eq!(curves.number("step").unwrap(), [50.0, 0.0]);
    let errors = curves.number("error").unwrap();
    assert!(errors.iter().all(|error| *error > 0.0 && *error < 1.0), "{errors:?}");
    // The channel that brings less is known less well.
    assert!(errors[1] > errors[0], "{errors:?}");
}

#[test]
fn a_history_is_planned_period_by_period_with_its_carry_over() {
    let plan = |pacing: &str| {
        let settings = Settings::default().with("pacing", pacing).with("adstock", "auto");
        let input = Input::Tables { name: "spring".into(), tables: folder(), settings };
        let prepared = Advertising.prepare(input, &Control::default()).unwrap();
        prepared.solve(&SolveOptions::default()).unwrap()
    };
    let (even, paced) = (plan("even"), plan("by_period"));
    assert!(paced.checks.feasible && paced.outcome.gap().unwrap() < 0.05, "{:?}", paced.outcome);
    let table = paced.tables.get("pacing").unwrap();
    assert_eq!(table.len(), 26);
    // The first period follows the last one of the history.
    assert_eq!(table.date("date").unwrap()[0], day_number(date(WEEKS)));
    // The curve of a period with mean carry-over says of even spend nearly what the draws say.
    let (even, paced) = (even.outcome.objective.unwrap(), paced.outcome.objective.unwrap());
    assert!(paced > 0.97 * even && paced < 1.25 * even, "{paced} by period, {even} evenly");
    let contributions =
        |solution: &crate::decide::Solution| solution.tables.get("contributions").unwrap().clone();
    let table = contributions(&plan("even"));
    assert!(table.number("weibull").unwrap().iter().all(|share| (0.0..=1.0).contains(share)));
}
