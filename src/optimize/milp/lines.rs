//! Where a file states the rows, bounds and whole columns of its program.

use super::{Member, Side};

/// Lines (from 1) of a program that was read from a file; empty for one that was built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourceLines {
    rows: Vec<u32>,
    columns: Vec<u32>,
    /// Lines of the lower and the upper bound of each column; 0: the format's own.
    bounds: Vec<[u32; 2]>,
    /// Line that makes a column whole or semi-continuous; 0: that of the column.
    kinds: Vec<u32>,
}

impl SourceLines {
    /// The next row is declared in `line`.
    pub fn add_row(&mut self, line: usize) {
        self.rows.push(as_line(line));
    }

    /// The next column is first named in `line`.
    pub fn add_column(&mut self, line: usize) {
        self.columns.push(as_line(line));
        self.bounds.push([0; 2]);
        self.kinds.push(0);
    }

    /// A bound of `column` is stated in `line`.
    pub fn set_bound(&mut self, column: usize, side: Side, line: usize) {
        self.bounds[column][usize::from(side == Side::Upper)] = as_line(line);
    }

    /// The kind of `column` is stated in `line`.
    pub fn set_kind(&mut self, column: usize, line: usize) {
        self.kinds[column] = as_line(line);
    }

    /// The line that states a limit; for a bound or kind that none states, the first of its column.
    pub fn of(&self, member: Member) -> Option<usize> {
        let stated = |line: Option<u32>, column: usize| {
            line.filter(|line| *line > 0).or_else(|| self.columns.get(column).copied())
        };
        let line = match member {
            Member::Row { row, .. } => self.rows.get(row).copied(),
            Member::Bound { column, side } => {
                stated(self.bounds.get(column).map(|of| of[usize::from(side == Side::Upper)]), column)
            }
            Member::Integrality { column } => stated(self.kinds.get(column).copied(), column),
        };
        line.filter(|line| *line > 0).map(|line| line as usize)
    }
}

/// A line number; 0, none, beyond what fits.
fn as_line(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Member, Side, parse_program};

    const MPS: &str = "NAME x\nROWS\n N cost\n G need\n L room\nCOLUMNS\n    a cost 1 need 1\n    a room 1\n    \
                       M 'MARKER' 'INTORG'\n    b cost 2 need 1\n    M 'MARKER' 'INTEND'\n    c need 1\nRHS\n    \
                       RHS need 3 room 2\nBOUNDS\n UP BND a 4\n LO BND b -1\n UP BND b 9\n BV BND c\nENDATA\n";
    const LP: &str = "min\n cost: a\n + 2 b\nst\n need:\n  a + b + c >= 3\n a <= 2\nbounds\n 1 <= a <= 4\n b free\n\
                      gen\n b\nbin\n c\nend\n";

    #[test]
    fn rows_bounds_and_kinds_are_found_where_they_are_stated() {
        let row = |row| Member::Row { row, side: Side::Lower };
        let bound = |column, side| Member::Bound { column, side };
        let (lower, upper) = (Side::Lower, Side::Upper);
        let whole = |column| Member::Integrality { column };
        let members = [
            row(0),
            row(1),
            bound(0, lower),
            bound(0, upper),
            bound(1, lower),
            whole(1),
            bound(2, upper),
            whole(2),
        ];
        for (text, lines) in [(MPS, [4, 5, 7, 16, 17, 10, 19, 19]), (LP, [5, 7, 9, 9, 10, 12, 14, 14])] {
            let program = parse_program(text, "x".as_ref()).unwrap();
            let found = members.map(|member| program.line_of(member).unwrap());
            assert_eq!(found, lines, "{text}");
        }
    }
}
