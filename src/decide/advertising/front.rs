//! Splits of which none is better than another in all goals at once, and the one that becomes the plan.
//!
//! Exact splits of falling budgets, for each goal that is a sum of responses and for mixtures of
//! two, join the first population of NSGA-II; at the end exact splits of what its points spend take
//! the place of those that they beat in every goal. The knee is the point farthest below the plane
//! through the best of each goal, all goals measured from their best to their worst on the front
//! (I. Das 1999, doi:10.1007/BF01195985).

use super::goals::{Choice, Goal, Goals};
use super::model;
use super::problem::{Channel, Problem};
use crate::control::Control;
use crate::data::Table;
use crate::decide::DecideError;
use crate::optimize::allocation::BudgetSplit;
use crate::optimize::genetic::{Evolution, Genes, Problem as Search, Space, dominates, nsga2};
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Generations of the search.
const GENERATIONS: usize = 200;
/// Nodes of one exact split that joins the first population.
const SEED_WORK: u64 = 200;
/// Relative distance above the budget that is rounding.
const ROUNDING: f64 = 1e-9;

/// The front and what is chosen of it.
#[derive(Debug, Clone)]
pub(super) struct Front {
    /// Spends of each point, by the first goal, the best last.
    pub points: Vec<Vec<f64>>,
    /// Values of the goals at each point, in their order.
    pub values: Vec<Vec<f64>>,
    pub knee: usize,
    pub chosen: usize,
}

/// Searches the front and takes a point of it as the split; `best` is the split of most response.
pub(super) fn split(
    problem: &Problem,
    goals: &Goals,
    best: &BudgetSplit,
    control: &Control,
) -> Result<(BudgetSplit, Front), DecideError> {
    let search = Spends::new(problem, goals);
    let start = seeds(problem, goals, &search, best, control)?;
    let options = Evolution {
        population: goals.points.max(4),
        generations: GENERATIONS,
        start,
        ..Evolution::default()
    };
    let found = nsga2(&search, &options, control).map_err(|error| DecideError::Solver {
        doing: "searching splits for several goals".to_owned(),
        reason: error.to_string(),
    })?;
    let kept = found.members.iter().filter(|member| member.violation <= 0.0);
    let mut points: Vec<Vec<f64>> = kept.map(|member| search.spends(&member.genes)).collect();
    polish(&search, &mut points, control)?;
    if points.is_empty() {
        points.push(best.amounts.clone());
    }
    let front = Front::new(problem, goals, points);
    let amounts = front.points[front.chosen].clone();
    let spent: f64 = amounts.iter().sum();
    let termination = match found.termination {
        // The generations are done; nobody set a limit to the work.
        Termination::WorkLimit if control.limits.work.is_none() => Termination::Stalled,
        other => other,
    };
    let outcome = Outcome {
        termination,
        solution_status: SolutionStatus::Feasible,
        objective: Some(Goal::Response.value(&problem.channels, &amounts)),
        bound: best.outcome.bound,
    };
    let left = (problem.budget - spent).max(0.0);
    let split = BudgetSplit { outcome, amounts, price: f64::NAN, left, nodes: best.nodes };
    Ok((split, front))
}

impl Front {
    /// Puts points in order and chooses one; there is at least one.
    fn new(problem: &Problem, goals: &Goals, mut points: Vec<Vec<f64>>) -> Self {
        let value = |goal: &Goal, spend: &[f64]| goal.value(&problem.channels, spend);
        points.sort_by(|a, b| value(&goals.list[0], a).total_cmp(&value(&goals.list[0], b)));
        points.dedup();
        let all = |spend: &Vec<f64>| goals.list.iter().map(|goal| value(goal, spend)).collect();
        let values: Vec<Vec<f64>> = points.iter().map(all).collect();
        let knee = knee(&goals.list, &values);
        let chosen = match goals.choice {
            Choice::Knee => knee,
            Choice::Best(goal) => best_of(&goals.list, &values, goal),
            Choice::Point(number) => number.clamp(1, points.len()) - 1,
        };
        Front { points, values, knee, chosen }
    }
}

