//! Given switches fixed open or closed, price the rows that remain; and look for better settings nearby.
//!
//! Method: with the switches fixed, the rows keep raised limits and the rows of
//! closed switches a price that no part pays, so that what is left is an
//! allocation without switches. Around the best setting, each switch is turned
//! by one copy and the bound of that setting at the present prices is asked
//! for, one round each; the most promising ones are priced in full, and the
//! descent goes on while it finds better selections.
//! Cost: at most 13 rounds for a setting, and one for each neighbour of the best.
//! Use `switching` for moves within the options known.
//! Not for: hundreds of switches, whose neighbours are not asked one by one.
//! Same input and work limit give the same answer: yes.

use super::coupling::{AllocationError, Coupling, SharedRow};
use super::dual::{PriceSearch, Target};
use super::offers::{Answer, Offers};
use super::oracle::Oracle;
use super::primal::Incumbent;
use super::state::Effort;

/// Rounds for the remaining rows once the switches are fixed.
const FIXED_ROUNDS: u64 = 12;
/// Neighbours asked in a descent step, and those of them priced in full.
const MOST_NEIGHBOURS: usize = 64;
const FULLY_PRICED: usize = 3;
const MOST_STEPS: usize = 8;

/// Settings of the switches that were priced in full.
#[derive(Default)]
pub(super) struct Settings(Vec<Vec<u32>>);

impl Settings {
    /// Prices a setting in full unless that was done before.
    pub fn price<O: Offers>(
        &mut self,
        search: &mut PriceSearch<'_, O>,
        open: Vec<u32>,
        incumbent: &mut Incumbent,
        effort: &mut Effort<'_>,
    ) -> Result<(), AllocationError> {
        if self.0.contains(&open) || effort.gap_reached() || effort.exhausted() {
            return Ok(());
        }
        price_with_fixed_switches(search, &open, incumbent, effort)?;
        self.0.push(open);
        Ok(())
    }

