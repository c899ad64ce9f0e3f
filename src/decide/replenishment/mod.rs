//! Replenishment: how much to order of what, from whom, now and over the horizon.
//!
//! A planner of a retailer, wholesaler or plant has items at locations and one
//! or more suppliers. Sales history becomes demand scenarios; each stock point
//! (item at a location) gets the order plan that is cheapest on average over
//! its scenarios; limits shared by stock points (budget, capacities, order
//! minimums, fixed order costs) are priced and the parts are put together by a
//! mixed-integer program. `docs/replenishment.md` has the model in formulas.

pub mod model;
pub mod plan;
pub mod problem;
pub mod scenarios;
