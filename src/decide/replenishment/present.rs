//! Tells a replenishment plan to a person: sentences and money first, then
//! costs, exceptions, stock points, limits, orders, and what the data needed.

use chrono::NaiveDate;

use super::exceptions;
use super::problem::{Pair, Problem};
use super::scenarios::{PairScenarios, QUANTILE_LEVELS, Scenarios};
use super::words::bucket_word;
use crate::data::{self, Tables};
use crate::decide::Solution;
use crate::decide::notices::notices;
use crate::presentation::{
    Block, Column, Detail, DetailOrder, Details, Figure, Measure, Presentation, Quantile, Section, StepKind,
    Table, Tone, Waterfall, WaterfallStep,
};

/// Buckets of history in a fan chart.
const SHOWN_HISTORY: usize = 104;
/// A stock point is an exception when it runs out with at least this probability.
pub(super) const LIKELY: f64 = 0.2;
/// A limit is full from this share of it on.
const FULL: f64 = 0.995;

/// Cost terms in the order of the waterfall, with their names for people.
const COSTS: [(&str, &str); 6] = [
    ("holding_cost", "Holding"),
    ("shortage_cost", "Shortage"),
    ("order_cost", "Ordering"),
    ("purchase_variance", "Dearer purchase"),
    ("waste_cost", "Waste"),
    ("stability", "Plan changes"),
];

/// What a report needs to know of a run besides its solution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Seed.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

/// Tells `solution` of `problem`.
pub(crate) fn present(
    problem: &Problem,
    scenarios: &Scenarios,
    solution: &Solution,
    run: Run,
) -> Presentation {
    let mut told = Presentation::new(problem.name.clone());
    let last = problem.buckets.start_of(problem.horizon as i64).pred_opt();
    told.date = Some(problem.plan_date);
    told.style = problem.style();
    told.subtitle = format!(
        "Orders for {}, {} to {}",
        match problem.pairs.len() {
            1 => "1 stock point".to_owned(),
            count => format!("{} stock points", told.style.number(count as f64, &Measure::number())),
        },
        told.style.date(problem.plan_date),
        told.style.date(last.unwrap_or(problem.plan_date))
    );
    told.headline.clone_from(&solution.headline);
    told.figures = figures(solution);
    if solution.tables.as_slice().is_empty() {
        told.sections.push(data_notices(problem, solution));
        return told;
    }
    let book = Book::new(problem, scenarios, &solution.tables);
    told.sections.push(costs(solution));
    told.sections.push(exceptions::section(&book));
    told.sections.push(Section::new("Stock points").with(Block::Details(details(&book))));
    if let Some(section) = limits(&solution.tables) {
        told.sections.push(section);
    }
    told.sections.push(orders(&book));
    told.sections.push(data_notices(problem, solution));
    let facts =
        Block::run_facts(&solution.outcome, &Measure::money(), run.seed, run.threads, &solution.seconds);
    told.sections.push(Section::new("This run").with(facts));
    told
}

fn kpi(solution: &Solution, name: &str) -> Option<f64> {
    solution.kpis.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

fn figures(solution: &Solution) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut add = |label: &str, name: &str, measure: Measure| {
        if let Some(value) = kpi(solution, name) {
            figures.push(Figure::number(label, value, measure));
        }
    };
    // Where nothing has a price, units stand in for money.
    let priced = ["spend", "stock_value"].iter().any(|name| kpi(solution, name).is_some_and(|sum| sum > 0.0));
    if priced {
        add("Order now", "spend_now", Measure::money());
    } else {
        add("Order now", "units_now", Measure::quantity("units"));
    }
    add("Order lines now", "lines_now", Measure::number().with_decimals(0));
    add("Expected cost", "total_cost", Measure::money());
    add("Demand met from stock", "fill_rate", Measure::percent().with_decimals(1));
    if priced {
        add("Mean stock value", "stock_value", Measure::money());
        add("Spend over the horizon", "spend", Measure::money());
    }
    figures
}

