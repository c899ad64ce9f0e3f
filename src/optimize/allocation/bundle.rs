//! Given a concave function known by values and slopes at the points asked, find the point of an allowed set where it is highest.
//!
//! Method: proximal bundle (Kiwiel 1990, "Proximity control in bundle methods
//! for convex nondifferentiable minimization", doi:10.1007/BF01585731). Cuts
//! collected so far model the function from above; the next point maximises
//! the model less the squared distance from the best point over twice the
//! reach `t`. The quadratic program is solved in its dual: weights of the cuts
//! by exact pair steps, the allowed set by projection, in turns.
//! Cost: O(k m + k²) for each inner turn, memory O(k m), for k <= 40 cuts and m rows.
//! Use `proximal` instead when there are many rows or switches, `single` when
//! there is one row.
//! Not for: tolerances below about 1e-9 of the value.
//! Same input and work limit give the same answer: yes.
//! Differs from the paper: the reach changes by the simple interpolation rule
//! without its aggregate test, and rows are scaled so that one reach fits all.

use super::proximal::Next;

/// Most cuts kept, whatever the number of rows.
const MOST_CUTS: usize = 40;
/// A step counts when it gains this share of what the model promised.
const SERIOUS_SHARE: f64 = 0.1;
const MOST_PAIR_STEPS: usize = 2000;

/// An upper estimate of the function: `value + error + gradient . (x - centre)`.
struct Cut {
    gradient: Vec<f64>,
    error: f64,
    weight: f64,
}

/// What the function is at the point asked.
pub(super) struct Sample {
    /// A value that the function reaches for certain.
    pub bound: f64,
    /// The value at the point of the linear function that the slope belongs
    /// to; equal to the bound unless the function is known only roughly.
    pub value: f64,
    pub gradient: Vec<f64>,
}

/// The cuts, the best point and the reach.
pub(super) struct Bundle {
    pub centre: Vec<f64>,
    pub value: f64,
    cuts: Vec<Cut>,
    /// Products of the cuts' slopes, row by row.
    gram: Vec<Vec<f64>>,
    /// Least and greatest allowed coordinate.
    allowed: Vec<(f64, f64)>,
    capacity: usize,
    reach: f64,
    promised: f64,
    turns: usize,
}

impl Bundle {
    /// Starts at `centre`, where the function was sampled.
    pub fn new(centre: Vec<f64>, allowed: Vec<(f64, f64)>, sample: Sample, reach: f64) -> Self {
        let capacity = (2 * centre.len() + 6).min(MOST_CUTS);
        let turns = if centre.len() * capacity <= 4000 { 80 } else { 12 };
        let value = sample.bound;
        let mut bundle = Bundle {
            centre,
            value,
            cuts: Vec::new(),
            gram: Vec::new(),
            allowed,
            capacity,
            reach,
            promised: 0.0,
            turns,
        };
        let error = sample.value - value;
        bundle.add_cut(Cut { gradient: sample.gradient, error, weight: 1.0 });
        bundle
    }

    /// The model's best point within reach; converged when the model promises
    /// no more than `tolerance` anywhere near.
    pub fn next(&mut self, tolerance: f64) -> Next {
        for _ in 0..12 {
            let point = self.solve_model();
            let step: f64 = distance(&point, &self.centre);
            let error: f64 = self.cuts.iter().map(|cut| cut.weight * cut.error).sum();
            self.promised = self.model(&point);
            let slope = step / self.reach;
            let size = self.centre.iter().map(|x| x * x).sum::<f64>().sqrt().max(step);
            if self.promised > tolerance {
                return Next::Ask(point);
            }
            if error <= tolerance && slope * size <= 10.0 * tolerance {
                return Next::Converged;
            }
            // The promise is small because the reach is: look further.
            self.reach *= 8.0;
        }
        Next::Converged
    }