    /// Follows better settings around the best one known.
    pub fn descend<O: Offers>(
        &mut self,
        search: &mut PriceSearch<'_, O>,
        incumbent: &mut Incumbent,
        effort: &mut Effort<'_>,
    ) -> Result<(), AllocationError> {
        if search.oracle.coupling.switches().len() > MOST_NEIGHBOURS {
            return Ok(());
        }
        for _ in 0..MOST_STEPS {
            let (Some(open), before) = (incumbent.open(), effort.incumbent) else {
                return Ok(());
            };
            let mut neighbours = Vec::new();
            for near in self.neighbours(search.oracle.coupling, &open) {
                if effort.exhausted() {
                    return Ok(());
                }
                neighbours.push((bound_of_setting(search, &near, effort)?, near));
            }
            neighbours.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (_, near) in neighbours.into_iter().take(FULLY_PRICED) {
                self.price(search, near, incumbent, effort)?;
            }
            if effort.incumbent == before || effort.gap_reached() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Settings one copy away, and those with a copy moved to the next switch or the one before.
    fn neighbours(&self, coupling: &Coupling, open: &[u32]) -> Vec<Vec<u32>> {
        let most = |index: usize| coupling.switches()[index].copies;
        let mut found = Vec::new();
        for index in 0..open.len() {
            let more = (open[index] < most(index)).then_some(1i64);
            let fewer = (open[index] > 0).then_some(-1i64);
            for change in more.into_iter().chain(fewer) {
                let mut near = open.to_vec();
                near[index] = (i64::from(near[index]) + change) as u32;
                found.push(near);
            }
            for other in [index.wrapping_sub(1), index + 1] {
                if open[index] > 0 && other < open.len() && open[other] < most(other) {
                    let mut near = open.to_vec();
                    near[index] -= 1;
                    near[other] += 1;
                    found.push(near);
                }
            }
        }
        found.retain(|near| !self.0.contains(near));
        found
    }
}

/// The bound of a setting at the present prices of the rows that remain, switches included.
fn bound_of_setting<O: Offers>(
    search: &mut PriceSearch<'_, O>,
    open: &[u32],
    effort: &mut Effort<'_>,
) -> Result<f64, AllocationError> {
    let (fixed, prices) = with_fixed_switches(search, open);
    let switches = search.oracle.coupling.switches().iter().zip(open);
    let charge: f64 = switches.map(|(switch, &copies)| switch.cost * f64::from(copies)).sum();
    let mut oracle = Oracle::new(&mut *search.oracle.offers, &fixed, 1.0);
    Ok(oracle.evaluate(&prices, effort)?.bound + charge)
}

/// Whole openings from the fractional ones: rounded up from `share` on.
pub(super) fn rounded_openings<O: Offers>(search: &PriceSearch<'_, O>, share: f64) -> Vec<u32> {
    let switches = search.oracle.coupling.switches().iter().zip(&search.model.open);
    switches
        .map(|(switch, &open)| ((open + 1.0 - share).floor().max(0.0) as u32).min(switch.copies))
        .collect()
}

/// Prices the rows that remain with the switches as given, and offers what comes of it.
fn price_with_fixed_switches<O: Offers>(
    search: &mut PriceSearch<'_, O>,
    open: &[u32],
    incumbent: &mut Incumbent,
    effort: &mut Effort<'_>,
) -> Result<(), AllocationError> {
    let coupling = search.oracle.coupling;
    let (fixed, prices) = with_fixed_switches(search, open);
    let oracle = Oracle::new(&mut *search.oracle.offers, &fixed, 1.0);
    let mut inner = PriceSearch::start(oracle, &prices, f64::INFINITY, effort)?;
    let first = effort.rounds;
    loop {
        let spent = effort.rounds >= first + FIXED_ROUNDS || effort.exhausted();
        let tolerance = 1e-4 * inner.model.value.abs().max(1e-9);
        let finished = spent || !inner.round(tolerance, effort)?;
        if finished || (effort.rounds - first).is_multiple_of(4) {
            let (prices, scale) = (&search.model.centre, &search.model.scale);
            inner.offer(open, prices, scale, &mut Target { coupling, incumbent }, effort);
        }
        if finished {
            return Ok(());
        }
    }
}

/// The rows with the switches built in, and prices to start from: a row that
/// only a closed switch could free is closed by a price that no part will pay.
fn with_fixed_switches<O: Offers>(search: &PriceSearch<'_, O>, open: &[u32]) -> (Coupling, Vec<f64>) {
    let coupling = search.oracle.coupling;
    let mut prices = search.model.centre.clone();
    let mut raised = vec![0.0; prices.len()];
    let forbidding = forbidding_value(&search.oracle);
    for (switch, &copies) in coupling.switches().iter().zip(open) {
        for &(row, amount) in &switch.raises {
            let row = row as usize;
            raised[row] += amount * f64::from(copies);
            if amount > 0.0 && coupling.rows()[row].upper.is_finite() {
                prices[row] = if copies == 0 { forbidding / amount } else { 0.0 };
            }
        }
    }
    let shift = |(row, raised): (&SharedRow, &f64)| {
        SharedRow::between(String::new(), row.lower + raised, row.upper + raised)
    };
    let rows: Vec<SharedRow> = coupling.rows().iter().zip(&raised).map(shift).collect();
    for (row, price) in rows.iter().zip(&mut prices) {
        // A row that has room of its own is left to its usual price.
        if row.upper > row.tolerance() && *price * row.upper >= forbidding {
            *price = 0.0;
        }
    }
    (Coupling::of_valid_rows(rows), prices)
}

/// More than any part could save by using a closed switch.
fn forbidding_value<O: Offers>(oracle: &Oracle<'_, O>) -> f64 {
    let largest = |(part, answer): (usize, &Answer)| {
        oracle.offers.cost(part, answer.option).abs().max(answer.bound.abs())
    };
    let cost = oracle.answers.iter().enumerate().map(largest).fold(0.0, f64::max);
    let switch = oracle.coupling.switches().iter().map(|switch| switch.cost).fold(0.0, f64::max);
    100.0 * (cost + switch).max(1e-9)
}