fn costs(solution: &Solution) -> Section {
    let mut steps: Vec<WaterfallStep> = COSTS
        .iter()
        .filter_map(|(name, label)| {
            let value = kpi(solution, name).filter(|value| *value != 0.0)?;
            let tone =
                if *name == "shortage_cost" || *name == "waste_cost" { Tone::Bad } else { Tone::Neutral };
            Some(WaterfallStep { label: (*label).to_owned(), value, kind: StepKind::Change, tone })
        })
        .collect();
    let total = solution.outcome.objective.unwrap_or_else(|| steps.iter().map(|step| step.value).sum());
    steps.push(WaterfallStep {
        label: "Expected cost".to_owned(),
        value: total,
        kind: StepKind::Total,
        tone: Tone::Neutral,
    });
    // All steps with cents, or none.
    let cents = total.abs() < 10_000.0;
    let waterfall = Waterfall {
        title: "Expected cost of the plan over the horizon".to_owned(),
        description: "How holding, shortage and ordering add up to the expected cost.".to_owned(),
        measure: if cents { Measure::money() } else { Measure::money().with_decimals(0) },
        steps,
    };
    Section::new("What it costs")
        .with_lead("Averages over all demand scenarios; purchase prices count only above the lowest price.")
        .with(Block::Waterfall(waterfall))
}

/// Projection and orders by stock point, read once from the plan tables.
pub(super) struct Book<'a> {
    pub problem: &'a Problem,
    pub scenarios: &'a Scenarios,
    tables: &'a Tables,
    /// First row and row after the last of each stock point in `projection`.
    projection: Vec<(usize, usize)>,
    /// Rows of each stock point in `orders`.
    orders: Vec<Vec<usize>>,
}

impl<'a> Book<'a> {
    fn new(problem: &'a Problem, scenarios: &'a Scenarios, tables: &'a Tables) -> Self {
        let mut index = rustc_hash::FxHashMap::default();
        for (at, pair) in problem.pairs.iter().enumerate() {
            index.insert((code_of_item(problem, pair), code_of_location(problem, pair)), at);
        }
        let find = |table: &data::Table, row: usize| {
            let item = table.text("item").map_or("", |text| text.get(row));
            let location = table.text("location").map_or("", |text| text.get(row));
            index.get(&(item, location)).copied()
        };
        let mut projection = vec![(0, 0); problem.pairs.len()];
        if let Some(table) = tables.get("projection") {
            for row in 0..table.len() {
                if let Some(pair) = find(table, row) {
                    let (from, until) = &mut projection[pair];
                    if *until == 0 {
                        *from = row;
                    }
                    *until = row + 1;
                }
            }
        }
        let mut orders = vec![Vec::new(); problem.pairs.len()];
        if let Some(table) = tables.get("orders") {
            for row in 0..table.len() {
                if let Some(pair) = find(table, row) {
                    orders[pair].push(row);
                }
            }
        }
        Book { problem, scenarios, tables, projection, orders }
    }

    /// A column of a stock point's projection.
    pub fn projected(&self, pair: usize, column: &str) -> &[f64] {
        let (from, until) = self.projection[pair];
        let column = self.tables.get("projection").and_then(|table| table.number(column));
        column.and_then(|column| column.get(from..until)).unwrap_or(&[])
    }

    pub fn day(&self, bucket: usize) -> NaiveDate {
        self.problem.buckets.start_of(bucket as i64).max(self.problem.plan_date)
    }
}

pub(super) fn code_of_item<'a>(problem: &'a Problem, pair: &Pair) -> &'a str {
    problem.items.get(pair.item).map_or("", |item| item.code.as_str())
}

pub(super) fn code_of_location<'a>(problem: &'a Problem, pair: &Pair) -> &'a str {
    problem.locations.get(pair.location).map_or("", |location| location.code.as_str())
}

fn details(book: &Book<'_>) -> Details {
    let problem = book.problem;
    let shown = problem.history_buckets.min(SHOWN_HISTORY);
    let word = bucket_word(problem);
    let start_of = |bucket: i64| problem.buckets.start_of(bucket);
    let mut details = Details {
        title: "Forecast, stock and orders of each stock point".to_owned(),
        key_names: vec!["item".to_owned(), "location".to_owned()],
        demand_name: format!("demand per {word}"),
        stock_name: format!("stock at the end of the {word}"),
        history_dates: (0..shown).map(|at| start_of(at as i64 - shown as i64)).collect(),
        horizon_dates: (0..problem.horizon).map(|bucket| start_of(bucket as i64)).collect(),
        files: ["orders.csv", "forecast.csv", "projection.csv", "costs.csv"].map(str::to_owned).to_vec(),
        ..Details::default()
    };
    details.add_fact("on hand", Measure::number());
    details.add_fact("on order", Measure::number());
    details.add_fact("shortage cost of a unit", Measure::money());
    details.add_fact("critical ratio", Measure::percent().with_decimals(1));
    for pair in 0..problem.pairs.len() {
        if let Some(sample) = book.scenarios.pairs.get(pair) {
            details.push(detail(book, pair, sample, shown));
        }
    }
    details
}

