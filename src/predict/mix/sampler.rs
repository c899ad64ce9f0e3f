//! Given scaled sales and spend, draw the model's parameters from their posterior.
//!
//! Sales y = baseline + Σ_c γ_c m_c + noise, where m_c is the adstocked and
//! saturated spend of channel c over its mean, γ_c >= 0 what it brings in the mean.
//!
//! Method: Metropolis within Gibbs, collapsed: the baseline's coefficients have
//! normal priors (relative to the noise) and are integrated out, as is γ_c while the shape
//! (carry-over, half-saturation, exponent) of its channel moves (J. S. Liu 1994,
//! doi:10.1080/01621459.1994.10476829); then γ_c is drawn from its normal cut at 0, the noise from
//! its inverse gamma, a weight for each period (Student's t noise of 4 degrees of freedom as a mixture of
//! normals: J. Geweke 1993, doi:10.1002/jae.3950080504), and the three variances of the baseline by random walk. Steps
//! of the walks are tuned while the chain settles (H. Haario and others 2001,
//! doi:10.2307/3318737). A lift test is one more observation of γ_c, with its own error.
//! Where the kind of carry-over is to be found, [`super::switch`] jumps between the kinds.
//! Priors: carry-over of a week beta(1.5, 2); shape of a Weibull lifetime lognormal around 2; half-saturation lognormal around 1.8 times the typical spend;
//! exponent lognormal around 1.3; γ_c half normal.
//! Cost: time O(sweeps x channels x periods x columns), memory O(periods x columns + draws).
//! Use `tabular` instead when there is no spend to carry over.
//! Not for: more than some dozens of channels; effects that work on each other.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: none.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};

use super::algebra::{above, backward, cholesky, dot, forward, log_half_line};
use super::design::{Design, Group};
use super::history::{Adstock, Belief, Beliefs, MixOptions};
use super::prior::{Units, log_prior, start_shape};
use super::switch::switched;
use super::transform::Shape;

/// Random-walk widths of the logit of the carry-over, the logarithms of half-saturation, exponent and Weibull shape.
const WIDTHS: [f64; 4] = [0.9, 0.6, 0.25, 0.4];
/// Degrees of freedom of the noise: outliers move little.
const FREEDOM: f64 = 4.0;
/// Spread of the coefficients of intercept and slope over that of the noise.
const SLOPE: f64 = 100.0;
/// Median and logarithmic spread of a group's spread over that of the noise: level, season, controls, week.
const GROUPS: [(f64, f64); 4] = [(0.1, 1.5), (0.7, 1.0), (10.0, 1.0), (3.0, 1.5)];
/// Share of proposals that walks make when tuned.
const TARGET: f64 = 0.3;

/// One draw of all parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draw {
    pub shapes: Vec<Shape>,
    /// Effect of full saturation, in scaled outcome.
    pub heights: Vec<f64>,
    /// Level beside the baseline's columns, whose first is the intercept.
    pub intercept: f64,
    pub baseline: Vec<f64>,
    pub noise: f64,
}

/// A column with its products with the baseline.
#[derive(Debug, Clone)]
struct Projected {
    /// Values in known periods, less their mean.
    values: Vec<f64>,
    /// Products with the baseline's columns.
    products: Vec<f64>,
    /// `products` in the coordinates in which the baseline is integrated out.
    reduced: Vec<f64>,
}

/// A channel's column.
#[derive(Debug, Clone)]
struct Medium {
    column: Projected,
    /// Mean saturation before the column was divided by it.
    mean: f64,
    /// Lift tests: precision and product with the measured lift, for γ.
    precision: f64,
    product: f64,
}

/// One chain.
pub(super) struct Chain<'a> {
    design: &'a Design,
    beliefs: &'a [Beliefs],
    /// Channels with any spend.
    active: Vec<usize>,
    rng: ChaCha8Rng,
    shapes: Vec<Shape>,
    gamma: Vec<f64>,
    media: Vec<Medium>,
    y: Projected,
    /// Logarithms of the spread of the learned groups over the noise.
    spreads: [f64; 4],
    /// Square roots of the weights of the known periods; all columns are multiplied by them.
    roots: Vec<f64>,
    /// The baseline's columns in known periods.
    known: Vec<Vec<f64>>,
    gram: Vec<f64>,
    factor: Vec<f64>,
    log_determinant: f64,
    variance: f64,
    share: f64,
    adstock: Adstock,
    /// Tuned step of each channel's walk and of each group's.
    steps: Vec<f64>,
    group_steps: [f64; 4],
    /// All-period working space.
    effect: Vec<f64>,
}

