//! Given many independent parts tied by a few shared rows, choose one answer a part at the least total cost.
//!
//! ```text
//! minimise   sum of cost(part)  +  sum of cost(switch) * open copies
//! subject to lower <= sum of usage(part, row) - raised(row) <= upper   for every shared row
//! ```
//!
//! Every row gets a price. At given prices the parts fall apart: each minimises
//! its own cost plus prices times usage ([`Part::propose`]), all of them in
//! parallel. The sum of their minima less prices times limits is a lower bound
//! of the optimum; the prices are moved to where it is highest, and the answers
//! on the way are repaired and improved into a selection that respects all rows.
//!
//! Method: Lagrangian relaxation (Geoffrion 1974, "Lagrangean relaxation for
//! integer programming", doi:10.1007/BFb0120690); `single` for one row,
//! `dual` for more, `settings` for few switches that many parts share,
//! `repair`, `improve` and `switching` for selections, `feasibility` for the
//! proof that none exists.
//! Cost: one call of every part a round, a handful of rounds for one row and
//! some tens for several; memory O(parts + options).
//! Use [`crate::optimize::milp`] instead for small programs with many rows a
//! part, where the bound of this method leaves a gap.
//! Not for: problems that do not fall into parts.
//! Same input, work limit and options give the same answer: yes, whatever the
//! number of threads; sums run in part order.
//!
//! - [`choose`]: parts whose candidates are all listed ([`Candidates`]).
//! - [`allocate`]: parts that answer prices, such as dynamic programs ([`Part`]).
//! - [`split_budget`]: one budget over concave or S-shaped curves ([`Curve`]).

mod bundle;
mod candidates;
mod coupling;
mod curves;
mod dual;
mod feasibility;
mod fixing;
#[cfg(test)]
mod generate;
mod improve;
mod master;
mod offers;
mod oracle;
mod pool;
mod price_model;
mod primal;
mod proximal;
mod repair;
mod settings;
mod single;
mod state;
mod switching;
#[cfg(test)]
mod tests;

pub use candidates::Candidates;
pub use coupling::{AllocationError, Coupling, SharedRow, Switch};
pub use curves::{BudgetSplit, Curve, CurveError, split_budget};
pub use feasibility::{CollidingRow, Collision};
pub use offers::Pricing;
pub use pool::{Part, Proposal};

use crate::control::Control;
use crate::solution::{Outcome, SolutionStatus, Termination};
use offers::Offers;
use pool::Pool;
use primal::Incumbent;
use state::{Effort, Selection};

/// Relative gap at which an answer counts as proven.
const PROVEN_GAP: f64 = 1e-9;
/// Proposals kept for a part; more than the rounds of a one-row search, so
/// that the ends of its bracket never leave the pool.
const POOL_CAPACITY: usize = 64;

/// How hard to look.
#[derive(Debug, Clone, PartialEq)]
pub struct AllocationOptions {
    /// Most rounds of proposals in the search for prices of several rows;
    /// 1 or more. The control's work limit counts rounds too and ends everything.
    pub most_rounds: u64,
    /// Prices to start from, one for each row, for example those of an earlier
    /// solve; empty for none.
    pub start_prices: Vec<f64>,
    /// Most options among which an exact program may choose at the end, where
    /// prices and repair leave more than the gap asked for; 0 for never.
    pub most_master_columns: usize,
    /// Most settings of a group of switches that are asked for its proof; 1 or more.
    pub most_settings: usize,
}

impl Default for AllocationOptions {
    /// 300 rounds, no start prices, 3,000 columns, 1,500 settings.
    fn default() -> Self {
        AllocationOptions {
            most_rounds: 300,
            start_prices: Vec::new(),
            most_master_columns: 3000,
            most_settings: 1500,
        }
    }
}

/// The answer of an allocation.
#[derive(Debug, Clone)]
pub struct AllocationSolution<C> {
    /// Status, objective and proven bound.
    pub outcome: Outcome,
    /// The chosen answer of every part; where no selection respects all rows,
    /// the one found that violates them least.
    pub chosen: Vec<C>,
    /// Open copies of every switch.
    pub open: Vec<u32>,
    /// Value of one more unit of each limit: raising the limit by one unit
    /// changes the bound by about minus this. Positive where an upper limit
    /// binds, negative where a lower one does.
    pub prices: Vec<f64>,
    /// Usage of each row by the chosen answers, before switches raise it.
    pub row_usage: Vec<f64>,
    /// Rounds of proposals made.
    pub rounds: u64,
    /// The proof, where the rows cannot hold even on average; `None` beside an
    /// infeasible outcome where only whole candidates cannot.
    pub collision: Option<Collision>,
}

