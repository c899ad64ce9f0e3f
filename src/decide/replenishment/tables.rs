//! The plan as tables with fixed columns, its key figures and its headline; and
//! anybody's order table as a plan.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use super::check::{Checked, line_value};
use super::model::LimitUse;
use super::plan::{OrderLine, Plan};
use super::problem::{Pair, Problem, Source};
use super::scenarios::{OverrideAccuracy, QUANTILE_LEVELS, Scenarios};
use super::words::{bucket_word, count};
use crate::data::{Code, Column, Fault, Faults, Table, Tables, date_of, day_number};
use crate::presentation::{Measure, Style};
use crate::solution::Termination;

/// A limit that saves less than half of this is worth nothing to a person.
const CENT: f64 = 0.01;

/// The plan tables, in the order of the contract.
pub(crate) fn plan_tables(
    problem: &Problem,
    scenarios: &Scenarios,
    plan: &Plan,
    checked: &Checked,
    limits: &[LimitUse],
    reasons: &[String],
) -> Tables {
    Tables::default()
        .with(orders(problem, plan, checked, reasons))
        .with(forecast(problem, scenarios))
        .with(projection(problem, checked))
        .with(costs(problem, scenarios, checked))
        .with(limit_table(problem, limits))
}

fn item<'a>(problem: &'a Problem, pair: &Pair) -> &'a str {
    &problem.items[pair.item].code
}

fn location<'a>(problem: &'a Problem, pair: &Pair) -> &'a str {
    &problem.locations[pair.location].code
}

/// First day of a planned bucket that is not before the plan date.
fn day(problem: &Problem, bucket: usize) -> NaiveDate {
    problem.buckets.start_of(bucket as i64).max(problem.plan_date)
}

/// Days as a date column; `None` is blank.
fn dates(days: impl IntoIterator<Item = Option<NaiveDate>>) -> Column {
    Column::Date(days.into_iter().map(|day| day.map_or(Table::NO_DATE, day_number)).collect())
}

/// When a line is placed and when it is expected, by the mean lead time.
pub(crate) fn line_dates(problem: &Problem, line: &OrderLine) -> (NaiveDate, Option<NaiveDate>) {
    let source = &problem.pairs[line.pair].sources[line.source];
    let placed = problem.order_date(source, line.bucket).unwrap_or_else(|| day(problem, line.bucket));
    let lead = source.mean_lead_time_days().round().max(0.0) as u64;
    (placed, placed.checked_add_days(chrono::Days::new(lead)))
}

fn orders(problem: &Problem, plan: &Plan, checked: &Checked, reasons: &[String]) -> Table {
    let lines = &plan.lines;
    order_lines(problem, lines)
        .with("covers_until", dates(lines.iter().map(|line| covers_until(problem, checked, line))))
        .with_text("reason", (0..lines.len()).map(|at| reasons.get(at).map_or("", String::as_str)))
}

/// Order lines with the columns that need no simulation.
pub(crate) fn order_lines(problem: &Problem, lines: &[OrderLine]) -> Table {
    let pair = |line: &OrderLine| &problem.pairs[line.pair];
    let placed: Vec<_> = lines.iter().map(|line| line_dates(problem, line)).collect();
    let value: Vec<f64> = lines.iter().map(|line| line_value(problem, line)).collect();
    let unit_cost = lines.iter().zip(&value).map(|(line, value)| value / line.quantity);
    Table::new("orders")
        .with_text("item", lines.iter().map(|line| item(problem, pair(line))))
        .with_text("location", lines.iter().map(|line| location(problem, pair(line))))
        .with_text(
            "supplier",
            lines.iter().map(|line| {
                let source = &pair(line).sources[line.source];
                problem.suppliers[source.supplier].code.as_str()
            }),
        )
        .with("order_date", dates(placed.iter().map(|(placed, _)| Some(*placed))))
        .with("arrival_date", dates(placed.iter().map(|(_, arrives)| *arrives)))
        .with_number("quantity", lines.iter().map(|line| line.quantity))
        .with_text("unit", lines.iter().map(|line| problem.items[pair(line).item].unit.as_str()))
        .with_number("unit_cost", unit_cost.map(cents))
        .with_number("value", value.iter().copied().map(cents))
}

