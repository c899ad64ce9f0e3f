//! The data of one order plan at one stock point, and every way it can be wrong.

use thiserror::Error;

/// One step of an all-units price list: from `min_quantity` on, every unit of
/// the order costs `unit_cost`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceBreak {
    /// Smallest order that gets this price.
    pub min_quantity: f64,
    /// Price of each unit of the order.
    pub unit_cost: f64,
}

/// All-units prices by order period, kept flat.
///
/// The breaks of a period stand in rising `min_quantity`; the first price also
/// holds below its own quantity.
///
/// ```
/// use purvey::optimize::inventory::order_path::{PriceBreak, PriceList};
/// let list = PriceList::from_periods([
///     vec![PriceBreak { min_quantity: 0.0, unit_cost: 2.0 }],
///     vec![
///         PriceBreak { min_quantity: 0.0, unit_cost: 2.0 },
///         PriceBreak { min_quantity: 10.0, unit_cost: 1.5 },
///     ],
/// ]);
/// assert_eq!(list.unit_cost(0, 12.0), 2.0);
/// assert_eq!(list.unit_cost(1, 12.0), 1.5);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceList {
    first: Vec<usize>,
    breaks: Vec<PriceBreak>,
}

impl PriceList {
    /// One price a period, whatever the quantity.
    #[must_use]
    pub fn single(unit_costs: &[f64]) -> Self {
        PriceList {
            first: (0..=unit_costs.len()).collect(),
            breaks: unit_costs.iter().map(|&unit_cost| PriceBreak { min_quantity: 0.0, unit_cost }).collect(),
        }
    }

    /// The same breaks in each of `periods` periods.
    #[must_use]
    pub fn same(breaks: &[PriceBreak], periods: usize) -> Self {
        Self::from_periods((0..periods).map(|_| breaks.iter().copied()))
    }

    /// Breaks that differ by period (dated price breaks).
    #[must_use]
    pub fn from_periods<I>(periods: I) -> Self
    where
        I: IntoIterator,
        I::Item: IntoIterator<Item = PriceBreak>,
    {
        let mut list = PriceList { first: vec![0], breaks: Vec::new() };
        for period in periods {
            list.breaks.extend(period);
            list.first.push(list.breaks.len());
        }
        list
    }

    /// Number of periods.
    #[must_use]
    pub fn periods(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    /// The breaks of `period`; empty beyond the last period.
    #[must_use]
    pub fn period(&self, period: usize) -> &[PriceBreak] {
        match (self.first.get(period), self.first.get(period + 1)) {
            (Some(&from), Some(&to)) => &self.breaks[from..to],
            _ => &[],
        }
    }

    /// Price of each unit of an order of `quantity` in `period`.
    #[must_use]
    pub fn unit_cost(&self, period: usize, quantity: f64) -> f64 {
        let breaks = self.period(period);
        let slack = 1e-9 * quantity.abs();
        let reached = breaks.partition_point(|step| step.min_quantity <= quantity + slack);
        breaks.get(reached.saturating_sub(1)).map_or(0.0, |step| step.unit_cost)
    }
}

/// When an order placed in a period arrives.
///
/// `None` means that no order may be placed then, or that it would arrive
/// after the horizon. Orders never cross: a later order arrives no earlier.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// The same for all scenarios: one entry a period.
    Common(Vec<Option<usize>>),
    /// Uncertain lead times: scenario by scenario, one entry a period
    /// (`arrival[scenario * periods + period]`).
    PerScenario(Vec<Option<usize>>),
}

impl Arrival {
    /// When an order of `period` arrives in `scenario`, within this many periods.
    #[must_use]
    pub fn within(&self, periods: usize, scenario: usize, period: usize) -> Option<usize> {
        match self {
            Arrival::Common(arrival) => arrival.get(period).copied().flatten(),
            Arrival::PerScenario(arrival) => arrival.get(scenario * periods + period).copied().flatten(),
        }
        .filter(|&at| at < periods)
    }

    /// Whether an order of `period` arrives within this many periods in any of the scenarios.
    #[must_use]
    pub fn is_open(&self, periods: usize, scenarios: usize, period: usize) -> bool {
        let differing = if matches!(self, Arrival::Common(_)) { scenarios.min(1) } else { scenarios };
        (0..differing).any(|scenario| self.within(periods, scenario, period).is_some())
    }

