//! Costs that no plan of all required visits can go below: [`quick`] for most problems, [`strong`] for
//! small ones.

mod columns;
mod halves;
mod labels;
mod master;
mod ways;

pub(super) use columns::{MOST_VISITS, Plan, strong};
pub(super) use halves::quick;