/// Puts exact splits of what points spend in their place where they are better in every goal, and
/// leaves out who is then dominated.
fn polish(search: &Spends<'_>, points: &mut Vec<Vec<f64>>, control: &Control) -> Result<(), DecideError> {
    let mixtures = mixtures(search.problem, search.goals);
    let quick = quick(control);
    let mut costs: Vec<Vec<f64>> = points.iter().map(|point| search.costs(point).0).collect();
    for (point, worth) in points.iter_mut().zip(&mut costs) {
        // A hair less, so that rounding does not make the exact split dearer.
        let spent = point.iter().sum::<f64>() * (1.0 - 1e-12);
        for weights in &mixtures {
            if control.should_stop() {
                break;
            }
            let split = weighted_split(search.problem, weights, spent, &quick)?;
            if split.outcome.objective.is_none() {
                continue;
            }
            let (better, violation) = search.costs(&split.amounts);
            if violation <= 0.0 && dominates(&better, worth) {
                (*point, *worth) = (split.amounts, better);
            }
        }
    }
    let stays: Vec<bool> = costs.iter().map(|own| !costs.iter().any(|other| dominates(other, own))).collect();
    let mut stays = stays.into_iter();
    points.retain(|_| stays.next().unwrap_or(true));
    Ok(())
}

/// Spends as genes: an amount, or a number of steps.
struct Spends<'a> {
    problem: &'a Problem,
    goals: &'a [Goal],
    space: Space,
}

impl<'a> Spends<'a> {
    fn new(problem: &'a Problem, goals: &'a Goals) -> Self {
        let space = problem.channels.iter().fold(Space::default(), |space, channel| {
            let (least, most, step) = (channel.least(), channel.most(), channel.step);
            match step > 0.0 {
                true => space.with_integers(1, (least / step).round(), (most / step).round()),
                false => space.with_reals(1, least, most),
            }
        });
        Spends { problem, goals: &goals.list, space }
    }

    fn spends(&self, genes: &Genes) -> Vec<f64> {
        let spend =
            |(channel, &gene): (&Channel, &f64)| if channel.step > 0.0 { gene * channel.step } else { gene };
        self.problem.channels.iter().zip(&genes.numbers).map(spend).collect()
    }

    /// Goals to be made small, and by how much the limits are broken in all.
    fn costs(&self, spends: &[f64]) -> (Vec<f64>, f64) {
        let channels = &self.problem.channels;
        let costs = self.goals.iter().map(|goal| cost(*goal, goal.value(channels, spends))).collect();
        let (spent, slack) = (spends.iter().sum::<f64>(), ROUNDING * self.problem.budget.max(1.0));
        let over = |limit: f64| if spent > limit + slack { spent - limit } else { 0.0 };
        let allowed = |most: f64| most * Goal::Response.value(channels, spends);
        (costs, over(self.problem.budget) + self.problem.most_cost.map_or(0.0, |most| over(allowed(most))))
    }

    fn genes(&self, spends: &[f64]) -> Genes {
        let gene = |(channel, &x): (&Channel, &f64)| {
            let x = x.clamp(channel.least(), channel.most());
            if channel.step > 0.0 { (x / channel.step).round() } else { x }
        };
        Genes { numbers: self.problem.channels.iter().zip(spends).map(gene).collect(), orders: Vec::new() }
    }
}

impl Search for Spends<'_> {
    fn space(&self) -> &Space {
        &self.space
    }

    fn objectives(&self) -> usize {
        self.goals.len()
    }

    fn evaluate(&self, genes: &Genes, objectives: &mut [f64]) -> f64 {
        let (costs, violation) = self.costs(&self.spends(genes));
        objectives.copy_from_slice(&costs);
        violation
    }
}

/// A value as something to be made small.
fn cost(goal: Goal, value: f64) -> f64 {
    if goal.is_gain() { -value } else { value }
}

/// Exact splits for the first population, at most as many as live at a time.
fn seeds(
    problem: &Problem,
    goals: &Goals,
    search: &Spends<'_>,
    best: &BudgetSplit,
    control: &Control,
) -> Result<Vec<Genes>, DecideError> {
    let mixtures = mixtures(problem, &goals.list);
    let least: f64 = problem.channels.iter().map(Channel::least).sum();
    let budgets = (goals.points / mixtures.len()).max(2);
    let mut seeds = vec![search.genes(&best.amounts)];
    let quick = quick(control);
    for budget in 0..budgets {
        let budget = least + (problem.budget - least) * budget as f64 / (budgets - 1) as f64;
        for weights in &mixtures {
            if control.should_stop() {
                return Ok(seeds);
            }
            let split = weighted_split(problem, weights, budget, &quick)?;
            if split.outcome.objective.is_some() {
                seeds.push(search.genes(&split.amounts));
            }
        }
    }
    seeds.truncate(goals.points.max(4));
    Ok(seeds)
}

/// The control of one exact split among many.
fn quick(control: &Control) -> Control {
    let mut quick = control.silent();
    quick.limits.work = Some(quick.limits.work.unwrap_or(SEED_WORK).min(SEED_WORK));
    quick
}

