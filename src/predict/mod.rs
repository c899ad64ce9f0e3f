//! Learners: they fit on arrays and predict distributions.

pub mod series;
pub mod tabular;
pub mod travel;
