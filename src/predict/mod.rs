//! Learners: they fit on arrays and predict distributions.

pub mod series;
pub mod travel;
