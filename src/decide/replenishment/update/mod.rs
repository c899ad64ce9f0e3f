//! One new fact at the cost of the fact: its stock points are read, forecast and
//! ordered again, the others stay.
//!
//! A row joins its table; where the contract lets a row stand once only, one with
//! the key of a known row takes its place. What all stock points have in common
//! (dates, horizon, the span of history) stays as it was; a fact that changes it,
//! or that names no item, has everything read again. What a fact changes for
//! other stock points than its own (the lead times of a supplier) is worked in at
//! the next question. What a forecasting method learned from all series together
//! stays learned.
//! Under shared limits orders are those at the prices that the last plan found
//! for the limits; the next plan puts all stock points together again.

mod ledger;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use ledger::Ledger;

use crate::decide::new_rows::{check_types, merge};

use super::model::Ties;
use super::plan::OrderLine;
use super::prepared::{Replenishing, series_fault};
use super::problem::{Frame, Pair, Problem, Span};
use super::scenarios::{Forecaster, Scenarios};
use super::tables;
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Table, TableSchema};
use crate::decide::{Event, Update};

/// Brings in the rows of `event`.
///
/// # Errors
/// Faults of the rows; nothing has changed then.
pub(crate) fn update(state: &mut Replenishing, event: &Event) -> Result<Update, Faults> {
    let rows = &event.rows;
    check_types(rows, state.ledger.tables().get(rows.name()), &state.schema)?;
    let Some(wanted) = state.schema.table(rows.name()).cloned() else { return Ok(Update::default()) };
    state.catch_up();
    let touched = match local(state, rows, &wanted)? {
        Some(touched) => touched,
        None => everything(state, rows, &wanted)?,
    };
    let lines = orders(state, &touched)?;
    Ok(Update { orders: tables::order_lines(&state.problem, &lines) })
}

/// The order lines of these stock points, at the prices of the shared limits.
fn orders(state: &mut Replenishing, touched: &BTreeSet<usize>) -> Result<Vec<OrderLine>, Faults> {
    let defect = |error: &dyn std::fmt::Display| {
        Faults::from(Fault::error(Code::Contradiction, &state.name, error.to_string()))
    };
    if state.ties.is_none() {
        state.ties = Some(Ties::new(&state.problem).map_err(|error| defect(&error))?);
    }
    let prices = state.prices.lock().map(|prices| prices.clone()).unwrap_or_default();
    let mut lines = Vec::new();
    for &index in touched {
        let Some(ties) = &state.ties else { continue };
        let plan = ties
            .plan_pair(&state.problem, &state.scenarios, index, &prices, &Control::default())
            .map_err(|error| defect(&error))?;
        lines.extend(plan.lines);
    }
    Ok(lines)
}

/// Reads only the items that `rows` name; the stock points touched, or `None` where the rows
/// change what all stock points have in common.
fn local(
    state: &mut Replenishing,
    rows: &Table,
    wanted: &TableSchema,
) -> Result<Option<BTreeSet<usize>>, Faults> {
    let Some(named) = Ledger::items_of(rows) else { return Ok(None) };
    if !keeps_span(state, rows) || !names_known_places(&state.problem, rows) {
        return Ok(None);
    }
    let items = state.ledger.family(named);
    let mut small = state.ledger.part(&items);
    let mut table = small.get(rows.name()).map_or_else(|| rows.picked(&[]), Table::clone);
    merge(&mut table, rows, wanted, None, state.ledger.next_row_number(rows.name()));
    small.insert(table);
    let frame = Frame { known: &state.problem, known_receipts: state.ledger.count("receipts", &items) };
    let part = Problem::read_in(&state.name, small, &state.pinned_settings(), &state.schema, Some(frame))?;
    let Some(grafts) = grafts(&state.problem, part, rows) else { return Ok(None) };
    state.ledger.add(rows, wanted);
    Ok(Some(grafts.put(state)))
}

/// Whether all locations and suppliers of these rows are known.
fn names_known_places(problem: &Problem, rows: &Table) -> bool {
    let all = |column: &str, is_known: &dyn Fn(&str) -> bool| {
        let words = rows.text(column).map_or(&[][..], |text| text.words());
        words.iter().all(|word| word.is_empty() || is_known(word))
    };
    all("location", &|word| problem.locations.iter().any(|location| location.code == word))
        && all("supplier", &|word| problem.suppliers.iter().any(|supplier| supplier.code == word))
}

