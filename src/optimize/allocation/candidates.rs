//! Parts whose few candidates are all listed: the multiple-choice knapsack.

use rayon::prelude::*;

use super::coupling::AllocationError;
use super::offers::{Answer, Menu, Offers, Pricing};

/// Parts asked by one task; fixed, so that the result never depends on threads.
const CHUNK: usize = 4096;

/// Parts with explicit candidates in flat arrays.
///
/// ```
/// use purvey::optimize::allocation::Candidates;
/// let mut candidates = Candidates::default();
/// candidates.add(0.0, &[]); // part 0: nothing, or a gain of 5 for 2 units of row 0
/// candidates.add(-5.0, &[(0, 2.0)]);
/// candidates.end_part();
/// assert_eq!(candidates.parts(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Candidates {
    /// Start of each part in `costs`, and the end of the last one.
    part_start: Vec<u32>,
    costs: Vec<f64>,
    /// Start of each candidate in `usage`, and the end of the last one; rows ascend within a candidate.
    usage_start: Vec<u32>,
    usage: Vec<(u32, f64)>,
}

impl Default for Candidates {
    fn default() -> Self {
        Candidates { part_start: vec![0], costs: Vec::new(), usage_start: vec![0], usage: Vec::new() }
    }
}

impl Candidates {
    /// No parts yet, with room for so many parts, candidates and usage entries.
    #[must_use]
    pub fn with_capacity(parts: usize, candidates: usize, usage_entries: usize) -> Self {
        let mut empty = Candidates::default();
        empty.part_start.reserve(parts);
        empty.costs.reserve(candidates);
        empty.usage_start.reserve(candidates);
        empty.usage.reserve(usage_entries);
        empty
    }

    /// Adds a candidate to the part that is being written: its cost, and how
    /// much of which row it uses (each row at most once).
    pub fn add(&mut self, cost: f64, usage: &[(u32, f64)]) {
        let start = self.usage.len();
        self.costs.push(cost);
        self.usage.extend_from_slice(usage);
        if !usage.is_sorted_by_key(|(row, _)| *row) {
            self.usage[start..].sort_unstable_by_key(|(row, _)| *row);
        }
        self.usage_start.push(self.usage.len() as u32);
    }

    /// Ends the part that is being written; the next candidate starts another.
    pub fn end_part(&mut self) {
        self.part_start.push(self.costs.len() as u32);
    }

    /// Number of parts that have been ended.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.part_start.len() - 1
    }

    /// Checks sizes and numbers against a problem with so many rows.
    pub(super) fn check(&self, rows: usize) -> Result<(), AllocationError> {
        for part in 0..self.parts() {
            let range = self.range(part);
            if range.is_empty() {
                return Err(AllocationError::EmptyPart { part });
            }
            let entries = self.usage_start[range.start] as usize..self.usage_start[range.end] as usize;
            let finite = self.costs[range].iter().all(|cost| cost.is_finite());
            if !finite || self.usage[entries.clone()].iter().any(|(_, amount)| !amount.is_finite()) {
                return Err(AllocationError::NotFinite { part });
            }
            if let Some(&(row, _)) = self.usage[entries].iter().find(|(row, _)| *row as usize >= rows) {
                return Err(AllocationError::UnknownRow { part, row, rows });
            }
        }
        Ok(())
    }

    fn range(&self, part: usize) -> std::ops::Range<usize> {
        self.part_start[part] as usize..self.part_start[part + 1] as usize
    }

    fn entries(&self, candidate: usize) -> &[(u32, f64)] {
        &self.usage[self.usage_start[candidate] as usize..self.usage_start[candidate + 1] as usize]
    }

    /// The cheapest candidate; of equal ones the first.
    fn cheapest(&self, part: usize, pricing: &Pricing<'_>) -> Answer {
        let range = self.range(part);
        let mut best = Answer { option: 0, bound: f64::INFINITY };
        for (option, candidate) in range.enumerate() {
            let value = pricing.value(self.costs[candidate], self.entries(candidate));
            if value < best.bound {
                best = Answer { option: option as u32, bound: value };
            }
        }
        best
    }
}

impl Menu for Candidates {
    fn serial(&self, _part: usize, option: u32) -> u32 {
        option
    }

    fn parts(&self) -> usize {
        Candidates::parts(self)
    }

    fn options(&self, part: usize) -> usize {
        self.range(part).len()
    }

    fn cost(&self, part: usize, option: u32) -> f64 {
        self.costs[self.part_start[part] as usize + option as usize]
    }

    fn usage(&self, part: usize, option: u32) -> &[(u32, f64)] {
        self.entries(self.part_start[part] as usize + option as usize)
    }
}

impl Menu for &Candidates {
    fn serial(&self, part: usize, option: u32) -> u32 {
        Menu::serial(*self, part, option)
    }

    fn parts(&self) -> usize {
        Candidates::parts(self)
    }

    fn options(&self, part: usize) -> usize {
        Menu::options(*self, part)
    }

    fn cost(&self, part: usize, option: u32) -> f64 {
        Menu::cost(*self, part, option)
    }

    fn usage(&self, part: usize, option: u32) -> &[(u32, f64)] {
        Menu::usage(*self, part, option)
    }
}

impl Offers for &Candidates {
    const COMPLETE: bool = true;

    fn ask(
        &mut self,
        asked: Option<&[u32]>,
        pricing: &Pricing<'_>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), AllocationError> {
        let candidates = *self;
        let count = asked.map_or(candidates.parts(), <[u32]>::len);
        answers.clear();
        answers.resize(count, Answer { option: 0, bound: 0.0 });
        answers.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
            for (offset, answer) in out.iter_mut().enumerate() {
                let position = chunk * CHUNK + offset;
                let part = asked.map_or(position, |asked| asked[position] as usize);
                *answer = candidates.cheapest(part, pricing);
            }
        });
        Ok(())
    }

    fn keep(&mut self, _options: &[u32]) {
        // Everything is listed; nothing is ever dropped.
    }
}
