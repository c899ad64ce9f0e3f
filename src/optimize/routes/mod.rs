//! Routes of vehicles over visits.
//!
//! A [`Problem`] is made of places, depots, visits and vehicle types; a [`Solution`] is a list of
//! routes. [`search`] finds one, [`search_any`] one under rules that the former does not know;
//! [`evaluate`] prices any and lists the rules that it breaks.

mod annealing;
mod bound;
mod evaluate;
mod file;
mod general;
mod insertion;
mod network;
mod partition;
mod pool;
mod problem;
mod ruin;
mod savings;
mod schedule;
mod search;
mod segment;
mod sol;
mod solomon;
mod solution;
#[cfg(test)]
mod tests;
mod tours;
mod undo;
mod validate;
mod vrplib;

pub use evaluate::{Cost, Evaluation, RouteEvaluation, Violation, evaluate, evaluate_route};
pub use file::{FileError, FileProblem, RoundingRule};
pub use general::search_any;
pub use problem::{
    Backhauls, Break, Depot, Lateness, Matrix, Pair, Problem, ProblemData, Profile, Rounding, Slice,
    VehicleType, Visit, Window,
};
pub use schedule::{Schedule, Stop, TOLERANCE, schedule};
pub use search::{RouteOptions, RoutePlan, SearchError, search, supports};
pub use sol::{FileRoute, FileSolution, read_sol, write_sol};
pub use solomon::read_solomon;
pub use solution::{Route, Solution, Trip};
pub use validate::{ProblemError, ProblemFault};
pub use vrplib::read_vrplib;
