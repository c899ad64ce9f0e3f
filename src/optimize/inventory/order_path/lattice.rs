//! Given convex stage costs of a cumulative quantity, find the quantities on a
//! lattice that cost least with what each increase costs.
//!
//! Method: backward recursion over the stages,
//! `f_j(Y) = C_j(Y) + min(f_{j+1}(Y), min_q F + c(q) q + f_{j+1}(Y + q))`,
//! with a running minimum for open-ended price segments and a sliding-window
//! minimum (monotone queue) for closed ones; the stage costs are piecewise
//! linear and laid out by second differences at their kinks.
//! Cost: time O(S T + B M K), memory O(M K), with S scenarios, T periods, M
//! stages, K levels and B price segments.
//! Use [`minimise`](super::refine::minimise) instead when K is large: it looks
//! at a coarse lattice first.
//! Not for: stage costs that are not convex.
//! Same input gives the same answer: yes; of equal plans the one that orders later and less.

use super::prepared::Prepared;
use super::terms::{OrderTerms, Segment};

/// Slope of the shortage side beyond the holding slope (holding + shortage).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kinks<'a> {
    /// One by period.
    Period(&'a [f64]),
    /// One by period and scenario.
    Cell(&'a [f64]),
}

/// Stage costs, values and choices on a window of levels for each stage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lattice {
    /// Base steps in one level.
    pub coarse: usize,
    /// Whether levels stand for cells of `coarse` base steps and costs are
    /// those of the cheapest member: values are then bounds, paths no plans.
    pub relaxed: bool,
    /// Lowest and highest level by stage.
    pub low: Vec<usize>,
    pub high: Vec<usize>,
    /// Level after each stage on the best path.
    pub path: Vec<usize>,
    first: Vec<usize>,
    cost: Vec<f64>,
    constant: f64,
    choice: Vec<u32>,
    value: Vec<f64>,
    next: Vec<f64>,
    queue: Vec<(usize, f64)>,
    line: Vec<(f64, f64)>,
}

impl Lattice {
    /// Every stage may use the levels 0 to `high` of `coarse` base steps.
    pub fn open(&mut self, stages: usize, high: usize, coarse: usize) {
        self.coarse = coarse;
        self.relaxed = false;
        self.low.clear();
        self.low.resize(stages, 0);
        self.high.clear();
        self.high.resize(stages, high);
    }

    /// Lays out the stage costs for holding costs and kinks by period.
    pub fn lay(&mut self, prepared: &Prepared, holding: &[f64], kinks: Kinks<'_>) {
        self.reset();
        let unit = prepared.unit * self.coarse as f64;
        for period in 0..prepared.periods {
            let cells = period * prepared.scenarios..(period + 1) * prepared.scenarios;
            match kinks {
                Kinks::Period(kinks) => {
                    let kink = kinks[period];
                    cells.for_each(|at| self.add(prepared, at, unit, holding[period], kink));
                }
                Kinks::Cell(kinks) => {
                    cells.for_each(|at| self.add(prepared, at, unit, holding[period], kinks[at]));
                }
            }
        }
        self.integrate(unit, 1.0 / prepared.scenarios as f64);
    }

    fn reset(&mut self) {
        self.first.clear();
        self.first.push(0);
        let mut end = 0;
        for (low, high) in self.low.iter().zip(&self.high) {
            end += high - low + 1;
            self.first.push(end);
        }
        self.cost.clear();
        self.cost.resize(end, 0.0);
        self.choice.resize(end + 1, 0);
        self.line.clear();
        self.line.resize(self.low.len(), (0.0, 0.0));
        self.constant = 0.0;
    }