    /// Takes in a sample at the point that `next` gave; true when the point
    /// becomes the new centre.
    pub fn record(&mut self, point: Vec<f64>, sample: Sample) -> bool {
        let gain = sample.bound - self.value;
        let serious = gain >= SERIOUS_SHARE * self.promised;
        let ratio = if self.promised > 0.0 { gain / self.promised } else { 0.0 };
        // The reach that a parabola through both values would have asked for.
        let fitted = if ratio < 1.0 { 0.5 / (1.0 - ratio) } else { 5.0 };
        if serious {
            for cut in &mut self.cuts {
                let change: f64 = cut
                    .gradient
                    .iter()
                    .zip(point.iter().zip(&self.centre))
                    .map(|(g, (new, old))| g * (new - old))
                    .sum();
                cut.error = (self.value + cut.error + change - sample.bound).max(0.0);
            }
            self.centre = point;
            self.value = sample.bound;
            let error = (sample.value - sample.bound).max(0.0);
            self.add_cut(Cut { gradient: sample.gradient, error, weight: 0.0 });
            if ratio > 0.5 {
                self.reach *= fitted.clamp(1.0, 5.0);
            }
        } else {
            let back: f64 = sample
                .gradient
                .iter()
                .zip(point.iter().zip(&self.centre))
                .map(|(g, (new, old))| g * (old - new))
                .sum();
            let error = (sample.value + back - self.value).max(0.0);
            let far = error > 2.0 * self.promised;
            self.add_cut(Cut { gradient: sample.gradient, error, weight: 0.0 });
            if far {
                self.reach *= fitted.clamp(0.2, 0.9);
            }
        }
        serious
    }

    /// Follows a change of the row scales by these factors.
    pub fn rescale(&mut self, factors: &[f64]) {
        for (x, factor) in self.centre.iter_mut().zip(factors) {
            *x *= factor;
        }
        for cut in &mut self.cuts {
            for (g, factor) in cut.gradient.iter_mut().zip(factors) {
                *g /= factor;
            }
        }
        let gram = |a: &Cut| self.cuts.iter().map(|b| dot(&a.gradient, &b.gradient)).collect();
        self.gram = self.cuts.iter().map(gram).collect();
    }

    fn project(&self, point: &mut [f64]) {
        for (x, (lowest, highest)) in point.iter_mut().zip(&self.allowed) {
            *x = x.clamp(*lowest, *highest);
        }
    }

    /// The model at a point, above the centre's value.
    fn model(&self, point: &[f64]) -> f64 {
        let rise = |cut: &Cut| {
            let slope: f64 =
                cut.gradient.iter().zip(point.iter().zip(&self.centre)).map(|(g, (x, c))| g * (x - c)).sum();
            cut.error + slope
        };
        self.cuts.iter().map(rise).fold(f64::INFINITY, f64::min)
    }

    fn add_cut(&mut self, cut: Cut) {
        if self.cuts.len() >= self.capacity {
            self.make_room();
        }
        let products: Vec<f64> = self.cuts.iter().map(|known| dot(&known.gradient, &cut.gradient)).collect();
        for (row, &product) in self.gram.iter_mut().zip(&products) {
            row.push(product);
        }
        let own = dot(&cut.gradient, &cut.gradient);
        self.gram.push(products.into_iter().chain([own]).collect());
        self.cuts.push(cut);
    }

    /// Drops the idle cut with the largest error; where all carry weight, the
    /// two lightest become one.
    fn make_room(&mut self) {
        let mut idle = None;
        for (index, cut) in self.cuts.iter().enumerate().filter(|(_, cut)| cut.weight <= 1e-12) {
            if idle.is_none_or(|other: usize| cut.error > self.cuts[other].error) {
                idle = Some(index);
            }
        }
        if let Some(index) = idle {
            self.remove(index);
            return;
        }
        let mut order: Vec<usize> = (0..self.cuts.len()).collect();
        order.sort_by(|&a, &b| self.cuts[a].weight.total_cmp(&self.cuts[b].weight));
        let (first, second) = (order[0].min(order[1]), order[0].max(order[1]));
        let b = self.remove(second);
        let a = self.remove(first);
        let weight = a.weight + b.weight;
        let mix = |x: f64, y: f64| (a.weight * x + b.weight * y) / weight;
        let gradient = a.gradient.iter().zip(&b.gradient).map(|(&x, &y)| mix(x, y)).collect();
        self.add_cut(Cut { gradient, error: mix(a.error, b.error), weight });
    }

    fn remove(&mut self, index: usize) -> Cut {
        self.gram.remove(index);
        for row in &mut self.gram {
            row.remove(index);
        }
        self.cuts.remove(index)
    }

