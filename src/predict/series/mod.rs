//! Forecasts of time series.