/// Chooses one listed candidate a part; the answer holds candidate indices.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::allocation::{AllocationOptions, Candidates, Coupling, SharedRow, choose};
/// let mut candidates = Candidates::default();
/// for gain in [5.0, 4.0, 3.0] {
///     candidates.add(0.0, &[]);
///     candidates.add(-gain, &[(0, 2.0)]);
///     candidates.end_part();
/// }
/// let coupling = Coupling::new(vec![SharedRow::at_most("budget", 4.0)], Vec::new())?;
/// let answer = choose(&candidates, &coupling, &AllocationOptions::default(), &Control::default())?;
/// assert_eq!(answer.chosen, [1, 1, 0]);
/// assert_eq!(answer.outcome.objective, Some(-9.0));
/// # Ok::<(), purvey::optimize::allocation::AllocationError>(())
/// ```
///
/// # Errors
/// A part without candidates, a number that is not finite, or a usage of a row
/// that the problem does not have.
pub fn choose(
    candidates: &Candidates,
    coupling: &Coupling,
    options: &AllocationOptions,
    control: &Control,
) -> Result<AllocationSolution<u32>, AllocationError> {
    candidates.check(coupling.rows().len())?;
    let control = control.started();
    control.install(|| {
        let mut offers = candidates;
        search(&mut offers, coupling, options, &control).map(|found| found.into_solution(|_, option| option))
    })
}

/// Lets parts answer prices and chooses one of each part's proposals.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::allocation::*;
/// /// Buys `amount` in `0..=most`, for a cost of `(amount - most)²`.
/// struct Wish { most: i32 }
/// impl Part for Wish {
///     type Choice = i32;
///     type Workspace = ();
///     fn propose(&self, pricing: &Pricing<'_>, _: &mut ()) -> Proposal<i32> {
///         let offer = |choice: i32| {
///             let usage = vec![(0, f64::from(choice))];
///             let cost = f64::from((choice - self.most).pow(2));
///             Proposal { cost, bound: pricing.value(cost, &usage), usage, choice }
///         };
///         (1..=self.most).map(offer).fold(offer(0), |a, b| if b.bound < a.bound { b } else { a })
///     }
/// }
/// let parts = [Wish { most: 5 }, Wish { most: 7 }];
/// let coupling = Coupling::new(vec![SharedRow::at_most("budget", 8.0)], Vec::new())?;
/// let answer = allocate(&parts, &coupling, &AllocationOptions::default(), &Control::default())?;
/// assert_eq!(answer.chosen, [3, 5]);
/// # Ok::<(), AllocationError>(())
/// ```
///
/// # Errors
/// A proposal with a number that is not finite, or of a row that the problem
/// does not have.
pub fn allocate<P: Part>(
    parts: &[P],
    coupling: &Coupling,
    options: &AllocationOptions,
    control: &Control,
) -> Result<AllocationSolution<P::Choice>, AllocationError> {
    let control = control.started();
    control.install(|| {
        let mut pool = Pool::new(parts, coupling.rows().len(), POOL_CAPACITY);
        let found = search(&mut pool, coupling, options, &control)?;
        Ok(found.into_solution(|part, option| pool.choice(part, option)))
    })
}

/// What the search found, in options of the menu.
struct Found {
    outcome: Outcome,
    selection: Selection,
    row_usage: Vec<f64>,
    prices: Vec<f64>,
    rounds: u64,
    collision: Option<Collision>,
}

impl Found {
    fn into_solution<C>(self, choice: impl Fn(usize, u32) -> C) -> AllocationSolution<C> {
        AllocationSolution {
            outcome: self.outcome,
            chosen: self
                .selection
                .options
                .iter()
                .enumerate()
                .map(|(part, &option)| choice(part, option))
                .collect(),
            open: self.selection.open,
            prices: self.prices,
            row_usage: self.row_usage,
            rounds: self.rounds,
            collision: self.collision,
        }
    }
}

