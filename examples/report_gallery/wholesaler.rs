//! A wholesaler with 600 stock points, made up from seeded random numbers.

use std::f64::consts::TAU;

use chrono::{Days, NaiveDate};
use purvey::presentation::{
    Axis, Band, Block, Column, Comparison, Detail, DetailOrder, Details, Figure, Line, LineStyle, Lines,
    Marker, Measure, Notice, Presentation, Quantile, Section, Severity, Span, StepKind, Table, Tone, Tornado,
    TornadoBar, Waterfall, WaterfallStep,
};
use purvey::solution::{Outcome, SolutionStatus, Termination};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const WEEKS: usize = 104;
const HORIZON: usize = 13;
const ITEMS: [&str; 8] =
    ["Olive oil", "Ground coffee", "Dish soap", "Oat drink", "Rye bread", "Tea", "Salt", "Soda"];
const SIZES: [&str; 5] = ["small", "large", "family pack", "refill", "organic"];
const TOWNS: [&str; 6] = ["Aarhus", "Bergen", "Ghent", "Leeds", "Porto", "Turin"];
const SUPPLIERS: [&str; 4] = ["Northern Foods", "Harbour Trade", "Hill & Sons", "Delta Supply"];

/// One stock point and the orders proposed for it.
struct Pair {
    detail: Detail,
    price: f64,
    supplier: &'static str,
    excess: f64,
    shortage: f64,
}

fn start() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 4, 15).unwrap_or_default()
}

fn week(from: NaiveDate, weeks: i64) -> NaiveDate {
    let days = Days::new(weeks.unsigned_abs() * 7);
    let moved = if weeks < 0 { from.checked_sub_days(days) } else { from.checked_add_days(days) };
    moved.unwrap_or(from)
}

/// The whole report, with so many stock points.
pub fn presentation(count: usize) -> Presentation {
    let pairs: Vec<Pair> = (0..count).map(pair).collect();
    let spend: f64 = pairs.iter().map(|pair| ordered(pair) * pair.price).sum();
    let mut told = Presentation::new("Northgate Wholesale");
    told.subtitle = format!("Replenishment of {count} stock points for the 13 weeks ahead");
    told.date = Some(start());
    told.headline = vec![
        format!("Order {} today: it keeps 97.2 % of demand on the shelf and costs € 18,420 less over the quarter than the simple rule.", told.style.money(spend.round())),
        "Eleven stock points will run out before any order can reach them; the budget of April is the limit that costs most.".to_owned(),
    ];
    told.figures = key_figures(spend);
    told.sections = vec![
        Section::new("Money").with(Block::Waterfall(cost_waterfall())).with(Block::Comparison(policies())),
        Section::new("Exceptions")
            .with_lead("Stock points that need a person, the most expensive first.")
            .with(Block::Table(exceptions(&pairs))),
        Section::new("Orders")
            .with_lead("What to order of what, from whom, and when it arrives.")
            .with(Block::Table(orders(&pairs))),
        Section::new("Stock points")
            .with_lead("Demand, forecast, projected stock and the reasons of each order.")
            .with(Block::Details(details(pairs))),
        Section::new("Limits")
            .with_lead("Limits that hold the plan back, and what one more unit of each is worth.")
            .with(Block::Table(limits()))
            .with(Block::Tornado(sensitivity()))
            .with(Block::Lines(budget_use())),
        Section::new("Data and run").with(notices()).with(facts()),
    ];
    told
}

fn key_figures(spend: f64) -> Vec<Figure> {
    vec![
        Figure::number("Order value", spend.round(), Measure::money())
            .with_note("148 order lines, 4 suppliers"),
        Figure::number("Expected cost", 86_310.0, Measure::money()).with_note("over 13 weeks, all terms"),
        Figure::number("Saved against the simple rule", 18_420.0, Measure::money())
            .with_tone(Tone::Good)
            .with_note("95 % interval € 15,900 to € 20,800"),
        Figure::number("Fill rate", 0.972, Measure::percent()).with_tone(Tone::Good).with_note("target 97 %"),
        Figure::number("Stock-outs to come", 11.0, Measure::quantity("stock points"))
            .with_tone(Tone::Bad)
            .with_note("before any order can arrive"),
        Figure::number("Excess stock", 9_870.0, Measure::money())
            .with_tone(Tone::Warning)
            .with_note("more than 26 weeks of demand"),
    ]
}