    /// Adds `holding * N + kink * max(-N, 0)` of one period and scenario, with
    /// `N = level * unit - need`; the kink as a second difference.
    #[inline]
    fn add(&mut self, prepared: &Prepared, at: usize, unit: f64, holding: f64, kink: f64) {
        let need = prepared.need[at];
        let Some(stage) = (prepared.stage[at] as usize).checked_sub(1) else {
            self.constant += kink * need.max(0.0) - holding * need;
            return;
        };
        let line = &mut self.line[stage];
        line.0 += holding;
        line.1 -= holding * need;
        let below = prepared.below[at];
        if below < 0 {
            return;
        }
        let level = if self.coarse == 1 { below as usize } else { below as usize / self.coarse };
        let (low, level) = (self.low[stage], level.min(self.high[stage]));
        if level < low {
            return;
        }
        let rest = need - level as f64 * unit;
        let slot = self.first[stage] + level - low;
        self.cost[slot] += kink * rest;
        if level > low {
            self.cost[slot - 1] += kink * (unit - rest);
        }
    }

    fn integrate(&mut self, unit: f64, share: f64) {
        self.constant *= share;
        for stage in 0..self.low.len() {
            let (slope, base) = self.line[stage];
            let (slope, base) = (slope * unit * share, base * share);
            let low = self.low[stage];
            let (mut rise, mut sum) = (0.0, 0.0);
            let row = &mut self.cost[self.first[stage]..self.first[stage + 1]];
            for (slot, cost) in row.iter_mut().enumerate().rev() {
                rise += *cost;
                sum += rise;
                *cost = sum * share + base + slope * (low + slot) as f64;
            }
            if self.relaxed {
                lower_to_cells(row);
            }
        }
    }

    /// Finds the best path and its value; infinite where the windows allow none.
    pub fn sweep(&mut self, terms: &OrderTerms) -> f64 {
        let stages = self.low.len();
        let Some(last) = stages.checked_sub(1) else {
            self.path.clear();
            return self.constant;
        };
        self.value.clear();
        self.value.extend_from_slice(&self.cost[self.first[last]..self.first[stages]]);
        for stage in (1..stages).rev() {
            self.step_back(terms, stage, self.low[stage - 1], self.high[stage - 1]);
            let row = &self.cost[self.first[stage - 1]..self.first[stage]];
            self.value.iter_mut().zip(row).for_each(|(value, cost)| *value += cost);
        }
        self.step_back(terms, 0, 0, 0);
        self.trace_path();
        self.value[0] + self.constant
    }

    /// Turns the values of the levels after `stage` into those of the levels
    /// `low..=high` before it, and notes the best level after it.
    fn step_back(&mut self, terms: &OrderTerms, stage: usize, low: usize, high: usize) {
        let (after_low, after_high) = (self.low[stage], self.high[stage]);
        let slot = self.choice_slot(stage);
        let choice = &mut self.choice[slot..slot + high - low + 1];
        self.next.clear();
        for level in low..=high {
            let stays = (after_low..=after_high).contains(&level);
            self.next.push(if stays { self.value[level - after_low] } else { f64::INFINITY });
            choice[level - low] = if stays { (level - after_low) as u32 } else { 0 };
        }
        for segment in terms.segments(stage) {
            let Some(segment) = coarsened(segment, self.coarse, self.relaxed) else { continue };
            // Between two cells up to `coarse - 1` base steps may be saved.
            let saved =
                if self.relaxed { segment.unit.abs() * (1.0 - 1.0 / self.coarse as f64) } else { 0.0 };
            let fixed = terms.fixed[stage] - saved;
            let window = Window { low, after_low, after_high, fixed, segment };
            if segment.to >= after_high - low.min(after_high) {
                window.open_ended(&self.value, &mut self.next, choice);
            } else {
                window.closed(&self.value, &mut self.next, choice, &mut self.queue);
            }
        }
        std::mem::swap(&mut self.value, &mut self.next);
    }

    /// Choices of a stage lie where the costs of the stage before it lie; those
    /// of the first stage, which has one, come last.
    fn choice_slot(&self, stage: usize) -> usize {
        if stage == 0 { self.first[self.low.len()] } else { self.first[stage - 1] }
    }

