//! Learners: they fit on arrays and predict distributions.

mod linear;
pub mod mix;
pub mod response;
pub mod series;
pub mod tabular;
pub mod travel;