fn detail(book: &Book<'_>, index: usize, sample: &PairScenarios, shown: usize) -> Detail {
    let problem = book.problem;
    let pair = &problem.pairs[index];
    let start = pair.sales.len().saturating_sub(shown);
    let marked = pair.marks.iter().skip(start).enumerate().filter(|(_, mark)| mark.censored);
    let likely = book.projected(index, "stock_out");
    let short = likely.iter().enumerate().filter(|(_, share)| **share >= LIKELY);
    let stock_outs: Vec<u32> = short.map(|(bucket, _)| bucket as u32).collect();
    let unmet: f64 = book.projected(index, "unmet").iter().sum();
    let on_hand: f64 = pair.lots.iter().map(|(quantity, _)| quantity).sum();
    let mut notes = vec![format!("forecast by {}", sample.label)];
    notes.extend(sample.notes.iter().cloned());
    let horizon = problem.horizon;
    let quantile = |level: f64| {
        let at = QUANTILE_LEVELS.iter().position(|known| (known - level).abs() < 1e-9)?;
        let values = sample.quantiles.get(at * horizon..(at + 1) * horizon)?;
        Some(Quantile { level, values: values.iter().map(|value| f64::from(*value)).collect() })
    };
    Detail {
        key: vec![code_of_item(problem, pair).to_owned(), code_of_location(problem, pair).to_owned()],
        label: String::new(),
        rank: unmet * sample.shortage_cost + order_value(book, index),
        tone: if stock_outs.is_empty() { Tone::Neutral } else { Tone::Warning },
        notes,
        facts: vec![on_hand, pair.inflow.iter().sum(), sample.shortage_cost, sample.critical_ratio],
        history: pair.sales.get(start..).unwrap_or(&[]).to_vec(),
        history_stock_outs: marked.map(|(bucket, _)| bucket as u32).collect(),
        mean: sample.mean.iter().map(|value| f64::from(*value)).collect(),
        quantiles: [0.1, 0.5, 0.9].into_iter().filter_map(quantile).collect(),
        stock: book.projected(index, "mean").to_vec(),
        stock_low: book.projected(index, "q10").to_vec(),
        stock_high: book.projected(index, "q90").to_vec(),
        stock_outs,
        orders: detail_orders(book, index),
    }
}

fn order_value(book: &Book<'_>, index: usize) -> f64 {
    let values = book.tables.get("orders").and_then(|table| table.number("value")).unwrap_or(&[]);
    book.orders[index].iter().filter_map(|&row| values.get(row)).sum()
}

fn detail_orders(book: &Book<'_>, index: usize) -> Vec<DetailOrder> {
    let open = book.problem.pairs[index].inflow.iter().enumerate().filter(|(_, quantity)| **quantity > 0.0);
    let mut orders: Vec<DetailOrder> = open
        .map(|(bucket, &quantity)| DetailOrder {
            arrival_date: Some(book.day(bucket)),
            quantity,
            reason: "on order already".to_owned(),
            ..DetailOrder::default()
        })
        .collect();
    let Some(table) = book.tables.get("orders") else { return orders };
    let date = |column: &str, row: usize| table.date(column)?.get(row).and_then(|&day| data::date_of(day));
    orders.extend(book.orders[index].iter().map(|&row| DetailOrder {
        supplier: table.cell_text("supplier", row),
        order_date: date("order_date", row),
        arrival_date: date("arrival_date", row),
        quantity: table.number("quantity").and_then(|q| q.get(row)).copied().unwrap_or(f64::NAN),
        reason: table.cell_text("reason", row),
    }));
    orders
}

