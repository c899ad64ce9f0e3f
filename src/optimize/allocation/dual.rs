//! Given parts tied by several rows and switches, find prices with a high bound and, on the way, good selections.
//!
//! Method: Lagrangian relaxation of the rows; the dual function is maximised by
//! `bundle`, over the prices of `domain`. Rows are scaled by the root of their
//! squared usages, the diagonal of A Aᵀ, so that one reach suits all. Every few
//! rounds the present answers are repaired and improved into a selection
//! (Lagrangian heuristic; Fisher 1981, "The Lagrangian relaxation method for
//! solving integer programming problems", doi:10.1287/mnsc.27.1.1). Where
//! switches share their cost among rows, the parts are first asked once more
//! with the switches fixed as their average usage suggests.
//! Cost: one call of each part a round, O(n) besides; memory O(n + 40 m).
//! Use `single` instead when there is one row and no switch.
//! Not for: proving optimality; the bound is that of the convexified parts.
//! Same input and work limit give the same answer: yes.

use super::bundle::{Bundle, Next, Sample};
use super::coupling::{AllocationError, Coupling};
use super::domain::PriceDomain;
use super::offers::Offers;
use super::oracle::{Evaluation, Oracle};
use super::primal::Incumbent;
use super::state::{Effort, Selection};

/// Rounds between two attempts at a selection.
const PRIMAL_INTERVAL: u64 = 5;
/// Rounds without any feasible selection before feasibility itself is asked about.
const PATIENCE: u64 = 12;
/// The bound is taken as found when the model promises less than this share of the gap.
const DUAL_SHARE: f64 = 0.02;
/// Shares of average usage from which a switch counts as wanted, in turn.
const OPENING_SHARES: [f64; 4] = [0.5, 0.2, 0.75, 0.05];
/// A row scale is renewed when the usage seen is this much larger.
const SCALE_DRIFT: f64 = 2.0;

/// Prices after the search; their bound stands in the effort.
pub(super) struct Priced {
    pub prices: Vec<f64>,
    /// Whether asking more would gain nothing.
    pub converged: bool,
}

/// The search for prices: oracle, bundle and the scales between them.
pub(super) struct PriceSearch<'a, O: Offers> {
    pub oracle: Oracle<'a, O>,
    pub scale: Vec<f64>,
    bundle: Bundle,
    domain: PriceDomain,
    /// Average usage of each row over the recent rounds.
    average: Vec<f64>,
    pub evaluation: Evaluation,
}

impl<'a, O: Offers> PriceSearch<'a, O> {
    /// Samples the start prices; `most` bounds the scaled prices.
    pub fn start(
        mut oracle: Oracle<'a, O>,
        prices: &[f64],
        most: f64,
        effort: &mut Effort<'_>,
    ) -> Result<Self, AllocationError> {
        let coupling = oracle.coupling;
        let clamp = |(row, &price): (&super::SharedRow, &f64)| row.allowed_price(price);
        let prices: Vec<f64> = coupling.rows().iter().zip(prices).map(clamp).collect();
        let evaluation = oracle.evaluate(&prices, effort)?;
        let scale = first_scales(&oracle, coupling);
        let mut domain = PriceDomain::new(coupling, &scale, oracle.cost_weight, most);
        domain.release(coupling, &oracle.usage);
        let centre: Vec<f64> = prices.iter().zip(&scale).map(|(price, scale)| price * scale).collect();
        let sample = scaled_sample(&evaluation, &scale);
        let slope = sample.gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        let stake =
            if most.is_finite() { most } else { mean_cost(&oracle) * (oracle.offers.parts() as f64).sqrt() };
        let reach = if slope > 0.0 && stake > 0.0 { stake / slope } else { 1.0 };
        let average = oracle.usage.clone();
        let bundle = Bundle::new(centre, sample, reach);
        Ok(PriceSearch { oracle, scale, bundle, domain, average, evaluation })
    }

    pub fn prices(&self) -> Vec<f64> {
        self.bundle.centre.iter().zip(&self.scale).map(|(price, scale)| price / scale).collect()
    }

    pub fn bound(&self) -> f64 {
        self.bundle.value
    }

    /// One round; false when nothing is left to gain.
    pub fn round(&mut self, tolerance: f64, effort: &mut Effort<'_>) -> Result<bool, AllocationError> {
        let Next::Ask(point) = self.bundle.next(&self.domain, tolerance) else {
            return Ok(false);
        };
        let prices: Vec<f64> = point.iter().zip(&self.scale).map(|(price, scale)| price / scale).collect();
        self.evaluation = self.oracle.evaluate(&prices, effort)?;
        let sample = scaled_sample(&self.evaluation, &self.scale);
        self.bundle.record(point, sample);
        for (average, usage) in self.average.iter_mut().zip(&self.oracle.usage) {
            *average += 0.15 * (usage - *average);
        }
        self.domain.release(self.oracle.coupling, &self.oracle.usage);
        self.renew_scales();
        Ok(true)
    }

