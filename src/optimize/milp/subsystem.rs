//! Part of a program's limits, switched on and off one by one, with the question
//! whether the part that is on can be satisfied.
//!
//! A limit ([`Member`]) is one side of a row, one bound of a column, or that a
//! column must be whole (or zero). Switching one off only ever allows more
//! points, which is what the filters of [`iis`](super::iis) rest on. A column
//! that may jump to zero counts as such only while all its three limits are
//! on; otherwise its range is the interval that contains both parts.

use super::{ColumnKind, LpMethod, MilpError, Program, Session};
use crate::control::Control;

/// A side of a row or a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// At least.
    Lower,
    /// At most.
    Upper,
}

/// One limit of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Member {
    /// A side of a row.
    Row {
        /// Index of the row.
        row: usize,
        /// Which side.
        side: Side,
    },
    /// A bound of a column.
    Bound {
        /// Index of the column.
        column: usize,
        /// Which bound.
        side: Side,
    },
    /// That a column's value is whole, or zero.
    Integrality {
        /// Index of the column.
        column: usize,
    },
}

/// All limits of a program: sides and bounds that are finite, and integrality.
pub(super) fn members_of(program: &Program) -> Vec<Member> {
    let mut members = Vec::new();
    let sides = |lower: f64, upper: f64| {
        let lower = lower.is_finite().then_some(Side::Lower);
        lower.into_iter().chain(upper.is_finite().then_some(Side::Upper))
    };
    for row in 0..program.rows() {
        let (lower, upper) = program.row_bounds(row);
        members.extend(sides(lower, upper).map(|side| Member::Row { row, side }));
    }
    for column in 0..program.columns() {
        if program.kinds[column] != ColumnKind::Continuous {
            members.push(Member::Integrality { column });
        }
    }
    for column in 0..program.columns() {
        let (lower, upper) = program.column_bounds(column);
        members.extend(sides(lower, upper).map(|side| Member::Bound { column, side }));
    }
    members
}

/// Whether a part of a program can be satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Feasible,
    Infeasible,
    /// A limit stopped the search, or the arithmetic failed.
    Unknown,
}

/// Which limits of a program are on.
#[derive(Debug, Clone)]
pub(super) struct Active {
    rows: Vec<[bool; 2]>,
    bounds: Vec<[bool; 2]>,
    integrality: Vec<bool>,
}

impl Active {
    pub(super) fn none(program: &Program) -> Self {
        Active {
            rows: vec![[false; 2]; program.rows()],
            bounds: vec![[false; 2]; program.columns()],
            integrality: vec![false; program.columns()],
        }
    }

    pub(super) fn of(program: &Program, members: impl IntoIterator<Item = Member>) -> Self {
        let mut active = Active::none(program);
        for member in members {
            active.set(member, true);
        }
        active
    }

    pub(super) fn set(&mut self, member: Member, on: bool) {
        match member {
            Member::Row { row, side } => self.rows[row][side as usize] = on,
            Member::Bound { column, side } => self.bounds[column][side as usize] = on,
            Member::Integrality { column } => self.integrality[column] = on,
        }
    }

    pub(super) fn has(&self, member: Member) -> bool {
        match member {
            Member::Row { row, side } => self.rows[row][side as usize],
            Member::Bound { column, side } => self.bounds[column][side as usize],
            Member::Integrality { column } => self.integrality[column],
        }
    }

    pub(super) fn drop_integrality(&mut self) {
        self.integrality.fill(false);
    }

    fn row_bounds(&self, program: &Program, row: usize) -> (f64, f64) {
        let (lower, upper) = program.row_bounds(row);
        let [has_lower, has_upper] = self.rows[row];
        (if has_lower { lower } else { f64::NEG_INFINITY }, if has_upper { upper } else { f64::INFINITY })
    }

    fn column_state(&self, program: &Program, column: usize) -> (f64, f64, ColumnKind) {
        let (mut lower, mut upper) = program.column_bounds(column);
        let [has_lower, has_upper] = self.bounds[column];
        let is_integral = self.integrality[column];
        let mut kind = if is_integral { program.kinds[column] } else { ColumnKind::Continuous };
        let is_semi = program.kinds[column].is_semi();
        let finite = [lower.is_finite(), upper.is_finite()];
        let is_whole_limit = is_integral && has_lower == finite[0] && has_upper == finite[1];
        if is_semi && !is_whole_limit {
            (lower, upper) = (lower.min(0.0), upper.max(0.0));
            kind = if kind.is_integer() { ColumnKind::Integer } else { ColumnKind::Continuous };
        }
        (
            if has_lower { lower } else { f64::NEG_INFINITY },
            if has_upper { upper } else { f64::INFINITY },
            kind,
        )
    }
}

/// A part of a program inside the solver, with a zero objective.
pub(super) struct Subsystem<'a> {
    program: &'a Program,
    active: Active,
    session: Session,
    /// Rows and columns of the program that the session holds, and back.
    rows: Vec<usize>,
    columns: Vec<usize>,
    row_at: Vec<usize>,
    column_at: Vec<usize>,
    /// Solves so far.
    pub(super) solves: usize,
    is_mip: bool,
}

const ABSENT: usize = usize::MAX;

