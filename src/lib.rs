//! Purvey: forecasts in, decisions out.
//!
//! Purvey reads tables, predicts what they do not say yet, decides what to do
//! about it with an exact or near-exact solver, checks the decision with code
//! that knows nothing of the solver, and shows it to a person.
//! `ARCHITECTURE.md` draws the house; the rooms are the modules below.
//!
//! ```
//! use chrono::NaiveDate;
//! use purvey::control::Control;
//! use purvey::data::{Settings, Table, Tables};
//! use purvey::decide::{Input, SolveOptions, find};
//!
//! let day = |n: i64| NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Duration::weeks(n);
//! let sales = Table::new("sales")
//!     .with_text("item", ["soap"; 20])
//!     .with_date("date", (0..20).map(day))
//!     .with_number("quantity", (0..20).map(|n| 10.0 + f64::from(n % 3)));
//! let items =
//!     Table::new("items").with_text("item", ["soap"]).with_number("unit_cost", [2.0]).with_number("price", [3.0]);
//! let stock =
//!     Table::new("stock").with_text("item", ["soap"]).with_date("date", [day(20)]).with_number("on_hand", [4.0]);
//! let tables = Tables::default().with(sales).with(items).with(stock);
//! let input = Input::Tables { name: "corner shop".into(), tables, settings: Settings::default() };
//! let prepared = find("replenishment").unwrap().prepare(input, &Control::default())?;
//! let solution = prepared.solve(&SolveOptions::default())?;
//! assert!(solution.checks.feasible && !solution.tables.get("orders").unwrap().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod control;
pub mod data;
pub mod decide;
pub mod optimize;
pub mod predict;
pub mod presentation;
pub mod report;
pub mod solution;