/// Money to a hundredth of a cent, so that files stay readable.
fn cents(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Last day that the stock after this line's arrival covers in the mean, other lines left out.
fn covers_until(problem: &Problem, checked: &Checked, line: &OrderLine) -> Option<NaiveDate> {
    let source = &problem.pairs[line.pair].sources[line.source];
    let lead = source.mean_lead_time_days().round().max(0.0) as u32;
    let arrives = usize::try_from(problem.arrival_bucket(source, line.bucket, lead)).ok()?;
    let trace = checked.traces.get(line.pair)?;
    let mut left = *trace.after_arrivals.get(arrives)?;
    let mut last = arrives;
    for bucket in arrives..problem.horizon {
        left -= trace.demand[bucket];
        if left < 0.0 {
            break;
        }
        last = bucket + 1;
    }
    problem.buckets.start_of(last as i64).pred_opt().filter(|_| last > arrives)
}

pub(crate) fn forecast(problem: &Problem, scenarios: &Scenarios) -> Table {
    let horizon = problem.horizon;
    let cells =
        || (0..problem.pairs.len()).flat_map(move |pair| (0..horizon).map(move |bucket| (pair, bucket)));
    let names: Vec<String> = problem.pairs.iter().map(|pair| problem.pair_name(pair)).collect();
    let mean = |(pair, bucket): (usize, usize)| {
        scenarios.pairs[pair].mean.get(bucket).map_or(f64::NAN, |value| round(f64::from(*value)))
    };
    let mut table = Table::new("forecast")
        .with_text("unique_id", cells().map(|(pair, _)| names[pair].as_str()))
        .with("ds", dates(cells().map(|(_, bucket)| Some(problem.buckets.start_of(bucket as i64)))))
        .with_number("mean", cells().map(mean));
    for (at, level) in QUANTILE_LEVELS.iter().enumerate() {
        let quantile = |(pair, bucket): (usize, usize)| {
            let values = &scenarios.pairs[pair].quantiles;
            values.get(at * horizon + bucket).map_or(f64::NAN, |value| round(f64::from(*value)))
        };
        table = table.with_number(&format!("q{:.0}", 100.0 * level), cells().map(quantile));
    }
    let stated = |(pair, bucket): (usize, usize)| {
        let list = &problem.pairs[pair].overrides;
        list.iter().any(|stated| stated.bucket == bucket as i64)
    };
    table.with_flag("override", cells().map(stated))
}

/// Quantities of a forecast to a thousandth.
fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn projection(problem: &Problem, checked: &Checked) -> Table {
    let horizon = problem.horizon;
    let cells =
        || (0..problem.pairs.len()).flat_map(move |pair| (0..horizon).map(move |bucket| (pair, bucket)));
    let of = |pick: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        cells().map(|(pair, bucket)| round(pick(pair, bucket))).collect()
    };
    let traces = &checked.traces;
    Table::new("projection")
        .with_text("item", cells().map(|(pair, _)| item(problem, &problem.pairs[pair])))
        .with_text("location", cells().map(|(pair, _)| location(problem, &problem.pairs[pair])))
        .with("date", dates(cells().map(|(_, bucket)| Some(problem.buckets.start_of(bucket as i64)))))
        .with_number("arrivals", of(&|pair, bucket| traces[pair].arrivals[bucket]))
        .with_number("demand", of(&|pair, bucket| traces[pair].demand[bucket]))
        .with_number("mean", of(&|pair, bucket| traces[pair].stock[bucket]))
        .with_number("q10", of(&|pair, bucket| traces[pair].stock_quantile(bucket, 0.1)))
        .with_number("q90", of(&|pair, bucket| traces[pair].stock_quantile(bucket, 0.9)))
        .with_number("unmet", of(&|pair, bucket| traces[pair].unmet[bucket]))
        .with_number("waste", of(&|pair, bucket| traces[pair].waste[bucket]))
        .with_number("stock_out", of(&|pair, bucket| traces[pair].stock_out[bucket]))
}

