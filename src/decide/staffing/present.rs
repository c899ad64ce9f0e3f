//! Staffing and its backtest as a person reads them.

use chrono::{Datelike, NaiveDate};

use super::demand::Demand;
use super::plan::{Start, cost, moment};
use super::problem::{DAY, Problem};
use super::replay::{Outturn, POLICIES};
use crate::decide::Solution;
use crate::decide::notices::notices_section;
use crate::presentation::{
    Axis, Block, Column, Comparison, Figure, HeatMap, Line, LineStyle, Lines, Measure, Presentation, Section,
    Table, Tone,
};

/// Hours that lack drivers and are named one by one.
const MOST_NAMED: usize = 12;

/// What is told of a run besides its solution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub seed: u64,
    pub threads: usize,
}

/// What there is to tell of a plan.
pub(super) struct Told<'a> {
    pub problem: &'a Problem,
    pub demand: &'a Demand,
    pub needs: &'a [f64],
    pub duty: &'a [f64],
}

impl Told<'_> {
    fn missing(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let short = self.needs.iter().zip(self.duty).map(|(need, duty)| need - duty).enumerate();
        short.filter(|(_, missing)| *missing > 1e-6)
    }

    fn orders(&self) -> f64 {
        (0..self.problem.hours()).map(|hour| self.demand.mean_of(hour)).sum()
    }

    /// Key figures.
    pub fn kpis(&self, starts: &[Start]) -> Vec<(String, f64)> {
        let list = [
            ("shift_cost", cost(self.problem, starts)),
            ("expected_orders", self.orders()),
            ("shifts_started", 0.0 + starts.iter().map(|start| start.drivers).sum::<f64>()),
            ("driver_hours", self.duty.iter().sum()),
            ("needed_hours", self.needs.iter().sum()),
            ("most_needed", self.needs.iter().copied().fold(0.0, f64::max)),
            ("most_on_duty", self.duty.iter().copied().fold(0.0, f64::max)),
            ("hours_short", self.missing().count() as f64),
            // An empty sum is -0.0, which would be told as such.
            ("missing_vehicle_hours", 0.0 + self.missing().map(|(_, missing)| missing).sum::<f64>()),
        ];
        list.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }

    /// The answer in sentences.
    pub fn headline(&self, starts: &[Start]) -> Vec<String> {
        let problem = self.problem;
        let drivers = 0.0 + starts.iter().map(|start| start.drivers).sum::<f64>();
        let (peak, most) = self
            .needs
            .iter()
            .enumerate()
            .fold((0, 0.0), |best, (hour, &need)| if need > best.1 { (hour, need) } else { best });
        let (date, hour) = moment(problem, peak);
        vec![
            format!(
                "{drivers} shifts of {} in {} days for {:.0} expected orders, enough in {} of the cases of an hour.",
                problem.style.money(cost(problem, starts)),
                problem.days,
                self.orders(),
                problem.style.percent(problem.level)
            ),
            format!("Most vehicles, {most}, are needed on {} at {hour:02}:00.", problem.style.day(date)),
        ]
    }

    /// Hours that stay short within the limits of shifts and vehicles.
    pub fn warnings(&self) -> Vec<String> {
        let all: Vec<(usize, f64)> = self.missing().collect();
        let named = all.iter().take(MOST_NAMED).map(|&(at, missing)| {
            let (date, hour) = moment(self.problem, at);
            let they = if missing == 1.0 { "vehicle is".to_owned() } else { "vehicles are".to_owned() };
            format!(
                "{missing} {they} missing on {date} at {hour:02}:00 within the limits of shifts and vehicles"
            )
        });
        let more = all.len().saturating_sub(MOST_NAMED);
        let rest =
            (more > 0).then(|| format!("vehicles are missing in {more} more hours; staffing.csv has all"));
        named.chain(rest).collect()
    }

    /// What one more driver on a shift saves.
    pub fn one_more(&self, shift: &str, saves: f64) -> String {
        let money = self.problem.style.money(saves.abs());
        match saves {
            saves if saves > 1e-9 => format!("one more driver who may start {shift} on a day saves {money}"),
            saves if saves < -1e-9 => {
                format!("one more driver who may start {shift} on a day covers more, for {money}")
            }
            _ => format!("one more driver who may start {shift} on a day saves nothing"),
        }
    }
}

