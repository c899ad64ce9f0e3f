//! Judging a solved benchmark instance by what is known of its optimum.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::CheckReport;
use crate::solution::{Outcome, SolutionStatus, Termination};

/// What is known of an instance: its `expected.json`.
///
/// ```
/// use purvey::decide::bench::Expected;
/// let expected = Expected::parse(r#"{ "objective": 120.0, "tolerance": 0.01 }"#).unwrap();
/// assert_eq!(expected.tier, "standard");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Best known objective; `None` where the instance has no plan.
    #[serde(default)]
    pub objective: Option<f64>,
    /// Best proven bound on the objective.
    #[serde(default)]
    pub bound: Option<f64>,
    /// `infeasible` where no plan is the right answer.
    #[serde(default)]
    pub termination: Option<Termination>,
    /// Relative distance from the best known objective that still passes.
    pub tolerance: f64,
    /// Greatest gap that still passes.
    #[serde(default)]
    pub gap: Option<f64>,
    /// Seconds given to the solve.
    #[serde(default)]
    pub time_limit_seconds: Option<f64>,
    /// `smoke`, `standard` or `large`: how long a run may take.
    #[serde(default = "standard")]
    pub tier: String,
    /// Where the values come from.
    #[serde(default)]
    pub source: String,
}

fn standard() -> String {
    "standard".to_owned()
}

/// How a solve compares with what was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As good as known, within the tolerance.
    Pass,
    /// Better than the best known objective: the file should be brought up to date.
    NewBest,
    /// Worse than the tolerance allows.
    Worse,
    /// The gap is wider than allowed.
    GapTooWide,
    /// The plan's objective lies beyond a proven bound, or failed its check: one of the two is wrong.
    Wrong,
    /// There is no plan, or there is one where none should be.
    WrongStatus,
}

impl Verdict {
    /// Whether the gate holds.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Verdict::Pass | Verdict::NewBest)
    }

    /// The verdict in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::NewBest => "new best",
            Verdict::Worse => "worse",
            Verdict::GapTooWide => "gap too wide",
            Verdict::Wrong => "wrong",
            Verdict::WrongStatus => "wrong status",
        }
    }
}

impl Verdict {
    /// What a reader should do about it, in a sentence; empty where nothing is to be done.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Verdict::Pass => "",
            Verdict::NewBest => "a new best: bring its expected.json up to date",
            Verdict::Worse => "worse than its tolerance allows: something was lost since",
            Verdict::GapTooWide => {
                "less is proved than its gate asks for: give it more time, or see what became slower"
            }
            Verdict::Wrong => {
                "beyond a proven bound, or refused by the check: the plan or the bound is wrong"
            }
            Verdict::WrongStatus => "another kind of answer than is known to be right",
        }
    }
}

impl Expected {
    /// How far an objective lies above the best known, as a share of it (below: negative);
    /// `None` where either is not known.
    #[must_use]
    pub fn distance(&self, objective: Option<f64>) -> Option<f64> {
        let (objective, best) = objective.zip(self.objective)?;
        Some((objective - best) / best.abs().max(f64::MIN_POSITIVE)).filter(|share| share.is_finite())
    }

    /// Reads an `expected.json`.
    ///
    /// # Errors
    /// The reason in words when the text is not of this form.
    pub fn parse(text: &str) -> Result<Expected, String> {
        let expected: Expected = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if expected.tolerance.is_nan() || expected.tolerance < 0.0 {
            return Err("tolerance must be 0 or more".to_owned());
        }
        if expected.gap.is_some_and(|gap| gap < 0.0) {
            return Err("gap must be 0 or more".to_owned());
        }
        if expected.time_limit_seconds.is_some_and(|limit| Duration::try_from_secs_f64(limit).is_err()) {
            return Err("time_limit_seconds must be a time of 0 or more that can be waited for".to_owned());
        }
        Ok(expected)
    }

    /// Compares a solve with what is known; `is_maximised`: more of the objective is better.
    #[must_use]
    pub fn judge(&self, outcome: &Outcome, checks: &CheckReport, is_maximised: bool) -> Verdict {
        if let Some(termination) = self.termination {
            let right = outcome.termination == termination;
            return if right { Verdict::Pass } else { Verdict::WrongStatus };
        }
        let Some(objective) = outcome.objective.filter(|_| outcome.solution_status != SolutionStatus::None)
        else {
            return Verdict::WrongStatus;
        };
        let slack = |value: f64| 1e-6 * value.abs().max(1.0);
        let sign = if is_maximised { -1.0 } else { 1.0 };
        let (objective, best) = (sign * objective, self.objective.map(|best| sign * best));
        let bound = self.bound.map(|bound| sign * bound);
        if !checks.feasible || bound.is_some_and(|bound| objective < bound - slack(bound)) {
            return Verdict::Wrong;
        }
        if self.gap.is_some_and(|gap| outcome.gap().is_none_or(|found| found > gap)) {
            return Verdict::GapTooWide;
        }
        match best {
            Some(best) if objective > best + self.tolerance * best.abs() + slack(best) => Verdict::Worse,
            Some(best) if objective < best - slack(best) => Verdict::NewBest,
            _ => Verdict::Pass,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn outcome(objective: f64, bound: f64) -> Outcome {
        Outcome {
            termination: Termination::TargetGap,
            solution_status: SolutionStatus::Feasible,
            objective: Some(objective),
            bound: Some(bound),
        }
    }

    fn expected() -> Expected {
        Expected::parse(r#"{"objective": 100, "bound": 98, "tolerance": 0.01, "gap": 0.02}"#).unwrap()
    }

    #[test]
    fn every_verdict_is_given_for_its_reason() {
        let sound = CheckReport { feasible: true, ..CheckReport::default() };
        let judge = |objective, bound| expected().judge(&outcome(objective, bound), &sound, false);
        assert_eq!(judge(100.5, 99.5), Verdict::Pass);
        assert_eq!(judge(99.0, 98.5), Verdict::NewBest);
        assert_eq!(judge(102.0, 101.0), Verdict::Worse);
        assert_eq!(judge(100.0, 90.0), Verdict::GapTooWide);
        assert_eq!(judge(97.0, 96.9), Verdict::Wrong);
        assert_eq!(expected().distance(Some(102.0)), Some(0.02));
        assert!(Verdict::Pass.advice().is_empty() && !Verdict::Worse.advice().is_empty());
        // Where more is better, the same numbers mean the opposite.
        let most = Expected::parse(r#"{"objective": 100, "bound": 102, "tolerance": 0.01}"#).unwrap();
        let judge = |objective| most.judge(&outcome(objective, 102.0), &sound, true);
        assert_eq!(judge(99.5), Verdict::Pass);
        assert_eq!(judge(101.0), Verdict::NewBest);
        assert_eq!(judge(98.0), Verdict::Worse);
        assert_eq!(judge(103.0), Verdict::Wrong);
        let broken = CheckReport::default();
        assert_eq!(expected().judge(&outcome(100.0, 99.5), &broken, false), Verdict::Wrong);
        let none = Outcome::without_answer(Termination::Infeasible);
        assert_eq!(expected().judge(&none, &sound, false), Verdict::WrongStatus);
        let infeasible = Expected::parse(r#"{"termination": "infeasible", "tolerance": 0}"#).unwrap();
        assert_eq!(infeasible.judge(&none, &sound, false), Verdict::Pass);
        assert_eq!(infeasible.judge(&outcome(1.0, 1.0), &sound, false), Verdict::WrongStatus);
    }
}
