//! The exceptions of a plan: what a person should look at first, dearest first.

use chrono::NaiveDate;

use super::present::{Book, LIKELY, code_of_item, code_of_location};
use super::problem::{Pair, Problem};
use super::words::bucket_word;
use crate::presentation::{Block, Column, Measure, Section, Table};

/// Units beyond the demand of the whole horizon that are no excess yet.
const SPARE: f64 = 1.0;
/// Expired units that are worth a line.
const WASTE: f64 = 0.5;

/// A stock point that needs a person, with how much is at stake.
struct Exception {
    pair: usize,
    /// Money at stake.
    money: f64,
    /// First bucket that it concerns.
    first: usize,
    /// Its size: a probability, or units.
    size: f64,
    /// Buckets of demand that the stock covers.
    cover: f64,
}

/// The section of the report.
pub(super) fn section(book: &Book<'_>) -> Section {
    let section = Section::new("Exceptions").with_lead("What a person should look at first, dearest first.");
    let tables: Vec<Table> = [stock_outs(book), excess(book), expiring(book)]
        .into_iter()
        .filter(|table| !table.is_empty())
        .collect();
    if tables.is_empty() {
        return section
            .with(Block::text("Nothing stands out: no likely stock-out, no excess, nothing expiring."));
    }
    tables.into_iter().fold(section, |section, table| section.with(Block::Table(table)))
}

fn stock_outs(book: &Book<'_>) -> Table {
    let list = collect(book, |pair| {
        let likely = book.projected(pair, "stock_out");
        let first = likely.iter().position(|share| *share >= LIKELY)?;
        let unmet: f64 = book.projected(pair, "unmet").iter().sum();
        let money = unmet * book.scenarios.pairs.get(pair)?.shortage_cost;
        let size = likely.iter().copied().fold(0.0, f64::max);
        Some(Exception { pair, money, first, size, cover: f64::NAN })
    });
    let word = bucket_word(book.problem);
    table(book, "Stock-outs to come", &list)
        .with_caption(format!(
            "Stock points that run out in some {word} with a probability of {:.0} % or more, before a new order can \
             arrive or in spite of the plan. At stake: expected unmet demand times the cost of a missing unit.",
            100.0 * LIKELY
        ))
        .with(Column::date(format!("first likely {word}"), list.iter().map(|e| day(book, e))))
        .with(Column::number(
            "highest probability",
            list.iter().map(|e| e.size),
            Measure::percent().with_decimals(0),
        ))
        .with(at_stake(&list))
}

fn excess(book: &Book<'_>) -> Table {
    let list = collect(book, |pair| {
        let point = &book.problem.pairs[pair];
        let demand = book.projected(pair, "demand");
        let total: f64 = demand.iter().sum();
        let on_hand: f64 = point.lots.iter().map(|(quantity, _)| quantity).sum();
        let stock = on_hand + point.inflow.iter().sum::<f64>();
        let surplus = stock - total;
        let item = book.problem.items.get(point.item)?;
        let cover = if total > 0.0 { stock / total * demand.len() as f64 } else { f64::NAN };
        (surplus > SPARE).then_some(Exception {
            pair,
            money: surplus * item.unit_cost,
            first: 0,
            size: surplus,
            cover,
        })
    });
    let word = bucket_word(book.problem);
    table(book, "Excess", &list)
        .with_caption(format!(
            "Stock on hand and on order beyond the expected demand of all {} {word}s; blank where no demand is \
             expected. At stake: its value at cost.",
            book.problem.horizon
        ))
        .with(Column::number("units too many", list.iter().map(|e| e.size), Measure::number()))
        .with(Column::number(
            format!("{word}s of demand in stock"),
            list.iter().map(|e| e.cover),
            Measure::number().with_decimals(0),
        ))
        .with(at_stake(&list))
}

fn expiring(book: &Book<'_>) -> Table {
    let list = collect(book, |pair| {
        let waste = book.projected(pair, "waste");
        let total: f64 = waste.iter().sum();
        let first = waste.iter().position(|units| *units > 0.0)?;
        let item = book.problem.items.get(book.problem.pairs[pair].item)?;
        let money = total * item.waste_cost;
        (total >= WASTE).then_some(Exception { pair, money, first, size: total, cover: f64::NAN })
    });
    table(book, "Expiring", &list)
        .with_caption("Stock expected to expire, on average over the demand scenarios. At stake: its cost.")
        .with(Column::date("first", list.iter().map(|e| day(book, e))))
        .with(Column::number("units", list.iter().map(|e| e.size), Measure::number()))
        .with(at_stake(&list))
}

/// The exceptions among all stock points, dearest first.
fn collect(book: &Book<'_>, of: impl Fn(usize) -> Option<Exception>) -> Vec<Exception> {
    let mut list: Vec<Exception> = (0..book.problem.pairs.len()).filter_map(of).collect();
    list.sort_by(|a, b| b.money.total_cmp(&a.money).then(a.pair.cmp(&b.pair)));
    list
}

/// A table of exceptions with what they are called; the caller adds the columns that differ.
fn table(book: &Book<'_>, title: &str, list: &[Exception]) -> Table {
    let of = |name: fn(&Problem, &Pair) -> String| -> Vec<String> {
        list.iter().map(|e| name(book.problem, &book.problem.pairs[e.pair])).collect()
    };
    Table::new(format!("{title}: {} of {} stock points", list.len(), book.problem.pairs.len()))
        .with(Column::text("item", of(|problem, pair| code_of_item(problem, pair).to_owned())))
        .with(Column::text("location", of(|problem, pair| code_of_location(problem, pair).to_owned())))
        .interactive()
        .from_file("projection.csv")
}

fn at_stake(list: &[Exception]) -> Column {
    Column::number("at stake", list.iter().map(|e| e.money), Measure::money()).with_total()
}

fn day(book: &Book<'_>, exception: &Exception) -> Option<NaiveDate> {
    Some(book.day(exception.first))
}