    fn trace_path(&mut self) {
        self.path.clear();
        let mut before = 0;
        for stage in 0..self.low.len() {
            let low = if stage == 0 { 0 } else { self.low[stage - 1] };
            before = self.low[stage] + self.choice[self.choice_slot(stage) + before - low] as usize;
            self.path.push(before);
        }
    }
}

/// A price segment in levels of `coarse` base steps; between cells as far as
/// any of their members allow it.
fn coarsened(segment: &Segment, coarse: usize, relaxed: bool) -> Option<Segment> {
    let within = if relaxed { coarse - 1 } else { 0 };
    let from = segment.from.saturating_sub(within).div_ceil(coarse);
    let to = if segment.to == usize::MAX { segment.to } else { (segment.to + within) / coarse };
    (from <= to).then_some(Segment { from, to, unit: segment.unit * coarse as f64 })
}

/// Replaces the values of a convex function at the corners of cells by lower
/// bounds over the cells, from the secants of the two neighbouring cells.
fn lower_to_cells(row: &mut [f64]) {
    let last = row.len() - 1;
    let mut rise_before = f64::NEG_INFINITY;
    for cell in 0..last {
        let (left, right) = (row[cell], row[cell + 1]);
        let rise_after = if cell + 2 <= last { row[cell + 2] - right } else { 0.0 };
        row[cell] = if rise_before >= 0.0 {
            left
        } else if rise_after <= 0.0 {
            right
        } else if rise_before == f64::NEG_INFINITY {
            right - rise_after
        } else {
            let meet = (left - right + rise_after) / (rise_after - rise_before);
            left + rise_before * meet.clamp(0.0, 1.0)
        };
        row[cell] = row[cell].min(left).min(right);
        rise_before = right - left;
    }
}

/// One price segment between the levels before (from `low`) and after a stage.
struct Window {
    low: usize,
    after_low: usize,
    after_high: usize,
    fixed: f64,
    segment: Segment,
}

impl Window {
    /// Running minimum over all levels from `level + from` on.
    fn open_ended(&self, value: &[f64], next: &mut [f64], choice: &mut [u32]) {
        let Segment { from, unit, .. } = self.segment;
        let (mut best, mut best_slot) = (f64::INFINITY, 0_u32);
        let mut target = self.after_high + 1;
        for slot in (0..next.len()).rev() {
            let level = self.low + slot;
            let lowest = (level + from).max(self.after_low);
            while target > lowest {
                target -= 1;
                let through = value[target - self.after_low] + unit * target as f64;
                if through <= best {
                    (best, best_slot) = (through, (target - self.after_low) as u32);
                }
            }
            let with_order = best + (self.fixed - unit * level as f64);
            if with_order < next[slot] {
                (next[slot], choice[slot]) = (with_order, best_slot);
            }
        }
    }

    /// Minimum over the levels `level + from ..= level + to`, by a queue of
    /// candidates that fall towards its front.
    fn closed(&self, value: &[f64], next: &mut [f64], choice: &mut [u32], queue: &mut Vec<(usize, f64)>) {
        let Segment { from, to, unit } = self.segment;
        queue.clear();
        let mut front = 0;
        let mut target = self.after_high + 1;
        for slot in (0..next.len()).rev() {
            let level = self.low + slot;
            let lowest = (level + from).max(self.after_low);
            while target > lowest {
                target -= 1;
                let through = value[target - self.after_low] + unit * target as f64;
                while queue.len() > front && queue[queue.len() - 1].1 >= through {
                    queue.pop();
                }
                queue.push((target, through));
            }
            while front < queue.len() && queue[front].0 > level + to {
                front += 1;
            }
            if let Some(&(best_level, best)) = queue.get(front) {
                let with_order = best + (self.fixed - unit * level as f64);
                if with_order < next[slot] {
                    (next[slot], choice[slot]) = (with_order, (best_level - self.after_low) as u32);
                }
            }
        }
    }
}
