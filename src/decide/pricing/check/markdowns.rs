//! Follows markdowns through everything that can come about, straight from the problem:
//! what they earn, what buyers are let off, what is left, and which rules they break.

use rustc_hash::FxHashMap;
use statrs::distribution::{Discrete, NegativeBinomial, Poisson};

use super::super::super::Violation;
use super::super::problem::{Clearance, Problem, same};
use super::at;
use crate::data::Table;

/// What markdowns come to, expected over demand.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Followed {
    /// Sales and what is left.
    pub revenue: f64,
    /// What buyers pay less than the price now.
    pub discount: f64,
    /// Units left at the end.
    pub left: f64,
    /// Whether a state came about whose price is none of the clearance's, so that revenue is not known.
    pub is_unpriced: bool,
    pub violations: Vec<Violation>,
}

/// Chance of a state below which it need not have a rule.
const NEVER: f64 = 1e-7;
/// Chance of a state below which it is not followed.
const UNSEEN: f64 = 1e-16;
/// Relative distance within which the budget counts as kept.
const ROUNDING: f64 = 1e-6;

/// A row of the table.
struct Row {
    number: u64,
    before: f64,
    stock: std::ops::RangeInclusive<usize>,
    price: f64,
}

/// Follows a plan's table `markdowns`; without one nothing can be priced where stock is cleared.
pub(in super::super) fn follow(problem: &Problem, table: Option<&Table>) -> Followed {
    let mut sum = Followed::default();
    let Some(table) = table else {
        sum.is_unpriced = !problem.clearances.is_empty();
        sum.violations.extend(problem.clearances.iter().map(|clearance| {
            let code = &problem.products[clearance.product].code;
            let place = at(&clearance.place);
            let text = format!("{code} is cleared ({place}), but the plan has no table markdowns");
            broken(text, clearance.stock as f64)
        }));
        return sum;
    };
    let mut rows = rows(table);
    sum.violations = doubtful(problem, table, &rows);
    for clearance in &problem.clearances {
        let code = problem.products[clearance.product].code.clone();
        let rows: Vec<Vec<Row>> = (1..=clearance.periods)
            .map(|period| rows.remove(&(code.clone(), period)).unwrap_or_default())
            .collect();
        follow_one(problem, clearance, &rows, &mut sum);
    }
    if let Some(budget) = problem.markdowns.budget
        && sum.discount > budget * (1.0 + ROUNDING) + ROUNDING
    {
        let text =
            format!("the expected discount is {:.2}, it may be {budget:.2} (markdown_budget)", sum.discount);
        let amount = sum.discount - budget;
        sum.violations.push(Violation { rule: "markdown_budget".to_owned(), text, amount });
    }
    sum
}

fn broken(text: String, amount: f64) -> Violation {
    Violation { rule: "markdown".to_owned(), text, amount }
}

/// Rows of what is not cleared or of no period, and stock that two rows speak of.
fn doubtful(problem: &Problem, table: &Table, rows: &Rows) -> Vec<Violation> {
    let mut violations = Vec::new();
    let periods = |code: &str| {
        let of = |it: &&Clearance| problem.products[it.product].code == code;
        problem.clearances.iter().find(of).map_or(0, |clearance| clearance.periods)
    };
    let mut places: Vec<&(String, usize)> = rows.keys().collect();
    places.sort_unstable();
    for place in places {
        let (code, period) = place;
        let periods = periods(code);
        let of = &rows[place];
        let row = |row: &Row| format!("{}:{}", table.file(), row.number);
        if periods == 0 {
            violations.push(broken(format!("{code} is not cleared ({})", row(&of[0])), 0.0));
        } else if *period == 0 || *period > periods {
            let text = format!("{code} is cleared in periods 1 to {periods} only ({})", row(&of[0]));
            violations.push(broken(text, 0.0));
        }
        let mut sorted: Vec<&Row> = of.iter().collect();
        sorted.sort_by(|a, b| a.before.total_cmp(&b.before).then(a.stock.start().cmp(b.stock.start())));
        let meet = |pair: &&[&Row]| {
            same(pair[0].before, pair[1].before) && pair[0].stock.end() >= pair[1].stock.start()
        };
        if let Some(pair) = sorted.windows(2).find(meet) {
            let (one, other) = (row(pair[0]), row(pair[1]));
            let text =
                format!("two rows of {code} speak of the same stock in period {period} ({one}, {other})");
            violations.push(broken(text, 0.0));
        }
    }
    violations
}

/// Rows by product and period.
type Rows = FxHashMap<(String, usize), Vec<Row>>;