/// Whether these rows leave the span of history as it is.
fn keeps_span(state: &Replenishing, rows: &Table) -> bool {
    let Some(new) = rows.date("date").filter(|_| rows.name() == "sales") else { return true };
    let known = state.ledger.sales_days();
    let problem = &state.problem;
    let span = Span::of(&problem.buckets, || known.iter().chain(new).copied());
    span.is_some_and(|span| (span.length(), span.known()) == (problem.history_buckets, problem.known_buckets))
}

/// Stock points read again, to be put in the place of the known ones.
struct Grafts {
    part: Problem,
    /// Index in `part` and in the whole; whether anything of it is new.
    pairs: Vec<(usize, usize, bool)>,
    /// Stock points that the rows name.
    touched: BTreeSet<usize>,
    /// Suppliers of whom other stock points know something new.
    news: bool,
}

/// Finds the places of the stock points of `part` in `problem`; `None` where the two do not
/// share their frame, so that all must be read again.
fn grafts(problem: &Problem, part: Problem, rows: &Table) -> Option<Grafts> {
    let same_frame = part.covariate_names == problem.covariate_names
        && part.horizon == problem.horizon
        && part.suppliers == problem.suppliers
        && part.locations == problem.locations;
    if !same_frame {
        return None;
    }
    let known = |item: &str| problem.items.binary_search_by(|known| known.code.as_str().cmp(item)).ok();
    let (items, locations) = (rows.text("item")?, rows.text("location"));
    let is_named = |pair: &Pair| {
        let (item, location) = (&part.items[pair.item].code, &part.locations[pair.location].code);
        (0..rows.len()).any(|row| {
            let place = locations.map_or("", |locations| locations.get(row));
            items.get(row) == item && (place.is_empty() || place == location)
        })
    };
    let mut pairs = Vec::with_capacity(part.pairs.len());
    let mut touched = BTreeSet::new();
    for (at, pair) in part.pairs.iter().enumerate() {
        let item = known(&part.items[pair.item].code)?;
        let key = (item, pair.location);
        let index = problem.pairs.binary_search_by_key(&key, |known| (known.item, known.location)).ok()?;
        let changed = !is_same(problem, &problem.pairs[index], &part, pair);
        if changed || is_named(pair) {
            touched.insert(index);
        }
        pairs.push((at, index, changed));
    }
    let learned = |problem: &Problem| -> Vec<_> { problem.deliveries.iter().map(|d| d.learn()).collect() };
    let news = part.deliveries != problem.deliveries && learned(&part) != learned(problem);
    Some(Grafts { part, pairs, touched, news })
}

/// Whether two readings of a stock point tell the same of it.
fn is_same(problem: &Problem, known: &Pair, part: &Problem, pair: &Pair) -> bool {
    let alike = |a: &[f64], b: &[f64]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
    };
    // Unknown numbers differ from themselves, and calendars are counted apart.
    let plain = |pair: &Pair, of: &Problem| {
        let mut plain = Pair { item: 0, sales: Vec::new(), covariates: Vec::new(), ..pair.clone() };
        let mut dates = Vec::with_capacity(plain.sources.len());
        for source in &mut plain.sources {
            dates.push(of.order_calendars.get(source.calendar).map(|calendar| calendar.dates.clone()));
            source.calendar = 0;
        }
        (plain, dates)
    };
    alike(&known.sales, &pair.sales)
        && alike(&known.covariates, &pair.covariates)
        && problem.items[known.item] == part.items[pair.item]
        && plain(known, problem) == plain(pair, part)
}

