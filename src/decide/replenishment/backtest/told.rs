//! A backtest in sentences, figures and tables.

use serde_json::Value;

use super::super::problem::{Pair, Problem};
use super::super::words::count;
use super::{FORESIGHT, OWN, PURVEY, SIMPLE, Sums, TUNED};
use crate::data::Table;
use crate::decide::BacktestWindow;
use crate::decide::backtest::{Played, paired_interval};
use crate::presentation::{
    Bars, Block, Column, Figure, Measure, Notice, Presentation, Section, Severity, Table as View, Tone,
};

fn find<'p>(sums: &'p Sums, policy: &str) -> Option<&'p Played> {
    sums.iter().find(|(name, _)| *name == policy).map(|(_, played)| played)
}

/// A change as a share: `+3.2 %`.
fn signed_percent(share: f64) -> String {
    let sign = if share < 0.0 { '\u{2212}' } else { '+' };
    format!("{sign}{:.1}\u{a0}%", 100.0 * share.abs())
}

/// What the policies would have cost, in sentences.
pub(super) fn headline(base: &Problem, sums: &Sums, flagged: f64, windows: usize) -> Vec<String> {
    let style = base.style();
    let mut told = Vec::new();
    let Some(purvey) = find(sums, PURVEY) else { return told };
    let cost = purvey.controllable.total();
    for (policy, words) in [
        (SIMPLE, "the simple rule"),
        (TUNED, "the same rule tuned in hindsight"),
        (OWN, "the planner's own orders"),
    ] {
        let Some(other) = find(sums, policy) else { continue };
        let rival = other.controllable.total();
        let (_, low, high) = paired_interval(&purvey.by_part, &other.by_part);
        let parts = purvey.by_part.len() as f64;
        told.push(format!(
            "Against {words} Purvey would have cost {} instead of {} ({}; 95\u{a0}% interval of the difference {} to {}).",
            style.money(cost),
            style.money(rival),
            signed_percent(if rival > 0.0 { cost / rival - 1.0 } else { 0.0 }),
            style.money(low * parts),
            style.money(high * parts),
        ));
    }
    if let Some(floor) = find(sums, FORESIGHT) {
        told.push(format!(
            "With perfect foresight it would have cost {}.",
            style.money(floor.controllable.total())
        ));
    }
    told.push(format!(
        "Costs are those that the decisions could influence, over {windows} window{}; demand is recorded sales, \
         and {} of the replayed buckets were flagged as stock-outs.",
        if windows == 1 { "" } else { "s" },
        style.percent(flagged),
    ));
    told
}

/// Controllable cost of every stock point and policy.
pub(super) fn by_pair(all: &Problem, sums: &Sums) -> Table {
    let item = |pair: &Pair| all.items[pair.item].code.clone();
    let location = |pair: &Pair| all.locations[pair.location].code.clone();
    let table = Table::new("cost_by_pair")
        .with_text("item", all.pairs.iter().map(item))
        .with_text("location", all.pairs.iter().map(location));
    sums.iter().fold(table, |table, (policy, played)| {
        table.with_number(policy, played.by_part.iter().map(|cost| (cost * 1e4).round() / 1e4))
    })
}

/// A policy's name for people.
fn words(policy: &str) -> &'static str {
    match policy {
        PURVEY => "Purvey",
        SIMPLE => "Simple rule",
        TUNED => "Rule tuned in hindsight",
        OWN => "Own orders",
        _ => "Perfect foresight",
    }
}

/// All of it for a person.
pub(super) fn present(
    base: &Problem,
    headline: &[String],
    warnings: &[String],
    windows: &[BacktestWindow],
    sums: &Sums,
) -> Presentation {
    let mut told = Presentation::new(format!("{}: backtest", base.name));
    told.style = base.style();
    told.subtitle =
        format!("{} over {}", count(windows.len(), "window"), count(base.pairs.len(), "stock point"));
    told.headline = headline.to_vec();
    for (policy, played) in sums {
        let figure = Figure::number(words(policy), played.controllable.total(), Measure::money());
        let tone = if *policy == PURVEY { Tone::Good } else { Tone::Neutral };
        told.figures
            .push(figure.with_tone(tone).with_note(format!("fill rate {:.1} %", 100.0 * played.fill_rate())));
    }
    let bars = Bars {
        title: "Cost that the decisions could influence".to_owned(),
        description: "One bar a policy; lower is better.".to_owned(),
        measure: Measure::money(),
        labels: sums.iter().map(|(policy, _)| words(policy).to_owned()).collect(),
        values: sums.iter().map(|(_, played)| played.controllable.total()).collect(),
    };
    let column = |title: &str, pick: fn(&Played) -> f64, measure: Measure| {
        Column::number(title, sums.iter().map(|(_, played)| pick(played)).collect::<Vec<_>>(), measure)
    };
    let totals = View::new("By policy, all buckets replayed")
        .with(Column::text("policy", sums.iter().map(|(policy, _)| words(policy))))
        .with(column("controllable", |p| p.controllable.total(), Measure::money()))
        .with(column("total", |p| p.total.total(), Measure::money()))
        .with(column("holding", |p| p.total.holding, Measure::money()))
        .with(column("shortage", |p| p.total.shortage, Measure::money()))
        .with(column("ordering", |p| p.total.order, Measure::money()))
        .with(column("dearer purchase", |p| p.total.purchase_variance, Measure::money()))
        .with(column("waste", |p| p.total.waste, Measure::money()))
        .with(column("fill rate", Played::fill_rate, Measure::percent().with_decimals(1)));
    let mut by_window = View::new("Controllable cost by window")
        .with(Column::date("from", windows.iter().map(|window| Some(window.from))));
    for (policy, _) in sums {
        let cost = |window: &BacktestWindow| {
            window
                .policies
                .get(*policy)
                .and_then(|p| p.get("controllable_cost"))
                .and_then(Value::as_f64)
                .unwrap_or(f64::NAN)
        };
        by_window = by_window.with(Column::number(words(policy), windows.iter().map(cost), Measure::money()));
    }
    told.sections.push(
        Section::new("Costs")
            .with_lead("Every policy starts alike and meets the same demand; what an order costs counts when it arrives.")
            .with(Block::Bars(bars))
            .with(Block::Table(totals))
            .with(Block::Table(by_window)),
    );
    if !warnings.is_empty() {
        let notices = warnings.iter().map(|text| Notice::new(Severity::Warning, text.clone())).collect();
        told.sections.push(Section::new("Notices").with(Block::Notices { title: String::new(), notices }));
    }
    told
}
