//! Prices for a person: what they bring, each with its reason, the curves behind them.

use super::super::Solution;
use super::super::notices::notices_section;
use super::plan::measure;
use super::problem::{Goal, Problem, Product, same};
use crate::presentation::{
    Axis, Band, Block, Column, Figure, Line, LineStyle, Lines, Marker, Measure, Presentation, Section, Table,
};

/// Products whose curve is drawn: those that gain most.
const DRAWN: usize = 12;
/// Rows of a table of the report.
const SHOWN: usize = 2_000;
/// Chance from which a markdown is shown.
const LIKELY: f64 = 0.01;

/// What is told of a run besides its solution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub seed: u64,
    pub threads: usize,
}

pub(super) fn present(problem: &Problem, solution: &Solution, run: Run) -> Presentation {
    let mut presentation = Presentation::new(&problem.name);
    presentation.subtitle =
        format!("Prices of {} products for most {}", problem.products.len(), problem.goal.word());
    presentation.style = problem.style.clone();
    presentation.headline.clone_from(&solution.headline);
    presentation.figures = figures(solution);
    presentation.sections.extend(prices(solution));
    presentation.sections.extend(markdowns(problem, solution));
    let tests = solution.tables.get("price_tests").filter(|table| !table.is_empty());
    presentation.sections.extend(tests.map(|table| super::trials::present(problem, table)));
    presentation.sections.extend(updates(solution));
    presentation.sections.extend(curves(problem, solution));
    presentation.sections.extend(elasticities(solution));
    presentation.sections.extend(notices_section(&problem.notices, &solution.warnings));
    let facts =
        Block::run_facts(&solution.outcome, &measure(problem.goal), run.seed, run.threads, &solution.seconds);
    presentation.sections.push(Section::new("This run").with(facts));
    presentation
}

fn figures(solution: &Solution) -> Vec<Figure> {
    let of = |name: &str| solution.kpis.iter().find(|kpi| kpi.0 == name).map_or(f64::NAN, |kpi| kpi.1);
    let both = |label: &str, name: &str, measure: Measure| {
        let now = of(&format!("{name}_now"));
        let change = if now == 0.0 { 0.0 } else { (of(name) / now - 1.0) * 100.0 };
        Figure::number(label, of(name), measure).with_note(format!("{change:+.1} % against now"))
    };
    vec![
        both("Margin of a period", Goal::Margin.word(), Measure::money()),
        both("Revenue", Goal::Revenue.word(), Measure::money()),
        both("Units", Goal::Volume.word(), Measure::quantity("units").with_decimals(0)),
        Figure::number("Prices that change", of("price_changes"), Measure::number().with_decimals(0)),
    ]
}

/// The table of prices, those that gain most first.
fn prices(solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("prices")?;
    let number = |name: &str| table.number(name);
    let (price, now) = (number("price")?, number("price_now")?);
    let (margin, before) = (number("margin")?, number("margin_now")?);
    let mut order: Vec<usize> = (0..price.len()).collect();
    order.sort_by(|&a, &b| (margin[b] - before[b]).total_cmp(&(margin[a] - before[a])).then(a.cmp(&b)));
    let all = order.len();
    order.truncate(SHOWN);
    let text = |name: &str| order.iter().map(|&at| table.cell_text(name, at)).collect::<Vec<String>>();
    let pick = |of: &dyn Fn(usize) -> f64| order.iter().map(|&at| of(at)).collect::<Vec<f64>>();
    let quantity = number("quantity")?;
    let mut shown = Table::new("")
        .with(Column::text("Product", text("product")))
        .with(Column::number("Price", pick(&|at| price[at]), Measure::money().with_decimals(2)))
        .with(Column::number("Now", pick(&|at| now[at]), Measure::money().with_decimals(2)))
        .with(Column::number("Change", pick(&|at| price[at] / now[at] - 1.0), Measure::percent()))
        .with(Column::number("Units", pick(&|at| quantity[at]), Measure::quantity("units").with_decimals(0)))
        .with(Column::number("Margin", pick(&|at| margin[at]), Measure::money()).with_total())
        .with(Column::number("Gain", pick(&|at| margin[at] - before[at]), Measure::money()).with_total())
        .with(Column::text("Why", text("reason")))
        .interactive()
        .from_file("prices.csv");
    if all > SHOWN {
        shown.caption = format!("The first {SHOWN} of {all}.");
    }
    Some(Section::new("Prices").with(Block::Table(shown)))
}

/// What is cleared: the price to begin with, and how it goes on where most of the stock stays.
fn markdowns(problem: &Problem, solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("markdowns")?;
    let number = |name: &str| table.number(name);
    let (period, chance) = (number("period")?, number("chance")?);
    let likely: Vec<usize> = (0..table.len()).filter(|&row| chance[row] >= LIKELY).take(SHOWN).collect();
    let text = |name: &str| likely.iter().map(|&at| table.cell_text(name, at)).collect::<Vec<String>>();
    let pick = |values: &[f64]| likely.iter().map(|&at| values[at]).collect::<Vec<f64>>();
    let (price, whole) = (|| Measure::money().with_decimals(2), || Measure::number().with_decimals(0));
    let shown = Table::new("")
        .with(Column::text("Product", text("product")))
        .with(Column::number("Period", pick(period), whole()))
        .with(Column::number("Price before", pick(number("price_before")?), price()))
        .with(Column::number("Stock from", pick(number("stock_from")?), whole()))
        .with(Column::number("Stock to", pick(number("stock_to")?), whole()))
        .with(Column::number("Price", pick(number("price")?), price()))
        .with(Column::number("Chance", pick(chance), Measure::percent()))
        .with(Column::text("Why", text("reason")))
        .interactive()
        .from_file("markdowns.csv");
    let lead = format!(
        "Look up period, price before and stock; the price of that row earns most until the end. Rows that come about \
         once in {:.0} times or less are in the file only. {} cleared.",
        1.0 / LIKELY,
        if problem.clearances.len() == 1 {
            "One product is".to_owned()
        } else {
            format!("{} products are", problem.clearances.len())
        }
    );
    Some(Section::new("Markdowns").with_lead(lead).with(Block::Table(shown)))
}

