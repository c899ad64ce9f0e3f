//! Single-item stochastic inventory control and dynamic lot sizing.
