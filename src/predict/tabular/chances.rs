//! From scores to chances of classes, and how good chances are.

/// Chances are judged as if they were at least this and at most one less this.
const LEAST_CHANCE: f64 = 1e-15;
/// Groups of rows in which chances are compared with what came.
const CALIBRATION_GROUPS: usize = 15;

/// 1 / (1 + exp(-z)).
pub(crate) fn logistic(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// The chances of all classes from the scores of one row.
pub(crate) fn of_scores(scores: &[f64], chances: &mut [f64]) {
    if let [z] = scores {
        chances[1] = logistic(*z);
        chances[0] = logistic(-*z);
        return;
    }
    let most = scores.iter().fold(f64::NEG_INFINITY, |most, z| most.max(*z));
    chances.iter_mut().zip(scores).for_each(|(chance, z)| *chance = (z - most).exp());
    let sum: f64 = chances.iter().sum();
    chances.iter_mut().for_each(|chance| *chance /= sum);
}

/// ln(1 + exp(z)) without overflow.
fn soft_plus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// Mean of -ln(chance of the true class), straight from scores.
pub(crate) fn log_loss_of_scores(scores: &[f64], truth: &[f64], outputs: usize) -> f64 {
    let of_row = |(z, y): (&[f64], &f64)| -> f64 {
        if let [z] = z {
            return soft_plus(if *y > 0.5 { -*z } else { *z });
        }
        let most = z.iter().fold(f64::NEG_INFINITY, |most, z| most.max(*z));
        most + z.iter().map(|z| (z - most).exp()).sum::<f64>().ln() - z[*y as usize]
    };
    scores.chunks_exact(outputs).zip(truth).map(of_row).sum::<f64>() / truth.len().max(1) as f64
}

/// Scores of chances on rows whose class is known; NaN where it cannot be told.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassScores {
    /// Rows scored.
    pub rows: usize,
    /// Share of rows whose likeliest class is the true one.
    pub accuracy: f64,
    /// Mean over the classes of the share of a class's rows that are found.
    pub balanced_accuracy: f64,
    /// Mean over the classes of the harmonic mean of precision and recall.
    pub macro_f1: f64,
    /// Mean of -ln(chance given to the true class).
    pub log_loss: f64,
    /// Chance that a row of a class is given a higher chance of it than a row of another
    /// class; mean over the classes where there are more than two.
    pub auc: f64,
    /// Mean squared distance of chances from the truth: of the second class's chance where
    /// there are two classes, else summed over the classes.
    pub brier: f64,
    /// Mean distance of chances from shares in groups of rows of alike chance: of the second
    /// class where there are two, else of the likeliest class.
    pub calibration_error: f64,
    /// `[truth][answer]`: rows.
    pub confusion: Vec<Vec<usize>>,
}

/// Mean chance and share of rows in one group of rows of alike chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationGroup {
    /// Rows of the group.
    pub rows: usize,
    /// Mean chance that they were given.
    pub chance: f64,
    /// Share of them that are of the class.
    pub share: f64,
}

/// Chances of `classes` classes for rows, row after row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chances {
    /// Number of classes.
    pub classes: usize,
    /// `[row * classes + class]`.
    pub values: Vec<f64>,
}