/// Margin over price of the products that gain most.
fn curves(problem: &Problem, solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("prices")?;
    let curves = solution.tables.get("curves")?;
    let (margin, before) = (table.number("margin")?, table.number("margin_now")?);
    let mut order: Vec<usize> = (0..margin.len()).collect();
    order.sort_by(|&a, &b| (margin[b] - before[b]).total_cmp(&(margin[a] - before[a])).then(a.cmp(&b)));
    let ladders: Vec<usize> = problem.products.iter().map(|product| product.ladder.len()).collect();
    let first = |at: usize| ladders[..at].iter().sum::<usize>();
    let mut section = Section::new("Price and margin").with_lead(
        "Margin of a period at each price that may be chosen, with the 80 % interval of the elasticity; the others at \
         their new prices.",
    );
    for &at in order.iter().take(DRAWN) {
        let rows = first(at)..first(at) + ladders[at];
        let of = |name: &str| curves.number(name).map_or_else(Vec::new, |all| all[rows.clone()].to_vec());
        let chosen = table.number("price")?[at];
        let lines = curve(&problem.products[at], chosen, [of("margin"), of("margin_low"), of("margin_high")]);
        section = section.with(Block::Lines(lines));
    }
    Some(section)
}

fn curve(product: &Product, chosen: f64, [margin, low, high]: [Vec<f64>; 3]) -> Lines {
    let label = |price: &f64| format!("{price:.2}");
    let mark = |price: f64, name: &str| {
        let at = product.ladder.iter().position(|&step| same(step, price)).unwrap_or(0);
        Marker { name: name.to_owned(), at, value: margin[at], text: format!("{name}: {price:.2}") }
    };
    let markers = vec![mark(product.price_now, "now"), mark(chosen, "new")];
    Lines {
        title: product.code.clone(),
        description: format!(
            "Margin of {} by price: {:.0} at {:.2} now, {:.0} at {chosen:.2}.",
            product.code, markers[0].value, product.price_now, markers[1].value
        ),
        measure: Measure::money(),
        axis: Axis::Labels(product.ladder.iter().map(label).collect()),
        lines: vec![Line { name: "margin".to_owned(), values: margin.clone(), style: LineStyle::Expected }],
        bands: vec![Band { name: "80 % interval".to_owned(), low, high }],
        markers,
        ..Lines::default()
    }
}

/// What sales after the fit changed, products with an alarm first.
fn updates(solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("updates")?;
    let mut order: Vec<usize> = (0..table.len()).collect();
    order.sort_by_key(|&row| table.cell_text("alarm", row).is_empty());
    let alarms = order.iter().take_while(|&&row| !table.cell_text("alarm", row).is_empty()).count();
    order.truncate(SHOWN);
    let text = |name: &str| order.iter().map(|&row| table.cell_text(name, row)).collect::<Vec<String>>();
    let number = |name: &str| {
        table
            .number(name)
            .map_or_else(Vec::new, |all| order.iter().map(|&row| all[row]).collect::<Vec<f64>>())
    };
    let decimals = |count: u8| Measure::number().with_decimals(count);
    let shown = Table::new("")
        .with(Column::text("Product", text("product")))
        .with(Column::number("Rows", number("rows"), decimals(0)))
        .with(Column::number("Elasticity as fitted", number("elasticity_fitted"), decimals(2)))
        .with(Column::number("Now", number("elasticity"), decimals(2)))
        .with(Column::number("Its error", number("error"), decimals(2)))
        .with(Column::number("Demand as fitted", number("demand_fitted"), decimals(1)))
        .with(Column::number("Demand now", number("demand"), decimals(1)))
        .with(Column::text("Alarm", text("alarm")))
        .with(Column::text("Found by", text("alarm_date")))
        .interactive()
        .from_file("updates.csv");
    let lead = format!(
        "Sales after the fit, taken in period by period. {alarms} of {} products sell otherwise than their fit says.",
        table.len()
    );
    Some(Section::new("What newer sales told").with_lead(lead).with(Block::Table(shown)))
}

fn elasticities(solution: &Solution) -> Option<Section> {
    let table = solution.tables.get("elasticities")?;
    let rows = table.len().min(SHOWN);
    let text = |name: &str| (0..rows).map(|at| table.cell_text(name, at)).collect::<Vec<String>>();
    let number = |name: &str| table.number(name).map_or_else(Vec::new, |all| all[..rows].to_vec());
    let decimals = || Measure::number().with_decimals(2);
    let shown = Table::new("")
        .with(Column::text("Demand of", text("product")))
        .with(Column::text("For the price of", text("other")))
        .with(Column::number("Elasticity", number("elasticity"), decimals()))
        .with(Column::number("From", number("low"), decimals()))
        .with(Column::number("To", number("high"), decimals()))
        .with(Column::text("Known from", text("source")))
        .interactive()
        .from_file("elasticities.csv");
    let lead = "Per cent of demand for one per cent of price, with the 95 % interval.";
    Some(Section::new("How demand answers").with_lead(lead).with(Block::Table(shown)))
}
