//! The split as a person reads it: what it brings, where the money goes, and the curves.

use super::check::response;
use super::goals::{Goal, Goals};
use super::model::marginal_response;
use super::pacing;
use super::plan::current_total;
use super::problem::{Channel, Problem};
use crate::data::Table as Data;
use crate::decide::Solution;
use crate::decide::notices::notices_section;
use crate::presentation::{
    Axis, Bars, Block, Column, Figure, Line, LineStyle, Lines, Marker, Measure, Presentation, Section, Table,
    Tone,
};

/// What is told of a run besides its solution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub seed: u64,
    pub threads: usize,
}

/// Channels whose curves are drawn, those that get most.
const CURVES: usize = 12;
/// Points of a drawn curve.
const POINTS: usize = 60;

/// Tells `solution`.
pub(super) fn present(problem: &Problem, solution: &Solution, run: Run) -> Presentation {
    let mut presentation = Presentation::new(&problem.name);
    presentation.style = problem.style.clone();
    presentation.headline.clone_from(&solution.headline);
    let budget = solution.tables.get("spend").map_or(problem.budget, |_| kpi(solution, "budget"));
    let source = match (budget > problem.budget, problem.budget_is_current) {
        (true, _) => format!(", raised from {}", problem.money(problem.budget)),
        (_, true) => ", as much as is spent now".to_owned(),
        _ => String::new(),
    };
    presentation.subtitle = format!("A budget of {}{source}", problem.money(budget));
    if let Some(spend) = solution.tables.get("spend").and_then(|table| table.number("spend")) {
        presentation.figures = figures(problem, solution);
        let by_period = problem.pacing.as_ref().zip(pacing_of(problem, solution));
        if let Some((pacing, amounts)) = &by_period {
            presentation.sections.push(pacing::present(problem, pacing, amounts));
            // Curves are those of a period: what is drawn is its mean spend.
            let mean: Vec<f64> = spend.iter().map(|x| x / pacing.periods as f64).collect();
            presentation.sections.push(curve_section(problem, &mean));
        } else {
            presentation.sections.push(split_section(problem, spend));
            presentation.sections.push(curve_section(problem, spend));
        }
        let front = problem.goals.as_ref().zip(solution.tables.get("front"));
        presentation.sections.extend(front.map(|(goals, table)| front_section(goals, table)));
    }
    presentation.sections.extend(notices_section(&problem.notices, &solution.warnings));
    let measure = Measure::number().with_decimals(2);
    let facts = Block::run_facts(&solution.outcome, &measure, run.seed, run.threads, &solution.seconds);
    presentation.sections.push(Section::new("This run").with(facts));
    presentation
}

/// The amounts of a plan by period.
fn pacing_of(problem: &Problem, solution: &Solution) -> Option<Vec<Vec<f64>>> {
    let pacing = problem.pacing.as_ref()?;
    pacing::amounts_of(problem, pacing, &solution.tables).ok()
}

/// A key figure; NaN where the solution has none of this name.
fn kpi(solution: &Solution, name: &str) -> f64 {
    solution.kpis.iter().find(|(label, _)| label == name).map_or(f64::NAN, |(_, value)| *value)
}

fn figures(problem: &Problem, solution: &Solution) -> Vec<Figure> {
    let outcome = &solution.outcome;
    let kpi = |name: &str| kpi(solution, name);
    let number = |label: &str, value: f64| Figure::number(label, value, Measure::number().with_decimals(2));
    let money = |label: &str, value: f64| Figure::number(label, value, Measure::money());
    let is_profit = problem.aim == Goal::Profit;
    let worth = |label: &str, value: f64| if is_profit { money(label, value) } else { number(label, value) };
    let label = if is_profit { "Profit" } else { "Response" };
    let mut figures = vec![worth(label, outcome.objective.unwrap_or(f64::NAN))];
    if is_profit && problem.pacing.is_none() {
        figures.push(number("Response", kpi("response")));
    }
    if let Some((_, brings)) = current_total(problem).filter(|_| problem.pacing.is_none()) {
        let gain = outcome.objective.unwrap_or(f64::NAN) - brings;
        let tone = if gain >= 0.0 { Tone::Good } else { Tone::Warning };
        figures.push(worth("More than now", gain).with_tone(tone));
    }
    figures.push(money("Spent", kpi("spent")));
    let unspent = money("Unspent", kpi("unspent"));
    let has_rest = kpi("unspent") > 1e-6 * kpi("budget").max(1.0);
    // Money that profit does not ask for is kept, not lost.
    figures.push(if has_rest && !is_profit { unspent.with_tone(Tone::Warning) } else { unspent });
    figures.push(number("One more unit brings", kpi("value_of_one_more")));
    figures.push(worth("Bound", outcome.bound.unwrap_or(f64::NAN)).with_note("no split brings more"));
    figures
}