fn cost_waterfall() -> Waterfall {
    let step = |label: &str, value, kind, tone| WaterfallStep { label: label.to_owned(), value, kind, tone };
    Waterfall {
        title: "Where the cost comes from".to_owned(),
        description: "Expected cost of the plan over 13 weeks by component.".to_owned(),
        measure: Measure::money(),
        steps: vec![
            step("Holding", 31_480.0, StepKind::Change, Tone::Neutral),
            step("Fixed order cost", 14_200.0, StepKind::Change, Tone::Neutral),
            step("Transport", 9_630.0, StepKind::Change, Tone::Neutral),
            step("Waste", 4_100.0, StepKind::Change, Tone::Warning),
            step("Shortage", 28_900.0, StepKind::Change, Tone::Bad),
            step("Price breaks", -2_000.0, StepKind::Change, Tone::Good),
            step("Expected cost", 86_310.0, StepKind::Total, Tone::Neutral),
        ],
    }
}

fn line(name: &str, values: Vec<f64>, style: LineStyle) -> Line {
    Line { name: name.to_owned(), values, style }
}

fn policies() -> Comparison {
    let component = |name: &str, values: [f64; 4]| line(name, values.to_vec(), LineStyle::Observed);
    Comparison {
        title: "Against other ways to order".to_owned(),
        description: "Cost over eight replayed windows of history, by policy and component.".to_owned(),
        measure: Measure::money(),
        policies: ["Purvey", "Simple rule", "Simple rule, tuned", "Perfect foresight"]
            .map(String::from)
            .to_vec(),
        components: vec![
            component("Holding", [31_480.0, 42_200.0, 36_100.0, 12_500.0]),
            component("Ordering", [23_830.0, 22_000.0, 23_100.0, 24_800.0]),
            component("Shortage", [31_000.0, 40_530.0, 34_900.0, 0.0]),
        ],
    }
}

/// A stock point with weekly demand, a season, spells without stock, and a forecast.
fn pair(index: usize) -> Pair {
    let mut random = ChaCha8Rng::seed_from_u64(index as u64);
    let slow = index.is_multiple_of(4);
    let level = if slow { random.random_range(0.2..2.0) } else { random.random_range(4.0..90.0) };
    let season: f64 = random.random_range(0.0..0.45);
    let phase: f64 = random.random_range(0.0..TAU);
    let expected = |week: i64| level * (1.0 + season * (week as f64 / 52.0 * TAU + phase).sin());
    let mut history = Vec::with_capacity(WEEKS);
    let mut outs = Vec::new();
    for t in 0..WEEKS {
        let noise: f64 = random.random_range(0.4..1.6);
        let out = random.random_range(0..40) == 0;
        let demand = if out { 0.0 } else { (expected(t as i64) * noise).round() };
        history.push(demand);
        if out {
            outs.push(t as u32);
        }
    }
    let mean: Vec<f64> = (0..HORIZON).map(|h| expected((WEEKS + h) as i64)).collect();
    let spread = |h: usize, z: f64| (1.0 + z * (0.22 + 0.012 * h as f64)).max(0.0);
    let quantile = |level: f64, z: f64| Quantile {
        level,
        values: (0..HORIZON).map(|h| mean[h] * spread(h, z)).collect(),
    };
    let quantiles =
        vec![quantile(0.05, -1.64), quantile(0.25, -0.67), quantile(0.75, 0.67), quantile(0.95, 1.64)];
    let price = (random.random_range(1.0..28.0f64) * 100.0).round() / 100.0;
    let cover: f64 = random.random_range(0.5..9.0);
    let supplier = SUPPLIERS[random.random_range(0..SUPPLIERS.len())];
    project(index, history, outs, mean, quantiles, (level * cover).round(), price, supplier)
}

