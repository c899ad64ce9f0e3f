//! What boosting makes small: how each row pulls at its scores.

use super::Pull;
use crate::predict::tabular::chances;
use crate::predict::tabular::goal::outputs_of;

/// Curvature of a row whose chance is as good as certain.
const LEAST_CURVATURE: f64 = 1e-6;

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Half the squared distance to the target.
    Squares,
    /// -ln of the chance of the true class; the target is the class's index.
    LogLoss {
        /// Number of classes.
        classes: usize,
    },
}

impl Loss {
    /// The best constant of each output.
    pub(super) fn starts(self, target: &[f64]) -> Vec<f64> {
        match self {
            Loss::Squares => vec![target.iter().sum::<f64>() / target.len().max(1) as f64],
            Loss::LogLoss { classes } => prior_scores(target, classes),
        }
    }

    /// Slope and curvature of the loss at every row, output by output; scores stand row after row.
    pub(super) fn fill(self, scores: &[f64], target: &[f64], pulls: &mut [Vec<Pull>]) {
        match (self, pulls) {
            (Loss::Squares, [pulls]) => {
                let rows = pulls.iter_mut().zip(scores.iter().zip(target));
                rows.for_each(|(pull, (score, y))| *pull = [(score - y) as f32, 1.0]);
            }
            (Loss::LogLoss { .. }, [pulls]) => {
                for (pull, (score, y)) in pulls.iter_mut().zip(scores.iter().zip(target)) {
                    let p = chances::logistic(*score);
                    *pull = [(p - y) as f32, (p * (1.0 - p)).max(LEAST_CURVATURE) as f32];
                }
            }
            (_, pulls) => {
                let outputs = pulls.len();
                // As in the paper: the scores of one class are free, so that curvature counts more.
                let share = outputs as f64 / (outputs as f64 - 1.0);
                let mut p = vec![0.0; outputs];
                for (row, (scores, y)) in scores.chunks_exact(outputs).zip(target).enumerate() {
                    chances::of_scores(scores, &mut p);
                    for (class, pulls) in pulls.iter_mut().enumerate() {
                        let is_class = f64::from(u8::from(*y as usize == class));
                        let curvature = share * p[class] * (1.0 - p[class]);
                        pulls[row] = [(p[class] - is_class) as f32, curvature.max(LEAST_CURVATURE) as f32];
                    }
                }
            }
        }
    }
}

/// Scores that give each class its share; a class without rows counts as half a row.
pub(crate) fn prior_scores(target: &[f64], classes: usize) -> Vec<f64> {
    let mut counts = vec![0.5; classes];
    target.iter().for_each(|y| counts[*y as usize] += 1.0);
    let all: f64 = counts.iter().sum();
    if outputs_of(classes) == 1 {
        vec![(counts[1] / counts[0]).ln()]
    } else {
        counts.iter().map(|count| (count / all).ln()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slope is the change of the loss for a small step of the score.
    #[test]
    fn slopes_are_those_of_the_loss() {
        for (classes, scores) in [(2, vec![0.3, -1.2]), (3, vec![0.3, -1.2, 0.4, 2.0, 0.0, -0.5])] {
            let outputs = outputs_of(classes);
            let target = [1.0, 0.0];
            let mut pulls = vec![vec![[0.0; 2]; 2]; outputs];
            Loss::LogLoss { classes }.fill(&scores, &target, &mut pulls);
            let loss = |scores: &[f64]| 2.0 * chances::log_loss_of_scores(scores, &target, outputs);
            for at in 0..scores.len() {
                let (mut up, mut down) = (scores.clone(), scores.clone());
                up[at] += 1e-5;
                down[at] -= 1e-5;
                let slope = (loss(&up) - loss(&down)) / 2e-5;
                let told = f64::from(pulls[at % outputs][at / outputs][0]);
                assert!((slope - told).abs() < 1e-6, "{slope} for {told}");
            }
        }
    }

    #[test]
    fn starts_give_each_class_its_share() {
        let scores = prior_scores(&[0.0, 0.0, 0.0, 1.0], 2);
        assert!((chances::logistic(scores[0]) - 1.5 / 5.0).abs() < 1e-12);
        let mut p = [0.0; 3];
        chances::of_scores(&prior_scores(&[0.0, 0.0, 2.0], 3), &mut p);
        assert!((p[1] - 0.5 / 4.5).abs() < 1e-12);
    }
}
