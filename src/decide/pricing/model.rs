//! The mixed-integer program: one price of the ladder for each product.
//!
//! A binary column `x` for each product and price. Where two products answer
//! to each other's prices, a column `y` for each pair of their prices carries
//! the product of the two binaries; with the marginal rows (each `x` is the sum
//! of its `y`) this linearisation is exact, and its relaxation is the local
//! polytope of the pair (Wainwright and Jordan 2008, doi:10.1561/2200000001).
//! All rules are rows. The only file that talks to `optimize`.

use std::time::Instant;

use rustc_hash::FxHashMap;

use super::super::DecideError;
use super::problem::{Goal, Problem, same};
use crate::control::Control;
use crate::optimize::milp::{ColumnKind, MilpError, Program, Session, Solved};
use crate::solution::Outcome;

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// One price for the product.
    Choice,
    /// The prices of a pair agree with those of its products.
    Pair,
    /// Limit number `.1` of product `.0`.
    Limit(u32, u32),
    /// Gap rule: lower end, upper end.
    Low(u32),
    High(u32),
    Changes,
    Floor(u32),
}

/// The program with what its rows stand for.
#[derive(Debug)]
pub(super) struct Model {
    pub program: Program,
    pub rows: Vec<Row>,
    /// First column of each product; one for each price of its ladder.
    first: Vec<usize>,
}

/// A pair of products of which one answers to the other, and its columns by their prices.
struct Pair {
    a: usize,
    b: usize,
    first: usize,
}

/// Program, session and answer.
pub(super) struct Answer {
    pub model: Model,
    pub session: Session,
    pub solved: Solved,
    pub build_seconds: f64,
    pub solve_seconds: f64,
}

impl Answer {
    pub fn outcome(&self) -> Outcome {
        self.solved.outcome
    }

    /// The price of each product; `None` without an answer.
    pub fn prices(&self, problem: &Problem) -> Option<Vec<f64>> {
        (!self.solved.values.is_empty()).then(|| self.model.prices(problem, &self.solved.values))
    }
}

/// Builds and solves, starting from `start` where given.
pub(super) fn solve(
    problem: &Problem,
    start: Option<&[f64]>,
    control: &Control,
) -> Result<Answer, DecideError> {
    let started = Instant::now();
    let model = Model::new(problem);
    let mut session = Session::new(&model.program).map_err(|error| failed("hand the prices over", &error))?;
    let build_seconds = started.elapsed().as_secs_f64();
    let now = problem.prices_now();
    session.set_start(model.start(problem, start.unwrap_or(&now)));
    let solved = session.solve(control).map_err(|error| failed("choose the prices", &error))?;
    let solve_seconds = started.elapsed().as_secs_f64() - build_seconds;
    Ok(Answer { model, session, solved, build_seconds, solve_seconds })
}

pub(super) fn failed(doing: &str, error: &MilpError) -> DecideError {
    DecideError::Solver { doing: doing.to_owned(), reason: error.to_string() }
}

impl Model {
    pub fn new(problem: &Problem) -> Self {
        let mut model = Model {
            program: Program::maximise(),
            rows: Vec::new(),
            first: Vec::with_capacity(problem.products.len()),
        };
        for product in &problem.products {
            model.first.push(model.program.columns());
            for &price in &product.ladder {
                let quantity = product.quantity_now * product.own_share(price, problem.deviations);
                let worth = problem.goal.of(price, product.unit_cost, quantity);
                model.program.add_column(worth, 0.0, 1.0, ColumnKind::Integer);
            }
        }
        let pairs = model.add_pairs(problem);
        model.add_choices(problem);
        for pair in &pairs {
            model.add_marginals(problem, pair);
        }
        model.add_limits(problem);
        model.add_gaps(problem);
        model.add_changes(problem);
        model.add_floors(problem, &pairs);
        model
    }

    fn add_pairs(&mut self, problem: &Problem) -> Vec<Pair> {
        let mut seen: FxHashMap<(usize, usize), usize> = FxHashMap::default();
        let mut pairs = Vec::new();
        for (at, product) in problem.products.iter().enumerate() {
            for rival in &product.rivals {
                let (a, b) = (at.min(rival.to as usize), at.max(rival.to as usize));
                if seen.insert((a, b), pairs.len()).is_some() {
                    continue;
                }
                let pair = Pair { a, b, first: self.program.columns() };
                for (i, j) in pair.cells(problem) {
                    let worth = pair.adds(problem, problem.goal, i, j);
                    self.program.add_column(worth, 0.0, 1.0, ColumnKind::Continuous);
                }
                pairs.push(pair);
            }
        }
        pairs
    }

    fn row(&mut self, row: Row, lower: f64, upper: f64, terms: &[(usize, f64)]) {
        self.program.add_row(lower, upper, terms);
        self.rows.push(row);
    }

    fn add_choices(&mut self, problem: &Problem) {
        for product in 0..problem.products.len() {
            let terms: Vec<(usize, f64)> =
                self.columns(problem, product).map(|column| (column, 1.0)).collect();
            self.row(Row::Choice, 1.0, 1.0, &terms);
        }
    }

    /// Columns of a product's prices.
    fn columns(&self, problem: &Problem, product: usize) -> std::ops::Range<usize> {
        let first = self.first[product];
        first..first + problem.products[product].ladder.len()
    }