    /// Maximises model less distance: cut weights and projection in turns.
    fn solve_model(&mut self) -> Vec<f64> {
        let mut normal: Vec<f64> = vec![0.0; self.centre.len()];
        let mut pull: Vec<f64> = vec![0.0; self.cuts.len()];
        let mut point = self.centre.clone();
        for _ in 0..self.turns {
            self.weigh_cuts(&pull);
            let mut free = self.centre.clone();
            for cut in self.cuts.iter().filter(|cut| cut.weight > 0.0) {
                let factor = self.reach * cut.weight;
                for (x, g) in free.iter_mut().zip(&cut.gradient) {
                    *x += factor * g;
                }
            }
            let mut next = free.clone();
            self.project(&mut next);
            let moved = distance(&next, &point);
            let size = distance(&next, &self.centre);
            for ((n, x), f) in normal.iter_mut().zip(&next).zip(&free) {
                *n = (x - f) / self.reach;
            }
            point = next;
            if moved <= 1e-9 * size {
                break;
            }
            for (pull, cut) in pull.iter_mut().zip(&self.cuts) {
                *pull = dot(&cut.gradient, &normal);
            }
        }
        point
    }

    /// Weights of the cuts by pair steps: weight moves from the cut with the
    /// highest slope of the quadratic function to the one with the lowest.
    fn weigh_cuts(&mut self, pull: &[f64]) {
        let count = self.cuts.len();
        let total: f64 = self.cuts.iter().map(|cut| cut.weight).sum();
        if total <= 0.0 {
            self.cuts[count - 1].weight = 1.0;
        }
        let slope_of = |cuts: &[Cut], row: &[f64], index: usize| {
            let curved: f64 = row.iter().zip(cuts).map(|(product, cut)| product * cut.weight).sum();
            self.reach * (curved + pull[index]) + cuts[index].error
        };
        let mut slopes: Vec<f64> =
            (0..count).map(|index| slope_of(&self.cuts, &self.gram[index], index)).collect();
        for _ in 0..MOST_PAIR_STEPS {
            let (mut to, mut from) = (0, usize::MAX);
            for index in 0..count {
                if slopes[index] < slopes[to] {
                    to = index;
                }
                if self.cuts[index].weight > 0.0 && (from == usize::MAX || slopes[index] > slopes[from]) {
                    from = index;
                }
            }
            let drop = slopes[from] - slopes[to];
            let size = slopes[from].abs().max(slopes[to].abs());
            if drop <= 1e-12 * size.max(1e-300) {
                return;
            }
            let curve = self.reach * (self.gram[to][to] + self.gram[from][from] - 2.0 * self.gram[to][from]);
            let available = self.cuts[from].weight;
            let step = if curve > 0.0 { (drop / curve).min(available) } else { available };
            self.cuts[to].weight += step;
            self.cuts[from].weight = if step >= available { 0.0 } else { available - step };
            for (index, slope) in slopes.iter_mut().enumerate() {
                *slope += self.reach * step * (self.gram[index][to] - self.gram[index][from]);
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Highest point of a sum of roofs `3 - |x_i - c_i|` over `x >= 0`; two of the peaks lie outside.
    #[test]
    fn finds_the_peak_of_a_roof() {
        let peaks = [2.0, 0.5, -1.0, 7.0, -0.25];
        let sample = |x: &[f64]| {
            let value: f64 = x.iter().zip(&peaks).map(|(x, c)| 3.0 - (x - c).abs()).sum();
            let gradient = x.iter().zip(&peaks).map(|(x, c)| if x < c { 1.0 } else { -1.0 }).collect();
            Sample { bound: value, value, gradient }
        };
        let allowed = vec![(0.0, f64::INFINITY); 5];
        let mut bundle = Bundle::new(vec![0.0; 5], allowed, sample(&[0.0; 5]), 1.0);
        let mut asked = 0;
        while let Next::Ask(point) = bundle.next(1e-7) {
            let found = sample(&point);
            bundle.record(point, found);
            asked += 1;
            assert!(asked < 200, "no convergence: {}", bundle.value);
        }
        assert!((bundle.value - 13.75).abs() < 1e-6, "{} after {asked}", bundle.value);
    }
}
