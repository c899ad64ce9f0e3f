//! Given parts tied by several rows and switches, find prices with a high bound and, on the way, good selections.
//!
//! Method: Lagrangian relaxation of the rows; the dual function is maximised by
//! `bundle` for few rows, by `proximal` for many. Rows are scaled by the root of their squared usages, the
//! diagonal of A Aᵀ, so that one reach suits all. Every few rounds the present
//! answers are repaired and improved into a selection (Lagrangian heuristic;
//! Fisher 1981, "The Lagrangian relaxation method for solving integer
//! programming problems", doi:10.1287/mnsc.27.1.1). Where there are switches,
//! they are also fixed as their fractional opening suggests, and the rows that
//! remain are priced anew for a few rounds (`fixing`).
//! Cost: one call of each part a round, and the sweeps of `proximal`.
//! Use `single` instead when there is one row and no switch.
//! Not for: proving optimality; the bound is that of the convexified parts.
//! Same input and work limit give the same answer: yes.

use super::coupling::{AllocationError, Coupling, SharedRow};
use super::fixing::{Settings, rounded_openings};
use super::offers::Offers;
use super::oracle::Oracle;
use super::price_model::{PriceModel, Start};
use super::primal::Incumbent;
use super::proximal::Next;
use super::state::{Effort, Selection};

/// Rounds between two attempts at a selection.
const PRIMAL_INTERVAL: u64 = 5;
/// Rounds between two attempts with fixed switches.
const FIXING_INTERVAL: u64 = 10;
/// Rounds without any feasible selection before feasibility itself is asked about.
const PATIENCE: u64 = 40;
/// The bound is taken as found when the options promise less than this share of the gap.
const DUAL_SHARE: f64 = 0.02;
/// Fractional openings from which a switch is fixed open.
const OPENING_SHARES: [f64; 4] = [0.5, 0.25, 0.75, 0.02];
/// A row scale is renewed when the usage seen is this much larger.
const SCALE_DRIFT: f64 = 2.0;

/// Prices after the search; their bound stands in the effort.
pub(super) struct Priced {
    pub prices: Vec<f64>,
    /// Whether asking more would gain nothing.
    pub converged: bool,
}

/// The search for prices: the parts' answers and the model made of them.
pub(super) struct PriceSearch<'a, O: Offers> {
    pub oracle: Oracle<'a, O>,
    pub model: PriceModel<'a>,
}

impl<'a, O: Offers> PriceSearch<'a, O> {
    /// Asks at the start prices; `most` bounds the scaled prices.
    pub fn start(
        mut oracle: Oracle<'a, O>,
        prices: &[f64],
        most: f64,
        effort: &mut Effort<'_>,
    ) -> Result<Self, AllocationError> {
        let coupling = oracle.coupling;
        let clamp = |(row, &price): (&SharedRow, &f64)| row.allowed_price(price);
        let prices: Vec<f64> = coupling.rows().iter().zip(prices).map(clamp).collect();
        let evaluation = oracle.evaluate(&prices, effort)?;
        let scale = first_scales(&oracle, coupling);
        let square = |(excess, scale): (&f64, &f64)| (excess / scale) * (excess / scale);
        let slope = evaluation.excess.iter().zip(&scale).map(square).sum::<f64>().sqrt();
        let parts = oracle.offers.parts() as f64;
        let stake = if most.is_finite() { most } else { mean_cost(&oracle) * parts.sqrt() };
        let reach = if slope > 0.0 && stake > 0.0 { stake / slope } else { 1.0 };
        let start = Start { prices, scale, most, reach, cost_weight: oracle.cost_weight };
        let model = PriceModel::new(coupling, start, &evaluation);
        Ok(PriceSearch { oracle, model })
    }

    /// One round; false when nothing is left to gain.
    pub fn round(&mut self, tolerance: f64, effort: &mut Effort<'_>) -> Result<bool, AllocationError> {
        let answers = &self.oracle.answers;
        let next = self.model.next(&*self.oracle.offers, |part| answers[part].option, tolerance);
        let Next::Ask(prices) = next else {
            return Ok(false);
        };
        let evaluation = self.oracle.evaluate(&prices, effort)?;
        self.model.record(prices, &evaluation);
        self.renew_scales();
        Ok(true)
    }

    fn renew_scales(&mut self) {
        let squares = self.oracle.squared_usage();
        let factor = |(square, scale): (&f64, &f64)| {
            let drift = square.sqrt() / scale;
            if drift > SCALE_DRIFT { drift } else { 1.0 }
        };
        let factors: Vec<f64> = squares.iter().zip(&self.model.scale).map(factor).collect();
        if factors.iter().any(|&factor| factor > 1.0) {
            self.model.rescale(&factors);
        }
    }

    /// Options with these open switches and those that the options need besides.
    fn selection(&self, options: Vec<u32>, open: Vec<u32>, coupling: &Coupling) -> Selection {
        let mut selection = Selection::new(&*self.oracle.offers, coupling, options, open);
        open_needed(&mut selection, coupling);
        selection
    }

    /// Offers the present answers and the heaviest options, with switches to start from.
    pub fn offer(
        &mut self,
        open: &[u32],
        prices: &[f64],
        scale: &[f64],
        target: &mut Target<'_>,
        effort: &mut Effort<'_>,
    ) {
        let answered = Some(self.oracle.options());
        for options in [answered, self.model.heaviest()].into_iter().flatten() {
            let selection = self.selection(options, open.to_vec(), target.coupling);
            target.incumbent.offer(self.oracle.offers, target.coupling, selection, prices, scale, effort);
        }
    }
}