impl Grafts {
    /// Puts the stock points in their places and forecasts them again; gives those touched.
    fn put(self, state: &mut Replenishing) -> BTreeSet<usize> {
        let Grafts { mut part, pairs, touched, news } = self;
        let problem = &mut state.problem;
        for &(at, index, changed) in &pairs {
            if !changed {
                continue;
            }
            let mut pair = part.pairs[at].clone();
            let known = &problem.pairs[index];
            problem.items[known.item] = part.items[pair.item].clone();
            pair.item = known.item;
            for source in &mut pair.sources {
                let calendar = part.order_calendars[source.calendar].clone();
                source.calendar = match problem.order_calendars.iter().position(|known| *known == calendar) {
                    Some(found) => found,
                    None => {
                        problem.order_calendars.push(calendar);
                        problem.order_calendars.len() - 1
                    }
                };
            }
            let suppliers = |pair: &Pair| pair.sources.iter().map(|s| s.supplier).collect::<Vec<_>>();
            if suppliers(&pair) != suppliers(known) || pair.locks != known.locks {
                state.ties = None;
                state.prices.get_mut().map(Vec::clear).unwrap_or_default();
            }
            problem.pairs[index] = pair;
            state.scenarios.pairs[index] = state.forecaster.pair(problem, index);
        }
        problem.deliveries = std::mem::take(&mut part.deliveries);
        state.is_behind |= news;
        touched
    }
}

/// Reads everything again with `rows`; the stock points touched.
fn everything(
    state: &mut Replenishing,
    rows: &Table,
    wanted: &TableSchema,
) -> Result<BTreeSet<usize>, Faults> {
    let mut ledger = Ledger::new(state.ledger.tables().clone());
    ledger.add(rows, wanted);
    let whole = ledger.tables().clone();
    let problem = Problem::read_in(&state.name, whole, &state.pinned_settings(), &state.schema, None)?;
    let control = state.control();
    let touched;
    if has_frame_of(&problem, &state.problem) {
        let changed = differing(&state.problem, &problem);
        state.scenarios = refreshed(&state.forecaster, &problem, &state.scenarios, &control)?;
        touched = changed;
    } else {
        let forecaster =
            Forecaster::learn(&problem, &control).map_err(|error| series_fault(&state.name, &error))?;
        let scenarios = forecaster
            .scenarios(&problem, None, &control)
            .map_err(|error| series_fault(&state.name, &error))?;
        (state.forecaster, state.scenarios) = (Arc::new(forecaster), scenarios);
        touched = (0..problem.pairs.len()).collect();
    }
    state.problem = problem;
    state.ledger = ledger;
    state.ties = None;
    state.prices.get_mut().map(Vec::clear).unwrap_or_default();
    state.is_behind = false;
    Ok(touched)
}

/// Whether forecasts of one problem are made from the same series, one by one, as of the other.
fn has_frame_of(a: &Problem, b: &Problem) -> bool {
    let name = |problem: &Problem| -> Vec<String> {
        problem.pairs.iter().map(|pair| problem.pair_name(pair)).collect()
    };
    a.covariate_names == b.covariate_names
        && (a.history_buckets, a.known_buckets, a.horizon) == (b.history_buckets, b.known_buckets, b.horizon)
        && name(a) == name(b)
}

/// Stock points of which `new` tells something else than `old`; both have the same ones.
fn differing(old: &Problem, new: &Problem) -> BTreeSet<usize> {
    let shared = |index: usize| {
        let pair = &new.pairs[index];
        let location = pair.location;
        let suppliers = pair.sources.iter().map(|source| source.supplier);
        old.locations.get(location) == new.locations.get(location)
            && suppliers.into_iter().all(|s| old.suppliers.get(s) == new.suppliers.get(s))
    };
    (0..new.pairs.len())
        .filter(|&index| !shared(index) || !is_same(old, &old.pairs[index], new, &new.pairs[index]))
        .collect()
}

/// The scenarios of `problem`, those whose makings are the same taken over.
fn refreshed(
    forecaster: &Forecaster,
    problem: &Problem,
    known: &Scenarios,
    control: &Control,
) -> Result<Scenarios, Faults> {
    forecaster.scenarios(problem, Some(known), control).map_err(|error| series_fault(&problem.name, &error))
}

/// Problem and scenarios with all that the facts so far change for others than their own stock
/// points.
///
/// # Errors
/// Faults of the tables: a defect, since every fact was checked.
pub(super) fn caught_up(state: &Replenishing) -> Result<(Problem, Scenarios), Faults> {
    let whole = state.ledger.tables().clone();
    let problem = Problem::read_in(&state.name, whole, &state.pinned_settings(), &state.schema, None)?;
    let scenarios = refreshed(&state.forecaster, &problem, &state.scenarios, &state.control())?;
    Ok((problem, scenarios))
}
