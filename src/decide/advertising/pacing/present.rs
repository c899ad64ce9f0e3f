//! A plan by period as a person reads it.

use super::{Pacing, sums};
use crate::data::date_of;
use crate::decide::advertising::problem::Problem;
use crate::presentation::{Axis, Block, Column, Line, LineStyle, Lines, Measure, Section, Table};

/// Channels that are drawn, those that get most.
const DRAWN: usize = 8;

/// Spend over the periods, drawn and as a table.
pub(in crate::decide::advertising) fn present(
    problem: &Problem,
    pacing: &Pacing,
    amounts: &[Vec<f64>],
) -> Section {
    let spent = sums(amounts);
    let mut order: Vec<usize> = (0..spent.len()).collect();
    order.sort_by(|&a, &b| spent[b].total_cmp(&spent[a]).then(a.cmp(&b)));
    let total: Vec<f64> = (0..pacing.periods).map(|t| amounts.iter().map(|own| own[t]).sum()).collect();
    let line = |name: &str, values: Vec<f64>, style| Line { name: name.to_owned(), values, style };
    let axis = || match pacing.days.len() == pacing.periods {
        true => Axis::Dates(pacing.days.iter().filter_map(|day| date_of(*day)).collect()),
        false => Axis::Labels((0..pacing.periods).map(|t| pacing.label(t)).collect()),
    };
    let chart = |title: &str, description: &str, lines: Vec<Line>| {
        Block::Lines(Lines {
            title: title.to_owned(),
            description: description.to_owned(),
            measure: Measure::money(),
            axis: axis(),
            lines,
            ..Lines::default()
        })
    };
    let mut all = vec![line("all channels", total.clone(), LineStyle::Observed)];
    if pacing.totals.iter().all(|limit| limit.1.is_finite()) {
        all.push(line("most", pacing.totals.iter().map(|limit| limit.1).collect(), LineStyle::Limit));
    }
    let channels = order
        .iter()
        .take(DRAWN)
        .map(|&at| line(&problem.channels[at].name, amounts[at].clone(), LineStyle::Level))
        .collect();
    let table = Table::new("Spend by period")
        .with(Column::text("period", (0..pacing.periods).map(|t| pacing.label(t))));
    let table = order.iter().take(DRAWN).fold(table, |table, &at| {
        let name = problem.channels[at].name.as_str();
        table.with(Column::number(name, amounts[at].iter().copied(), Measure::money()).with_total())
    });
    let table = table
        .with(Column::number("all channels", total, Measure::money()).with_total())
        .from_file("pacing.csv")
        .interactive();
    let lead = match order.len() > DRAWN {
        true => {
            format!("What to spend when; drawn are the {DRAWN} channels of {} that get most.", order.len())
        }
        false => {
            "What to spend when: earlier spend still works, and the plan's own works on after it.".to_owned()
        }
    };
    Section::new("Spend by period")
        .with_lead(lead)
        .with(chart("All channels by period", "Money spent in each period.", all))
        .with(chart("Channels by period", "Money spent on each channel in each period.", channels))
        .with(Block::Table(table))
}