fn search<O: Offers>(
    offers: &mut O,
    coupling: &Coupling,
    options: &AllocationOptions,
    control: &Control,
) -> Result<Found, AllocationError> {
    let mut effort = Effort::new(control);
    let mut incumbent = Incumbent::default();
    let mut collision = None;
    if settings::are_all(coupling) {
        let none = vec![0.0; coupling.rows().len()];
        settings::enumerate(offers, coupling, &none, options.most_settings, &mut incumbent, &mut effort)?;
        if effort.gap_reached() {
            return Ok(conclude(offers, coupling, incumbent, none, None, Termination::WorkLimit, &effort));
        }
    }
    let prices;
    if let ([row], []) = (coupling.rows(), coupling.switches()) {
        let priced = single::price_row(offers, row, &mut effort)?;
        effort.bound = priced.bound;
        collision = priced.excess.map(|excess| Collision {
            rows: vec![CollidingRow { row: 0, label: row.label.clone(), weight: priced.price.signum() }],
            least_violation: excess,
        });
        prices = vec![priced.price];
        let selection = Selection::new(&*offers, coupling, priced.options, Vec::new());
        incumbent.offer(offers, coupling, selection, &prices, &[1.0], &mut effort);
    } else {
        let mut start = options.start_prices.clone();
        if start.is_empty() {
            start = even_shares(coupling);
        }
        start.resize(coupling.rows().len(), 0.0);
        let priced =
            dual::price_rows(offers, coupling, &start, options.most_rounds, &mut incumbent, &mut effort)?;
        let mut reached = (priced.prices, priced.converged);
        if incumbent.is_empty() && !effort.exhausted() {
            collision = feasibility::find_collision(offers, coupling, &mut incumbent, &mut effort)?;
            if collision.is_none() && !reached.1 && !effort.exhausted() {
                let more = dual::price_rows(
                    offers,
                    coupling,
                    &reached.0,
                    options.most_rounds,
                    &mut incumbent,
                    &mut effort,
                )?;
                reached = (more.prices, more.converged);
            }
        }
        prices = reached.0;
    }
    let mut infeasible = collision.is_some();
    if !infeasible && !effort.gap_reached() && !effort.exhausted() && !settings::are_all(coupling) {
        settings::enumerate(offers, coupling, &prices, options.most_settings, &mut incumbent, &mut effort)?;
    }
    if !infeasible && !effort.gap_reached() && !effort.exhausted() {
        match master::solve_master(
            offers,
            coupling,
            &prices,
            options.most_master_columns,
            &mut incumbent,
            &mut effort,
        ) {
            master::Proof::Bound(bound) if O::COMPLETE => effort.bound = effort.bound.max(bound),
            master::Proof::Infeasible => infeasible = O::COMPLETE,
            _ => {}
        }
    }
    let limit =
        if infeasible { Termination::Infeasible } else { effort.stop().unwrap_or(Termination::Stalled) };
    Ok(conclude(offers, coupling, incumbent, prices, collision, limit, &effort))
}

/// Prices under which the rows that bound from above carry the cost of the
/// switch that raises them, in equal shares of what they are raised by.
fn even_shares(coupling: &Coupling) -> Vec<f64> {
    let mut prices = vec![0.0; coupling.rows().len()];
    for switch in coupling.switches() {
        let uppers =
            || switch.raises.iter().filter(|raise| coupling.rows()[raise.0 as usize].upper.is_finite());
        let total: f64 = uppers().map(|(_, amount)| amount * amount).sum();
        for &(row, amount) in uppers().filter(|(_, amount)| *amount > 0.0) {
            prices[row as usize] = switch.cost * amount / total;
        }
    }
    prices
}

/// Puts the outcome into words; `limit` is why the search ended without a proof.
fn conclude<O: Offers>(
    offers: &O,
    coupling: &Coupling,
    incumbent: Incumbent,
    prices: Vec<f64>,
    collision: Option<Collision>,
    limit: Termination,
    effort: &Effort<'_>,
) -> Found {
    let (feasible, nearest) = incumbent.into_parts();
    let bound = effort.bound.is_finite().then_some(effort.bound);
    let proven = effort.relative_gap().is_some_and(|gap| gap <= PROVEN_GAP);
    let outcome = match &feasible {
        Some(best) => Outcome {
            termination: if proven {
                Termination::Optimal
            } else if effort.gap_reached() {
                Termination::TargetGap
            } else {
                limit
            },
            solution_status: if proven { SolutionStatus::Optimal } else { SolutionStatus::Feasible },
            objective: Some(best.cost),
            bound: bound.map(|bound| bound.min(best.cost)),
        },
        None if limit == Termination::Infeasible => Outcome::without_answer(limit),
        None => Outcome { bound, ..Outcome::without_answer(limit) },
    };
    let selection = feasible
        .or(nearest)
        .unwrap_or_else(|| Selection::new(offers, coupling, Vec::new(), vec![0; coupling.switches().len()]));
    let mut row_usage = vec![0.0; coupling.rows().len()];
    for (part, &option) in selection.options.iter().enumerate() {
        for &(row, amount) in offers.usage(part, option) {
            row_usage[row as usize] += amount;
        }
    }
    Found { outcome, selection, row_usage, prices, rounds: effort.rounds, collision }
}
