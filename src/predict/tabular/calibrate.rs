//! Given scores of rows held out and their classes, turn scores into chances that come true as often as they say.
//!
//! Method: J. Platt (1999), "Probabilistic outputs for support vector machines", a line from
//! score to odds (for several classes one slope and a shift a class, C. Guo et al., 2017, "On
//! calibration of modern neural networks"), or isotonic regression, B. Zadrozny, C. Elkan
//! (2002), doi:10.1145/775047.775151, by pooling adjacent violators, M. Ayer et al. (1955),
//! doi:10.1214/aoms/1177728423; or the scores as they are, whichever has the least log loss on
//! rows that did not set it.
//! Cost: time O(n log n + i n c^2), memory O(n c), with n = rows (thinned for lines so that n c^2
//! stays below 2e8), c = classes, i = steps.
//! Use `conformal.rs` instead for numbers.
//! Not for: fewer than some hundred rows; there the scores stay as they are.
//! Same input, budget and seed give the same answer: yes, unless stopped: then scores stay as they are.
//! Differs from the papers: steps of the isotonic curve are joined by straight lines, and
//! each is drawn to the share of all by half a row.

use std::borrow::Cow;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chances;
use super::folds;
use super::goal::outputs_of;
use super::team::Stop;
use crate::predict::linear::solve_symmetric;

/// Fewest rows for a line and for an isotonic curve.
const ROWS_FOR_LINES: usize = 200;
const ROWS_FOR_STEPS: usize = 1000;
/// Steps of the search for a line.
const NEWTON: usize = 30;
/// Most work for one of them: rows times squared classes.
const NEWTON_WORK: usize = 200_000_000;
/// How far from its start a line may go for nothing, in rows.
const PENALTY: f64 = 1.0;
/// Rows that the share of all counts for in a step.
const PRIOR_ROWS: f64 = 0.5;

/// How scores become chances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Calibration {
    AsTheyAre,
    Lines { slope: f64, shifts: Vec<f64> },
    Steps(Vec<Steps>),
}

/// A rising curve of one output, joined by straight lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Steps {
    at: Vec<f64>,
    chance: Vec<f64>,
}

/// Learns from rows; `None` where it was stopped.
type Learner = fn(Rows<'_>, Stop<'_>) -> Option<Calibration>;

/// Rows held out: scores row after row, and the index of the class of each.
#[derive(Clone, Copy)]
struct Rows<'a> {
    scores: &'a [f64],
    truth: &'a [f64],
    classes: usize,
}

impl Calibration {
    /// Learns from rows held out; gives their chances (row after row) as told by the other rows as well.
    ///
    /// `stop` is asked between steps; what is not learned by then is left out.
    pub(crate) fn learn(
        scores: &[f64],
        truth: &[f64],
        classes: usize,
        seed: u64,
        stop: Stop<'_>,
    ) -> (Self, Vec<f64>) {
        let rows = Rows { scores, truth, classes };
        let mut kinds: Vec<Learner> = vec![|_, _| Some(Calibration::AsTheyAre)];
        if truth.len() >= ROWS_FOR_LINES {
            kinds.push(lines);
        }
        if truth.len() >= ROWS_FOR_STEPS {
            kinds.push(steps);
        }
        let parts = folds::split(truth.len(), seed ^ 0x6361_6c69);
        let mut best: Option<(f64, Calibration, Vec<f64>)> = None;
        for learn in kinds {
            let Some(found) = cross_fitted(rows, &parts, learn, stop) else { continue };
            if best.as_ref().is_none_or(|(least, ..)| found.0 < *least) {
                best = Some(found);
            }
        }
        best.map_or_else(
            || (Calibration::AsTheyAre, Vec::new()),
            |(_, calibration, chances)| (calibration, chances),
        )
    }

    /// The chances of all classes from the scores of a row.
    pub(crate) fn apply(&self, scores: &[f64], chances: &mut [f64]) {
        match self {
            Calibration::AsTheyAre => chances::of_scores(scores, chances),
            Calibration::Lines { slope, shifts } => {
                let moved: Vec<f64> = scores.iter().zip(shifts).map(|(z, shift)| slope * z + shift).collect();
                chances::of_scores(&moved, chances);
            }
            Calibration::Steps(steps) => {
                if let ([z], [steps]) = (scores, steps.as_slice()) {
                    chances[1] = steps.of(*z);
                    chances[0] = 1.0 - chances[1];
                    return;
                }
                chances::of_scores(scores, chances);
                chances.iter_mut().zip(steps).for_each(|(p, steps)| *p = steps.of(p.max(1e-300).ln()));
                let sum: f64 = chances.iter().sum();
                chances.iter_mut().for_each(|p| *p /= sum);
            }
        }
    }