impl<'a> Chain<'a> {
    pub fn new(
        design: &'a Design,
        beliefs: &'a [Beliefs],
        options: &MixOptions,
        seed: u64,
        chain: u64,
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(chain);
        let channels = design.spend.len();
        let shapes = beliefs
            .iter()
            .map(|b| start_shape(b, design.periods_a_week, options.adstock, &mut rng))
            .collect();
        let variance = dot(&design.y, &design.y) / design.y.len() as f64;
        let mut chain = Chain {
            design,
            beliefs,
            active: (0..channels).filter(|&c| design.spend_scale[c] > 0.0).collect(),
            rng,
            shapes,
            gamma: vec![0.0; channels],
            media: Vec::new(),
            y: Projected { values: vec![], products: vec![], reduced: vec![] },
            spreads: GROUPS.map(|(median, _)| median.ln()),
            roots: vec![1.0; design.rows.len()],
            known: Vec::new(),
            gram: Vec::new(),
            factor: Vec::new(),
            log_determinant: 0.0,
            variance,
            adstock: options.adstock,
            share: options.share * 1.25 * design.y_mean.abs().max(0.1),
            steps: vec![1.0; channels],
            group_steps: [1.0; 4],
            effect: vec![0.0; design.spend.first().map_or(0, Vec::len)],
        };
        chain.begin();
        chain
    }

    fn begin(&mut self) {
        self.project();
        for _ in 0..10 {
            self.draw_gammas();
            self.draw_variance();
        }
    }

    /// Makes all columns and their products anew, for the weights of now.
    fn project(&mut self) {
        let design = self.design;
        let weigh = |values: &mut dyn Iterator<Item = f64>, roots: &[f64]| -> Vec<f64> {
            values.zip(roots).map(|(value, root)| value * root).collect()
        };
        self.known = design
            .columns
            .iter()
            .map(|column| weigh(&mut design.rows.iter().map(|&t| column.values[t]), &self.roots))
            .collect();
        let q = self.known.len();
        self.gram = vec![0.0; q * q];
        for i in 0..q {
            for j in 0..=i {
                let product = dot(&self.known[i], &self.known[j]);
                (self.gram[i * q + j], self.gram[j * q + i]) = (product, product);
            }
        }
        (self.factor, self.log_determinant) = self.factorised(&self.spreads);
        self.y.values = weigh(&mut design.y.iter().copied(), &self.roots);
        self.y.products = self.products_of(&self.y.values);
        self.y.reduced = self.reduced(&self.y.products);
        self.media = (0..self.shapes.len()).map(|c| self.medium(c, &self.shapes[c].clone())).collect();
    }

    /// Settles, then keeps draws; fewer, or none, where it is told to stop.
    pub fn run(mut self, options: &MixOptions, mut should_stop: impl FnMut() -> bool) -> Vec<Draw> {
        for sweep in 0..options.settle {
            if should_stop() {
                return Vec::new();
            }
            let gain = 2.0 / (1.0 + sweep as f64).powf(0.6);
            self.sweep(gain);
        }
        let mut draws = Vec::with_capacity(options.draws);
        for _ in 0..options.draws {
            if should_stop() {
                break;
            }
            (0..options.thin.max(1)).for_each(|_| self.sweep(0.0));
            draws.push(self.draw());
        }
        draws
    }