#[allow(clippy::too_many_arguments)]
fn project(
    index: usize,
    history: Vec<f64>,
    outs: Vec<u32>,
    mean: Vec<f64>,
    quantiles: Vec<Quantile>,
    on_hand: f64,
    price: f64,
    supplier: &'static str,
) -> Pair {
    let (mut stock, mut level, mut stock_outs, mut shortage) = (Vec::new(), on_hand, Vec::new(), 0.0);
    let mut orders = Vec::new();
    let case = [1.0, 6.0, 12.0, 24.0][index % 4];
    for (h, demand) in mean.iter().enumerate() {
        let due = h >= 2 && (h - 2).is_multiple_of(4);
        let wanted: f64 = mean.iter().skip(h).take(6).sum::<f64>() * 1.3 - level;
        if due && wanted > 0.0 {
            let quantity = (wanted / case).ceil() * case;
            level += quantity;
            orders.push(DetailOrder {
                supplier: supplier.to_owned(),
                order_date: Some(week(start(), h as i64 - 2)),
                arrival_date: Some(week(start(), h as i64)),
                quantity,
                reason: format!(
                    "Covers 4 weeks to the next order day; rounded up from {wanted:.0} to cases of {case:.0}."
                ),
            });
        }
        if level < *demand {
            stock_outs.push(h as u32);
            shortage += (demand - level) * price;
        }
        level = (level - demand).max(0.0);
        stock.push(level);
    }
    let excess = (on_hand - mean.iter().sum::<f64>()).max(0.0) * price;
    let tone = if shortage > 60.0 {
        Tone::Bad
    } else if excess > 0.0 || shortage > 0.0 {
        Tone::Warning
    } else {
        Tone::Neutral
    };
    let mut notes = vec![
        ["ETS(A,Ad,M), calibrated on 104 weeks.", "TSB for intermittent demand."]
            [usize::from(index.is_multiple_of(4))]
        .to_owned(),
    ];
    if shortage > 0.0 {
        notes.insert(0, "Runs out before the first order can arrive.".to_owned());
    }
    let detail = Detail {
        key: vec![format!("{:05}", 10_000 + index / TOWNS.len() * 7), TOWNS[index % TOWNS.len()].to_owned()],
        label: format!("{}, {}", ITEMS[index % ITEMS.len()], SIZES[index / 8 % SIZES.len()]),
        rank: shortage + excess + orders.iter().map(|order| order.quantity).sum::<f64>() * price / 100.0,
        tone,
        notes,
        facts: vec![on_hand, 0.0, price, mean.iter().take(3).sum::<f64>() * 1.4, 0.93],
        history,
        history_stock_outs: outs,
        stock_low: stock.iter().map(|level| level * 0.6).collect(),
        stock_high: stock.iter().map(|level| level * 1.35).collect(),
        mean,
        quantiles,
        stock,
        stock_outs,
        orders,
    };
    Pair { detail, price, supplier, excess, shortage }
}

fn ordered(pair: &Pair) -> f64 {
    pair.detail.orders.iter().map(|order| order.quantity).sum()
}

fn details(pairs: Vec<Pair>) -> Details {
    let mut details = Details {
        title: "Look at one stock point".to_owned(),
        key_names: vec!["item".to_owned(), "location".to_owned()],
        demand_name: "Demand per week".to_owned(),
        stock_name: "Stock at the end of the week".to_owned(),
        measure: Measure::quantity("pieces"),
        history_dates: (0..WEEKS).map(|t| week(start(), t as i64 - WEEKS as i64)).collect(),
        horizon_dates: (0..HORIZON).map(|h| week(start(), h as i64)).collect(),
        files: vec!["forecast.csv".to_owned(), "orders.csv".to_owned()],
        ..Details::default()
    };
    details.add_fact("On hand", Measure::number());
    details.add_fact("On order", Measure::number());
    details.add_fact("Unit cost", Measure::money().with_decimals(2));
    details.add_fact("Order up to", Measure::number().with_decimals(0));
    details.add_fact("Service level", Measure::percent().with_decimals(0));
    pairs.into_iter().for_each(|pair| details.push(pair.detail));
    details
}

