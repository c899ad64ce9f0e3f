//! Given a program that cannot be satisfied, find the cheapest way to widen its
//! limits so that it can be: minimise the sum of cost times violation.
//!
//! Method: elastic programming, Brown and Graves (1975); Chinneck (2008),
//! "Feasibility and Infeasibility in Optimization", doi:10.1007/978-0-387-74932-7,
//! chapter 6. Each limit that may give way gets a column for its violation
//! with its cost; a bound becomes a row first. Integrality is kept.
//! Cost: one solve of the program with one more column for each limit that may give way.
//! Use [`infeasible_set`](super::infeasible_set) instead when the question is what
//! collides; a relaxation names what to give up.
//! Not for: limits that can only be dropped as a whole.
//! Same input, seed and work limit give the same answer: yes, where no time
//! limit strikes.
//! Differs from the paper: a group of limits may share one violation, which
//! then counts once.

use super::{ColumnKind, Member, MilpError, Program, Session, Side};
use crate::control::Control;
use crate::solution::{Outcome, SolutionStatus};

/// Violations below this, relative to the size of the limit, are arithmetic.
const NOTHING: f64 = 1e-9;

/// Limits that may give way together, at a cost for each unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Elastic {
    /// Row sides and bounds, all widened by the same amount; integrality cannot be widened.
    pub members: Vec<Member>,
    /// Cost of one unit of widening; above zero.
    pub cost_per_unit: f64,
    /// Largest widening; infinite for any.
    pub at_most: f64,
}

impl Elastic {
    /// One limit that may give way by any amount.
    #[must_use]
    pub fn one(member: Member, cost_per_unit: f64) -> Self {
        Elastic { members: vec![member], cost_per_unit, at_most: f64::INFINITY }
    }
}

/// How much a limit has to give way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Widening {
    /// Index of the [`Elastic`].
    pub elastic: usize,
    /// By how much.
    pub amount: f64,
    /// At what cost.
    pub cost: f64,
}

/// The cheapest relaxation that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Relaxation {
    /// Status; objective and bound are the cost of the widenings.
    pub outcome: Outcome,
    /// Limits that give way, in the order of the elastics; empty where none needs to.
    pub widenings: Vec<Widening>,
    /// A point that satisfies the widened program; empty without one.
    pub values: Vec<f64>,
}

/// Every row side and bound of a program, at a cost of one a unit.
#[must_use]
pub fn all_elastic(program: &Program) -> Vec<Elastic> {
    let members = super::subsystem::members_of(program).into_iter();
    let members = members.filter(|member| !matches!(member, Member::Integrality { .. }));
    members.map(|member| Elastic::one(member, 1.0)).collect()
}

/// The cheapest relaxation of a program over the limits that may give way; the others hold.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::milp::{ColumnKind, Elastic, Member, Program, Side, relax};
/// let mut program = Program::minimise();
/// let x = program.add_column(1.0, 0.0, f64::INFINITY, ColumnKind::Continuous);
/// program.add_row(10.0, f64::INFINITY, &[(x, 1.0)]);
/// program.add_row(f64::NEG_INFINITY, 7.0, &[(x, 1.0)]);
/// let need = Elastic::one(Member::Row { row: 0, side: Side::Lower }, 5.0);
/// let room = Elastic::one(Member::Row { row: 1, side: Side::Upper }, 2.0);
/// let relaxation = relax(&program, &[need, room], &Control::default())?;
/// assert_eq!(relaxation.widenings.len(), 1);
/// assert_eq!((relaxation.widenings[0].elastic, relaxation.widenings[0].amount), (1, 3.0));
/// assert_eq!(relaxation.outcome.objective, Some(6.0));
/// # Ok::<(), purvey::optimize::milp::MilpError>(())
/// ```
///
/// # Errors
/// When a number cannot be used, an elastic names a limit that does not
/// exist, integrality, or a bound of a column that may jump to zero.
pub fn relax(program: &Program, elastics: &[Elastic], control: &Control) -> Result<Relaxation, MilpError> {
    program.check()?;
    let relaxed = elastic_program(program, elastics)?;
    let solved = Session::new(&relaxed)?.solve(control)?;
    let mut relaxation = Relaxation { outcome: solved.outcome, widenings: Vec::new(), values: Vec::new() };
    if solved.outcome.solution_status == SolutionStatus::None {
        return Ok(relaxation);
    }
    let amounts = &solved.values[program.columns()..program.columns() + elastics.len()];
    for (elastic, &amount) in amounts.iter().enumerate() {
        if amount > NOTHING * size_of(program, &elastics[elastic]) {
            relaxation.widenings.push(Widening {
                elastic,
                amount,
                cost: amount * elastics[elastic].cost_per_unit,
            });
        }
    }
    relaxation.values = solved.values[..program.columns()].to_vec();
    Ok(relaxation)
}