    /// Moves every parameter once; `gain` tunes the walks.
    fn sweep(&mut self, gain: f64) {
        for at in 0..self.active.len() {
            let c = self.active[at];
            let accepted = self.move_shape(c, true);
            self.steps[c] = (self.steps[c] * (gain * (accepted - TARGET)).exp()).clamp(0.02, 3.0);
            self.move_shape(c, false);
            if self.adstock == Adstock::Auto {
                self.switch(c);
            }
            self.draw_gamma(c);
        }
        self.draw_gammas();
        for at in 0..GROUPS.len() {
            let accepted = self.move_spread(at);
            let step = self.group_steps[at] * (gain * (accepted - TARGET)).exp();
            self.group_steps[at] = step.clamp(0.02, 5.0);
        }
        self.draw_variance();
        self.draw_weights();
    }

    /// Proposes another shape of channel `c`, γ integrated out; the chance that it is taken.
    fn move_shape(&mut self, c: usize, is_local: bool) -> f64 {
        let old = self.shapes[c];
        let new = if is_local { self.walked(c, old) } else { self.leapt(c, old) };
        self.take(c, new, 0.0)
    }

    /// Proposes the other kind of carry-over for channel `c`.
    fn switch(&mut self, c: usize) {
        let (new, gain) = switched(&self.shapes[c], &mut self.rng);
        self.take(c, new, gain);
    }

    /// Takes a proposed shape or leaves it, with `gain` more than its density; the chance that it is taken.
    fn take(&mut self, c: usize, new: Shape, gain: f64) -> f64 {
        let old = self.shapes[c];
        if !(1e-4..=0.995).contains(&new.carry_over)
            || !(0.1..=20.0).contains(&new.exponent)
            || !(0.3..=10.0).contains(&new.delay)
        {
            return 0.0;
        }
        let medium = self.medium(c, &new);
        let units = Units { money: self.design.spend_scale[c], periods_a_week: self.design.periods_a_week };
        let rest = self.rest(Some(c));
        let prior = |shape: &Shape| log_prior(&self.beliefs[c], units, shape);
        let gain = gain + self.evidence(c, &medium, &rest) - self.evidence(c, &self.media[c], &rest)
            + (prior(&new) - prior(&old));
        let chance = if gain.is_nan() { 0.0 } else { gain.min(0.0).exp() };
        if self.rng.random::<f64>() < chance {
            self.shapes[c] = new;
            self.media[c] = medium;
        }
        chance
    }

    fn walked(&mut self, c: usize, old: Shape) -> Shape {
        let step = self.steps[c];
        let mut jump = |width: f64| step * width * self.rng.sample::<f64, _>(StandardNormal);
        let odds = (old.carry_over / (1.0 - old.carry_over)).ln() + jump(WIDTHS[0]);
        Shape {
            carry_over: 1.0 / (1.0 + (-odds).exp()),
            half: old.half * jump(WIDTHS[1]).exp(),
            exponent: old.exponent * jump(WIDTHS[2]).exp(),
            delay: if old.is_geometric() { 1.0 } else { old.delay * jump(WIDTHS[3]).exp() },
        }
    }

    /// A long step of one of its numbers, at random.
    fn leapt(&mut self, c: usize, old: Shape) -> Shape {
        let which = self.rng.random_range(0..if old.is_geometric() { 3 } else { 4 });
        let reach = self.steps[c].max(0.5) * 2.0;
        let jump = reach * WIDTHS[which] * self.rng.sample::<f64, _>(StandardNormal);
        let mut new = old;
        match which {
            0 => {
                let odds = (old.carry_over / (1.0 - old.carry_over)).ln() + jump;
                new.carry_over = 1.0 / (1.0 + (-odds).exp());
            }
            1 => new.half *= jump.exp(),
            2 => new.exponent *= jump.exp(),
            _ => new.delay *= jump.exp(),
        }
        new
    }