    /// The chances of all rows, row after row.
    pub(crate) fn of_rows(&self, scores: &[f64], classes: usize) -> Vec<f64> {
        let outputs = outputs_of(classes);
        let mut all = vec![0.0; scores.len() / outputs * classes];
        let rows = all.chunks_exact_mut(classes).zip(scores.chunks_exact(outputs));
        rows.for_each(|(chances, scores)| self.apply(scores, chances));
        all
    }

    /// Its word in texts.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Calibration::AsTheyAre => "none",
            Calibration::Lines { .. } => "platt",
            Calibration::Steps(_) => "isotonic",
        }
    }

    /// Whether it fits to `outputs` scores.
    pub(crate) fn is_sound(&self, outputs: usize) -> bool {
        match self {
            Calibration::AsTheyAre => true,
            Calibration::Lines { slope, shifts } => {
                shifts.len() == outputs && slope.is_finite() && shifts.iter().all(|shift| shift.is_finite())
            }
            Calibration::Steps(steps) => {
                let sound = |steps: &Steps| {
                    !steps.at.is_empty()
                        && steps.at.len() == steps.chance.len()
                        && steps.at.windows(2).all(|pair| pair[0] < pair[1])
                        && steps.chance.iter().all(|p| *p > 0.0 && *p < 1.0)
                };
                steps.len() == outputs && steps.iter().all(sound)
            }
        }
    }
}

impl Steps {
    fn of(&self, z: f64) -> f64 {
        let above = self.at.partition_point(|at| *at <= z);
        if above == 0 || above == self.at.len() {
            return self.chance[above.min(self.at.len() - 1)];
        }
        let (low, high) = (self.at[above - 1], self.at[above]);
        let share = (z - low) / (high - low);
        self.chance[above - 1] + share * (self.chance[above] - self.chance[above - 1])
    }
}

/// What all rows give, with the log loss of chances that were learned without their rows, and these
/// chances; `None` where it was stopped.
fn cross_fitted(
    rows: Rows<'_>,
    parts: &[(Vec<u32>, Vec<u32>)],
    learn: Learner,
    stop: Stop<'_>,
) -> Option<(f64, Calibration, Vec<f64>)> {
    let outputs = outputs_of(rows.classes);
    let of_part = |(inside, outside): &(Vec<u32>, Vec<u32>)| {
        let take = |which: &[u32]| -> Vec<f64> {
            which.iter().flat_map(|row| &rows.scores[*row as usize * outputs..][..outputs]).copied().collect()
        };
        let truth = folds::take_targets(rows.truth, inside);
        let calibration = learn(Rows { scores: &take(inside), truth: &truth, ..rows }, stop)?;
        Some(calibration.of_rows(&take(outside), rows.classes))
    };
    let of_parts: Option<Vec<Vec<f64>>> = parts.par_iter().map(of_part).collect();
    let of_parts = of_parts?;
    let calibration = learn(rows, stop)?;
    // Where parts are too large to be held out each, the last curve stands in.
    let mut all = calibration.of_rows(rows.scores, rows.classes);
    let (mut loss, mut judged) = (0.0, 0.0);
    for ((_, outside), chances) in parts.iter().zip(&of_parts) {
        for (row, chances) in outside.iter().zip(chances.chunks_exact(rows.classes)) {
            let row = *row as usize;
            loss -= chances[rows.truth[row] as usize].max(1e-15).ln();
            judged += 1.0;
            all[row * rows.classes..][..rows.classes].copy_from_slice(chances);
        }
    }
    Some((loss / f64::max(judged, 1.0), calibration, all))
}