fn exceptions(pairs: &[Pair]) -> Table {
    let mut rows: Vec<(&Pair, &str, f64, &str)> = Vec::new();
    for pair in pairs {
        if pair.shortage > 0.0 {
            rows.push((
                pair,
                "Stock-out",
                pair.shortage,
                "Ask for express delivery, or move stock from another location.",
            ));
        }
        if pair.excess > 0.0 {
            rows.push((
                pair,
                "Excess",
                pair.excess,
                "More than a quarter of demand on hand: no order, offer it elsewhere.",
            ));
        }
    }
    rows.sort_by(|a, b| b.2.total_cmp(&a.2));
    rows.truncate(90);
    let tone = |row: &(&Pair, &str, f64, &str)| if row.1 == "Excess" { Tone::Warning } else { Tone::Bad };
    Table::new("Stock-outs to come and excess")
        .with(Column::text("item", rows.iter().map(|row| row.0.detail.key[0].as_str())))
        .with(Column::text("location", rows.iter().map(|row| row.0.detail.key[1].as_str())))
        .with(Column::text("what", rows.iter().map(|row| row.1)))
        .with(Column::number(
            "on hand",
            rows.iter().map(|row| row.0.detail.facts[0]),
            Measure::quantity("pieces"),
        ))
        .with(
            Column::number("cost", rows.iter().map(|row| row.2), Measure::money().with_decimals(0))
                .with_total(),
        )
        .with(Column::text("what helps", rows.iter().map(|row| row.3)))
        .with_tones(rows.iter().map(tone))
        .interactive()
}

fn orders(pairs: &[Pair]) -> Table {
    let mut lines: Vec<(&Pair, &DetailOrder)> =
        pairs.iter().flat_map(|pair| pair.detail.orders.iter().map(move |order| (pair, order))).collect();
    lines.sort_by_key(|(pair, order)| (pair.supplier, pair.detail.key[1].clone(), order.order_date));
    Table::new("Orders by supplier and location")
        .with(Column::text("item", lines.iter().map(|line| line.0.detail.key[0].as_str())))
        .with(Column::text("supplier", lines.iter().map(|line| line.0.supplier)))
        .with(Column::text("location", lines.iter().map(|line| line.0.detail.key[1].as_str())))
        .with(Column::date("order date", lines.iter().map(|line| line.1.order_date)))
        .with(Column::date("arrival", lines.iter().map(|line| line.1.arrival_date)))
        .with(
            Column::number("quantity", lines.iter().map(|line| line.1.quantity), Measure::quantity("pieces"))
                .with_total(),
        )
        .with(
            Column::number(
                "value",
                lines.iter().map(|line| line.1.quantity * line.0.price),
                Measure::money().with_decimals(2),
            )
            .with_total(),
        )
        .with(Column::text("why this quantity", lines.iter().map(|line| line.1.reason.as_str())))
        .grouped_by(["supplier", "location"])
        .from_file("orders.csv")
        .interactive()
}

fn limits() -> Table {
    Table::new("Limits that bind")
        .with_caption(
            "From the relaxation with the order pattern fixed: what the last unit of each limit saves.",
        )
        .with(Column::text(
            "limit",
            ["Budget, April", "Truck of Harbour Trade", "Storage in Ghent", "Order minimum of Delta Supply"],
        ))
        .with(Column::text(
            "stated in",
            ["suppliers.csv:2", "suppliers.csv:3", "locations.csv:4", "suppliers.csv:5"],
        ))
        .with(Column::number("limit value", [42_000.0, 33.0, 120.0, 500.0], Measure::number()))
        .with(Column::text("unit", ["€", "m³", "m³", "€"]))
        .with(Column::number(
            "one more is worth",
            [0.34, 21.5, 6.4, -0.12],
            Measure::money().with_decimals(2),
        ))
}