/// Tells a solution.
pub(super) fn present(
    problem: &Problem,
    demand: &Demand,
    needs: &[f64],
    solution: &Solution,
    run: Run,
) -> Presentation {
    let mut told = Presentation::new(&problem.name);
    told.subtitle = format!(
        "Drivers and vehicles for {} zones from {} for {} days",
        problem.zones.len(),
        problem.style.day(problem.first),
        problem.days
    );
    told.date = Some(problem.first);
    told.style = problem.style.clone();
    told.headline.clone_from(&solution.headline);
    let kpi = |name: &str| {
        solution.kpis.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, value)| *value)
    };
    let whole = || Measure::number().with_decimals(0);
    let short = Figure::number("Hours short of drivers", kpi("hours_short"), whole());
    told.figures = vec![
        Figure::number("Cost of shifts", kpi("shift_cost"), Measure::money()),
        Figure::number("Shifts", kpi("shifts_started"), whole()),
        Figure::number("Hours of drivers", kpi("driver_hours"), whole()),
        Figure::number("Expected orders", kpi("expected_orders"), whole()),
        Figure::number("Most vehicles needed", kpi("most_needed"), whole()),
        if kpi("hours_short") > 0.0 { short.with_tone(Tone::Warning) } else { short.with_tone(Tone::Good) },
    ];
    if let Some(staffing) = solution.tables.get("staffing").and_then(|table| table.number("drivers")) {
        told.sections.push(
            Section::new("Drivers by hour")
                .with_lead("What each hour needs at the service level, and who is on duty.")
                .with(Block::Lines(steps(problem, demand, needs, staffing))),
        );
    }
    told.sections.push(
        Section::new("Orders by zone and hour")
            .with_lead("Expected orders of an hour, over the days planned on average.")
            .with(Block::HeatMap(heat(problem, demand))),
    );
    told.sections.push(Section::new("Shifts").with(Block::Table(shifts(solution))));
    told.sections.extend(waiting(problem, solution));
    told.sections.extend(notices_section(&problem.notices, &solution.warnings));
    let facts =
        Block::run_facts(&solution.outcome, &Measure::money(), run.seed, run.threads, &solution.seconds);
    told.sections.push(Section::new("This run").with(facts));
    told
}

fn steps(problem: &Problem, demand: &Demand, needs: &[f64], drivers: &[f64]) -> Lines {
    let label = |hour: usize| {
        let (date, hour) = moment(problem, hour);
        format!("{} {hour:02}", date.weekday())
    };
    let minutes = |zone: usize| problem.zones[zone].minutes / 60.0;
    let busy =
        |hour: usize| (0..problem.zones.len()).map(|zone| demand.mean(zone, hour) * minutes(zone)).sum();
    let line = |name: &str, values: Vec<f64>, style: LineStyle| Line { name: name.to_owned(), values, style };
    Lines {
        title: "Drivers on duty and vehicles needed".to_owned(),
        description:
            "Steps by hour: who is on duty, what is needed at the service level, and the expected work."
                .to_owned(),
        measure: Measure::number().with_decimals(0),
        axis: Axis::Labels((0..problem.hours()).map(label).collect()),
        lines: vec![
            line("on duty", drivers.to_vec(), LineStyle::Level),
            line("needed", needs.to_vec(), LineStyle::Limit),
            line("expected work", (0..problem.hours()).map(busy).collect(), LineStyle::Expected),
        ],
        ..Lines::default()
    }
}

fn heat(problem: &Problem, demand: &Demand) -> HeatMap {
    let mean = |zone: usize, hour: usize| {
        (0..problem.days).map(|day| demand.mean(zone, day * DAY + hour)).sum::<f64>() / problem.days as f64
    };
    HeatMap {
        title: "Expected orders by zone and hour of the day".to_owned(),
        description: "A row for each zone, a column for each hour; the darker, the more orders.".to_owned(),
        measure: Measure::number().with_decimals(1),
        rows: problem.zones.iter().map(|zone| zone.code.clone()).collect(),
        columns: (0..DAY).map(|hour| format!("{hour:02}")).collect(),
        values: (0..problem.zones.len())
            .flat_map(|zone| (0..DAY).map(move |hour| mean(zone, hour)))
            .collect(),
    }
}

fn shifts(solution: &Solution) -> Table {
    let mut view = Table::new("Shifts that start").from_file("shifts_plan.csv").interactive();
    let Some(table) = solution.tables.get("shifts_plan") else { return view };
    let dates = table.date("date").unwrap_or_default();
    view = view.with(Column::date("Date", dates.iter().map(|&day| crate::data::date_of(day))));
    for (title, name) in [("Shift", "shift"), ("Start", "start"), ("End", "end")] {
        view = view.with(Column::text(title, (0..table.len()).map(|row| table.cell_text(name, row))));
    }
    let numbers = |name: &str| table.number(name).unwrap_or_default().to_vec();
    view.with(Column::number("Drivers", numbers("drivers"), Measure::number().with_decimals(0)).with_total())
        .with(Column::number("Cost", numbers("cost"), Measure::money()).with_total())
}

