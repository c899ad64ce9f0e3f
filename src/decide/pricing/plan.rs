//! Prices as tables, sentences and reasons, and back.

use statrs::distribution::{ContinuousCDF, Normal};

use super::problem::{Answer, Goal, Learned, Obstacle, Problem, Standing, Told, alarm_words, same};
use crate::data::{Code, Column, Fault, Faults, Table, Tables};
use crate::presentation::Measure;

/// Standard deviations from the middle of a normal distribution to the ends of the interval that holds `share` of it.
pub(super) fn deviations(share: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + 0.5 * share)
}

/// The plan's tables.
pub(super) fn tables(problem: &Problem, prices: &[f64]) -> Tables {
    let tables = Tables::default()
        .with(price_table(problem, prices, 0..problem.products.len()))
        .with(curves(problem, prices))
        .with(elasticities(problem));
    match problem.learned.as_ref().filter(|learned| learned.follows()) {
        Some(learned) => tables.with(updates(problem, learned)),
        None => tables,
    }
}

/// What sales after the fit changed.
fn updates(problem: &Problem, learned: &Learned) -> Table {
    let told = || learned.told.iter();
    let alarm_day = |told: &Told| {
        let day = told.alarms.last().map(|(period, _)| learned.log_days(*period).1);
        day.and_then(|day| i32::try_from(day).ok())
    };
    let alarm = |told: &Told| told.alarms.last().map_or("", |(_, alarm)| alarm_words(*alarm));
    Table::new("updates")
        .with_text("product", told().map(|it| &problem.products[it.product].code))
        .with_number("rows", told().map(|it| it.following.filter.taken() as f64))
        .with_number("elasticity_fitted", told().map(|it| it.response.own.value))
        .with_number("elasticity", told().map(|it| it.following.filter.own().value))
        .with_number("error", told().map(|it| it.following.filter.own().error))
        .with_number("demand_fitted", told().map(|it| learned.next_as_fitted(it)))
        .with_number("demand", told().map(|it| learned.next_period(it)))
        .with_text("alarm", told().map(alarm))
        .with("alarm_date", Column::Date(told().map(|it| alarm_day(it).unwrap_or(Table::NO_DATE)).collect()))
}

/// The table `prices`, for some products.
pub(super) fn price_table(
    problem: &Problem,
    prices: &[f64],
    which: impl Iterator<Item = usize> + Clone,
) -> Table {
    let now = problem.prices_now();
    let standing = Standing::new(problem, prices.to_vec());
    let margin = |at: usize, prices: &[f64]| {
        Goal::Margin.of(prices[at], problem.products[at].unit_cost, problem.demand(at, prices))
    };
    Table::new("prices")
        .with_text("product", which.clone().map(|at| &problem.products[at].code))
        .with_number("price", which.clone().map(|at| prices[at]))
        .with_number("price_now", which.clone().map(|at| now[at]))
        .with_number("quantity", which.clone().map(|at| problem.demand(at, prices)))
        .with_number("quantity_now", which.clone().map(|at| problem.demand(at, &now)))
        .with_number("margin", which.clone().map(|at| margin(at, prices)))
        .with_number("margin_now", which.clone().map(|at| margin(at, &now)))
        .with_text("reason", which.map(|at| reason(problem, &standing, at)))
}

/// Demand and margin of each product over its ladder.
fn curves(problem: &Problem, prices: &[f64]) -> Table {
    let cells = || {
        problem
            .products
            .iter()
            .enumerate()
            .flat_map(|(at, product)| product.ladder.iter().map(move |&p| (at, p)))
    };
    let margin = |deviations: f64| {
        cells().map(move |(at, price)| {
            let quantity = problem.demand_at(at, price, prices, deviations);
            Goal::Margin.of(price, problem.products[at].unit_cost, quantity)
        })
    };
    Table::new("curves")
        .with_text("product", cells().map(|(at, _)| &problem.products[at].code))
        .with_number("price", cells().map(|(_, price)| price))
        .with_number(
            "quantity",
            cells().map(|(at, price)| problem.demand_at(at, price, prices, problem.deviations)),
        )
        .with_number("margin", margin(problem.deviations))
        .with_number("margin_low", margin(deviations(0.8)))
        .with_number("margin_high", margin(-deviations(0.8)))
}

fn elasticities(problem: &Problem) -> Table {
    let all: Vec<(&str, &Answer)> = problem
        .products
        .iter()
        .flat_map(|it| std::iter::once(&it.own).chain(&it.rivals).map(|answer| (it.code.as_str(), answer)))
        .collect();
    let wide = deviations(0.95);
    let end = |sign: f64| all.iter().map(move |(_, answer)| answer.elasticity + sign * wide * answer.error);
    Table::new("elasticities")
        .with_text("product", all.iter().map(|(code, _)| code))
        .with_text("other", all.iter().map(|(_, answer)| &problem.products[answer.to as usize].code))
        .with_number("elasticity", all.iter().map(|(_, answer)| answer.elasticity))
        .with_number("low", end(-1.0))
        .with_number("high", end(1.0))
        .with_text("source", all.iter().map(|(_, answer)| answer.source.word()))
}

