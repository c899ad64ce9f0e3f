//! The demand scenarios and lead times that a plan is judged on.

/// What is uncertain, as equally likely scenarios.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenarios {
    /// Number of scenarios.
    pub count: usize,
    /// Buckets of the horizon.
    pub horizon: usize,
    /// One entry a pair, in the problem's order.
    pub pairs: Vec<PairScenarios>,
}

/// The scenarios of one pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairScenarios {
    /// Units asked for, scenario by scenario: `demand[scenario * horizon + bucket]`.
    pub demand: Vec<f32>,
    /// Lead time of every order, in days, source by source: `lead_time_days[source * count + scenario]`.
    pub lead_time_days: Vec<u16>,
    /// Money per unit lost (lost sales) or per unit and bucket (backorders): given, or implied by the target.
    pub shortage_cost: f64,
    /// Probability of no shortage at which ordering one unit more stops paying.
    pub critical_ratio: f64,
    /// Expected demand of each bucket.
    pub mean: Vec<f32>,
    /// Quantiles of each bucket's demand: `quantiles[level * horizon + bucket]`, levels of [`QUANTILE_LEVELS`].
    pub quantiles: Vec<f32>,
    /// The forecasting model as the field names it.
    pub label: String,
    /// What a reader of the forecast should know.
    pub notes: Vec<String>,
}

/// The quantiles that forecasts are told with.
pub const QUANTILE_LEVELS: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

impl PairScenarios {
    /// Demand path of one scenario.
    #[must_use]
    pub fn path(&self, scenario: usize, horizon: usize) -> &[f32] {
        self.demand.get(scenario * horizon..(scenario + 1) * horizon).unwrap_or(&[])
    }
}