/// The exact split of most weighted response.
fn weighted_split(
    problem: &Problem,
    weights: &[f64],
    budget: f64,
    control: &Control,
) -> Result<BudgetSplit, DecideError> {
    let weighted = |(channel, weight): (&Channel, &f64)| Channel { a: channel.a * weight, ..channel.clone() };
    let channels: Vec<Channel> = problem.channels.iter().zip(weights).map(weighted).collect();
    model::split_over(&channels, budget, None, control)
}

/// Weights of the channels' responses: each goal that is a sum of them, mixtures of two, and one
/// that holds against a channel what is uncertain of it.
fn mixtures(problem: &Problem, goals: &[Goal]) -> Vec<Vec<f64>> {
    let of = |goal: &Goal| -> Option<Vec<f64>> {
        let weights: Option<Vec<f64>> = problem.channels.iter().map(|channel| goal.weight(channel)).collect();
        // Each is scaled to its largest, so that none drowns the other in a mixture.
        let largest = weights.iter().flatten().copied().fold(0.0, f64::max);
        weights.filter(|_| largest > 0.0).map(|all| all.iter().map(|weight| weight / largest).collect())
    };
    let mut all: Vec<Vec<f64>> = goals.iter().filter_map(of).collect();
    let sums = all.len();
    for (a, b) in (0..sums).flat_map(|a| (a + 1..sums).map(move |b| (a, b))) {
        all.push(all[a].iter().zip(&all[b]).map(|(a, b)| 0.5 * (a + b)).collect());
    }
    if goals.contains(&Goal::Risk) {
        let sure: Vec<f64> =
            problem.channels.iter().map(|channel| 1.0 / (1.0 + channel.error.max(0.0))).collect();
        all.extend(all.first().map(|base| base.iter().zip(&sure).map(|(a, b)| a * b).collect()));
        all.push(sure);
    }
    if all.is_empty() {
        all.push(vec![1.0; problem.channels.len()]);
    }
    all
}

/// The point farthest below the plane through the best of each goal.
fn knee(goals: &[Goal], values: &[Vec<f64>]) -> usize {
    let costs =
        |point: &[f64]| -> Vec<f64> { goals.iter().zip(point).map(|(&goal, &v)| cost(goal, v)).collect() };
    let all: Vec<Vec<f64>> = values.iter().map(|point| costs(point)).collect();
    let end =
        |k: usize, pick: fn(f64, f64) -> f64, from: f64| all.iter().map(|point| point[k]).fold(from, pick);
    let distance = |point: &Vec<f64>| -> f64 {
        (0..goals.len())
            .map(|k| {
                let (best, worst) = (end(k, f64::min, f64::INFINITY), end(k, f64::max, f64::NEG_INFINITY));
                if worst > best { (point[k] - best) / (worst - best) } else { 0.0 }
            })
            .sum()
    };
    let sums: Vec<f64> = all.iter().map(distance).collect();
    (0..sums.len()).min_by(|&a, &b| sums[a].total_cmp(&sums[b])).unwrap_or(0)
}

/// The point that is best in one goal.
pub(super) fn best_of(goals: &[Goal], values: &[Vec<f64>], wanted: Goal) -> usize {
    let at = goals.iter().position(|goal| *goal == wanted).unwrap_or(0);
    let worth = |point: usize| cost(wanted, values[point][at]);
    (0..values.len()).min_by(|&a, &b| worth(a).total_cmp(&worth(b))).unwrap_or(0)
}

/// The tables `front` and `front_spend`.
pub(super) fn tables(problem: &Problem, goals: &Goals, front: &Front) -> [Table; 2] {
    let count = front.points.len();
    let numbers = || (1..=count).map(|point| point as f64);
    let mut table = Table::new("front").with_number("point", numbers());
    for goal in Goal::ALL {
        let at = goals.list.iter().position(|listed| *listed == goal);
        let value = |point: &Vec<f64>| at.map_or(f64::NAN, |at| point[at]);
        table = table.with_number(goal.name(), front.values.iter().map(value));
    }
    let table = table
        .with_flag("knee", (0..count).map(|point| point == front.knee))
        .with_flag("chosen", (0..count).map(|point| point == front.chosen));
    let names = problem.channels.iter().map(|channel| &channel.name);
    let width = problem.channels.len();
    let spends = Table::new("front_spend")
        .with_number("point", numbers().flat_map(|point| std::iter::repeat_n(point, width)))
        .with_text("channel", (0..count).flat_map(|_| names.clone()))
        .with_number("spend", front.points.iter().flatten().copied());
    [table, spends]
}
