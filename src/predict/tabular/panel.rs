//! All teams of a model together: their answers on the scale of learning, and why.

use rayon::prelude::*;

use super::folds::{self, Encoding, Rows};
use super::schema::{Input, Schema};
use super::team::{Team, scores_of};

/// The teams of a model, with what they need to read rows.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) teams: &'a [Team],
    /// One a fold.
    pub(crate) encodings: &'a [Encoding],
    pub(crate) outputs: usize,
}

impl Panel<'_> {
    /// Answers for numbers of the schema, row after row, on top of `start`.
    pub(crate) fn scores(&self, base: &[Vec<f32>], start: f64) -> Vec<f64> {
        let rows = base.first().map_or(0, Vec::len);
        let mut scores = vec![start; rows * self.outputs];
        self.for_each_form(base, |fold, formed| {
            for team in self.teams {
                let share = team.weight / self.encodings.len() as f64;
                let experts = &team.experts[fold * self.outputs..][..self.outputs];
                scores.iter_mut().zip(scores_of(experts, formed)).for_each(|(sum, z)| *sum += share * z);
            }
        });
        scores
    }

    /// By row, output after output: what each feature adds to the answer, and last the answer
    /// of no feature on top of `start`.
    pub(crate) fn effects(&self, base: &[Vec<f32>], start: f64) -> Vec<Vec<f64>> {
        let rows = base.first().map_or(0, Vec::len);
        let inputs = self.inputs();
        let features = self.schema.features.len();
        let width = features + 1;
        let mut effects = vec![vec![0.0; width * self.outputs]; rows];
        for of_row in &mut effects {
            of_row.chunks_exact_mut(width).for_each(|of_output| of_output[features] = start);
        }
        self.for_each_form(base, |fold, formed| {
            effects.par_iter_mut().enumerate().for_each(|(row, of_row)| {
                for (output, of_output) in of_row.chunks_exact_mut(width).enumerate() {
                    let mut by_input = vec![0.0; inputs.len()];
                    for team in self.teams {
                        let share = team.weight / self.encodings.len() as f64;
                        let expert = &team.experts[fold * self.outputs + output];
                        of_output[features] += expert.add_effects(formed, row, share, &mut by_input);
                    }
                    let parts = inputs.iter().zip(by_input);
                    parts.for_each(|(input, effect)| of_output[input.feature] += effect);
                }
            });
        });
        effects
    }

    /// Calls `work` with every fold and the rows as that fold's experts take them.
    pub(crate) fn for_each_form(&self, base: &[Vec<f32>], mut work: impl FnMut(usize, &Rows)) {
        let mut formed: Option<(usize, Rows)> = None;
        for (fold, encoding) in self.encodings.iter().enumerate() {
            let rows = match formed.take() {
                Some((last, rows)) if self.encodings[last].is_same_form(encoding) => rows,
                _ => encoding.form(base),
            };
            work(fold, &rows);
            formed = Some((fold, rows));
        }
    }

    /// Answers for rows held out, each by the experts of its fold, which did not learn from it.
    pub(crate) fn held_out_scores(&self, base: &[Vec<f32>], fold_of: &[u32], start: f64) -> Vec<f64> {
        let mut scores = vec![start; fold_of.len() * self.outputs];
        for (fold, encoding) in self.encodings.iter().enumerate() {
            let mine: Vec<u32> =
                (0..fold_of.len() as u32).filter(|row| fold_of[*row as usize] as usize == fold).collect();
            if mine.is_empty() {
                continue;
            }
            let formed = encoding.form(&folds::take_columns(base, &mine));
            for team in self.teams {
                let experts = &team.experts[fold * self.outputs..][..self.outputs];
                let told = scores_of(experts, &formed);
                for (row, told) in mine.iter().zip(told.chunks_exact(self.outputs)) {
                    let of_row = &mut scores[*row as usize * self.outputs..][..self.outputs];
                    of_row.iter_mut().zip(told).for_each(|(sum, z)| *sum += team.weight * z);
                }
            }
        }
        scores
    }

    /// Numbers of a row that need no target.
    pub(crate) fn base_width(&self) -> usize {
        self.schema.inputs(0).len()
    }

    /// Numbers of a row.
    fn inputs(&self) -> Vec<Input> {
        let means = self.encodings.first().map_or(0, Encoding::means);
        self.schema.inputs(means / self.schema.many_valued().max(1))
    }

    /// Its methods and their weights.
    pub(crate) fn methods(&self) -> Vec<(&'static str, f64)> {
        self.teams.iter().map(|team| (team.method.as_str(), team.weight)).collect()
    }

    /// Trees in it.
    pub(crate) fn trees(&self) -> usize {
        self.teams.iter().flat_map(|team| &team.experts).map(super::team::Expert::trees).sum()
    }

    /// Whether all parts fit together.
    pub(crate) fn is_sound(&self) -> bool {
        let inputs = self.inputs();
        let sound_team = |team: &Team| {
            team.weight.is_finite()
                && team.experts.len() == self.encodings.len() * self.outputs
                && team.experts.iter().all(|expert| expert.is_sound(inputs.len()))
        };
        !self.teams.is_empty()
            && !self.encodings.is_empty()
            && self.encodings.iter().all(|encoding| encoding.is_sound(&inputs))
            && self.teams.iter().all(sound_team)
    }
}

/// Methods in words: `boosted`, or `boosted + linear`.
pub(crate) fn words_of(methods: &[(&'static str, f64)]) -> String {
    methods.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" + ")
}