    fn add_marginals(&mut self, problem: &Problem, pair: &Pair) {
        let (rows, columns) = (problem.products[pair.a].ladder.len(), problem.products[pair.b].ladder.len());
        for i in 0..rows {
            let mut terms: Vec<(usize, f64)> =
                (0..columns).map(|j| (pair.first + i * columns + j, 1.0)).collect();
            terms.push((self.first[pair.a] + i, -1.0));
            self.row(Row::Pair, 0.0, 0.0, &terms);
        }
        for j in 0..columns {
            let mut terms: Vec<(usize, f64)> =
                (0..rows).map(|i| (pair.first + i * columns + j, 1.0)).collect();
            terms.push((self.first[pair.b] + j, -1.0));
            self.row(Row::Pair, 0.0, 0.0, &terms);
        }
    }

    /// A row for each limit that forbids some price of the ladder.
    fn add_limits(&mut self, problem: &Problem) {
        for (at, product) in problem.products.iter().enumerate() {
            for (number, limit) in product.limits.iter().enumerate() {
                let terms: Vec<(usize, f64)> = self
                    .columns(problem, at)
                    .zip(&product.ladder)
                    .filter(|(_, price)| !limit.holds(**price, product.price_now))
                    .map(|(column, _)| (column, 1.0))
                    .collect();
                if !terms.is_empty() {
                    self.row(Row::Limit(at as u32, number as u32), f64::NEG_INFINITY, 0.0, &terms);
                }
            }
        }
    }

    fn add_gaps(&mut self, problem: &Problem) {
        for (number, gap) in problem.gaps.iter().enumerate() {
            let (product, other) = (gap.product as usize, gap.other as usize);
            let terms = |times: f64| -> Vec<(usize, f64)> {
                let own = self.columns(problem, product).zip(&problem.products[product].ladder);
                let theirs = self.columns(problem, other).zip(&problem.products[other].ladder);
                own.map(|(column, &price)| (column, price))
                    .chain(theirs.map(|(column, &price)| (column, -times * price)))
                    .collect()
            };
            let (low, high) = (terms(gap.low), terms(gap.high));
            if gap.low > 0.0 {
                self.row(Row::Low(number as u32), -gap.gives_way, f64::INFINITY, &low);
            }
            if gap.high < 1e6 {
                self.row(Row::High(number as u32), f64::NEG_INFINITY, gap.gives_way, &high);
            }
        }
    }

    fn add_changes(&mut self, problem: &Problem) {
        let Some(most) = problem.max_changes else { return };
        let terms: Vec<(usize, f64)> = (0..problem.products.len())
            .flat_map(|at| {
                self.columns(problem, at).zip(&problem.products[at].ladder).map(move |cell| (at, cell))
            })
            .filter(|(at, (_, price))| !same(**price, problem.products[*at].price_now))
            .map(|(_, (column, _))| (column, 1.0))
            .collect();
        self.row(Row::Changes, f64::NEG_INFINITY, most as f64, &terms);
    }

    fn add_floors(&mut self, problem: &Problem, pairs: &[Pair]) {
        for (number, floor) in problem.floors.iter().enumerate() {
            let mut terms = Vec::new();
            for (at, product) in problem.products.iter().enumerate() {
                for (column, &price) in self.columns(problem, at).zip(&product.ladder) {
                    let quantity = product.quantity_now * product.own_share(price, problem.deviations);
                    terms.push((column, floor.goal.of(price, product.unit_cost, quantity)));
                }
            }
            for pair in pairs {
                for (cell, (i, j)) in pair.cells(problem).enumerate() {
                    terms.push((pair.first + cell, pair.adds(problem, floor.goal, i, j)));
                }
            }
            self.row(Row::Floor(number as u32), problem.least(floor), f64::INFINITY, &terms);
        }
    }

    /// Values of the price columns at some prices; a price off the ladder leaves its product open.
    fn start(&self, problem: &Problem, prices: &[f64]) -> Vec<(usize, f64)> {
        let mut start = Vec::new();
        for (at, product) in problem.products.iter().enumerate() {
            let Some(chosen) = product.ladder.iter().position(|&price| same(price, prices[at])) else {
                continue;
            };
            for (place, column) in self.columns(problem, at).enumerate() {
                start.push((column, f64::from(u8::from(place == chosen))));
            }
        }
        start
    }

    pub fn prices(&self, problem: &Problem, values: &[f64]) -> Vec<f64> {
        (0..problem.products.len())
            .map(|at| {
                let columns = self.columns(problem, at);
                let best = columns.clone().max_by(|&a, &b| values[a].total_cmp(&values[b]));
                problem.products[at].ladder[best.unwrap_or(columns.start) - columns.start]
            })
            .collect()
    }
}

impl Pair {
    /// Places of the two prices, in the order of the columns.
    fn cells(&self, problem: &Problem) -> impl Iterator<Item = (usize, usize)> {
        let columns = problem.products[self.b].ladder.len();
        (0..problem.products[self.a].ladder.len()).flat_map(move |i| (0..columns).map(move |j| (i, j)))
    }

    /// What the two answers add to the goal at prices `i` and `j`.
    fn adds(&self, problem: &Problem, goal: Goal, i: usize, j: usize) -> f64 {
        self.one_way(problem, goal, (self.a, i), (self.b, j))
            + self.one_way(problem, goal, (self.b, j), (self.a, i))
    }

    fn one_way(
        &self,
        problem: &Problem,
        goal: Goal,
        (at, place): (usize, usize),
        (to, of): (usize, usize),
    ) -> f64 {
        let (product, rival) = (&problem.products[at], &problem.products[to]);
        let Some(number) = product.rivals.iter().position(|answer| answer.to as usize == to) else {
            return 0.0;
        };
        let price = product.ladder[place];
        let share = product.rival_share(number, rival.ladder[of], rival.price_now);
        let quantity = product.quantity_now * product.own_share(price, problem.deviations) * share;
        goal.of(price, product.unit_cost, quantity)
    }
}