    /// The earliest arrival of an order of this or a later period by any of `all`, so that none crosses.
    #[must_use]
    pub fn soonest(all: &[&Arrival], periods: usize, scenarios: usize) -> Arrival {
        let row = |scenario: usize| {
            let mut row = vec![None; periods];
            let mut soonest: Option<usize> = None;
            for period in (0..periods).rev() {
                let here = all.iter().filter_map(|of| of.within(periods, scenario, period));
                soonest = here.chain(soonest).min();
                row[period] = soonest;
            }
            row
        };
        if all.iter().all(|of| matches!(of, Arrival::Common(_))) {
            Arrival::Common(row(0))
        } else {
            Arrival::PerScenario((0..scenarios).flat_map(row).collect())
        }
    }
}

/// A part of the stock at hand that may be used up to the end of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpiringLot {
    /// Last period in which the lot can be used.
    pub last_period: usize,
    /// Units in the lot.
    pub quantity: f64,
}

/// One stock point, one horizon, equally likely demand scenarios, and what
/// ordering, holding and running short cost.
///
/// Within a period arrivals come first, then demand (backorders before it),
/// then holding cost on what is left and shortage cost on what is unmet, then
/// expiry. [`PathProblem::new`] gives the plainest problem of a size, to be
/// filled in by field.
#[derive(Debug, Clone, PartialEq)]
pub struct PathProblem {
    /// Periods of the horizon.
    pub periods: usize,
    /// Number of demand scenarios.
    pub scenarios: usize,
    /// Units asked for, scenario by scenario: `demand[scenario * periods + period]`.
    pub demand: Vec<f64>,
    /// Units on hand at the start; negative: units backordered. With lost
    /// sales a backorder counts as demand of the first period.
    pub initial_stock: f64,
    /// Parts of the initial stock with a known last period of use; the rest
    /// is as fresh as an arrival of the first period. Read only where
    /// `shelf_life` is set.
    pub initial_lots: Vec<ExpiringLot>,
    /// Units that arrive whatever is decided (open orders), by period.
    pub inflow: Vec<f64>,
    /// When an order of each period arrives.
    pub arrival: Arrival,
    /// Orders that are fixed already, by period.
    pub locked: Vec<Option<f64>>,
    /// Cost of placing an order, by order period.
    pub fixed_cost: Vec<f64>,
    /// Price of a unit, by order period and order quantity.
    pub unit_cost: PriceList,
    /// Smallest order, in units; 0: none.
    pub moq: f64,
    /// Orders are whole multiples of this many units.
    pub multiple: f64,
    /// Largest order in one period, in units.
    pub max_order: Option<f64>,
    /// Share of an order that arrives usable.
    pub yield_factor: f64,
    /// Cost of a unit on hand at the end of a period; may be negative in the
    /// last periods (value of what is left).
    pub holding_cost: Vec<f64>,
    /// Cost of a unit lost, or of a unit backordered at the end of a period.
    pub shortage_cost: Vec<f64>,
    /// Whether unmet demand is lost; otherwise it is backordered.
    pub lost_sales: bool,
    /// Number of periods in which a unit may be used, the one of its arrival
    /// included; `None`: it keeps.
    pub shelf_life: Option<usize>,
    /// Cost of a unit that expires.
    pub waste_cost: f64,
}

impl PathProblem {
    /// A problem with this demand (`demand[scenario * periods + period]`),
    /// orders in every period that arrive at once, in whole units, free of
    /// cost; backorders.
    #[must_use]
    pub fn new(periods: usize, scenarios: usize, demand: Vec<f64>) -> Self {
        PathProblem {
            periods,
            scenarios,
            demand,
            initial_stock: 0.0,
            initial_lots: Vec::new(),
            inflow: vec![0.0; periods],
            arrival: Arrival::Common((0..periods).map(Some).collect()),
            locked: vec![None; periods],
            fixed_cost: vec![0.0; periods],
            unit_cost: PriceList::single(&vec![0.0; periods]),
            moq: 0.0,
            multiple: 1.0,
            max_order: None,
            yield_factor: 1.0,
            holding_cost: vec![0.0; periods],
            shortage_cost: vec![0.0; periods],
            lost_sales: false,
            shelf_life: None,
            waste_cost: 0.0,
        }
    }

    /// When an order of `period` arrives in `scenario`.
    #[must_use]
    pub fn arrival_of(&self, scenario: usize, period: usize) -> Option<usize> {
        self.arrival.within(self.periods, scenario, period)
    }

    /// Whether an order of `period` can arrive within the horizon in any scenario.
    #[must_use]
    pub fn is_open(&self, period: usize) -> bool {
        self.arrival.is_open(self.periods, self.scenarios, period)
    }

    /// Smallest order above zero, in multiples.
    pub(crate) fn min_steps(&self) -> usize {
        steps_up(self.moq, self.multiple).max(1)
    }