fn split_section(problem: &Problem, spend: &[f64]) -> Section {
    let channels = &problem.channels;
    let each = |of: &dyn Fn(&Channel, f64) -> f64| {
        channels.iter().zip(spend).map(|(channel, &x)| of(channel, x)).collect::<Vec<f64>>()
    };
    let is_profit = problem.aim == Goal::Profit;
    let has_rest = problem.budget - spend.iter().sum::<f64>() > 1e-6 * problem.budget.max(1.0);
    let held = |(channel, &x): (&Channel, &f64)| {
        let ends = channel.stands_at(x);
        match (ends.most, ends.least) {
            (true, _) => "its maximum",
            (_, true) if channel.least() > 0.0 => "its minimum",
            (_, true) if is_profit => "left out: it brings back less than it costs, or more elsewhere",
            (_, true) => "left out: its money brings more elsewhere",
            _ if is_profit && has_rest => "its last unit, which brings back one",
            _ => "",
        }
    };
    let number = Measure::number().with_decimals(2);
    let table = Table::new("Spend by channel")
        .with(Column::text("channel", channels.iter().map(|channel| channel.name.clone())))
        .with(Column::number("spend", spend.iter().copied(), Measure::money()).with_total())
        .with(
            Column::number("now", channels.iter().map(|channel| channel.current), Measure::money())
                .with_total(),
        )
        .with(Column::number("response", each(&response), number.clone()).with_total())
        .with(Column::number("one more unit brings", each(&marginal_response), Measure::number()))
        .from_file("spend.csv")
        .interactive();
    let earned = |channel: &Channel, x: f64| channel.margin * response(channel, x) - x;
    let back = |channel: &Channel, x: f64| channel.margin * marginal_response(channel, x);
    let table = match is_profit {
        true => table
            .with(Column::number("profit", each(&earned), Measure::money()).with_total())
            .with(Column::number("one more unit brings back", each(&back), number)),
        false => table,
    };
    let table = table.with(Column::text("held by", channels.iter().zip(spend).map(held)));
    let lead = match (is_profit, has_rest) {
        (true, true) => {
            "Channels between their bounds are spent on until one more unit of money brings back one."
        }
        (true, false) => "Channels between their bounds all earn the same for one more unit of money.",
        _ => "Channels between their bounds all bring the same for one more unit.",
    };
    let mut order = by_spend(spend);
    order.truncate(2 * CURVES);
    let bars = Bars {
        title: "Where the money goes".to_owned(),
        description: "Proposed spend of the channels that get most.".to_owned(),
        measure: Measure::money(),
        labels: order.iter().map(|&at| channels[at].name.clone()).collect(),
        values: order.iter().map(|&at| spend[at]).collect(),
    };
    Section::new("The split").with_lead(lead).with(Block::Bars(bars)).with(Block::Table(table))
}

/// Channels, those that get most first.
fn by_spend(spend: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..spend.len()).collect();
    order.sort_by(|&a, &b| spend[b].total_cmp(&spend[a]).then(a.cmp(&b)));
    order
}