fn costs(problem: &Problem, scenarios: &Scenarios, checked: &Checked) -> Table {
    let pairs = &problem.pairs;
    let fill = checked.traces.iter().map(|trace| {
        let (served, demand): (f64, f64) = (trace.served.iter().sum(), trace.demand.iter().sum());
        if demand > 0.0 { served / demand } else { 1.0 }
    });
    let value = pairs.iter().zip(&checked.traces).map(|(pair, trace)| {
        problem.items[pair.item].unit_cost * trace.stock.iter().sum::<f64>() / problem.horizon as f64
    });
    let costs = &checked.pair_costs;
    Table::new("costs")
        .with_text("item", pairs.iter().map(|pair| item(problem, pair)))
        .with_text("location", pairs.iter().map(|pair| location(problem, pair)))
        .with_number("holding_cost", costs.iter().map(|cost| cents(cost.holding_cost)))
        .with_number("shortage_cost", costs.iter().map(|cost| cents(cost.shortage_cost)))
        .with_number("waste_cost", costs.iter().map(|cost| cents(cost.waste_cost)))
        .with_number("order_cost", costs.iter().map(|cost| cents(cost.order_cost)))
        .with_number("purchase_variance", costs.iter().map(|cost| cents(cost.purchase_variance)))
        .with_number("fill_rate", fill.map(cents))
        .with_number("stock_value", value.map(cents))
        .with_number("shortage_cost_per_unit", scenarios.pairs.iter().map(|pair| cents(pair.shortage_cost)))
        .with_number("critical_ratio", scenarios.pairs.iter().map(|pair| cents(pair.critical_ratio)))
}

fn limit_table(problem: &Problem, limits: &[LimitUse]) -> Table {
    let row = |limit: &LimitUse| if limit.place.row > 0 { limit.place.row as f64 } else { f64::NAN };
    Table::new("limits")
        .with_text("rule", limits.iter().map(|limit| limit.family))
        .with_text("name", limits.iter().map(|limit| limit.name.as_str()))
        .with("date", dates(limits.iter().map(|limit| limit.date)))
        .with_text("unit", limits.iter().map(|limit| limit.unit.name(problem)))
        .with_number("used", limits.iter().map(|limit| cents(limit.used)))
        .with_number("limit", limits.iter().map(|limit| cents(limit.limit)))
        .with_number("value_of_one_more", limits.iter().map(|limit| cents(limit.value_of_one_more.abs())))
        .with_text("file", limits.iter().map(|limit| limit.place.file.as_str()))
        .with_number("row", limits.iter().map(row))
}

