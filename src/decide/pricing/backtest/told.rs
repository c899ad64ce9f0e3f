//! A pricing backtest in sentences, figures and tables.

use super::super::plan::measure;
use super::super::problem::Goal;
use super::window::{Scored, place};
use super::{KEPT, POLICIES, PURVEY, Past, THEN};
use crate::data::{Faults, Table};
use crate::decide::BacktestWindow;
use crate::decide::notices::notices_section;
use crate::presentation::{Bars, Block, Column, Figure, Measure, Presentation, Section, Table as View, Tone};

/// A policy's name for people.
fn words(policy: &str) -> &'static str {
    match policy {
        PURVEY => "Purvey",
        THEN => "Prices of the time",
        KEPT => "First prices kept",
        _ => "Perfect foresight",
    }
}

/// What the prices would have brought, in sentences, with what they rest on.
pub(super) fn headline(past: &Past<'_>, all: &Scored) -> Vec<String> {
    let goal = past.goal;
    if all.rounds == 0 {
        return vec!["No round was replayed before the run was stopped.".to_owned()];
    }
    let written = |value: f64| past.style.number(value, &measure(goal));
    let of = |policy: usize| all.totals[policy][place(goal)];
    let (gain, then, best) = (all.gain(goal), of(1), of(3));
    let (low, high) = all.gain_interval();
    let share = if then > 0.0 { format!(" ({:+.1}\u{a0}%)", 100.0 * gain / then) } else { String::new() };
    let mut told = vec![format!(
        "The prices that Purvey would have chosen change the {} by {}{share} against those of the time: from {} to {}; \
         95\u{a0}% interval of the change {} to {}.",
        goal.word(),
        written(gain),
        written(then),
        written(of(0)),
        written(low),
        written(high),
    )];
    told.push(format!(
        "Prices that know the later response would have brought {}, {} more.",
        written(best),
        written(best - of(0))
    ));
    if all.wape().is_finite() {
        told.push(format!(
            "What was sold was foreseen one period ahead, at the prices that came, to within {:.1}\u{a0}% a store and \
             product (absolute error over units).",
            100.0 * all.wape()
        ));
    }
    told.push(
        "Nobody bought at these prices: the change is what a response fitted on the later sales says, and the interval \
         holds only what that response does not know of own prices. Where the prices of the time followed demand, or \
         competitors would have answered, the truth lies elsewhere; a price test tells."
            .to_owned(),
    );
    told
}

/// Every product in every round.
pub(super) fn replayed(past: &Past<'_>, all: &Scored) -> Table {
    let rows = || all.rows.iter();
    Table::new("replayed_prices")
        .with_text("product", rows().map(|row| &row.product))
        .with_date("date", rows().map(|row| past.date(row.day)))
        .with_number("round", rows().map(|row| (row.round + 1) as f64))
        .with_number("price", rows().map(|row| row.prices[0]))
        .with_number("price_then", rows().map(|row| row.prices[1]))
        .with_number("price_foresight", rows().map(|row| row.prices[3]))
        .with_number("quantity", rows().map(|row| row.quantities[0]))
        .with_number("quantity_then", rows().map(|row| row.quantities[1]))
}

/// All of it for a person.
pub(super) fn present(
    past: &Past<'_>,
    headline: &[String],
    warnings: &[String],
    windows: &[BacktestWindow],
    all: &Scored,
) -> Presentation {
    let goal = past.goal;
    let mut told = Presentation::new(format!("{}: backtest", past.name));
    told.style = past.style.clone();
    told.subtitle = format!(
        "Prices for most {} replayed over {} and judged by later sales",
        goal.word(),
        if windows.len() == 1 { "1 window".to_owned() } else { format!("{} windows", windows.len()) }
    );
    told.headline = headline.to_vec();
    for (policy, totals) in POLICIES.iter().zip(&all.totals) {
        let tone = if *policy == PURVEY { Tone::Good } else { Tone::Neutral };
        told.figures.push(Figure::number(words(policy), totals[place(goal)], measure(goal)).with_tone(tone));
    }
    let bars = Bars {
        title: format!("What the prices bring: {}", goal.word()),
        description: "One bar a policy; higher is better.".to_owned(),
        measure: measure(goal),
        labels: POLICIES.iter().map(|policy| words(policy).to_owned()).collect(),
        values: all.totals.iter().map(|totals| totals[place(goal)]).collect(),
    };
    let column = |title: &str, at: usize, measure: Measure| {
        Column::number(title, all.totals.iter().map(|totals| totals[at]).collect::<Vec<f64>>(), measure)
    };
    let totals = View::new("By policy, all rounds")
        .with(Column::text("policy", POLICIES.iter().map(|policy| words(policy))))
        .with(column("margin", place(Goal::Margin), Measure::money()))
        .with(column("revenue", place(Goal::Revenue), Measure::money()))
        .with(column("units", place(Goal::Volume), Measure::quantity("units").with_decimals(0)));
    let mut by_window = View::new(format!("{} by window", goal.word()))
        .with(Column::date("from", windows.iter().map(|window| Some(window.from))));
    for policy in POLICIES {
        let of = |window: &BacktestWindow| {
            let figure = window.policies.get(policy).and_then(|figures| figures.get(goal.word()));
            figure.and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN)
        };
        by_window = by_window.with(Column::number(words(policy), windows.iter().map(of), measure(goal)));
    }
    let lead = "Each round knows the sales before it only; every policy sells what was sold, changed as the later \
                response says.";
    told.sections.push(
        Section::new("What the prices bring")
            .with_lead(lead)
            .with(Block::Bars(bars))
            .with(Block::Table(totals))
            .with(Block::Table(by_window)),
    );
    told.sections.extend(notices_section(&Faults::default(), warnings));
    told
}
