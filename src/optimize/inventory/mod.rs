//! Single-item stochastic inventory control and dynamic lot sizing.
//!
//! [`order_path`] plans the orders of one stock point over a horizon of
//! changing, uncertain demand; the other modules are the textbook models, each
//! with a function that finds the best decision and one that prices a given one.

pub mod base_stock;
pub mod demand;
pub mod eoq;
pub mod error;
pub mod joint_replenishment;
pub mod newsvendor;
pub mod order_path;
pub mod pmf;
pub mod r_q;
pub mod r_s_nq;
pub mod s_s;
pub mod wagner_whitin;