/// Limits that are full, or worth something.
fn limits(tables: &Tables) -> Option<Section> {
    let table = tables.get("limits")?;
    let (used, limit) = (table.number("used")?, table.number("limit")?);
    let worth = table.number("value_of_one_more").unwrap_or(&[]);
    let binds = |row: &usize| {
        let (used, limit) = (used[*row], limit[*row]);
        let full = if is_minimum(table, *row) { used <= limit / FULL } else { used >= FULL * limit };
        let counts = limit > 0.0 && used > 0.0 && full;
        counts || worth.get(*row).is_some_and(|worth| worth.abs() >= 0.005)
    };
    let rows: Vec<usize> = (0..table.len()).filter(binds).collect();
    if rows.is_empty() {
        let told = "No shared limit binds: more budget, room or capacity would change nothing.";
        return (!table.is_empty()).then(|| Section::new("Limits").with(Block::text(told)));
    }
    let text =
        |column: &str| -> Vec<String> { rows.iter().map(|&row| table.cell_text(column, row)).collect() };
    let number = |column: &[f64]| -> Vec<f64> {
        rows.iter().map(|&row| column.get(row).copied().unwrap_or(f64::NAN)).collect()
    };
    let place = |row: &usize| match table.cell_text("row", *row).as_str() {
        "" => table.cell_text("file", *row),
        number => format!("{}:{number}", table.cell_text("file", *row)),
    };
    let bound = |row: &usize| if is_minimum(table, *row) { "at least" } else { "at most" };
    let worth: Vec<f64> = number(worth).into_iter().map(f64::abs).collect();
    let view = Table::new("Binding limits")
        .with_caption(
            "What one unit more saves (of a minimum: one unit less), for small changes; from the prices of the \
             limits that orders share.",
        )
        .with(Column::text("limit", text("name")))
        .with(Column::text("unit", text("unit")))
        .with(Column::number("used", number(used), Measure::number()))
        .with(Column::text("must be", rows.iter().map(bound)))
        .with(Column::number("stated", number(limit), Measure::number()))
        .with(Column::number("one unit saves", worth, Measure::money().with_decimals(2)))
        .with(Column::text("stated in", rows.iter().map(place)))
        .from_file("limits.csv");
    Some(Section::new("Limits").with_lead("What holds the plan back.").with(Block::Table(view)))
}

/// As many decimals as the quantities of orders have, so that none is shown rounded.
fn exact(quantities: &[f64]) -> Measure {
    let whole = |scale: f64| {
        quantities.iter().all(|q| ((q * scale).round() - q * scale).abs() < 1e-6 * scale.max(1.0))
    };
    let decimals = (0_u8..6).find(|&decimals| whole(10_f64.powi(i32::from(decimals)))).unwrap_or(6);
    Measure::number().with_decimals(decimals)
}

/// Whether a row of `limits` states the least that is allowed.
fn is_minimum(table: &data::Table, row: usize) -> bool {
    table.cell_text("rule", row) == "order_minimum"
}

fn orders(book: &Book<'_>) -> Section {
    let section =
        Section::new("Orders").with_lead("By supplier and location; the first dates are to be placed now.");
    let Some(table) = book.tables.get("orders").filter(|table| !table.is_empty()) else {
        return section.with(Block::text("Nothing needs to be ordered within the horizon."));
    };
    let text =
        |column: &str| -> Vec<String> { (0..table.len()).map(|row| table.cell_text(column, row)).collect() };
    let number = |column: &str| table.number(column).unwrap_or(&[]).to_vec();
    let date = |column: &str| -> Vec<Option<NaiveDate>> {
        let days = table.date(column).unwrap_or(&[]);
        days.iter().map(|&day| if day == data::Table::NO_DATE { None } else { data::date_of(day) }).collect()
    };
    let view = Table::new("Order lines")
        .with(Column::text("supplier", text("supplier")))
        .with(Column::text("location", text("location")))
        .with(Column::text("item", text("item")))
        .with(Column::date("order", date("order_date")))
        .with(Column::date("arrival", date("arrival_date")))
        .with(Column::number("quantity", number("quantity"), exact(&number("quantity"))))
        .with(Column::number("value", number("value"), Measure::money()).with_total())
        .with(Column::text("why", text("reason")))
        .grouped_by(["supplier", "location"])
        .interactive()
        .from_file("orders.csv");
    section.with(Block::Table(view))
}

fn data_notices(problem: &Problem, solution: &Solution) -> Section {
    // The warnings of the solution repeat those of the input, which come with their place below.
    let of_input = |text: &&String| problem.notices.as_slice().iter().any(|fault| fault.message == **text);
    let own: Vec<String> = solution.warnings.iter().filter(|text| !of_input(text)).cloned().collect();
    let list = notices(&problem.notices, &own);
    let section =
        Section::new("Data notices").with_lead("What was repaired by a stated rule, and what to check.");
    if list.is_empty() {
        return section.with(Block::text("The data needed no repair."));
    }
    section.with(Block::Notices { title: String::new(), notices: list })
}