impl<'a> Subsystem<'a> {
    /// The part of `program` that is on; `warm` keeps the basis between
    /// solves and leaves the numbers as they are (no presolve).
    pub(super) fn new(program: &'a Program, active: Active, warm: bool) -> Result<Self, MilpError> {
        let rows: Vec<usize> = (0..program.rows()).filter(|&row| active.rows[row] != [false; 2]).collect();
        let mut column_at = vec![ABSENT; program.columns()];
        for &row in &rows {
            for (column, _) in program.row(row) {
                column_at[column] = 0;
            }
        }
        for (column, slot) in column_at.iter_mut().enumerate() {
            let (lower, upper, kind) = active.column_state(program, column);
            if lower > upper || (kind.is_integer() && lower.ceil() > upper.floor()) {
                *slot = 0;
            }
        }
        let columns: Vec<usize> =
            (0..program.columns()).filter(|&column| column_at[column] != ABSENT).collect();
        let mut part = Program::minimise();
        part.reserve(columns.len(), rows.len(), 0);
        for (at, &column) in columns.iter().enumerate() {
            column_at[column] = at;
            let (lower, upper, kind) = active.column_state(program, column);
            part.add_column(0.0, lower, upper, kind);
        }
        let mut row_at = vec![ABSENT; program.rows()];
        for (at, &row) in rows.iter().enumerate() {
            row_at[row] = at;
            let terms: Vec<(usize, f64)> = program.row(row).map(|(c, a)| (column_at[c], a)).collect();
            let (lower, upper) = active.row_bounds(program, row);
            part.add_row(lower, upper, &terms);
        }
        let is_mip = part.has_integers();
        let mut session = Session::new(&part)?;
        if warm && !is_mip {
            session.set_presolve(false);
            session.set_method(LpMethod::Simplex);
        }
        Ok(Subsystem { program, active, session, rows, columns, row_at, column_at, solves: 0, is_mip })
    }

    pub(super) fn is_mip(&self) -> bool {
        self.is_mip
    }

    /// Switches limits on or off.
    pub(super) fn switch(&mut self, members: &[Member], on: bool) -> Result<(), MilpError> {
        for &member in members {
            self.active.set(member, on);
            match member {
                Member::Row { row, .. } if self.row_at[row] != ABSENT => {
                    let (lower, upper) = self.active.row_bounds(self.program, row);
                    self.session.set_row_bounds(self.row_at[row], lower, upper)?;
                }
                Member::Bound { column, .. } | Member::Integrality { column }
                    if self.column_at[column] != ABSENT =>
                {
                    let (lower, upper, kind) = self.active.column_state(self.program, column);
                    let at = self.column_at[column];
                    if kind != self.session.kind(at) {
                        self.session.set_kind(at, kind)?;
                    }
                    self.session.set_column_bounds(at, lower, upper)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the limits that are on can be satisfied together.
    pub(super) fn verdict(&mut self, control: &Control) -> Result<Verdict, MilpError> {
        self.solves += 1;
        self.session.feasibility(control)
    }

    /// The limits that the solver's proof of infeasibility uses, after a
    /// verdict `Infeasible` on a part without integers: the rows with a
    /// multiplier, and the bounds against which their sum is compared
    /// (Farkas' lemma). `None` where the solver holds no proof.
    pub(super) fn proof(&mut self) -> Option<Vec<Member>> {
        let ray = self.session.highs.dual_ray()?;
        let largest = ray.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if !(largest > 0.0 && largest.is_finite()) {
            return None;
        }
        let (mut sums, mut sizes) = (vec![0.0; self.columns.len()], vec![0.0; self.columns.len()]);
        for (at, &multiplier) in ray.iter().enumerate() {
            for (column, coefficient) in self.program.row(self.rows[at]) {
                let at = self.column_at[column];
                sums[at] += multiplier * coefficient;
                sizes[at] += (multiplier * coefficient).abs();
            }
        }
        [1.0, -1.0].into_iter().find_map(|sign| self.proof_members(&ray, &sums, &sizes, sign, largest))
    }

    /// Rows and bounds of a proof read with the given sign; `None` where a limit it needs is off.
    fn proof_members(
        &self,
        ray: &[f64],
        sums: &[f64],
        sizes: &[f64],
        sign: f64,
        largest: f64,
    ) -> Option<Vec<Member>> {
        const NOTHING: f64 = 1e-10;
        let mut members = Vec::new();
        for (at, &multiplier) in ray.iter().enumerate() {
            if multiplier.abs() > NOTHING * largest {
                let side = if sign * multiplier > 0.0 { Side::Lower } else { Side::Upper };
                let row = self.rows[at];
                if !self.active.rows[row][side as usize] {
                    return None;
                }
                members.push(Member::Row { row, side });
            }
        }
        for (at, &sum) in sums.iter().enumerate() {
            if sum.abs() > 1e-9 * sizes[at] && sum.abs() > NOTHING * largest {
                let side = if sign * sum > 0.0 { Side::Upper } else { Side::Lower };
                let column = self.columns[at];
                if !self.active.bounds[column][side as usize] {
                    return None;
                }
                members.push(Member::Bound { column, side });
            }
        }
        Some(members)
    }
}