/// The program with the limits widened; its objective is the program's own.
///
/// Each widening gets `slack` of its amount on top (a relative room, such as
/// 1e-9), so that rounding does not close the gap again.
#[must_use]
pub fn widened(program: &Program, elastics: &[Elastic], relaxation: &Relaxation, slack: f64) -> Program {
    let mut wide = program.clone();
    for widening in &relaxation.widenings {
        let amount = widening.amount + slack * widening.amount.max(1.0);
        for &member in &elastics[widening.elastic].members {
            match member {
                Member::Row { row, side: Side::Lower } => wide.row_lower[row] -= amount,
                Member::Row { row, side: Side::Upper } => wide.row_upper[row] += amount,
                Member::Bound { column, side: Side::Lower } => wide.column_lower[column] -= amount,
                Member::Bound { column, side: Side::Upper } => wide.column_upper[column] += amount,
                Member::Integrality { .. } => {}
            }
        }
    }
    wide
}

/// Size of the largest limit of an elastic, at least one.
fn size_of(program: &Program, elastic: &Elastic) -> f64 {
    let sizes = elastic.members.iter().map(|&member| limit(program, member).map_or(0.0, f64::abs));
    sizes.fold(1.0, f64::max)
}

/// The number that a limit states; `None` where there is no such limit.
fn limit(program: &Program, member: Member) -> Option<f64> {
    let (pair, side) = match member {
        Member::Row { row, side } if row < program.rows() => (program.row_bounds(row), side),
        Member::Bound { column, side } if column < program.columns() => (program.column_bounds(column), side),
        _ => return None,
    };
    let value = if side == Side::Lower { pair.0 } else { pair.1 };
    value.is_finite().then_some(value)
}

/// Columns of the program, then one column an elastic; rows of the program
/// with the violations in them, then one row for each elastic bound.
fn elastic_program(program: &Program, elastics: &[Elastic]) -> Result<Program, MilpError> {
    check(program, elastics)?;
    let mut relaxed = Program::minimise();
    let mut row_slack: Vec<Vec<(usize, f64)>> = vec![Vec::new(); program.rows()];
    let mut bound_rows: Vec<(usize, usize, Side)> = Vec::new();
    let (mut lower, mut upper) = (program.column_lower.clone(), program.column_upper.clone());
    for (index, elastic) in elastics.iter().enumerate() {
        let violation = program.columns() + index;
        for &member in &elastic.members {
            match member {
                Member::Row { row, side } => {
                    row_slack[row].push((violation, if side == Side::Lower { 1.0 } else { -1.0 }));
                }
                Member::Bound { column, side } => {
                    match side {
                        Side::Lower => lower[column] = f64::NEG_INFINITY,
                        Side::Upper => upper[column] = f64::INFINITY,
                    }
                    bound_rows.push((column, violation, side));
                }
                Member::Integrality { .. } => {}
            }
        }
    }
    for column in 0..program.columns() {
        relaxed.add_column(0.0, lower[column], upper[column], program.kinds[column]);
    }
    for elastic in elastics {
        relaxed.add_column(elastic.cost_per_unit, 0.0, elastic.at_most, ColumnKind::Continuous);
    }
    for (row, slack) in row_slack.iter().enumerate() {
        add_elastic_row(&mut relaxed, program, row, slack);
    }
    for (column, violation, side) in bound_rows {
        let (lower, upper) = program.column_bounds(column);
        match side {
            Side::Lower => relaxed.add_row(lower, f64::INFINITY, &[(column, 1.0), (violation, 1.0)]),
            Side::Upper => relaxed.add_row(f64::NEG_INFINITY, upper, &[(column, 1.0), (violation, -1.0)]),
        };
    }
    Ok(relaxed)
}