/// Newton's steps to the slope and the shifts with the least log loss.
fn lines(rows: Rows<'_>, stop: Stop<'_>) -> Option<Calibration> {
    let outputs = outputs_of(rows.classes);
    let most = (NEWTON_WORK / (rows.classes * rows.classes)).max(ROWS_FOR_LINES);
    let (scores, truth) = thin(rows, most);
    let rows = Rows { scores: &scores, truth: &truth, ..rows };
    let told = |at: &[f64]| Calibration::Lines { slope: at[0], shifts: at[1..].to_vec() };
    let mut at = vec![0.0; outputs + 1];
    at[0] = 1.0;
    let value = |at: &[f64]| {
        let moved: Vec<f64> = rows
            .scores
            .chunks_exact(outputs)
            .flat_map(|z| z.iter().zip(&at[1..]).map(|(z, shift)| at[0] * z + shift))
            .collect();
        let away = (at[0] - 1.0).powi(2) + at[1..].iter().map(|shift| shift * shift).sum::<f64>();
        let loss = chances::log_loss_of_scores(&moved, rows.truth, outputs);
        loss * rows.truth.len() as f64 + 0.5 * PENALTY * away
    };
    let mut least = value(&at);
    for _ in 0..NEWTON {
        if stop() {
            return None;
        }
        let Some(step) = newton_step(rows, &at) else { break };
        let tried = [1.0, 0.5, 0.25, 0.0625].into_iter().find_map(|length| {
            let there: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at - length * step).collect();
            let found = value(&there);
            (found < least).then_some((there, found))
        });
        let Some((there, found)) = tried else { break };
        let gained = least - found;
        (at, least) = (there, found);
        if gained < 1e-9 * least.abs() {
            break;
        }
    }
    Some(told(&at))
}

/// The scores and classes of at most so many of the rows, evenly spread.
fn thin(rows: Rows<'_>, most: usize) -> (Cow<'_, [f64]>, Cow<'_, [f64]>) {
    let stride = rows.truth.len().div_ceil(most.max(1)).max(1);
    if stride == 1 {
        return (rows.scores.into(), rows.truth.into());
    }
    let outputs = outputs_of(rows.classes);
    let scores: Vec<f64> = rows.scores.chunks_exact(outputs).step_by(stride).flatten().copied().collect();
    let truth: Vec<f64> = rows.truth.iter().step_by(stride).copied().collect();
    (scores.into(), truth.into())
}

/// Slopes of the loss divided by its curvature.
fn newton_step(rows: Rows<'_>, at: &[f64]) -> Option<Vec<f64>> {
    let outputs = outputs_of(rows.classes);
    let first = rows.classes - outputs;
    let width = outputs + 1;
    let mut slopes: Vec<f64> = at.iter().map(|x| PENALTY * x).collect();
    slopes[0] -= PENALTY;
    let mut curvature = vec![0.0; width * width];
    (0..width).for_each(|k| curvature[k * width + k] = PENALTY);
    let mut p = vec![0.0; rows.classes];
    let told = Calibration::Lines { slope: at[0], shifts: at[1..].to_vec() };
    let mut mean = vec![0.0; width];
    for (z, y) in rows.scores.chunks_exact(outputs).zip(rows.truth) {
        told.apply(z, &mut p);
        // Each output moves by its own score along the slope, and by 1 along its shift.
        mean.fill(0.0);
        for (output, z) in z.iter().enumerate() {
            let chance = p[first + output];
            let pull = chance - f64::from(u8::from(*y as usize == first + output));
            let place = output + 1;
            slopes[0] += pull * z;
            slopes[place] += pull;
            mean[0] += chance * z;
            mean[place] = chance;
            curvature[0] += chance * z * z;
            curvature[place * width] += chance * z;
            curvature[place * width + place] += chance;
        }
        for (i, by_row) in curvature.chunks_exact_mut(width).enumerate() {
            by_row[..=i].iter_mut().zip(&mean).for_each(|(cell, other)| *cell -= mean[i] * other);
        }
    }
    for i in 0..width {
        (0..i).for_each(|j| curvature[j * width + i] = curvature[i * width + j]);
    }
    solve_symmetric(&mut curvature, &mut slopes).then_some(slopes)
}

