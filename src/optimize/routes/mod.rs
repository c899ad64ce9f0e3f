//! Routes of vehicles over visits.
//!
//! A [`Problem`] is made of places, depots, visits and vehicle types; a [`Solution`] is a list of
//! routes. [`evaluate`] prices any solution and lists the rules that it breaks.

mod evaluate;
mod problem;
mod schedule;
mod solution;
mod validate;

pub use evaluate::{Cost, Evaluation, RouteEvaluation, Violation, evaluate, evaluate_route};
pub use problem::{
    Backhauls, Break, Depot, Lateness, Matrix, Pair, Problem, ProblemData, Profile, Rounding, Slice,
    VehicleType, Visit, Window,
};
pub use schedule::{Schedule, Stop, TOLERANCE, schedule};
pub use solution::{Route, Solution, Trip};
pub use validate::{ProblemError, ProblemFault};