/// Key figures, in the order in which people read them.
pub(crate) fn kpis(problem: &Problem, plan: &Plan, checked: &Checked) -> Vec<(String, f64)> {
    let cost = &checked.cost;
    let sum = |pick: fn(&super::simulate::Trace) -> &Vec<f64>| -> f64 {
        checked.traces.iter().map(|trace| pick(trace).iter().sum::<f64>()).sum()
    };
    let (demand, served) = (sum(|trace| &trace.demand), sum(|trace| &trace.served));
    let now: Vec<&OrderLine> = lines_now(problem, plan);
    let stock_value: f64 = problem
        .pairs
        .iter()
        .zip(&checked.traces)
        .map(|(pair, trace)| problem.items[pair.item].unit_cost * trace.stock.iter().sum::<f64>())
        .sum::<f64>()
        / problem.horizon as f64;
    let spend: f64 = plan.lines.iter().map(|line| line_value(problem, line)).sum();
    [
        ("total_cost", cost.total()),
        ("holding_cost", cost.holding_cost),
        ("shortage_cost", cost.shortage_cost),
        ("order_cost", cost.order_cost),
        ("purchase_variance", cost.purchase_variance),
        ("waste_cost", cost.waste_cost),
        ("stability", cost.stability),
        ("fill_rate", if demand > 0.0 { served / demand } else { 1.0 }),
        ("stock_value", stock_value),
        ("spend", spend),
        ("spend_now", now.iter().map(|line| line_value(problem, line)).sum()),
        ("units_now", now.iter().map(|line| line.quantity).sum()),
        ("lines", plan.lines.len() as f64),
        ("lines_now", now.len() as f64),
        ("demand", demand),
        ("unmet", sum(|trace| &trace.unmet)),
        ("waste", sum(|trace| &trace.waste)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// How good past overrides were, as key figures.
pub(crate) fn accuracy_kpis(judged: &OverrideAccuracy) -> Vec<(String, f64)> {
    [
        ("overrides_judged", judged.buckets as f64),
        ("override_wape", judged.wape),
        ("override_bias", judged.bias),
        ("model_wape", judged.model_wape),
        ("model_bias", judged.model_bias),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// How good past overrides were, as a sentence.
pub(crate) fn accuracy_words(problem: &Problem, judged: &OverrideAccuracy) -> String {
    let OverrideAccuracy { buckets, wape, bias, model_wape, model_bias } = *judged;
    format!(
        "Past overrides, judged over {}, were off by {:.0} % of sales (bias {:+.0} %); the model's own forecast \
         of the same was off by {:.0} % (bias {:+.0} %).",
        count(buckets, bucket_word(problem)),
        100.0 * wape,
        100.0 * bias,
        100.0 * model_wape,
        100.0 * model_bias,
    )
}

/// Lines of the first bucket in which something may be ordered: what is to be sent now.
fn lines_now<'p>(problem: &Problem, plan: &'p Plan) -> Vec<&'p OrderLine> {
    let first = problem.frozen_horizon;
    plan.lines.iter().filter(|line| line.bucket <= first).collect()
}

/// The plan in sentences and money.
pub(crate) fn headline(
    problem: &Problem,
    kpis: &[(String, f64)],
    limits: &[LimitUse],
    gap: Option<f64>,
) -> Vec<String> {
    let style = problem.style();
    let of = |name: &str| kpis.iter().find(|(known, _)| known == name).map_or(0.0, |(_, value)| *value);
    let mut told = Vec::new();
    told.push(order_now(&of, &style, &style.date(problem.plan_date)));
    told.push(format!(
        "Over {} the plan is expected to cost {} and to meet {} of demand from stock.",
        count(problem.horizon, bucket_word(problem)),
        style.money(of("total_cost")),
        style.percent(of("fill_rate"))
    ));
    let dearest =
        limits.iter().max_by(|a, b| a.value_of_one_more.abs().total_cmp(&b.value_of_one_more.abs()));
    if let Some(limit) = dearest.filter(|limit| limit.value_of_one_more.abs() >= CENT / 2.0) {
        told.push(format!(
            "What holds the plan back most is the {}: {} saves about {}.",
            limit.name,
            limit.unit.one_more(problem, limit.family == "order_minimum"),
            style.money(limit.value_of_one_more.abs())
        ));
    }
    if let Some(gap) = gap.filter(|gap| *gap > 1e-6) {
        told.push(format!("No plan can be cheaper by more than {}.", style.percent(gap)));
    }
    told
}

/// What is to be sent now: its worth, or its units where nothing has a price.
fn order_now(of: &impl Fn(&str) -> f64, style: &Style, day: &str) -> String {
    let (lines, spend) = (of("lines_now"), of("spend_now"));
    if lines < 1.0 {
        return format!("Nothing needs to be ordered on {day}.");
    }
    let noun = if lines > 1.0 { "lines" } else { "line" };
    let lines = style.number(lines, &Measure::number());
    if spend > 0.0 {
        return format!("Order {lines} {noun} worth {} on {day}.", style.money(spend));
    }
    format!(
        "Order {lines} {noun}, {} in all, on {day}.",
        style.number(of("units_now"), &Measure::quantity("units"))
    )
}

/// What is told where no plan was found.
pub(crate) fn no_plan(termination: Termination) -> &'static str {
    match termination {
        Termination::TimeLimit => "No plan was found in the time allowed; allow more with --time-limit.",
        Termination::WorkLimit => "No plan that keeps all limits was found in the work allowed.",
        Termination::Stalled => {
            "The search ended without a plan that keeps all limits, and without a proof that there is none."
        }
        Termination::Interrupted => "It was interrupted before a first plan was found.",
        _ => "No plan keeps all limits.",
    }
}

/// Reads an earlier plan to start from; lines that the horizon has passed or
/// that the instance no longer knows are left out.
///
/// # Errors
/// A start without an order table, or without its columns.
pub(crate) fn read_start(problem: &Problem, tables: &Tables) -> Result<Plan, Faults> {
    let table = order_table(tables, &[])?;
    let index = pair_index(problem);
    let lines = (0..table.len()).filter_map(|row| read_line(problem, &index, table, row).ok().flatten());
    Ok(Plan::new(lines.collect()))
}

pub(crate) fn pair_index(problem: &Problem) -> PairIndex<'_> {
    let pairs = problem.pairs.iter().enumerate();
    pairs.map(|(at, pair)| ((item(problem, pair), location(problem, pair)), at)).collect()
}

/// The order table of a plan, with the columns that no plan can do without and those `needed` here.
///
/// # Errors
/// A plan without it, or without its columns.
pub(crate) fn order_table<'t>(tables: &'t Tables, needed: &[&str]) -> Result<&'t Table, Faults> {
    let Some(table) = tables.get("orders") else {
        return Err(Fault::error(Code::MissingTable, "plan", "the plan has no table `orders`")
            .with_help("hand in orders.csv with item,location,supplier,order_date,quantity")
            .into());
    };
    let needed = ["item", "quantity"].iter().chain(needed);
    let missing = needed.filter(|column| table.column(column).is_none());
    let faults: Faults = missing
        .map(|column| {
            Fault::error(Code::MissingColumn, table.file(), format!("column {column} is missing"))
                .with_help("its columns are item,location,supplier,order_date,quantity")
        })
        .collect();
    faults.into_result().map(|_| table)
}

