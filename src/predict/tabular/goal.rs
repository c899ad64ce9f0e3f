//! What is learned: a number on a scale, or the chances of classes.
//!
//! Learners know scores only: one a row for a number or for two classes (the logarithm of
//! the odds of the second), one a class where there are more. Scores of several rows stand
//! row after row.

use super::chances;
use super::metrics::Metric;
use super::target::Scale;

/// Classes whose share tells a word; with each the columns to learn from grow in number.
const CLASSES_WITH_MEANS: usize = 8;

/// What is learned, and which error decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// A number; its error is `metric` in the target's own unit.
    Number { metric: Metric, scale: Scale },
    /// The class of a row, told by its index; the error is the log loss.
    Classes { classes: usize },
}

impl Goal {
    /// Scores of a row.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Goal::Number { .. } => 1,
            Goal::Classes { classes } => outputs_of(classes),
        }
    }

    /// The scale of scores.
    pub(crate) fn scale(self) -> Scale {
        match self {
            Goal::Number { scale, .. } => scale,
            Goal::Classes { .. } => Scale::Plain,
        }
    }

    /// The error of scores.
    pub(crate) fn error(self, scores: &[f64], truth: &[f64]) -> f64 {
        match self {
            Goal::Number { metric, scale } => {
                let answers: Vec<f64> = scores.iter().map(|z| scale.back(*z)).collect();
                metric.of(&answers, truth)
            }
            Goal::Classes { .. } => chances::log_loss_of_scores(scores, truth, self.outputs()),
        }
    }

    /// Whose means tell a word: the target, or whether the row is of a class, for each of the
    /// commonest classes, in their order.
    pub(crate) fn for_means(self, target: &[f64]) -> Vec<Vec<f64>> {
        let outputs = self.outputs();
        if outputs == 1 {
            return vec![target.to_vec()];
        }
        let mut rows = vec![0_usize; outputs];
        target.iter().for_each(|class| rows[*class as usize] += 1);
        let mut commonest: Vec<usize> = (0..outputs).collect();
        commonest.sort_by_key(|class| std::cmp::Reverse(rows[*class]));
        commonest.truncate(CLASSES_WITH_MEANS);
        commonest.sort_unstable();
        commonest.into_iter().map(|class| indicator(target, class)).collect()
    }
}

/// Scores that tell the chances of so many classes.
pub(crate) fn outputs_of(classes: usize) -> usize {
    if classes == 2 { 1 } else { classes }
}

/// 1 where the target is `class`, else 0.
pub(crate) fn indicator(target: &[f64], class: usize) -> Vec<f64> {
    target.iter().map(|y| f64::from(u8::from(*y as usize == class))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_classes_tell_words() {
        // Class k stands in k rows, but the first in a hundred.
        let target: Vec<f64> =
            (1..12).flat_map(|k| vec![f64::from(k); k as usize]).chain(vec![0.0; 100]).collect();
        let told = Goal::Classes { classes: 12 }.for_means(&target);
        let rows: Vec<f64> = told.iter().map(|of_class| of_class.iter().sum()).collect();
        assert_eq!(rows, [100.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
    }

    #[test]
    fn two_classes_have_one_score_and_three_have_three() {
        let (two, three) = (Goal::Classes { classes: 2 }, Goal::Classes { classes: 3 });
        assert_eq!((two.outputs(), three.outputs()), (1, 3));
        assert_eq!(two.for_means(&[0.0, 1.0]), [[0.0, 1.0]]);
        assert_eq!(three.for_means(&[0.0, 2.0]), [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]);
        // The same chances told in both ways.
        let odds = 0.25_f64.ln();
        let told_by_one = two.error(&[odds, odds], &[0.0, 1.0]);
        let told_by_each = three.error(&[0.0, odds, -60.0, 0.0, odds, -60.0], &[0.0, 1.0]);
        let wanted = -(0.8_f64.ln() + 0.2_f64.ln()) / 2.0;
        assert!((told_by_one - wanted).abs() < 1e-12 && (told_by_each - wanted).abs() < 1e-12);
    }
}