impl Chances {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.classes.max(1)
    }

    /// The chances of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.classes..(row + 1) * self.classes]
    }

    /// The likeliest class of a row, the first of equals.
    #[must_use]
    pub fn likeliest(&self, row: usize) -> usize {
        let chances = self.row(row);
        (1..chances.len()).fold(0, |best, class| if chances[class] > chances[best] { class } else { best })
    }

    /// The chances of one class.
    #[must_use]
    pub fn of_class(&self, class: usize) -> Vec<f64> {
        (0..self.rows()).map(|row| self.row(row)[class]).collect()
    }

    /// Scores against the true classes; rows whose class is `None` are left out.
    ///
    /// ```
    /// use purvey::predict::tabular::Chances;
    /// let chances = Chances { classes: 2, values: vec![0.9, 0.1, 0.4, 0.6, 0.7, 0.3] };
    /// let scores = chances.scores(&[Some(0), Some(1), Some(1)]);
    /// assert_eq!((scores.auc, scores.confusion), (1.0, vec![vec![1, 0], vec![1, 1]]));
    /// assert!((scores.brier - (0.01 + 0.16 + 0.49) / 3.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn scores(&self, truth: &[Option<u32>]) -> ClassScores {
        let known: Vec<(usize, usize)> =
            truth.iter().enumerate().filter_map(|(row, class)| class.map(|c| (row, c as usize))).collect();
        let n = known.len() as f64;
        let mut confusion = vec![vec![0; self.classes]; self.classes];
        let mut brier = 0.0;
        for &(row, class) in &known {
            let chances = self.row(row);
            confusion[class][self.likeliest(row)] += 1;
            let off = |(k, chance): (usize, &f64)| (chance - f64::from(u8::from(k == class))).powi(2);
            brier += chances.iter().enumerate().map(off).sum::<f64>();
        }
        let right: usize = (0..self.classes).map(|class| confusion[class][class]).sum();
        let (balanced_accuracy, macro_f1) = per_class(&confusion);
        ClassScores {
            rows: known.len(),
            accuracy: right as f64 / n,
            balanced_accuracy,
            macro_f1,
            log_loss: self.log_loss(truth),
            auc: self.auc(&known),
            // Of two classes, both are equally far off.
            brier: brier / n / if self.classes == 2 { 2.0 } else { 1.0 },
            calibration_error: self.calibration_error(truth),
            confusion,
        }
    }

    /// Mean of -ln(chance given to the true class).
    pub(crate) fn log_loss(&self, truth: &[Option<u32>]) -> f64 {
        let known = truth.iter().enumerate().filter_map(|(row, class)| class.map(|class| (row, class)));
        let loss = |(row, class): (usize, u32)| {
            -self.row(row)[class as usize].clamp(LEAST_CHANCE, 1.0 - LEAST_CHANCE).ln()
        };
        known.clone().map(loss).sum::<f64>() / known.count() as f64
    }

    fn auc(&self, known: &[(usize, usize)]) -> f64 {
        let of_class = |class: usize| {
            let pairs = known.iter().map(|(row, truth)| (self.row(*row)[class], *truth == class));
            area_under_curve(pairs.collect())
        };
        if self.classes == 2 {
            return of_class(1);
        }
        let areas: Vec<f64> = (0..self.classes).map(of_class).filter(|area| !area.is_nan()).collect();
        areas.iter().sum::<f64>() / areas.len() as f64
    }

    fn calibration_error(&self, truth: &[Option<u32>]) -> f64 {
        let groups = self.calibration(truth, (self.classes == 2).then_some(1));
        let rows: usize = groups.iter().map(|group| group.rows).sum();
        groups.iter().map(|group| group.rows as f64 * (group.chance - group.share).abs()).sum::<f64>()
            / rows as f64
    }

    /// Rows in groups of alike chance of `class` (`None`: of each row's likeliest class), lowest first.
    #[must_use]
    pub fn calibration(&self, truth: &[Option<u32>], class: Option<usize>) -> Vec<CalibrationGroup> {
        let mut pairs: Vec<(f64, bool)> = truth
            .iter()
            .enumerate()
            .filter_map(|(row, truth)| {
                let class = class.unwrap_or_else(|| self.likeliest(row));
                truth.map(|truth| (self.row(row)[class], truth as usize == class))
            })
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n = pairs.len();
        let groups = CALIBRATION_GROUPS.min(n);
        (0..groups)
            .map(|group| {
                let part = &pairs[group * n / groups..(group + 1) * n / groups];
                let rows = part.len() as f64;
                CalibrationGroup {
                    rows: part.len(),
                    chance: part.iter().map(|(chance, _)| chance).sum::<f64>() / rows,
                    share: part.iter().filter(|(_, is_of_class)| *is_of_class).count() as f64 / rows,
                }
            })
            .collect()
    }

    /// Share of false alarms and share found, as the chance of `class` from which a row is
    /// taken for it falls from 1 to 0: at most `points` points from (0, 0) to (1, 1).
    #[must_use]
    pub fn roc(&self, truth: &[Option<u32>], class: usize, points: usize) -> Vec<(f64, f64)> {
        let known = truth.iter().enumerate().filter_map(|(row, truth)| truth.map(|t| (row, t)));
        let mut pairs: Vec<(f64, bool)> =
            known.map(|(row, truth)| (self.row(row)[class], truth as usize == class)).collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let of_class = pairs.iter().filter(|(_, is_of_class)| *is_of_class).count() as f64;
        let others = pairs.len() as f64 - of_class;
        let (mut found, mut alarms) = (0.0, 0.0);
        let mut curve = vec![(0.0, 0.0)];
        for (at, (chance, is_of_class)) in pairs.iter().enumerate() {
            if *is_of_class {
                found += 1.0
            } else {
                alarms += 1.0
            }
            // Rows of equal chance are taken together.
            if pairs.get(at + 1).is_none_or(|(next, _)| next < chance) {
                curve.push((alarms / others.max(1.0), found / of_class.max(1.0)));
            }
        }
        let stride = curve.len().div_ceil(points.max(2) - 1).max(1);
        let last = curve.len() - 1;
        (0..last).step_by(stride).chain([last]).map(|at| curve[at]).collect()
    }
}

/// Balanced accuracy and mean F1 of a table of truths and answers; classes without rows are left out.
fn per_class(confusion: &[Vec<usize>]) -> (f64, f64) {
    let (mut recall, mut f1, mut classes) = (0.0, 0.0, 0.0);
    for (class, answers) in confusion.iter().enumerate() {
        let of_class: usize = answers.iter().sum();
        let taken: usize = confusion.iter().map(|answers| answers[class]).sum();
        if of_class > 0 {
            classes += 1.0;
            recall += answers[class] as f64 / of_class as f64;
            f1 += 2.0 * answers[class] as f64 / (of_class + taken) as f64;
        }
    }
    (recall / classes, f1 / classes)
}