    /// Largest order, in multiples; `None` without a limit.
    pub(crate) fn max_steps(&self) -> Option<usize> {
        self.max_order.map(|most| steps_down(most, self.multiple))
    }

    /// Checks the sizes and ranges of everything that a change of prices touches.
    pub(crate) fn check_prices(&self) -> Result<(), PathError> {
        self.check_len("fixed_cost", self.fixed_cost.len(), self.periods)?;
        self.check_len("holding_cost", self.holding_cost.len(), self.periods)?;
        self.check_len("shortage_cost", self.shortage_cost.len(), self.periods)?;
        self.check_len("unit_cost", self.unit_cost.periods(), self.periods)?;
        check_all("fixed_cost", &self.fixed_cost, |x| x >= 0.0, "0 or more")?;
        check_all("shortage_cost", &self.shortage_cost, |x| x >= 0.0, "0 or more")?;
        check_all("holding_cost", &self.holding_cost, f64::is_finite, "a number")?;
        check_one("waste_cost", self.waste_cost, self.waste_cost >= 0.0, "0 or more")?;
        for period in 0..self.periods {
            self.check_breaks(period)?;
            let sum = self.holding_cost[period] + self.shortage_cost[period];
            if sum < 0.0 {
                return Err(PathError::HoldingBelowShortage { period, sum });
            }
        }
        Ok(())
    }

    fn check_breaks(&self, period: usize) -> Result<(), PathError> {
        let breaks = self.unit_cost.period(period);
        if breaks.is_empty() {
            return Err(PathError::NoPrice { period });
        }
        for step in breaks {
            check_one("unit_cost", step.unit_cost, step.unit_cost.is_finite(), "a number")?;
            check_one("min_quantity", step.min_quantity, step.min_quantity >= 0.0, "0 or more")?;
        }
        match breaks.windows(2).find(|pair| pair[0].min_quantity >= pair[1].min_quantity) {
            Some(pair) => Err(PathError::UnorderedBreaks { period, min_quantity: pair[1].min_quantity }),
            None => Ok(()),
        }
    }

    /// Checks everything.
    pub(crate) fn check(&self) -> Result<(), PathError> {
        if self.periods == 0 {
            return Err(PathError::NoPeriods);
        }
        if self.scenarios == 0 {
            return Err(PathError::NoScenarios);
        }
        self.check_len("demand", self.demand.len(), self.periods * self.scenarios)?;
        self.check_len("inflow", self.inflow.len(), self.periods)?;
        self.check_len("locked", self.locked.len(), self.periods)?;
        let (arrivals, expected) = match &self.arrival {
            Arrival::Common(arrival) => (arrival.len(), self.periods),
            Arrival::PerScenario(arrival) => (arrival.len(), self.periods * self.scenarios),
        };
        self.check_len("arrival", arrivals, expected)?;
        check_all("demand", &self.demand, |x| x >= 0.0, "0 or more")?;
        check_all("inflow", &self.inflow, |x| x >= 0.0, "0 or more")?;
        check_one("initial_stock", self.initial_stock, self.initial_stock.is_finite(), "a number")?;
        check_one("moq", self.moq, self.moq >= 0.0, "0 or more")?;
        check_one("multiple", self.multiple, self.multiple > 0.0, "above 0")?;
        let share = self.yield_factor;
        check_one("yield_factor", share, share > 0.0, "above 0")?;
        if let Some(most) = self.max_order {
            check_one("max_order", most, most >= 0.0, "0 or more")?;
        }
        for locked in self.locked.iter().flatten() {
            check_one("locked", *locked, *locked >= 0.0, "0 or more")?;
        }
        self.check_lots()?;
        self.check_crossing()?;
        self.check_prices()
    }

    fn check_lots(&self) -> Result<(), PathError> {
        if self.shelf_life == Some(0) {
            return Err(PathError::NoShelfLife);
        }
        let mut total = 0.0;
        for lot in &self.initial_lots {
            check_one("initial_lots", lot.quantity, lot.quantity >= 0.0, "0 or more")?;
            total += lot.quantity;
        }
        let on_hand = self.initial_stock.max(0.0);
        if total > on_hand * (1.0 + 1e-9) + 1e-9 {
            return Err(PathError::LotsExceedStock { lots: total, on_hand });
        }
        Ok(())
    }

    fn check_crossing(&self) -> Result<(), PathError> {
        let rows = match &self.arrival {
            Arrival::Common(_) => 1,
            Arrival::PerScenario(_) => self.scenarios,
        };
        let open: Vec<bool> = (0..self.periods).map(|period| self.is_open(period)).collect();
        for scenario in 0..rows {
            let mut latest = 0;
            for period in (0..self.periods).filter(|&period| open[period]) {
                let at = self.arrival_of(scenario, period).unwrap_or(self.periods);
                if at < latest {
                    return Err(PathError::CrossingOrders { scenario, period, arrival: at, earlier: latest });
                }
                if at < period {
                    return Err(PathError::ArrivalBeforeOrder { scenario, period, arrival: at });
                }
                latest = at;
            }
        }
        Ok(())
    }