/// An isotonic curve of each output: of the score for two classes, else of the logarithm of the chance.
fn steps(rows: Rows<'_>, stop: Stop<'_>) -> Option<Calibration> {
    let outputs = outputs_of(rows.classes);
    let logs: Vec<f64> = if outputs == 1 {
        rows.scores.to_vec()
    } else {
        let chances = Calibration::AsTheyAre.of_rows(rows.scores, rows.classes);
        chances.into_iter().map(|p| p.max(1e-300).ln()).collect()
    };
    let of_output = |output: usize| {
        if stop() {
            return None;
        }
        let class = output + rows.classes - outputs;
        let pairs = logs.iter().skip(output).step_by(outputs).zip(rows.truth);
        Some(isotonic(pairs.map(|(z, y)| (*z, f64::from(u8::from(*y as usize == class)))).collect()))
    };
    (0..outputs).map(of_output).collect::<Option<Vec<Steps>>>().map(Calibration::Steps)
}

/// The rising curve nearest to the pairs in squares.
fn isotonic(mut pairs: Vec<(f64, f64)>) -> Steps {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let share = (pairs.iter().map(|(_, y)| y).sum::<f64>() + 0.5) / (pairs.len() as f64 + 1.0);
    // Sum of scores, hits and rows of each block.
    let mut blocks: Vec<[f64; 3]> = Vec::new();
    let mut at = 0;
    while at < pairs.len() {
        let z = pairs[at].0;
        let end = at + pairs[at..].iter().take_while(|(other, _)| *other == z).count();
        let rows = (end - at) as f64;
        let mut block = [z * rows, pairs[at..end].iter().map(|(_, y)| y).sum(), rows];
        while let Some(last) = blocks.last()
            && last[1] * block[2] >= block[1] * last[2]
        {
            block = [0, 1, 2].map(|k| block[k] + last[k]);
            blocks.pop();
        }
        blocks.push(block);
        at = end;
    }
    let chance = |block: &[f64; 3]| (block[1] + PRIOR_ROWS * share) / (block[2] + PRIOR_ROWS);
    let mut steps = Steps { at: Vec::new(), chance: Vec::new() };
    for block in &blocks {
        let (at, chance) = (block[0] / block[2], chance(block));
        if steps.at.last().is_none_or(|last| *last < at) {
            // Small blocks at the ends are drawn in more than their neighbours.
            let least = steps.chance.last().copied().unwrap_or(0.0);
            steps.at.push(at);
            steps.chance.push(chance.max(least));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Scores whose true chance is `truth(z)`.
    fn draw(rows: usize, truth: impl Fn(f64) -> f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let z: Vec<f64> = (0..rows).map(|_| rng.random::<f64>() * 6.0 - 3.0).collect();
        let y = z.iter().map(|z| f64::from(u8::from(rng.random::<f64>() < truth(*z)))).collect();
        (z, y)
    }

    fn worst(calibration: &Calibration, truth: impl Fn(f64) -> f64) -> f64 {
        let off = |z: f64| {
            let mut p = [0.0; 2];
            calibration.apply(&[z], &mut p);
            (p[1] - truth(z)).abs()
        };
        (-25..=25).map(|k| off(f64::from(k) / 10.0)).fold(0.0, f64::max)
    }

    #[test]
    fn known_chances_are_found_by_a_line_where_they_lie_on_one() {
        let truth = |z: f64| chances::logistic(0.5 * z - 1.0);
        let (z, y) = draw(20_000, truth, 1);
        let (calibration, chances) = Calibration::learn(&z, &y, 2, 3, &|| false);
        assert_eq!((calibration.as_str(), chances.len()), ("platt", 40_000));
        assert!(calibration.is_sound(1) && worst(&calibration, truth) < 0.02, "{calibration:?}");
        assert!(worst(&Calibration::AsTheyAre, truth) > 0.2);
    }

    #[test]
    fn known_chances_are_found_by_steps_where_they_bend() {
        let truth = |z: f64| if z < 0.0 { 0.1 } else { 0.15 + 0.2 * z };
        let (z, y) = draw(20_000, truth, 2);
        let (calibration, _) = Calibration::learn(&z, &y, 2, 3, &|| false);
        assert_eq!(calibration.as_str(), "isotonic");
        assert!(calibration.is_sound(1) && worst(&calibration, truth) < 0.06, "{calibration:?}");
    }

    #[test]
    fn the_line_is_flat_in_its_loss() {
        let (z, y) = draw(500, |z| chances::logistic(2.0 * z + 0.5), 4);
        let rows = Rows { scores: &z, truth: &y, classes: 2 };
        let Some(Calibration::Lines { slope, shifts }) = lines(rows, &|| false) else { panic!("no line") };
        let pulls = z.iter().zip(&y).map(|(z, y)| (chances::logistic(slope * z + shifts[0]) - y, z));
        let of_slope: f64 = pulls.clone().map(|(pull, z)| pull * z).sum::<f64>() + PENALTY * (slope - 1.0);
        let of_shift: f64 = pulls.map(|(pull, _)| pull).sum::<f64>() + PENALTY * shifts[0];
        assert!(of_slope.abs() < 1e-2 && of_shift.abs() < 1e-2, "{of_slope} {of_shift}");
    }

    #[test]
    fn steps_rise_and_pool_what_falls() {
        let told = isotonic(vec![(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (3.0, 1.0), (4.0, 1.0)]);
        // The second and the third are pooled to a half.
        assert_eq!(told.at, [0.0, 1.5, 3.5]);
        assert!((told.chance[1] - 0.5).abs() < 0.1 && told.chance.is_sorted(), "{told:?}");
        assert!(told.of(0.75) > told.of(0.1) && told.of(9.0) == told.of(4.0));
    }

    #[test]
    fn several_classes_get_their_shares_back() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let (mut scores, mut truth) = (Vec::new(), Vec::new());
        for _ in 0..6000 {
            let z: Vec<f64> = (0..3).map(|_| rng.random::<f64>() * 4.0).collect();
            let mut p = [0.0; 3];
            chances::of_scores(&[z[0] * 0.5, z[1] * 0.5 + 1.0, z[2] * 0.5], &mut p);
            let draw: f64 = rng.random();
            truth.push(if draw < p[0] {
                0.0
            } else if draw < p[0] + p[1] {
                1.0
            } else {
                2.0
            });
            scores.extend(z);
        }
        let (calibration, _) = Calibration::learn(&scores, &truth, 3, 1, &|| false);
        let Calibration::Lines { slope, shifts } = &calibration else { panic!("{calibration:?}") };
        assert!((slope - 0.5).abs() < 0.05 && (shifts[1] - shifts[0] - 1.0).abs() < 0.12, "{calibration:?}");
        let mut p = [0.0; 3];
        let rows = Rows { scores: &scores, truth: &truth, classes: 3 };
        let Some(told) = steps(rows, &|| false) else { panic!("no steps") };
        told.apply(&[1.0, 2.0, 0.5], &mut p);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_stop_is_heard_between_steps_and_leaves_scores_as_they_are() {
        let (z, y) = draw(20_000, |z| chances::logistic(0.5 * z - 1.0), 6);
        let asked = AtomicUsize::new(0);
        for least in [0, 3, 8] {
            asked.store(0, Ordering::Relaxed);
            let stop = || asked.fetch_add(1, Ordering::Relaxed) >= least;
            let (calibration, chances) = Calibration::learn(&z, &y, 2, 3, &stop);
            assert_eq!((calibration, chances.len()), (Calibration::AsTheyAre, 40_000));
            // Each part and each kind hears of it once.
            assert!(asked.load(Ordering::Relaxed) <= least + 12, "{asked:?}");
        }
    }

    #[test]
    fn rows_are_thinned_with_their_classes() {
        let (scores, truth): (Vec<f64>, Vec<f64>) =
            ((0..30).map(f64::from).collect(), (0..10).map(f64::from).collect());
        let rows = Rows { scores: &scores, truth: &truth, classes: 3 };
        let (few, its) = thin(rows, 4);
        assert_eq!(its.as_ref(), [0.0, 3.0, 6.0, 9.0]);
        assert_eq!(few.as_ref(), [0.0, 1.0, 2.0, 9.0, 10.0, 11.0, 18.0, 19.0, 20.0, 27.0, 28.0, 29.0]);
        let (all, its) = thin(rows, 10);
        assert_eq!((all.len(), its.len()), (30, 10));
    }

    #[test]
    fn few_rows_stay_as_they_are() {
        let (z, y) = draw(50, |_| 0.5, 5);
        assert_eq!(Calibration::learn(&z, &y, 2, 1, &|| false).0, Calibration::AsTheyAre);
    }
}