fn rows(table: &Table) -> Rows {
    let mut rows = Rows::default();
    let number = |name: &str, row: usize| table.number(name).map_or(f64::NAN, |all| all[row]);
    for row in 0..table.len() {
        let units = |name: &str| number(name, row).max(0.0) as usize;
        rows.entry((table.cell_text("product", row), units("period"))).or_default().push(Row {
            number: table.row_number(row),
            before: number("price_before", row),
            stock: units("stock_from")..=units("stock_to"),
            price: number("price", row),
        });
    }
    rows
}

/// Chance of each number of units left, by price before (as its step).
type Chances = Vec<Vec<f64>>;

fn follow_one(problem: &Problem, clearance: &Clearance, rows: &[Vec<Row>], sum: &mut Followed) {
    let product = &problem.products[clearance.product];
    let (violations, is_unpriced) = (&mut sum.violations, &mut sum.is_unpriced);
    let mut tell = |(text, amount): (String, f64)| {
        let text = format!("{text} ({})", at(&clearance.place));
        // What is broken in one state of a period is told once for all.
        if violations.last().is_none_or(|last| last.text != text) {
            violations.push(broken(text, amount));
        }
    };
    let none_left = || -> Chances { vec![vec![0.0; clearance.stock + 1]; clearance.steps.len()] };
    let mut chances = none_left();
    chances[0][clearance.stock] = 1.0;
    let asked = asked(clearance, |price| product.own_share(price, problem.deviations));
    let (mut revenue, mut discount) = (0.0, 0.0);
    for (period, rows) in (1..).zip(rows) {
        let mut next = none_left();
        for (before, chances) in chances.iter().enumerate() {
            next[before][0] += chances[0];
            let states = chances.iter().enumerate().skip(1);
            for (units, &chance) in states.filter(|(_, chance)| **chance > UNSEEN) {
                let state = State { before, units, is_likely: chance > NEVER };
                let (step, fault) = step_of(clearance, rows, &state, problem.markdowns.only_fall);
                if let Some((what, amount)) = fault {
                    tell((format!("{} {what} in period {period}", product.code), amount));
                }
                let Some(step) = step else {
                    *is_unpriced = true;
                    continue;
                };
                let price = clearance.steps[step];
                let mut rest: f64 = 1.0;
                for gone in 0..=units {
                    let share = if gone == units { rest.max(0.0) } else { asked[step][gone] };
                    rest -= share;
                    revenue += chance * share * gone as f64 * price;
                    discount += chance * share * gone as f64 * (product.price_now - price);
                    next[step][units - gone] += chance * share;
                }
            }
        }
        chances = next;
    }
    let left: f64 =
        chances.iter().flat_map(|chances| chances.iter().zip(0_u32..)).map(|(p, k)| p * f64::from(k)).sum();
    sum.revenue += revenue + clearance.salvage * left;
    sum.discount += discount;
    sum.left += left;
}

/// For each price the probability of each number of units asked for, below the stock.
fn asked(clearance: &Clearance, share: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    let at = |&price: &f64| {
        let rate = clearance.rate * share(price);
        (0..clearance.stock).map(|gone| exactly(gone, rate, clearance.dispersion)).collect()
    };
    clearance.steps.iter().map(at).collect()
}

/// Where a clearance may stand at the start of a period.
struct State {
    /// Step of the price before.
    before: usize,
    units: usize,
    /// Whether it is likely enough to need a rule.
    is_likely: bool,
}

/// The step of the price that the rows of a period ask in a state, and what is wrong with it.
fn step_of(
    clearance: &Clearance,
    rows: &[Row],
    state: &State,
    only_fall: bool,
) -> (Option<usize>, Option<(String, f64)>) {
    let before = clearance.steps[state.before];
    let Some(row) = rows.iter().find(|row| same(row.before, before) && row.stock.contains(&state.units))
    else {
        let text = || ("has no price for every stock that may be left".to_owned(), 0.0);
        return (Some(state.before), state.is_likely.then(text));
    };
    let price = row.price;
    match clearance.steps.iter().position(|&step| same(step, price)) {
        None => (None, Some((format!("is to cost {price}, which is not one of its prices,"), 0.0))),
        Some(step) if only_fall && step < state.before => {
            (Some(step), Some((format!("rises from {before} to {price}"), price - before)))
        }
        step => (step, None),
    }
}

/// Probability that so many units are asked for.
fn exactly(units: usize, mean: f64, dispersion: f64) -> f64 {
    let known = if mean <= 0.0 {
        None
    } else if dispersion * mean <= 1e-6 {
        // The excess cannot be told from none, and the formula loses its digits there.
        Poisson::new(mean).ok().map(|poisson| poisson.pmf(units as u64))
    } else {
        let shape = 1.0 / dispersion;
        NegativeBinomial::new(shape, shape / (shape + mean)).ok().map(|wide| wide.pmf(units as u64))
    };
    known.unwrap_or(if units == 0 { 1.0 } else { 0.0 })
}
