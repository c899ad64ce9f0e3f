//! Weekly or daily sales of which the truth is known: baseline, channels with carry-over and saturation, noise.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// What one channel truly does.
#[derive(Debug, Clone)]
pub struct TrueChannel {
    /// Its name.
    pub name: String,
    /// Spend by period.
    pub spend: Vec<f64>,
    /// Share carried to the next period.
    pub carry_over: f64,
    /// Effect of full saturation in a period, spend that brings half of it, shape.
    pub a: f64,
    /// Spend a period that brings half of `a`.
    pub k: f64,
    /// Shape.
    pub s: f64,
    /// What it brought by period.
    pub effect: Vec<f64>,
}

impl TrueChannel {
    /// What spend `x` in each of `weeks` periods after the history brings more than none, after-effects included.
    pub fn response(&self, x: f64, weeks: usize) -> f64 {
        let level = self.spend.iter().fold(0.0, |l, &x| self.carry_over * l + (1.0 - self.carry_over) * x);
        let run = |x: f64| {
            let mut level = level;
            let mut sum = 0.0;
            for t in 0..weeks + 700 {
                let spend = if t < weeks { x } else { 0.0 };
                level = self.carry_over * level + (1.0 - self.carry_over) * spend;
                sum += self.saturated(level);
            }
            sum
        };
        run(x) - run(0.0)
    }

    fn saturated(&self, level: f64) -> f64 {
        if level <= 0.0 { 0.0 } else { self.a / (1.0 + (self.k / level).powf(self.s)) }
    }
}

/// A market.
#[derive(Debug, Clone)]
pub struct Market {
    /// Sales by period.
    pub sales: Vec<f64>,
    /// A competitor's activity by period.
    pub competitor: Vec<f64>,
    /// The channels.
    pub channels: Vec<TrueChannel>,
}

const NAMES: [&str; 8] = ["television", "search", "social", "radio", "outdoor", "print", "video", "display"];

/// Effects of the days of a week, over the baseline.
const WEEK: [f64; 7] = [-0.1, -0.12, -0.08, 0.0, 0.08, 0.2, 0.02];

/// How long a period of a market is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A week.
    Week,
    /// A day, with effects of the days of the week.
    Day,
}

impl Period {
    /// Periods of a week.
    fn in_week(self) -> f64 {
        match self {
            Period::Week => 1.0,
            Period::Day => 7.0,
        }
    }

    /// Periods of a year.
    pub fn in_year(self) -> f64 {
        match self {
            Period::Week => 52.18,
            Period::Day => 365.25,
        }
    }
}

/// Draws a market of `channels` channels (at most 8) over `weeks` periods; what is carried over and how fast things
/// change is the same by the week, whatever the period.
pub fn market(seed: u64, channels: usize, weeks: usize, noise: f64, period: Period) -> Market {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let memory = |weekly: f64| weekly.powf(1.0 / period.in_week());
    let normal = |rng: &mut ChaCha8Rng| rng.sample::<f64, _>(StandardNormal);
    let level = 100_000.0 * (0.5 * normal(&mut rng)).exp();
    let competitor = wandering(&mut rng, weeks, memory(0.8), 1.0);
    let drift = wandering(&mut rng, weeks, memory(0.97), 0.03);
    let slope = 0.2 * normal(&mut rng);
    let waves: Vec<(f64, f64)> =
        (1..4).map(|w| (normal(&mut rng) * 0.08 / w as f64, normal(&mut rng) * 0.08 / w as f64)).collect();
    let weight = -0.04 * (1.0 + rng.random::<f64>());
    let mut sales: Vec<f64> = (0..weeks)
        .map(|t| {
            let year = std::f64::consts::TAU * t as f64 / period.in_year();
            let season: f64 = waves
                .iter()
                .enumerate()
                .map(|(w, (a, b))| a * (year * (w + 1) as f64).sin() + b * (year * (w + 1) as f64).cos())
                .sum();
            let base = 1.0 + slope * t as f64 / weeks as f64 + drift[t] + season + weight * competitor[t];
            let base = if period == Period::Day { base + WEEK[t % 7] } else { base };
            level * (base + noise * normal(&mut rng))
        })
        .collect();
    let channels = (0..channels.min(NAMES.len()))
        .map(|c| {
            let channel = channel(&mut rng, NAMES[c], weeks, level, period);
            sales.iter_mut().zip(&channel.effect).for_each(|(y, effect)| *y += effect);
            channel
        })
        .collect();
    Market { sales, competitor, channels }
}

/// A channel that is on all the time or in flights, and brings 5 to 20 % of the baseline.
fn channel(rng: &mut ChaCha8Rng, name: &str, weeks: usize, level: f64, period: Period) -> TrueChannel {
    let size = level * 0.03 * (0.6 * rng.sample::<f64, _>(StandardNormal)).exp();
    let is_flighted = rng.random::<f64>() < 0.4;
    let of_week = 1.0 / period.in_week();
    let mood = wandering(rng, weeks, 0.7_f64.powf(of_week), 0.5);
    let mut is_on = true;
    let spend: Vec<f64> = mood
        .iter()
        .map(|mood| {
            if is_flighted && rng.random::<f64>() < 0.2 * of_week {
                is_on = !is_on;
            }
            if is_on { (size * mood.exp()).round() } else { 0.0 }
        })
        .collect();
    let typical = spend.iter().map(|x| x * x).sum::<f64>() / spend.iter().sum::<f64>();
    let mut channel = TrueChannel {
        name: name.to_owned(),
        carry_over: (0.1 + 0.6 * rng.random::<f64>()).powf(of_week),
        a: 1.0,
        k: typical * (0.5 + 1.5 * rng.random::<f64>()),
        s: 0.8 + 1.0 * rng.random::<f64>(),
        effect: Vec::new(),
        spend,
    };
    let mut carried = 0.0;
    let mut effect: Vec<f64> = channel
        .spend
        .iter()
        .map(|x| {
            carried = channel.carry_over * carried + (1.0 - channel.carry_over) * x;
            channel.saturated(carried)
        })
        .collect();
    let wanted = level * (0.05 + 0.15 * rng.random::<f64>());
    channel.a = wanted * weeks as f64 / effect.iter().sum::<f64>();
    effect.iter_mut().for_each(|value| *value *= channel.a);
    channel.effect = effect;
    channel
}

/// A first-order autoregression with mean 0.
fn wandering(rng: &mut ChaCha8Rng, weeks: usize, memory: f64, spread: f64) -> Vec<f64> {
    let fresh = spread * (1.0 - memory * memory).sqrt();
    let mut value = spread * rng.sample::<f64, _>(StandardNormal);
    (0..weeks)
        .map(|_| {
            value = memory * value + fresh * rng.sample::<f64, _>(StandardNormal);
            value
        })
        .collect()
}