/// The front: each other goal over the first, and all points.
fn front_section(goals: &Goals, table: &Data) -> Section {
    let measure = |goal: Goal| match goal.is_money() {
        true => Measure::money(),
        false => Measure::number().with_decimals(2),
    };
    let values = |goal: Goal| table.number(goal.name()).unwrap_or(&[]).to_vec();
    let flagged =
        |column: &'static str| (0..table.len()).filter(move |&row| table.cell_text(column, row) == "yes");
    let mut section = Section::new("The front").with_lead(
        "No point is better than another in every goal; the knee is the one after which more of one costs most of another.",
    );
    let points: Vec<String> = (1..=table.len()).map(|point| point.to_string()).collect();
    for &goal in &goals.list {
        let line = values(goal);
        let mark = |name: &str, at: usize| Marker {
            name: name.to_owned(),
            at,
            value: line[at],
            text: format!("{name}: point {}", at + 1),
        };
        let knees = flagged("knee").map(|at| mark("knee", at));
        let markers = knees.chain(flagged("chosen").map(|at| mark("chosen", at))).collect();
        section = section.with(Block::Lines(Lines {
            title: format!("{} by point", goal.words()),
            description: format!(
                "{} at each point of the front, by {}; the knee and the chosen point are marked.",
                goal.words(),
                goals.list[0].words()
            ),
            measure: measure(goal),
            axis: Axis::Labels(points.clone()),
            lines: vec![Line {
                name: goal.words().to_owned(),
                values: line.clone(),
                style: LineStyle::Observed,
            }],
            markers,
            ..Lines::default()
        }));
    }
    let place = |row: usize| {
        let is = |column: &str| table.cell_text(column, row) == "yes";
        match (is("knee"), is("chosen")) {
            (true, true) => "the knee, chosen",
            (true, false) => "the knee",
            (false, true) => "chosen",
            _ => "",
        }
    };
    let all = Table::new("Points of the front").with(Column::text("point", points.clone()));
    let all = goals
        .list
        .iter()
        .fold(all, |all, &goal| all.with(Column::number(goal.words(), values(goal), measure(goal))));
    let all = all.with(Column::text("", (0..table.len()).map(place))).from_file("front.csv").interactive();
    section.with(Block::Table(all))
}

fn curve_section(problem: &Problem, spend: &[f64]) -> Section {
    let mut order = by_spend(spend);
    let all = order.len();
    order.truncate(CURVES);
    let lead = match all > CURVES {
        true => format!(
            "The {CURVES} channels of {all} that get most, with what is spent now and what is proposed."
        ),
        false => "What each channel brings, with what is spent now and what is proposed.".to_owned(),
    };
    let section = Section::new("Response curves").with_lead(lead);
    order.into_iter().fold(section, |section, at| section.with(Block::Lines(curve(problem, at, spend[at]))))
}

/// One channel's curve over its range, with current and proposed spend.
fn curve(problem: &Problem, at: usize, spend: f64) -> Lines {
    let channel = &problem.channels[at];
    let widest = channel.max.max(channel.current.max(0.0)).max(f64::MIN_POSITIVE);
    let amount = |point: usize| widest * point as f64 / POINTS as f64;
    let nearest = |x: f64| ((x / widest * POINTS as f64).round() as usize).min(POINTS);
    let mark = |name: &str, x: f64| Marker {
        name: name.to_owned(),
        at: nearest(x),
        value: response(channel, x),
        text: format!(
            "{name}: {} brings {}",
            problem.money(x),
            problem.style.number(response(channel, x), &Measure::number())
        ),
    };
    let mut markers = vec![mark("proposed", spend)];
    if !channel.current.is_nan() {
        markers.push(mark("now", channel.current));
    }
    Lines {
        title: channel.name.clone(),
        description: format!(
            "{} of {} by spend; proposed: {}.",
            problem.response_unit,
            channel.name,
            problem.money(spend)
        ),
        measure: Measure::number(),
        axis: Axis::Labels(
            (0..=POINTS).map(|point| problem.style.tick(amount(point), &Measure::money())).collect(),
        ),
        lines: vec![Line {
            name: problem.response_unit.clone(),
            values: (0..=POINTS).map(|point| response(channel, amount(point))).collect(),
            style: LineStyle::Expected,
        }],
        markers,
        ..Lines::default()
    }
}