fn sensitivity() -> Tornado {
    let bar = |label: &str, low, high, low_label: &str, high_label: &str| TornadoBar {
        label: label.to_owned(),
        low,
        high,
        low_label: low_label.to_owned(),
        high_label: high_label.to_owned(),
    };
    Tornado {
        title: "What moves the cost most".to_owned(),
        description: "Expected cost when one assumption changes and the plan is made anew.".to_owned(),
        measure: Measure::money(),
        base: 86_310.0,
        bars: vec![
            bar("Lead time", 81_900.0, 97_800.0, "−1 week", "+1 week"),
            bar("Demand", 74_200.0, 104_900.0, "−20 %", "+20 %"),
            bar("Budget", 91_400.0, 85_000.0, "−10 %", "+10 %"),
            bar("Harbour Trade", f64::NAN, 99_300.0, "", "lost"),
        ],
        ..Tornado::default()
    }
}

fn budget_use() -> Lines {
    let spend: Vec<f64> = (0..HORIZON).map(|h| [42.0, 8.0, 11.0, 9.0, 31.0, 6.0][h % 6] * 1000.0).collect();
    Lines {
        title: "Spend and stock value over the horizon".to_owned(),
        description: "Stock value with its likely range; triangles mark the big order days.".to_owned(),
        measure: Measure::money(),
        axis: Axis::Dates((0..HORIZON).map(|h| week(start(), h as i64)).collect()),
        bands: vec![Band {
            name: "90 % of cases".to_owned(),
            low: (0..HORIZON).map(|h| 61_000.0 - 900.0 * h as f64).collect(),
            high: (0..HORIZON).map(|h| 70_000.0 + 1_300.0 * h as f64).collect(),
        }],
        lines: vec![
            line("spend", spend, LineStyle::Level),
            line(
                "stock value",
                (0..HORIZON).map(|h| 65_000.0 + 200.0 * h as f64).collect(),
                LineStyle::Expected,
            ),
            line("budget", vec![42_000.0; HORIZON], LineStyle::Limit),
        ],
        spans: vec![Span { name: "closed for stocktaking".to_owned(), from: 7, to: 8 }],
        markers: vec![Marker {
            name: "order day".to_owned(),
            at: 4,
            value: 31_000.0,
            text: "order day of three suppliers".to_owned(),
        }],
    }
}

fn notices() -> Block {
    let notices = vec![
        Notice::new(Severity::Warning, "3 open orders are overdue: taken as arriving in the next bucket.")
            .at("open_orders.csv:4, 9, 31")
            .with_code("overdue-order"),
        Notice::new(
            Severity::Warning,
            "12 items have fewer than 13 weeks of sales; their forecast leans on their group.",
        )
        .at("sales.csv")
        .with_code("short-history"),
        Notice::new(Severity::Info, "The last week ends after the stock's date and is left out of the fit.")
            .at("sales.csv")
            .with_code("incomplete-bucket"),
        Notice::new(Severity::Info, "41 codes had blanks at their ends, which were trimmed.")
            .at("items.csv")
            .with_code("trimmed"),
    ];
    Block::Notices { title: "What the data said".to_owned(), notices }
}

fn facts() -> Block {
    let outcome = Outcome {
        termination: Termination::TargetGap,
        solution_status: SolutionStatus::Feasible,
        objective: Some(86_310.0),
        bound: Some(85_790.0),
    };
    let seconds = [("read", 0.11), ("predict", 1.84), ("build", 0.2), ("solve", 4.02), ("check", 0.03)];
    let seconds: Vec<(String, f64)> = seconds.map(|(stage, s)| (stage.to_owned(), s)).to_vec();
    Block::run_facts(&outcome, &Measure::money(), 0, 2, &seconds)
}