    fn check_len(&self, field: &'static str, found: usize, expected: usize) -> Result<(), PathError> {
        if found == expected { Ok(()) } else { Err(PathError::WrongLength { field, found, expected }) }
    }
}

/// The smallest whole number of steps of `step` that reaches `quantity`.
pub(crate) fn steps_up(quantity: f64, step: f64) -> usize {
    (quantity / step - 1e-9 * (1.0 + quantity.abs() / step)).ceil().max(0.0) as usize
}

/// The largest whole number of steps of `step` within `quantity`.
pub(crate) fn steps_down(quantity: f64, step: f64) -> usize {
    (quantity / step + 1e-9 * (1.0 + quantity.abs() / step)).floor().max(0.0) as usize
}

fn check_all(
    field: &'static str,
    values: &[f64],
    good: impl Fn(f64) -> bool,
    wanted: &'static str,
) -> Result<(), PathError> {
    match values.iter().find(|&&value| !(value.is_finite() && good(value))) {
        Some(&value) => Err(PathError::OutOfRange { field, value, wanted }),
        None => Ok(()),
    }
}

fn check_one(field: &'static str, value: f64, good: bool, wanted: &'static str) -> Result<(), PathError> {
    if value.is_finite() && good { Ok(()) } else { Err(PathError::OutOfRange { field, value, wanted }) }
}

/// What is wrong with a [`PathProblem`] or an order vector.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PathError {
    /// An order would arrive before it is placed.
    #[error(
        "the order of period {period} arrives in period {arrival}, before it is placed (scenario {scenario}); give a later arrival"
    )]
    ArrivalBeforeOrder {
        /// Scenario of the arrival.
        scenario: usize,
        /// Order period.
        period: usize,
        /// Its arrival.
        arrival: usize,
    },
    /// A later order overtakes an earlier one.
    #[error(
        "the order of period {period} arrives in period {arrival}, before an earlier order that arrives in {earlier} (scenario {scenario}); let arrivals never decrease"
    )]
    CrossingOrders {
        /// Scenario in which it happens.
        scenario: usize,
        /// The later order period.
        period: usize,
        /// Its arrival.
        arrival: usize,
        /// Arrival of the order before.
        earlier: usize,
    },
    /// Holding and shortage cost add up to less than nothing.
    #[error(
        "holding and shortage cost of period {period} add up to {sum}, which pays for refusing demand; raise one of them"
    )]
    HoldingBelowShortage {
        /// The period.
        period: usize,
        /// Their sum.
        sum: f64,
    },
    /// The lots hold more than there is on hand.
    #[error("the initial lots hold {lots} units, but {on_hand} are on hand; reduce the lots")]
    LotsExceedStock {
        /// Units in all lots.
        lots: f64,
        /// Units on hand.
        on_hand: f64,
    },
    /// The horizon is empty.
    #[error("the horizon has no period; give at least one")]
    NoPeriods,
    /// A period has no price.
    #[error("unit_cost has no price for period {period}; give one break with min_quantity 0")]
    NoPrice {
        /// The period.
        period: usize,
    },
    /// There is no scenario.
    #[error("there is no demand scenario; give at least one")]
    NoScenarios,
    /// A shelf life of zero.
    #[error("a shelf life of 0 periods leaves nothing to use; give 1 or more, or none")]
    NoShelfLife,
    /// A number outside its range.
    #[error("{field} is {value}: wanted {wanted}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// The number found.
        value: f64,
        /// What would do.
        wanted: &'static str,
    },
    /// Ordering without end would pay.
    #[error(
        "an order of period {period} earns {gain} for each unit, without end; give max_order or raise its unit cost"
    )]
    Unbounded {
        /// The order period.
        period: usize,
        /// Gain of one unit.
        gain: f64,
    },
    /// Price breaks out of order.
    #[error(
        "price breaks of period {period} do not rise at min_quantity {min_quantity}; sort them and drop doubles"
    )]
    UnorderedBreaks {
        /// The period.
        period: usize,
        /// The break that is not above the one before.
        min_quantity: f64,
    },
    /// A vector of the wrong length.
    #[error("{field} has {found} entries, not {expected}")]
    WrongLength {
        /// The field.
        field: &'static str,
        /// Entries found.
        found: usize,
        /// Entries wanted.
        expected: usize,
    },
}