/// Where free vehicles wait on the first day.
fn waiting(problem: &Problem, solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("waiting").filter(|table| !table.is_empty())?;
    let dates = table.date("date")?;
    let first = crate::data::day_number(problem.first);
    let rows: Vec<usize> = (0..table.len()).filter(|&row| dates[row] == first).collect();
    let words = |name: &str| rows.iter().map(|&row| table.cell_text(name, row)).collect::<Vec<_>>();
    let numbers = |name: &str| {
        let cells = table.number(name).unwrap_or_default();
        rows.iter().map(|&row| cells[row]).collect::<Vec<f64>>()
    };
    let view = Table::new("First day")
        .with(Column::text("Hour", words("hour")))
        .with(Column::text("Zone", words("zone")))
        .with(Column::number("Vehicles", numbers("vehicles"), Measure::number().with_decimals(0)))
        .with(Column::number(
            "Expected orders",
            numbers("expected_orders"),
            Measure::number().with_decimals(1),
        ))
        .grouped_by(["Hour"])
        .from_file("waiting.csv");
    let by = if problem.has_positions() {
        "the way to the orders expected is shortest"
    } else {
        "most orders are expected"
    };
    Some(
        Section::new("Where free vehicles wait")
            .with_lead(format!("Vehicles that are not expected to be busy wait where {by}."))
            .with(Block::Table(view)),
    )
}

fn words(policy: &str) -> &'static str {
    match policy {
        "purvey" => "Forecast",
        "last_week" => "Same hour of last week",
        _ => "Perfect foresight",
    }
}

/// A backtest in sentences.
pub(super) fn backtest_headline(problem: &Problem, totals: &[Outturn; 3]) -> Vec<String> {
    let [ours, week, best] = totals;
    let money = |amount: f64| problem.style.money(amount);
    let share = |outturn: &Outturn| problem.style.percent(outturn.served_in_time());
    let pays = week.level_that_pays();
    let hint = pays.is_finite().then(|| {
        format!(
            "What late orders and drivers cost pays for a service level of about {}; it is set to {}.",
            problem.style.percent(pays),
            problem.style.percent(problem.level)
        )
    });
    let told = vec![
        format!(
            "Staffed on the forecast, shifts and late orders cost {}; staffed on the same hour of the week before, {}; \
             with perfect foresight, {}.",
            money(ours.cost()),
            money(week.cost()),
            money(best.cost())
        ),
        format!(
            "Of {:.0} orders {} are served in their hour, against {}.",
            ours.orders,
            share(ours),
            share(week)
        ),
        format!("Hours without work cost {}, against {}.", money(ours.idle_cost), money(week.idle_cost)),
    ];
    told.into_iter().chain(hint).collect()
}

/// A backtest for a person.
pub(super) fn backtest(
    problem: &Problem,
    headline: &[String],
    totals: &[Outturn; 3],
    rows: &[(NaiveDate, [Outturn; 3])],
) -> Presentation {
    let mut told = Presentation::new(format!("{}: backtest", problem.name));
    told.subtitle = format!("Staffed {} times for {} days, and what came then", rows.len(), problem.days);
    told.style = problem.style.clone();
    told.headline = headline.to_vec();
    told.figures = POLICIES
        .iter()
        .zip(totals)
        .map(|(policy, outturn)| Figure::number(words(policy), outturn.cost(), Measure::money()))
        .collect();
    let component = |name: &str, of: fn(&Outturn) -> f64| Line {
        name: name.to_owned(),
        values: totals.iter().map(of).collect(),
        style: LineStyle::Observed,
    };
    let bars = Comparison {
        title: "Cost by policy".to_owned(),
        description: "Shifts in which drivers had work, hours without work, and orders served late."
            .to_owned(),
        measure: Measure::money(),
        policies: POLICIES.iter().map(|policy| words(policy).to_owned()).collect(),
        components: vec![
            component("hours with work", |one| one.shift_cost - one.idle_cost),
            component("hours without work", |one| one.idle_cost),
            component("late orders", |one| one.late_cost),
        ],
    };
    let whole = || Measure::number().with_decimals(0);
    let column = |title: &str, of: fn(&Outturn) -> f64, measure: Measure| {
        Column::number(title, totals.iter().map(of).collect::<Vec<f64>>(), measure)
    };
    let table = Table::new("By policy")
        .with(Column::text("Staffed on", POLICIES.iter().map(|policy| words(policy))))
        .with(column("Cost", Outturn::cost, Measure::money()))
        .with(column("Shifts", |one| one.shift_cost, Measure::money()))
        .with(column("Late orders, cost", |one| one.late_cost, Measure::money()))
        .with(column("Late orders", |one| one.late, whole()))
        .with(column("In time", Outturn::served_in_time, Measure::percent().with_decimals(1)))
        .with(column("Hours without work", |one| one.idle, whole()))
        .with(column("Their cost", |one| one.idle_cost, Measure::money()));
    let mut by_decision = Table::new("Cost of each decision")
        .with(Column::date("From", rows.iter().map(|(first, _)| Some(*first))))
        .from_file("replayed_staffing.csv");
    for (at, policy) in POLICIES.iter().enumerate() {
        let costs: Vec<f64> = rows.iter().map(|(_, outturns)| outturns[at].cost()).collect();
        by_decision = by_decision.with(Column::number(words(policy), costs, Measure::money()));
    }
    told.sections.push(
        Section::new("What it would have cost")
            .with(Block::Comparison(bars))
            .with(Block::Table(table))
            .with(Block::Table(by_decision)),
    );
    told
}