    fn renew_scales(&mut self) {
        let squares = self.oracle.squared_usage();
        let drifted = |(square, scale): (&f64, &f64)| square.sqrt() > SCALE_DRIFT * scale;
        if !squares.iter().zip(&self.scale).any(drifted) {
            return;
        }
        let factor = |(square, scale): (&f64, &f64)| (square.sqrt() / scale).max(1.0);
        let factors: Vec<f64> = squares.iter().zip(&self.scale).map(factor).collect();
        for (scale, factor) in self.scale.iter_mut().zip(&factors) {
            *scale *= factor;
        }
        self.bundle.rescale(&factors);
        self.domain.rescale(&factors);
    }

    /// A selection to repair: the present answers with the switches that they need.
    fn selection(&self) -> Selection {
        let mut open = self.oracle.open.clone();
        for switch in self.domain.shared_switches() {
            open[switch] = 0;
        }
        let mut selection =
            Selection::new(&*self.oracle.offers, self.oracle.coupling, self.oracle.options(), open);
        open_needed(&mut selection, self.oracle.coupling);
        selection
    }

    /// Asks the parts with the shared switches fixed open or closed by their
    /// average usage; `attempt` varies the share from which one counts as open.
    fn settle(&mut self, attempt: usize, effort: &mut Effort<'_>) -> Result<bool, AllocationError> {
        let threshold = OPENING_SHARES[attempt % OPENING_SHARES.len()];
        let coupling = self.oracle.coupling;
        let mut prices = self.prices();
        let forbidding = self.forbidding_value();
        let mut any = false;
        for index in self.domain.shared_switches() {
            any = true;
            let switch = &coupling.switches()[index];
            let upper =
                || switch.raises.iter().filter(|raise| coupling.rows()[raise.0 as usize].upper.is_finite());
            let wanted = upper().any(|&(row, amount)| {
                let row = row as usize;
                self.average[row] - coupling.rows()[row].upper > threshold * amount
            });
            for &(row, amount) in upper() {
                prices[row as usize] = if wanted { 0.0 } else { forbidding / amount };
            }
        }
        if any {
            self.oracle.ask(&prices, effort)?;
        }
        Ok(any)
    }

    /// More than any part could save by using a closed switch.
    fn forbidding_value(&self) -> f64 {
        let largest = |(part, answer): (usize, &super::offers::Answer)| {
            self.oracle.offers.cost(part, answer.option).abs().max(answer.bound.abs())
        };
        let cost = self.oracle.answers.iter().enumerate().map(largest).fold(0.0, f64::max);
        let switch = self.oracle.coupling.switches().iter().map(|switch| switch.cost).fold(0.0, f64::max);
        100.0 * (cost + switch).max(1e-9)
    }
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
    let oracle = Oracle::new(offers, coupling, 1.0);
    let mut search = PriceSearch::start(oracle, start_prices, f64::INFINITY, effort)?;
    let first = effort.rounds;
    let (mut converged, mut attempts, mut last_attempt) = (false, 0, 0);
    loop {
        effort.bound = effort.bound.max(search.bound());
        let due = effort.rounds >= last_attempt + PRIMAL_INTERVAL || attempts == 0;
        if due || converged {
            attempt_selection(&mut search, attempts, incumbent, effort)?;
            attempts += 1;
            last_attempt = effort.rounds;
        }
        let hopeless = incumbent.is_empty() && effort.rounds > first + PATIENCE;
        if converged
            || hopeless
            || effort.gap_reached()
            || effort.exhausted()
            || effort.rounds >= first + most_rounds
        {
            break;
        }
        let size = effort.incumbent.unwrap_or(search.bound()).abs();
        let tolerance = (DUAL_SHARE * effort.control().limits.gap).clamp(1e-10, 1e-3) * size.max(1e-9);
        converged = !search.round(tolerance, effort)?;
    }
    Ok(Priced { prices: search.prices(), converged })
}

/// Repairs and improves the present answers, and those with settled switches.
fn attempt_selection<O: Offers>(
    search: &mut PriceSearch<'_, O>,
    attempt: usize,
    incumbent: &mut Incumbent,
    effort: &mut Effort<'_>,
) -> Result<(), AllocationError> {
    let prices = search.prices();
    for settled in [false, true] {
        if settled && (effort.exhausted() || !search.settle(attempt, effort)?) {
            break;
        }
        let selection = search.selection();
        let (offers, coupling) = (&mut *search.oracle.offers, search.oracle.coupling);
        incumbent.offer(offers, coupling, selection, &prices, &search.scale, effort);
    }
    Ok(())
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

fn scaled_sample(evaluation: &Evaluation, scale: &[f64]) -> Sample {
    let gradient = evaluation.excess.iter().zip(scale).map(|(excess, scale)| excess / scale).collect();
    Sample { bound: evaluation.bound, value: evaluation.value, gradient }
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
    let scale = |(square, row): (&f64, &super::SharedRow)| {
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
