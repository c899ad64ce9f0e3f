//! Search by populations, for goals that only can be evaluated: several at once, or one.
//!
//! | question | method |
//! |---|---|
//! | two or three goals | [`nsga2()`] |
//! | four goals and more, or an even spread asked for | [`nsga3()`] |
//! | one goal, real or whole numbers | [`differential_evolution`], [`particle_swarm`] for comparison |
//! | one goal with orders among the genes | [`nsga2()`], for which one goal is a special case |
//! | how good is a front | [`hypervolume()`] |
//!
//! A problem is a [`Space`] of genes and a function that evaluates a candidate ([`Problem`]).
//! Constraints are told as one violation, 0 where all hold; who violates less comes first. Where
//! an exact method exists, its answers join the first population ([`Evolution::start`]).

mod differential;
mod evolution;
mod genes;
mod hypervolume;
mod nsga2;
mod nsga3;
mod one_goal;
mod operators;
mod ranking;
mod spread;
mod swarm;
pub mod testbed;
#[cfg(test)]
mod tests;

pub use differential::differential_evolution;
pub use evolution::{Candidate, Evolution, Front};
pub use genes::{Genes, Range, Space};
pub use hypervolume::hypervolume;
pub use nsga2::nsga2;
pub use nsga3::{directions, nsga3};
pub use one_goal::{Best, SearchEffort};
pub use operators::Variation;
pub use ranking::{dominates, fronts};
pub use swarm::particle_swarm;

/// What is searched: genes and what they are worth.
pub trait Problem: Sync {
    /// The genes.
    fn space(&self) -> &Space;

    /// Number of goals, all to be made small; 1 or more.
    fn objectives(&self) -> usize;

    /// Writes the goals of a candidate and gives by how much it violates the constraints in all
    /// (0: not at all). Called from several threads at once.
    fn evaluate(&self, genes: &Genes, objectives: &mut [f64]) -> f64;
}

/// Writes the goals of a candidate and gives its violation, as searches compare them: what is no
/// number counts as the worst.
fn evaluated(problem: &impl Problem, genes: &Genes, objectives: &mut [f64]) -> f64 {
    let known = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
    let violation = problem.evaluate(genes, objectives);
    objectives.iter_mut().for_each(|value| *value = known(*value));
    known(violation).max(0.0)
}

/// Why a search could not begin.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GeneticError {
    /// There is nothing to decide.
    #[error("the space has no genes: give it numbers or an order")]
    NoGenes,
    /// There is no goal.
    #[error("the problem has {objectives} goals; this method takes {takes}")]
    Objectives {
        /// Goals of the problem.
        objectives: usize,
        /// How many the method takes.
        takes: &'static str,
    },
    /// An option lies outside its range.
    #[error("{option} is {value}; it must be {range}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A method for numbers was given orders.
    #[error("the space has {orders} orders; this method takes numbers only: use nsga2, which takes both")]
    Orders {
        /// Orders of the space.
        orders: usize,
    },
    /// An order is longer than its things can be counted.
    #[error("order {order} has {length} things; at most 4294967295 can be ordered")]
    OrderTooLong {
        /// Which order.
        order: usize,
        /// Its length.
        length: usize,
    },
    /// A range without a value.
    #[error("gene {gene} lies between {lower} and {upper}: give two finite bounds, the lower one first")]
    Range {
        /// Which number.
        gene: usize,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// A start candidate that does not fit the space.
    #[error(
        "start candidate {start} does not fit the space: number of genes, ranges or whole numbers differ"
    )]
    Start {
        /// Which start candidate.
        start: usize,
    },
}
