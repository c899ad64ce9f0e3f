//! Given a tree and a row, say how much of the answer each column is due to, fairly.
//!
//! Method: path-dependent TreeSHAP, S. M. Lundberg et al. (2020), "From local explanations
//! to global understanding with explainable AI for trees", doi:10.1038/s42256-019-0138-9,
//! algorithm 2: Shapley values of the game in which a question about a column outside the
//! coalition is answered by the shares of the rows that grew the tree.
//! Cost: time O(m d^2), memory O(d^2), with m = leaves, d = depth.
//! Use `Tree::add_path` instead for trees of thousands of leaves.
//! Not for: columns that stand for one another; their effect is split between them.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: none.

use crate::predict::tabular::tree::Tree;

/// A column on the way from the root.
#[derive(Clone, Copy)]
struct Step {
    column: u32,
    /// Share of the coalitions without the column that come this way.
    without: f64,
    /// The same with the column: 1 or 0.
    with: f64,
    weight: f64,
}

/// Adds the effects of the columns on the answer for `row`, times `scale`; gives the mean answer times `scale`.
pub(super) fn add(tree: &Tree, row: &[u8], scale: f64, effects: &mut [f64]) -> f64 {
    let mut walk = Walk { tree, row, scale, effects, paths: Vec::new() };
    let root = Step { column: u32::MAX, without: 1.0, with: 1.0, weight: 1.0 };
    walk.visit(0, 0, 0, root);
    mean(tree, 0) * scale
}

fn mean(tree: &Tree, at: usize) -> f64 {
    let node = &tree.nodes[at];
    if node.left == 0 {
        return f64::from(node.value);
    }
    let left = node.left as usize;
    let (a, b) = (f64::from(tree.nodes[left].cover), f64::from(tree.nodes[left + 1].cover));
    (a * mean(tree, left) + b * mean(tree, left + 1)) / (a + b).max(1e-300)
}

struct Walk<'a> {
    tree: &'a Tree,
    row: &'a [u8],
    scale: f64,
    effects: &'a mut [f64],
    /// Paths of the nodes between the root and the present one, one after the other.
    paths: Vec<Step>,
}

impl Walk<'_> {
    /// Visits node `at`, whose parent's path is `paths[from..from + length]`, by way of `step`.
    fn visit(&mut self, at: usize, from: usize, length: usize, step: Step) {
        let start = from + length;
        self.paths.truncate(start);
        self.paths.extend_from_within(from..start);
        let mut path = Path { steps: &mut self.paths, start };
        path.extend(step);
        let mut length = length + 1;
        let node = self.tree.nodes[at];
        if node.left == 0 {
            for place in 1..length {
                let share = path.weight_without(place);
                let step = path.steps[start + place];
                self.effects[step.column as usize] +=
                    self.scale * share * (step.with - step.without) * f64::from(node.value);
            }
            return;
        }
        let (mut with, mut without) = (1.0, 1.0);
        if let Some(place) = (1..length).find(|place| path.steps[start + place].column == node.column) {
            let step = path.steps[start + place];
            (with, without) = (step.with, step.without);
            path.unwind(place);
            length -= 1;
        }
        let left = node.left as usize;
        let hot = self.tree.next(&node, self.row);
        let cold = if hot == left { left + 1 } else { left };
        let cover = |at: usize| f64::from(self.tree.nodes[at].cover);
        let all = (cover(left) + cover(left + 1)).max(1e-300);
        let step = |child: usize, with: f64| Step {
            column: node.column,
            without: without * cover(child) / all,
            with,
            weight: 0.0,
        };
        let (to_hot, to_cold) = (step(hot, with), step(cold, 0.0));
        self.visit(hot, start, length, to_hot);
        self.visit(cold, start, length, to_cold);
    }
}

/// The steps from `start` to the end.
struct Path<'a> {
    steps: &'a mut Vec<Step>,
    start: usize,
}

impl Path<'_> {
    fn extend(&mut self, step: Step) {
        let length = self.steps.len() - self.start;
        self.steps.push(Step { weight: if length == 0 { 1.0 } else { 0.0 }, ..step });
        let steps = &mut self.steps[self.start..];
        let all = (length + 1) as f64;
        for i in (0..length).rev() {
            steps[i + 1].weight += step.with * steps[i].weight * (i + 1) as f64 / all;
            steps[i].weight *= step.without * (length - i) as f64 / all;
        }
    }

    /// Takes the step at `place` out again.
    fn unwind(&mut self, place: usize) {
        let steps = &mut self.steps[self.start..];
        let last = steps.len() - 1;
        let Step { with, without, .. } = steps[place];
        let mut next = steps[last].weight;
        let all = (last + 1) as f64;
        for i in (0..last).rev() {
            if with != 0.0 {
                let weight = steps[i].weight;
                steps[i].weight = next * all / ((i + 1) as f64 * with);
                next = weight - steps[i].weight * without * (last - i) as f64 / all;
            } else {
                steps[i].weight = steps[i].weight * all / (without * (last - i) as f64);
            }
        }
        for i in place..last {
            steps[i] = Step { weight: steps[i].weight, ..steps[i + 1] };
        }
        self.steps.pop();
    }

    /// Sum of the weights if the step at `place` were taken out.
    fn weight_without(&self, place: usize) -> f64 {
        let steps = &self.steps[self.start..];
        let last = steps.len() - 1;
        let Step { with, without, .. } = steps[place];
        let all = (last + 1) as f64;
        let mut next = steps[last].weight;
        let mut sum = 0.0;
        for i in (0..last).rev() {
            if with != 0.0 {
                let weight = next * all / ((i + 1) as f64 * with);
                sum += weight;
                next = steps[i].weight - weight * without * (last - i) as f64 / all;
            } else {
                sum += steps[i].weight * all / (without * (last - i) as f64);
            }
        }
        sum
    }
}