/// A row with the violations of its two sides, each on its own side only: a
/// row of which both sides give way, or one side and the other is there, is
/// written as two rows, so that a violation of one side cannot loosen or
/// tighten the other.
fn add_elastic_row(relaxed: &mut Program, program: &Program, row: usize, slack: &[(usize, f64)]) {
    let (lower, upper) = program.row_bounds(row);
    let terms: Vec<(usize, f64)> = program.row(row).collect();
    let of_side = |sign: f64| slack.iter().copied().filter(move |term| term.1 == sign);
    if slack.is_empty() {
        relaxed.add_row(lower, upper, &terms);
        return;
    }
    if lower.is_finite() {
        let with: Vec<(usize, f64)> = terms.iter().copied().chain(of_side(1.0)).collect();
        relaxed.add_row(lower, f64::INFINITY, &with);
    }
    if upper.is_finite() {
        let with: Vec<(usize, f64)> = terms.iter().copied().chain(of_side(-1.0)).collect();
        relaxed.add_row(f64::NEG_INFINITY, upper, &with);
    }
}

fn check(program: &Program, elastics: &[Elastic]) -> Result<(), MilpError> {
    for (index, elastic) in elastics.iter().enumerate() {
        if !(elastic.cost_per_unit > 0.0 && elastic.cost_per_unit.is_finite() && elastic.at_most >= 0.0) {
            let reason =
                format!("elastic {index}: cost {}, at most {}", elastic.cost_per_unit, elastic.at_most);
            return Err(MilpError::Model { reason });
        }
        for &member in &elastic.members {
            let is_semi = matches!(member, Member::Bound { column, .. } if column < program.columns() && program.kinds[column].is_semi());
            if limit(program, member).is_none() || is_semi {
                return Err(MilpError::Model {
                    reason: format!("elastic {index}: {member:?} is no limit that can widen"),
                });
            }
        }
    }
    Ok(())
}

impl Relaxation {
    /// Cost of all widenings.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.widenings.iter().map(|widening| widening.cost).sum()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::highs_api::Highs;
    use super::super::tests::small_integer_program;
    use super::super::{data_tests, read_program, solve};
    use super::*;
    use crate::solution::Termination;
    use proptest::prelude::*;

    fn exact() -> Control {
        Control::default().with_gap(0.0)
    }

    /// Sum of violations by the solver's own method.
    fn by_highs(program: &Program) -> f64 {
        let mut highs = Highs::new().unwrap();
        highs.pass(program).unwrap();
        assert!(highs.feasibility_relaxation(1.0, 1.0, 1.0));
        highs.objective()
    }

