//! Tables from text, and the ways into the library that all tests use.

use std::fmt::Write;
use std::sync::OnceLock;

use chrono::{Days, NaiveDate};
use purvey::control::Control;
use purvey::data::schema::{Kind, Schema};
use purvey::data::{Column, Settings, Table, Tables, TextColumn, day_number};
use purvey::decide::{self, CheckReport, Input, Prepared, Solution, SolveOptions};

pub fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::parse(decide::find("replenishment").unwrap().schema()).unwrap())
}

/// A table of the contract from its text: blanks and types as a file would give them.
pub fn table(name: &str, text: &str) -> Table {
    let schema = schema();
    let columns = schema.tables.iter().find(|table| table.name == name).map(|table| &table.columns);
    let columns = columns.unwrap_or_else(|| {
        &schema.outputs.iter().find(|output| output.name == name).unwrap_or_else(|| panic!("{name}")).columns
    });
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let titles = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let mut table = Table::new(name);
    for (at, title) in titles.into_iter().enumerate() {
        let kind =
            columns.iter().find(|column| column.name == title).unwrap_or_else(|| panic!("{title}")).kind;
        let cells = || rows.iter().map(|row| row[at]);
        let column = match kind {
            Kind::Number | Kind::Integer => Column::Number(
                cells().map(|cell| if cell.is_empty() { f64::NAN } else { cell.parse().unwrap() }).collect(),
            ),
            Kind::Date => {
                Column::Date(cells().map(|cell| cell.parse().map_or(Table::NO_DATE, day_number)).collect())
            }
            Kind::Flag => Column::Flag(cells().map(|cell| u8::from(cell == "yes")).collect()),
            _ => Column::Text(cells().collect::<TextColumn>()),
        };
        table.set(title, column);
    }
    table
}

/// The text of some columns of a table, one line a row.
pub fn lines(table: &Table, columns: &[&str]) -> Vec<String> {
    let row = |at| columns.iter().map(|name| table.cell_text(name, at)).collect::<Vec<_>>().join(",");
    (0..table.len()).map(row).collect()
}

const LINE: [&str; 5] = ["item", "location", "supplier", "order_date", "quantity"];

/// The lines of an order table.
pub fn order_lines(table: &Table) -> Vec<String> {
    lines(table, &LINE)
}

/// An order table from its lines.
pub fn plan_of(lines: &[String]) -> Tables {
    let text = format!("{}\n{}", LINE.join(","), lines.join("\n"));
    Tables::default().with(table("orders", text.trim_end()))
}

/// The order table of a solution.
pub fn orders(solution: &Solution) -> &Table {
    solution.tables.get("orders").unwrap()
}

pub fn settings() -> Settings {
    Settings::default()
        .with("plan_date", "2024-07-01")
        .with("bucket", "week")
        .with("horizon", 6)
        .with("method", "ets")
        .with("scenarios", 12)
        .with("safety_factor", "1")
}

pub fn prepare(tables: &Tables, settings: &Settings) -> Box<dyn Prepared> {
    let input = Input::Tables { name: "t".to_owned(), tables: tables.clone(), settings: settings.clone() };
    let decision = decide::find("replenishment").unwrap();
    decision.prepare(input, &Control::default().with_threads(1)).unwrap_or_else(|faults| panic!("{faults}"))
}

pub fn options() -> SolveOptions {
    SolveOptions { control: Control::default().with_threads(1), ..SolveOptions::default() }
}

/// Options under which the search for prices of shared limits ends early.
pub fn quick() -> SolveOptions {
    SolveOptions { control: options().control.with_work(40), ..SolveOptions::default() }
}

pub fn solved(tables: &Tables, settings: &Settings) -> Solution {
    prepare(tables, settings).solve(&options()).unwrap()
}

pub fn objective(solution: &Solution) -> f64 {
    solution.outcome.objective.unwrap()
}

/// What the checker says of orders for item A at L: `SUPPLIER,DATE,QUANTITY` each.
pub fn checked(tables: &Tables, settings: &Settings, plan: &str) -> CheckReport {
    let rows: Vec<String> = plan.split_whitespace().map(|row| format!("A,L,{row}")).collect();
    prepare(tables, settings).check(&plan_of(&rows)).unwrap()
}

/// The first day of a week of the horizon.
pub fn week(index: i64) -> NaiveDate {
    let plan = NaiveDate::from_ymd_opt(2024, 7, 1).unwrap();
    plan.checked_add_signed(chrono::TimeDelta::days(7 * index)).unwrap()
}

/// Sales of each item at L on the Mondays of the weeks before the plan date.
pub fn sales(items: &[&str], weeks: u64, quantity: impl Fn(usize, u64) -> u64) -> Table {
    let plan = week(0);
    let mut text = "item,location,date,quantity".to_owned();
    for (index, item) in items.iter().enumerate() {
        for week in 0..weeks {
            let day = plan.checked_sub_days(Days::new(7 * (weeks - week))).unwrap();
            write!(text, "\n{item},L,{day},{}", quantity(index, week)).unwrap();
        }
    }
    table("sales", &text)
}

/// A small problem with `changes` in place of its tables.
pub fn rule_tables(changes: &[&str]) -> Tables {
    let base = [
        "items\nitem,unit_cost,price,volume_m3,weight_kg,end_date\nA,2,5,0.5,2,",
        "stock\nitem,location,date,on_hand\nA,L,2024-07-01,2",
        "suppliers\nsupplier,lead_time_days\nS,7\nT,7",
        "sourcing\nitem,supplier\nA,S\nA,T",
    ];
    let mut tables = Tables::default().with(sales(&["A"], 12, |_, _| 1));
    for text in base.iter().chain(changes) {
        let (name, rows) = text.split_once('\n').unwrap();
        tables.insert(table(name, rows));
    }
    tables
}