/// Where selections go: the rows and switches of the whole problem, and the best one so far.
pub(super) struct Target<'t> {
    pub coupling: &'t Coupling,
    pub incumbent: &'t mut Incumbent,
}

/// Maximises the bound over the prices and feeds the incumbent.
pub(super) fn price_rows<O: Offers>(
    offers: &mut O,
    coupling: &Coupling,
    start_prices: &[f64],
    most_rounds: u64,
    incumbent: &mut Incumbent,
    effort: &mut Effort<'_>,
) -> Result<Priced, AllocationError> {
    let mut search =
        PriceSearch::start(Oracle::new(offers, coupling, 1.0), start_prices, f64::INFINITY, effort)?;
    let first = effort.rounds;
    let mut schedule =
        Schedule { repair_at: 0, fixing_at: FIXING_INTERVAL, fixings: 0, tried: Settings::default() };
    let mut converged = false;
    for round in 0.. {
        effort.bound = effort.bound.max(search.model.value);
        let last = converged || effort.rounds >= first + most_rounds;
        schedule.try_selections(&mut search, round, last, incumbent, effort)?;
        let hopeless = incumbent.is_empty() && round > PATIENCE;
        if last || hopeless || effort.gap_reached() || effort.exhausted() {
            break;
        }
        let size = effort.incumbent.unwrap_or(search.model.value).abs();
        let tolerance = (DUAL_SHARE * effort.control().limits.gap).clamp(1e-10, 1e-3) * size.max(1e-9);
        converged = !search.round(tolerance, effort)?;
    }
    Ok(Priced { prices: search.model.centre, converged })
}

/// When to try for a selection, and how.
struct Schedule {
    /// Rounds of this search at which the next attempts are due.
    repair_at: u64,
    fixing_at: u64,
    fixings: usize,
    /// Switch settings that were priced already.
    tried: Settings,
}

impl Schedule {
    fn try_selections<O: Offers>(
        &mut self,
        search: &mut PriceSearch<'_, O>,
        round: u64,
        last: bool,
        incumbent: &mut Incumbent,
        effort: &mut Effort<'_>,
    ) -> Result<(), AllocationError> {
        if last || round >= self.repair_at {
            self.repair_at = round + PRIMAL_INTERVAL;
            let coupling = search.oracle.coupling;
            let none = vec![0; coupling.switches().len()];
            let (prices, scale) = (search.model.centre.clone(), search.model.scale.clone());
            search.offer(&none, &prices, &scale, &mut Target { coupling, incumbent }, effort);
        }
        let due = round >= self.fixing_at;
        if search.oracle.coupling.switches().is_empty() || !(last || due) {
            return Ok(());
        }
        let mut settings: Vec<Vec<u32>> = if last {
            OPENING_SHARES.iter().map(|&share| rounded_openings(search, share)).collect()
        } else {
            vec![rounded_openings(search, OPENING_SHARES[self.fixings % OPENING_SHARES.len()])]
        };
        settings.extend(incumbent.open());
        for open in settings {
            self.tried.price(search, open, incumbent, effort)?;
        }
        if last {
            self.tried.descend(search, incumbent, effort)?;
        }
        self.fixings += 1;
        self.fixing_at = round + FIXING_INTERVAL;
        Ok(())
    }
}

/// Opens, for each row that is used beyond its upper limit, copies of the switches that raise it.
fn open_needed(selection: &mut Selection, coupling: &Coupling) {
    for (index, switch) in coupling.switches().iter().enumerate() {
        let needed = |&(row, amount): &(u32, f64)| {
            let shared = &coupling.rows()[row as usize];
            let over = selection.net[row as usize] - shared.upper;
            if amount > 0.0 && over > shared.tolerance() { (over / amount - 1e-9).ceil() } else { 0.0 }
        };
        let copies = switch.raises.iter().map(needed).fold(0.0, f64::max);
        let room = switch.copies - selection.open[index];
        let turned = (copies as i64).min(i64::from(room));
        if turned > 0 {
            selection.turn(coupling, index, turned);
        }
    }
}

fn mean_cost<O: Offers>(oracle: &Oracle<'_, O>) -> f64 {
    let total: f64 = oracle
        .answers
        .iter()
        .enumerate()
        .map(|(part, answer)| oracle.offers.cost(part, answer.option).abs())
        .sum();
    let switches: f64 = oracle.coupling.switches().iter().map(|switch| switch.cost).sum();
    (total + switches) / oracle.offers.parts().max(1) as f64
}

/// Root of the squared usages and raises of each row; where nothing uses it yet, its limit spread over the parts.
fn first_scales<O: Offers>(oracle: &Oracle<'_, O>, coupling: &Coupling) -> Vec<f64> {
    let mut squares = oracle.squared_usage();
    for switch in coupling.switches() {
        for &(row, amount) in &switch.raises {
            squares[row as usize] += amount * amount;
        }
    }
    let parts = oracle.offers.parts().max(1) as f64;
    let scale = |(square, row): (&f64, &SharedRow)| {
        let limit = [row.lower, row.upper]
            .into_iter()
            .filter(|limit| limit.is_finite())
            .map(f64::abs)
            .fold(0.0, f64::max);
        let seen = square.sqrt();
        let spread = limit / parts.sqrt();
        if seen > 0.0 {
            seen
        } else if spread > 0.0 {
            spread
        } else {
            1.0
        }
    };
    squares.iter().zip(coupling.rows()).map(scale).collect()
}