/// Share of pairs of one row of each kind in which the row of the kind has the higher
/// chance; equal chances count half.
fn area_under_curve(mut pairs: Vec<(f64, bool)>) -> f64 {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let of_class = pairs.iter().filter(|(_, is_of_class)| *is_of_class).count() as f64;
    let others = pairs.len() as f64 - of_class;
    let (mut below, mut won) = (0.0, 0.0);
    let mut start = 0;
    while start < pairs.len() {
        let chance = pairs[start].0;
        let end = start + pairs[start..].iter().take_while(|(other, _)| *other == chance).count();
        let mine = pairs[start..end].iter().filter(|(_, is_of_class)| *is_of_class).count() as f64;
        let theirs = (end - start) as f64 - mine;
        won += mine * (below + 0.5 * theirs);
        below += theirs;
        start = end;
    }
    won / (of_class * others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn draw(rows: usize, seed: u64) -> (Chances, Vec<Option<u32>>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut values = Vec::new();
        let mut truth = Vec::new();
        for _ in 0..rows {
            // Rounded, so that some are equal.
            let p = (rng.random::<f64>() * 20.0).round() / 20.0;
            values.extend([1.0 - p, p]);
            truth.push(Some(u32::from(rng.random::<f64>() < p)));
        }
        (Chances { classes: 2, values }, truth)
    }

    #[test]
    fn the_area_is_the_share_of_pairs_won() {
        let (chances, truth) = draw(300, 1);
        let (mut won, mut pairs) = (0.0, 0.0);
        for (a, of_a) in truth.iter().enumerate().filter(|(_, t)| **t == Some(1)) {
            for (b, of_b) in truth.iter().enumerate().filter(|(_, t)| **t == Some(0)) {
                assert_ne!(of_a, of_b);
                let (p, q) = (chances.row(a)[1], chances.row(b)[1]);
                won += if p > q {
                    1.0
                } else if p == q {
                    0.5
                } else {
                    0.0
                };
                pairs += 1.0;
            }
        }
        let scores = chances.scores(&truth);
        assert!((scores.auc - won / pairs).abs() < 1e-12, "{} for {}", scores.auc, won / pairs);
        // The area under the drawn curve is the same.
        let curve = chances.roc(&truth, 1, usize::MAX);
        let area: f64 = curve.windows(2).map(|w| (w[1].0 - w[0].0) * 0.5 * (w[0].1 + w[1].1)).sum();
        assert!((area - scores.auc).abs() < 1e-12, "{area}");
        assert_eq!((curve[0], curve[curve.len() - 1]), ((0.0, 0.0), (1.0, 1.0)));
        assert!(chances.roc(&truth, 1, 8).len() <= 8);
    }

    #[test]
    fn true_chances_are_calibrated_and_sharper_ones_are_not() {
        let (chances, truth) = draw(20_000, 2);
        assert!(chances.scores(&truth).calibration_error < 0.012);
        let sharp = chances.values.iter().map(|p| if *p > 0.5 { 0.97 } else { 0.03 }).collect();
        assert!(Chances { classes: 2, values: sharp }.scores(&truth).calibration_error > 0.15);
    }

    #[test]
    fn several_classes_are_scored_one_by_one() {
        let chances = Chances { classes: 3, values: vec![0.6, 0.3, 0.1, 0.2, 0.5, 0.3, 0.1, 0.5, 0.4] };
        let scores = chances.scores(&[Some(0), Some(1), Some(2)]);
        assert_eq!(scores.confusion, [[1, 0, 0], [0, 1, 0], [0, 1, 0]]);
        assert!((scores.accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert!((scores.macro_f1 - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
        let wanted = -(0.6_f64.ln() + 0.5_f64.ln() + 0.4_f64.ln()) / 3.0;
        assert!((scores.log_loss - wanted).abs() < 1e-12);
        // Of the pairs of the second class one is a tie, one is won.
        assert!((scores.auc - (1.0 + 0.75 + 1.0) / 3.0).abs() < 1e-12, "{}", scores.auc);
        assert!(chances.scores(&[None, None, None]).accuracy.is_nan());
    }

    #[test]
    fn huge_scores_keep_finite_losses() {
        assert!((log_loss_of_scores(&[-800.0], &[1.0], 1) - 800.0).abs() < 1e-9);
        assert!((log_loss_of_scores(&[900.0, 0.0, 0.0], &[1.0], 3) - 900.0).abs() < 1e-9);
        let mut chances = [0.0; 2];
        of_scores(&[800.0], &mut chances);
        assert_eq!(chances, [0.0, 1.0]);
    }
}