/// Why a product has its price.
fn reason(problem: &Problem, standing: &Standing<'_>, at: usize) -> String {
    if problem.is_cleared(at) {
        return "is cleared: its prices are those of markdowns.csv".to_owned();
    }
    let (product, price) = (&problem.products[at], standing.prices[at]);
    let prices = &standing.prices;
    let worth = |price: f64| {
        problem.goal.of(price, product.unit_cost, problem.demand_at(at, price, prices, problem.deviations))
    };
    let best = product.ladder.iter().copied().max_by(|&a, &b| worth(a).total_cmp(&worth(b))).unwrap_or(price);
    let goal = problem.goal.word();
    if same(best, price) {
        let said = if same(price, product.price_now) { "stays: brings" } else { "brings" };
        return format!("{said} the most {goal} of its prices");
    }
    let forgone = problem.style.number(worth(best) - worth(price), &measure(problem.goal));
    let held = match standing.obstacle(at, best) {
        Some(Obstacle::Limit(limit)) => format!("it {}", limit.text(product.price_now)),
        Some(Obstacle::Gap(gap)) => {
            let partner = if gap.product as usize == at { gap.other } else { gap.product };
            format!("its gap to {} does not allow it", problem.products[partner as usize].code)
        }
        Some(Obstacle::Changes) => "no more prices may change".to_owned(),
        Some(Obstacle::Floor(floor)) => {
            format!("the {} of all products would fall below its floor", floor.goal.word())
        }
        None => "other products would lose more than that".to_owned(),
    };
    format!("{best} would bring it {forgone} more {goal}, but {held}")
}

/// How a goal is written.
pub(super) fn measure(goal: Goal) -> Measure {
    match goal {
        Goal::Volume => Measure::quantity("units"),
        Goal::Margin | Goal::Revenue => Measure::money(),
    }
}

/// A price for each product, from a table `prices` that has one for all.
pub(super) fn prices_of(problem: &Problem, plan: &Tables) -> Result<Vec<f64>, Faults> {
    let missing =
        |text: &str| Fault::error(Code::MissingTable, "prices", text).with_help("give product and price");
    let Some(table) = plan.get("prices") else {
        return Err(missing("the plan has no table prices").into());
    };
    let (Some(codes), Some(numbers)) = (table.text("product"), table.number("price")) else {
        return Err(missing("the columns product and price are needed").into());
    };
    let mut prices = vec![f64::NAN; problem.products.len()];
    let mut faults = Faults::default();
    for (row, &price) in numbers.iter().enumerate() {
        let fault = |code, text: String| Fault::error(code, table.file(), text).at_row(table.row_number(row));
        match problem.index_of(codes.get(row)) {
            None => faults
                .push(fault(Code::UnknownReference, format!("there is no product \"{}\"", codes.get(row)))),
            Some(at) if !prices[at].is_nan() => {
                faults.push(fault(Code::DuplicateKey, format!("{} stands here twice", codes.get(row))));
            }
            Some(_) if !(price > 0.0 && price.is_finite()) => {
                faults.push(fault(Code::OutOfRange, format!("{} has no price above 0", codes.get(row))));
            }
            Some(at) => prices[at] = price,
        }
    }
    for (product, price) in problem.products.iter().zip(&prices) {
        if price.is_nan() && faults.is_empty() {
            let text = format!("{} has no price", product.code);
            faults.push(Fault::error(Code::MissingValue, table.file(), text).with_help("add a row for it"));
        }
    }
    faults.into_result().map(|_| prices)
}

/// The plan in sentences.
pub(super) fn headline(problem: &Problem, prices: &[f64]) -> Vec<String> {
    let now = problem.prices_now();
    let goal = problem.goal;
    let written = |value: f64| problem.style.number(value, &measure(goal));
    let (total, before) = (problem.total(goal, prices), problem.total(goal, &now));
    let up = prices.iter().zip(&now).filter(|(price, now)| !same(**price, **now) && price > now).count();
    let down = problem.changes(prices) - up;
    let share = if before > 0.0 { (total - before) / before } else { 0.0 };
    let mut sentences = vec![
        format!(
            "{} of a period: {}, {} more than at the prices of now ({} %).",
            capital(goal.word()),
            written(total),
            written(total - before),
            (1000.0 * share).round() / 10.0
        ),
        format!("{up} prices rise, {down} fall, {} stay.", prices.len() - up - down),
    ];
    if problem.deviations > 0.0 {
        let said = "All figures are those of the worse end of the interval that `caution` asks for.";
        sentences.push(said.to_owned());
    }
    sentences
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Key figures.
pub(super) fn kpis(problem: &Problem, prices: &[f64]) -> Vec<(String, f64)> {
    let now = problem.prices_now();
    let mut kpis = Vec::new();
    for goal in [Goal::Margin, Goal::Revenue, Goal::Volume] {
        kpis.push((goal.word().to_owned(), problem.total(goal, prices)));
        kpis.push((format!("{}_now", goal.word()), problem.total(goal, &now)));
    }
    kpis.push(("price_changes".to_owned(), problem.changes(prices) as f64));
    kpis
}
