//! How demand answers: stated, or from sales.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Answer;
use super::learned::Learned;
use super::sales::Log;
use crate::data::{Code, Fault, Faults, SettingsValues, Severity, Table, Tables};

/// Where an elasticity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Source {
    Stated,
    Sales,
    /// From what the instrument moved, since prices followed demand.
    Instrument,
    /// What the other products have in common: this one had one price only.
    Others,
    /// Nothing is known: published elasticities.
    Published,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Source::Stated => "stated",
            Source::Sales => "sales",
            Source::Instrument => "instrument",
            Source::Others => "other products",
            Source::Published => "published mean",
        }
    }
}

/// Demand of all products.
pub(super) struct Demand {
    pub own: Vec<Answer>,
    pub rivals: Vec<Vec<Answer>>,
    pub quantity: Vec<f64>,
    /// What the sales told; `None` where there are none, or they were not fitted.
    pub learned: Option<Arc<Learned>>,
}

impl Demand {
    pub fn of(&self, product: usize) -> (Answer, Vec<Answer>, f64) {
        (self.own[product].clone(), self.rivals[product].clone(), self.quantity[product])
    }
}

/// What becomes of the sales.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Fitting<'a> {
    /// They are read only.
    None,
    /// A response is fitted on them.
    Anew,
    /// The same, unless they are those that this one was fitted on.
    From(&'a Arc<Learned>),
}

/// Mean of published elasticities and its spread over products (Bijmolt et al. 2005).
const PUBLISHED: (f64, f64) = (-2.6, 2.0);

/// Reads what is stated and fits the rest.
pub(super) fn demand(
    products: &Table,
    tables: &Tables,
    settings: &SettingsValues,
    fitting: Fitting<'_>,
    faults: &mut Faults,
) -> Demand {
    let count = products.len();
    let plain = |product: usize| Answer {
        to: product as u32,
        elasticity: PUBLISHED.0,
        error: PUBLISHED.1,
        source: Source::Published,
    };
    let mut demand = Demand {
        own: (0..count).map(plain).collect(),
        rivals: vec![Vec::new(); count],
        quantity: vec![f64::NAN; count],
        learned: None,
    };
    if let Some(sales) = tables.get("sales") {
        let log = Log::new(products, sales, settings, faults);
        let learned = match fitting {
            Fitting::None => {
                log.sold().for_each(|product| demand.quantity[product] = 0.0);
                None
            }
            Fitting::From(known) if known.log == log => Some(Arc::clone(known)),
            Fitting::Anew | Fitting::From(_) => Some(Arc::new(Learned::from(log))),
        };
        if let Some(learned) = &learned {
            learned.fill(products, &mut demand, faults);
        }
        demand.learned = learned;
    }
    stated(products, tables.get("effects"), &mut demand);
    if !matches!(fitting, Fitting::None) {
        warn(products, &demand, faults);
    }
    demand
}

fn stated(products: &Table, effects: Option<&Table>, demand: &mut Demand) {
    let number = |column: &str, row: usize| products.number(column).map_or(f64::NAN, |all| all[row]);
    for row in 0..products.len() {
        let elasticity = number("elasticity", row);
        if !elasticity.is_nan() {
            let error = number("elasticity_error", row).max(0.0);
            demand.own[row] = Answer { to: row as u32, elasticity, error, source: Source::Stated };
        }
    }
    let Some(effects) = effects else { return };
    let codes = codes(products);
    let of = |column: &str, row: usize| codes.get(effects.text(column)?.get(row)).copied();
    for (row, &elasticity) in effects.number("elasticity").unwrap_or(&[]).iter().enumerate() {
        let (Some(product), Some(to)) = (of("product", row), of("other", row)) else { continue };
        let rivals = &mut demand.rivals[product as usize];
        rivals.retain(|rival| rival.to != to);
        if to != product {
            rivals.push(Answer { to, elasticity, error: 0.0, source: Source::Stated });
        }
    }
}

/// Row of each product by its code.
pub(in super::super) fn codes(products: &Table) -> FxHashMap<&str, u32> {
    let of = |row: usize| products.text("product").map(|codes| (codes.get(row), row as u32));
    (0..products.len()).filter_map(of).collect()
}

/// Says what cannot be relied on.
fn warn(products: &Table, demand: &Demand, faults: &mut Faults) {
    let code = |row: usize| products.text("product").map_or("", |codes| codes.get(row));
    for (row, own) in demand.own.iter().enumerate() {
        let said = match own.source {
            Source::Published => format!(
                "nothing tells how {} answers to its price; the mean of published elasticities, {}, stands in",
                code(row),
                PUBLISHED.0
            ),
            Source::Others => format!(
                "{} had one price only; its elasticity, {:.2}, is what the other products have in common",
                code(row),
                own.elasticity
            ),
            Source::Sales | Source::Instrument if own.elasticity >= 0.0 => format!(
                "the sales say that {} sells more when it is dearer (elasticity {:.2}); it is planned as if the price did not matter",
                code(row),
                own.elasticity
            ),
            _ => continue,
        };
        let warning = Fault::error(Code::Repaired, products.file(), said).with_severity(Severity::Warning);
        faults.push(
            warning.at_row(products.row_number(row)).with_help("state its elasticity if you know better"),
        );
    }
}