    /// The column of channel `c` under a shape.
    fn medium(&mut self, c: usize, shape: &Shape) -> Medium {
        let design = self.design;
        let spend = &design.spend[c];
        shape.effect(spend, design.start[c], &mut self.effect);
        let count = design.rows.len() as f64;
        let mean = design.rows.iter().map(|&t| self.effect[t]).sum::<f64>() / count;
        let mut medium = Medium {
            column: Projected { values: vec![0.0; design.rows.len()], products: vec![], reduced: vec![] },
            mean,
            precision: 0.0,
            product: 0.0,
        };
        if mean > 0.0 {
            let weighed = design.rows.iter().zip(&self.roots);
            medium.column.values = weighed.map(|(&t, root)| root * (self.effect[t] / mean - 1.0)).collect();
        }
        for test in design.lift_tests.iter().filter(|test| test.channel == c && mean > 0.0) {
            let brought = shape.brought(spend, design.start[c], test) / mean;
            medium.precision += (brought / test.error).powi(2);
            medium.product += brought * test.lift / test.error.powi(2);
        }
        medium.column.products = self.products_of(&medium.column.values);
        medium.column.reduced = self.reduced(&medium.column.products);
        medium
    }

    fn products_of(&self, values: &[f64]) -> Vec<f64> {
        self.known.iter().map(|column| dot(column, values)).collect()
    }

    /// Outcome less the channels but `without`, as a projected column.
    fn rest(&self, without: Option<usize>) -> Projected {
        let mut rest = self.y.clone();
        for &c in self.active.iter().filter(|&&c| Some(c) != without) {
            let (gamma, column) = (self.gamma[c], &self.media[c].column);
            let less = |into: &mut [f64], of: &[f64]| {
                into.iter_mut().zip(of).for_each(|(into, of)| *into -= gamma * of);
            };
            less(&mut rest.values, &column.values);
            less(&mut rest.products, &column.products);
            less(&mut rest.reduced, &column.reduced);
        }
        rest
    }

    /// Precision of γ of a channel and its product with the mean, given the others.
    fn normal_of(&self, c: usize, medium: &Medium, rest: &Projected) -> (f64, f64) {
        let precision = inner(&medium.column, &medium.column) / self.variance + medium.precision;
        let product = inner(&medium.column, rest) / self.variance + medium.product;
        let (mean, spread) = self.prior_of_gamma(c);
        (precision + spread.powi(-2), product + mean / spread.powi(2))
    }

    /// Mean and spread of γ before the data.
    fn prior_of_gamma(&self, c: usize) -> (f64, f64) {
        match self.beliefs[c].roas {
            Some(Belief { mean, sd }) => {
                let spend = &self.design.spend[c];
                let mean_spend =
                    self.design.rows.iter().map(|&t| spend[t]).sum::<f64>() / self.design.rows.len() as f64;
                let unit = self.design.spend_scale[c] * mean_spend / self.design.scale;
                (mean * unit, (sd * unit).max(1e-12))
            }
            None => (0.0, self.share),
        }
    }

    /// Logarithm of the likelihood of a channel's column with γ integrated out.
    fn evidence(&self, c: usize, medium: &Medium, rest: &Projected) -> f64 {
        let (precision, product) = self.normal_of(c, medium, rest);
        log_half_line(product / precision.sqrt()) - precision.ln() / 2.0
    }

    fn draw_gamma(&mut self, c: usize) {
        let (precision, product) = self.normal_of(c, &self.media[c], &self.rest(Some(c)));
        let spread = precision.powf(-0.5);
        self.gamma[c] = spread * above(&mut self.rng, -product / precision / spread) + product / precision;
        self.gamma[c] = self.gamma[c].max(0.0);
    }

    fn draw_gammas(&mut self) {
        for at in 0..self.active.len() {
            self.draw_gamma(self.active[at]);
        }
    }

    fn draw_variance(&mut self) {
        let rest = self.rest(None);
        let count = self.design.rows.len() as f64;
        let shape = count / 2.0 + 1.0;
        let rate = inner(&rest, &rest).max(0.0) / 2.0 + 1e-6;
        if let Ok(gamma) = Gamma::new(shape, 1.0 / rate) {
            self.variance = 1.0 / gamma.sample(&mut self.rng);
        }
    }

    /// Draws the weight of each period: small where the model misses it by far.
    fn draw_weights(&mut self) {
        let rest = self.rest(None);
        let baseline = self.draw_baseline(&rest);
        for at in 0..self.roots.len() {
            let explained: f64 = self.known.iter().zip(&baseline).map(|(column, b)| column[at] * b).sum();
            let miss = (rest.values[at] - explained) / self.roots[at];
            let rate = (FREEDOM + miss * miss / self.variance) / 2.0;
            if let Ok(gamma) = Gamma::new((FREEDOM + 1.0) / 2.0, 1.0 / rate) {
                self.roots[at] = gamma.sample(&mut self.rng).sqrt().max(1e-4);
            }
        }
        self.project();
    }

