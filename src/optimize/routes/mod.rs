//! Routes of vehicles over visits.
//!
//! A [`Problem`] is made of places, depots, visits and vehicle types; a [`Solution`] is a list of
//! routes. [`evaluate`] prices any solution and lists the rules that it breaks.

mod evaluate;
mod file;
mod problem;
mod schedule;
mod sol;
mod solomon;
mod solution;
mod validate;
mod vrplib;

pub use evaluate::{Cost, Evaluation, RouteEvaluation, Violation, evaluate, evaluate_route};
pub use file::{FileError, FileProblem, RoundingRule};
pub use problem::{
    Backhauls, Break, Depot, Lateness, Matrix, Pair, Problem, ProblemData, Profile, Rounding, Slice,
    VehicleType, Visit, Window,
};
pub use schedule::{Schedule, Stop, TOLERANCE, schedule};
pub use sol::{FileRoute, FileSolution, read_sol, write_sol};
pub use solomon::read_solomon;
pub use solution::{Route, Solution, Trip};
pub use validate::{ProblemError, ProblemFault};
pub use vrplib::read_vrplib;
