//! Single-item stochastic inventory control and dynamic lot sizing.

pub mod order_path;