/// Reads an order table (`item,location,supplier,order_date,quantity`) as a plan.
///
/// # Errors
/// Every row that names an unknown item, location, supplier or a day outside the horizon.
pub(crate) fn read_plan(problem: &Problem, tables: &Tables) -> Result<Plan, Faults> {
    let table = order_table(tables, &[])?;
    let index = pair_index(problem);
    let mut faults = Faults::default();
    let mut lines = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        match read_line(problem, &index, table, row) {
            Ok(line) => lines.extend(line),
            Err(fault) => faults.push(*fault),
        }
    }
    faults.into_result()?;
    Ok(Plan::new(lines))
}

/// A row of an order table, found in the problem.
pub(crate) struct Placed {
    pub pair: usize,
    /// The source of the supplier that the row names (the first, where it names none); `None` for
    /// one that does not deliver there.
    pub source: Option<usize>,
    pub date: Option<NaiveDate>,
    /// Stock units, at least 0.
    pub quantity: f64,
}

/// Stock points by item and location.
pub(crate) type PairIndex<'p> = FxHashMap<(&'p str, &'p str), usize>;

/// Finds what a row of an order table orders.
///
/// # Errors
/// A stock point that is not planned, or a negative quantity.
pub(crate) fn placed(
    problem: &Problem,
    index: &PairIndex<'_>,
    table: &Table,
    row: usize,
) -> Result<Placed, Box<Fault>> {
    let text = |column: &str| table.text(column).map_or("", |text| text.get(row));
    let (item, location) =
        (text("item"), if table.column("location").is_some() { text("location") } else { "main" });
    let not_planned = || format!("{item} at {location} is not planned here");
    let pair =
        *index.get(&(item, location)).ok_or_else(|| unknown(table, row, "item", item, not_planned()))?;
    let supplier = text("supplier");
    let names = |source: &Source| supplier.is_empty() || problem.suppliers[source.supplier].code == supplier;
    let quantity = table.number("quantity").and_then(|numbers| numbers.get(row)).copied().unwrap_or(0.0);
    if quantity < 0.0 {
        let what = format!("quantity is {quantity}: must be at least 0");
        let fault = Fault::error(Code::OutOfRange, table.file(), what).at_row(table.row_number(row));
        return Err(Box::new(fault.in_column("quantity", quantity.to_string())));
    }
    let date = table.date("order_date").and_then(|days| days.get(row)).and_then(|&day| date_of(day));
    Ok(Placed { pair, source: problem.pairs[pair].sources.iter().position(names), date, quantity })
}

fn read_line(
    problem: &Problem,
    index: &PairIndex<'_>,
    table: &Table,
    row: usize,
) -> Result<Option<OrderLine>, Box<Fault>> {
    let Placed { pair, source, date, quantity } = placed(problem, index, table, row)?;
    let source = source.ok_or_else(|| {
        let text = |column: &str| table.text(column).map_or("", |text| text.get(row));
        let (supplier, pair) = (text("supplier"), &problem.pairs[pair]);
        let what =
            format!("{supplier} does not deliver {} to {}", item(problem, pair), location(problem, pair));
        unknown(table, row, "supplier", supplier, what)
    })?;
    let date = date.unwrap_or(problem.plan_date);
    let bucket = usize::try_from(problem.buckets.index_of(date)).ok();
    let bucket = bucket.filter(|&bucket| bucket < problem.horizon).ok_or_else(|| {
        let what = format!("order_date {date} is not in the horizon");
        unknown(table, row, "order_date", &date.to_string(), what)
    })?;
    Ok((quantity > 0.0).then_some(OrderLine { pair, source, bucket, quantity }))
}

fn unknown(table: &Table, row: usize, column: &str, value: &str, what: String) -> Box<Fault> {
    let fault = Fault::error(Code::UnknownReference, table.file(), what).at_row(table.row_number(row));
    Box::new(fault.in_column(column, value).with_help("correct the plan, or add it to the instance"))
}
