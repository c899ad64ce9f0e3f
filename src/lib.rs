//! Purvey.
