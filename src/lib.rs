//! Purvey: forecasts in, decisions out.
//!
//! Purvey reads tables, predicts what they do not say yet, decides what to do
//! about it with an exact or near-exact solver, checks the decision with code
//! that knows nothing of the solver, and shows it to a person.
//! `ARCHITECTURE.md` draws the house; the rooms are the modules below.

pub mod control;
pub mod data;
pub mod decide;
pub mod optimize;
pub mod predict;
pub mod presentation;
pub mod report;
pub mod solution;