    #[test]
    fn the_cost_is_that_of_the_solvers_own_relaxation_on_public_programs() {
        let Some(folder) = data_tests::collection() else { return };
        for name in
            ["bgprtr", "galenet", "itest2", "itest6", "woodinfe", "forest6", "box1", "ex72a", "mondou2"]
        {
            let program = read_program(&data_tests::file_of(&folder, &format!("infeasible/{name}"))).unwrap();
            let relaxation = relax(&program, &all_elastic(&program), &exact()).unwrap();
            let (ours, theirs) = (relaxation.outcome.objective.unwrap(), by_highs(&program));
            assert!((ours - theirs).abs() <= 1e-6 * theirs.abs().max(1.0), "{name}: {ours} {theirs}");
            assert!((relaxation.cost() - ours).abs() <= 1e-6 * ours.max(1.0), "{name}");
            let wide = widened(&program, &all_elastic(&program), &relaxation, 1e-7);
            let violation = wide.violation_of(&relaxation.values);
            assert!(violation.row.max(violation.column) <= 1e-6, "{name}: {violation:?}");
        }
    }

    #[test]
    fn a_group_shares_one_violation_and_a_cap_is_kept() {
        let mut program = Program::minimise();
        let x = program.add_column(1.0, 4.0, f64::INFINITY, ColumnKind::Continuous);
        let y = program.add_column(1.0, 7.0, f64::INFINITY, ColumnKind::Continuous);
        program.add_row(f64::NEG_INFINITY, 3.0, &[(x, 1.0)]);
        program.add_row(f64::NEG_INFINITY, 3.0, &[(y, 1.0)]);
        let upper = |row| Member::Row { row, side: Side::Upper };
        let mut group =
            Elastic { members: vec![upper(0), upper(1)], cost_per_unit: 2.0, at_most: f64::INFINITY };
        let relaxation = relax(&program, std::slice::from_ref(&group), &exact()).unwrap();
        assert_eq!(relaxation.widenings, [Widening { elastic: 0, amount: 4.0, cost: 8.0 }]);
        group.at_most = 3.0;
        let relaxation = relax(&program, &[group], &exact()).unwrap();
        assert_eq!(relaxation.outcome.termination, Termination::Infeasible);
        assert!(relaxation.values.is_empty());
    }

    #[test]
    fn a_widening_of_one_side_does_not_move_the_other() {
        let mut program = Program::minimise();
        let x = program.add_column(1.0, 10.0, 10.0, ColumnKind::Continuous);
        program.add_row(2.0, 8.0, &[(x, 1.0)]);
        let sides = [Side::Lower, Side::Upper].map(|side| Elastic::one(Member::Row { row: 0, side }, 1.0));
        let relaxation = relax(&program, &sides, &exact()).unwrap();
        assert_eq!(relaxation.widenings, [Widening { elastic: 1, amount: 2.0, cost: 2.0 }]);
    }

    #[test]
    fn what_cannot_widen_is_refused() {
        let mut program = Program::minimise();
        let x = program.add_column(1.0, 0.0, f64::INFINITY, ColumnKind::Integer);
        for member in [
            Member::Integrality { column: x },
            Member::Bound { column: x, side: Side::Upper },
            Member::Row { row: 0, side: Side::Lower },
        ] {
            assert!(relax(&program, &[Elastic::one(member, 1.0)], &exact()).is_err(), "{member:?}");
        }
        let lower = Member::Bound { column: x, side: Side::Lower };
        assert!(relax(&program, &[Elastic::one(lower, 0.0)], &exact()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(3), ..ProptestConfig::default() })]

        #[test]
        fn the_widened_program_can_be_satisfied_and_a_satisfiable_one_costs_nothing(program in small_integer_program()) {
            let elastics = all_elastic(&program);
            let relaxation = relax(&program, &elastics, &exact()).unwrap();
            prop_assert_eq!(relaxation.outcome.termination, Termination::Optimal);
            let is_feasible = solve(&program, &exact()).unwrap().outcome.termination == Termination::Optimal;
            prop_assert_eq!(relaxation.widenings.is_empty(), is_feasible);
            let wide = widened(&program, &elastics, &relaxation, 1e-7);
            prop_assert_eq!(solve(&wide, &exact()).unwrap().outcome.termination, Termination::Optimal);
        }
    }
}
