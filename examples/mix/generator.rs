//! Weekly sales of which the truth is known: baseline, channels with carry-over and saturation, noise.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// What one channel truly does.
#[derive(Debug, Clone)]
pub struct TrueChannel {
    /// Its name.
    pub name: String,
    /// Spend by week.
    pub spend: Vec<f64>,
    /// Share carried to the next week.
    pub carry_over: f64,
    /// Effect of full saturation in a week, spend that brings half of it, shape.
    pub a: f64,
    /// Spend a week that brings half of `a`.
    pub k: f64,
    /// Shape.
    pub s: f64,
    /// What it brought by week.
    pub effect: Vec<f64>,
}

impl TrueChannel {
    /// What spend `x` in each of `weeks` weeks after the history brings more than none, after-effects included.
    pub fn response(&self, x: f64, weeks: usize) -> f64 {
        let level = self.spend.iter().fold(0.0, |l, &x| self.carry_over * l + (1.0 - self.carry_over) * x);
        let run = |x: f64| {
            let mut level = level;
            let mut sum = 0.0;
            for t in 0..weeks + 100 {
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
    /// Sales by week.
    pub sales: Vec<f64>,
    /// A competitor's activity by week.
    pub competitor: Vec<f64>,
    /// The channels.
    pub channels: Vec<TrueChannel>,
}

const NAMES: [&str; 8] = ["television", "search", "social", "radio", "outdoor", "print", "video", "display"];

/// Draws a market of `channels` channels (at most 8) over `weeks` weeks.
pub fn market(seed: u64, channels: usize, weeks: usize, noise: f64) -> Market {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let normal = |rng: &mut ChaCha8Rng| rng.sample::<f64, _>(StandardNormal);
    let level = 100_000.0 * (0.5 * normal(&mut rng)).exp();
    let competitor = wandering(&mut rng, weeks, 0.8, 1.0);
    let drift = wandering(&mut rng, weeks, 0.97, 0.03);
    let slope = 0.2 * normal(&mut rng);
    let waves: Vec<(f64, f64)> =
        (1..4).map(|w| (normal(&mut rng) * 0.08 / w as f64, normal(&mut rng) * 0.08 / w as f64)).collect();
    let weight = -0.04 * (1.0 + rng.random::<f64>());
    let mut sales: Vec<f64> = (0..weeks)
        .map(|t| {
            let year = std::f64::consts::TAU * t as f64 / 52.18;
            let season: f64 = waves
                .iter()
                .enumerate()
                .map(|(w, (a, b))| a * (year * (w + 1) as f64).sin() + b * (year * (w + 1) as f64).cos())
                .sum();
            let base = 1.0 + slope * t as f64 / weeks as f64 + drift[t] + season + weight * competitor[t];
            level * (base + noise * normal(&mut rng))
        })
        .collect();
    let channels = (0..channels.min(NAMES.len()))
        .map(|c| {
            let channel = channel(&mut rng, NAMES[c], weeks, level);
            sales.iter_mut().zip(&channel.effect).for_each(|(y, effect)| *y += effect);
            channel
        })
        .collect();
    Market { sales, competitor, channels }
}

/// A channel that is on all the time or in flights, and brings 5 to 20 % of the baseline.
fn channel(rng: &mut ChaCha8Rng, name: &str, weeks: usize, level: f64) -> TrueChannel {
    let size = level * 0.03 * (0.6 * rng.sample::<f64, _>(StandardNormal)).exp();
    let is_flighted = rng.random::<f64>() < 0.4;
    let mood = wandering(rng, weeks, 0.7, 0.5);
    let mut is_on = true;
    let spend: Vec<f64> = mood
        .iter()
        .map(|mood| {
            if is_flighted && rng.random::<f64>() < 0.2 {
                is_on = !is_on;
            }
            if is_on { (size * mood.exp()).round() } else { 0.0 }
        })
        .collect();
    let typical = spend.iter().map(|x| x * x).sum::<f64>() / spend.iter().sum::<f64>();
    let mut channel = TrueChannel {
        name: name.to_owned(),
        carry_over: 0.1 + 0.6 * rng.random::<f64>(),
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