    /// Draws the baseline's coefficients, given what the channels leave of the outcome.
    fn draw_baseline(&mut self, rest: &Projected) -> Vec<f64> {
        let noise = self.variance.sqrt();
        let mut baseline = rest.reduced.clone();
        for value in &mut baseline {
            *value += noise * self.rng.sample::<f64, _>(StandardNormal);
        }
        backward(&self.factor, &mut baseline, rest.reduced.len());
        baseline
    }

    /// Proposes another spread of a group of the baseline; the chance that it is taken.
    fn move_spread(&mut self, at: usize) -> f64 {
        if !self.design.columns.iter().any(|column| column.group == Group::LEARNED[at]) {
            return TARGET;
        }
        let rest = self.rest(None);
        let mut spreads = self.spreads;
        spreads[at] += self.group_steps[at] * self.rng.sample::<f64, _>(StandardNormal);
        let (factor, log_determinant) = self.factorised(&spreads);
        let value = |spreads: &[f64; 4], log_determinant: f64, inner: f64| {
            -log_determinant / 2.0
                - inner / (2.0 * self.variance)
                - ((spreads[at] - GROUPS[at].0.ln()) / GROUPS[at].1).powi(2) / 2.0
        };
        let mut moved = rest.clone();
        moved.reduced = forward(&factor, &rest.products);
        let gain = value(&spreads, log_determinant, inner(&moved, &moved))
            - value(&self.spreads, self.log_determinant, inner(&rest, &rest));
        let chance = if gain.is_nan() { 0.0 } else { gain.min(0.0).exp() };
        if self.rng.random::<f64>() < chance {
            (self.spreads, self.factor, self.log_determinant) = (spreads, factor, log_determinant);
            self.y.reduced = self.reduced(&self.y.products);
            for c in 0..self.media.len() {
                self.media[c].column.reduced = self.reduced(&self.media[c].column.products);
            }
        }
        chance
    }

    fn reduced(&self, products: &[f64]) -> Vec<f64> {
        forward(&self.factor, products)
    }

    /// Factor of the baseline's Gram matrix plus prior precision, and the logarithm of the
    /// determinant of the covariance that the baseline adds.
    fn factorised(&self, spreads: &[f64; 4]) -> (Vec<f64>, f64) {
        let q = self.design.columns.len();
        let mut matrix = self.gram.clone();
        let mut log_determinant = 0.0;
        for (i, column) in self.design.columns.iter().enumerate() {
            let spread = column.weight
                * match Group::LEARNED.iter().position(|group| *group == column.group) {
                    Some(at) => spreads[at].exp(),
                    None => SLOPE,
                };
            matrix[i * q + i] += spread.powi(-2);
            log_determinant += 2.0 * spread.ln();
        }
        cholesky(&mut matrix, q);
        log_determinant += (0..q).map(|i| 2.0 * matrix[i * q + i].ln()).sum::<f64>();
        (matrix, log_determinant)
    }

    /// The state with the baseline's coefficients drawn.
    fn draw(&mut self) -> Draw {
        let baseline = self.draw_baseline(&self.rest(None));
        let brought: f64 = self.active.iter().map(|&c| self.gamma[c]).sum();
        let intercept = self.design.y_mean - brought;
        let heights = self
            .gamma
            .iter()
            .zip(&self.media)
            .map(|(gamma, medium)| if medium.mean > 0.0 { gamma / medium.mean } else { 0.0 })
            .collect();
        Draw { shapes: self.shapes.clone(), heights, intercept, baseline, noise: self.variance.sqrt() }
    }
}

/// Product of two columns with the baseline integrated out.
fn inner(a: &Projected, b: &Projected) -> f64 {
    dot(&a.values, &b.values) - dot(&a.reduced, &b.reduced)
}
