//! Rows of a table: picked out, added, replaced.

use super::table::{Column, Table, TextColumn};

impl Table {
    /// The rows of this table followed by those of `more`; a column that only one
    /// of them has is blank in the rows of the other.
    #[must_use]
    pub fn with_rows(&self, more: &Table) -> Table {
        let mut grown = self.clone();
        grown.append(more);
        grown
    }

    /// Adds the rows of `more`, as [`Table::with_rows`] does, without a copy of what is there.
    pub fn append(&mut self, more: &Table) {
        self.append_from(more, self.next_row_number());
    }

    /// Row number of a row that is added.
    pub(crate) fn next_row_number(&self) -> u32 {
        match self.len().checked_sub(1) {
            Some(last) => u32::try_from(self.row_number(last)).unwrap_or(u32::MAX).saturating_add(1),
            None => 2,
        }
    }

    /// Makes room for rows to be added, so that the first of them does not move all others.
    pub(crate) fn reserve(&mut self, rows: usize) {
        if !self.row_numbers.is_empty() {
            self.row_numbers.reserve_exact(rows);
        }
        for (_, column) in &mut self.columns {
            match column {
                Column::Text(text) => text.index.reserve_exact(rows),
                Column::Number(numbers) => numbers.reserve_exact(rows),
                Column::Date(days) => days.reserve_exact(rows),
                Column::Flag(flags) => flags.reserve_exact(rows),
            }
        }
    }

    /// Adds the rows of `more`, the first of which has the row number `number`.
    pub(crate) fn append_from(&mut self, more: &Table, number: u32) {
        let (first, added) = (self.len(), more.len());
        if !self.row_numbers.is_empty() || number != self.next_row_number() {
            if self.row_numbers.len() != first {
                let known = |row| u32::try_from(self.row_number(row)).unwrap_or(u32::MAX);
                self.row_numbers = (0..first).map(known).collect();
            }
            self.row_numbers.extend((0..added).map(|row| number.saturating_add(row as u32)));
        }
        for (name, column) in &mut self.columns {
            column.extend(more.column(name), added);
        }
        for (name, column) in more.columns() {
            if self.column(name).is_none() {
                let mut whole = column.blank(first);
                whole.extend(Some(column), added);
                self.set(name.clone(), whole);
            }
        }
    }

    /// Puts the cells of `row` of `more` into `at`; columns that `more` does not have stay.
    pub fn replace_row(&mut self, at: usize, more: &Table, row: usize) {
        let rows = self.len();
        for (name, new) in more.columns() {
            if self.column(name).is_none() {
                self.set(name.clone(), new.blank(rows));
            }
            if let Some((_, column)) = self.columns.iter_mut().find(|(existing, _)| existing == name) {
                column.put(at, new, row);
            }
        }
    }

    /// The rows for which `keep` holds; they keep their row numbers.
    #[must_use]
    pub fn filtered(&self, keep: &[bool]) -> Table {
        let rows: Vec<u32> = (0_u32..).zip(keep).filter(|(_, keep)| **keep).map(|(row, _)| row).collect();
        self.picked(&rows)
    }

    /// These rows in this order; they keep their row numbers.
    #[must_use]
    pub fn picked(&self, rows: &[u32]) -> Table {
        fn pick<T: Copy>(cells: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().filter_map(|&row| cells.get(row as usize).copied()).collect()
        }
        let mut picked = self.without_rows();
        picked.columns = self
            .columns
            .iter()
            .map(|(name, column)| {
                let column = match column {
                    Column::Text(text) => {
                        Column::Text(rows.iter().map(|&row| text.get(row as usize)).collect())
                    }
                    Column::Number(numbers) => Column::Number(pick(numbers, rows)),
                    Column::Date(dates) => Column::Date(pick(dates, rows)),
                    Column::Flag(flags) => Column::Flag(pick(flags, rows)),
                };
                (name.clone(), column)
            })
            .collect();
        let number = |&row: &u32| u32::try_from(self.row_number(row as usize)).unwrap_or(u32::MAX);
        picked.row_numbers = rows.iter().map(number).collect();
        picked
    }
}

impl Column {
    /// As many blank cells of this column's type.
    pub(super) fn blank(&self, rows: usize) -> Column {
        match self {
            Column::Text(_) => {
                let mut text = TextColumn::default();
                (0..rows).for_each(|_| text.push(""));
                Column::Text(text)
            }
            Column::Number(_) => Column::Number(vec![f64::NAN; rows]),
            Column::Date(_) => Column::Date(vec![Table::NO_DATE; rows]),
            Column::Flag(_) => Column::Flag(vec![Table::BLANK_FLAG; rows]),
        }
    }

    /// Adds the cells of `more`, or that many blank ones where it is absent or of another type.
    fn extend(&mut self, more: Option<&Column>, rows: usize) {
        match (&mut *self, more) {
            (Column::Number(all), Some(Column::Number(more))) => all.extend_from_slice(more),
            (Column::Date(all), Some(Column::Date(more))) => all.extend_from_slice(more),
            (Column::Flag(all), Some(Column::Flag(more))) => all.extend_from_slice(more),
            (Column::Text(all), Some(Column::Text(more))) => {
                (0..rows).for_each(|row| all.push(more.get(row)));
            }
            (Column::Number(all), _) => all.resize(all.len() + rows, f64::NAN),
            (Column::Date(all), _) => all.resize(all.len() + rows, Table::NO_DATE),
            (Column::Flag(all), _) => all.resize(all.len() + rows, Table::BLANK_FLAG),
            (Column::Text(all), _) => (0..rows).for_each(|_| all.push("")),
        }
    }

    /// Puts cell `row` of `from` into `at`; a column of another type changes nothing.
    fn put(&mut self, at: usize, from: &Column, row: usize) {
        fn copy<T: Copy>(to: &mut [T], at: usize, from: &[T], row: usize) {
            if let (Some(cell), Some(&value)) = (to.get_mut(at), from.get(row)) {
                *cell = value;
            }
        }
        match (self, from) {
            (Column::Number(to), Column::Number(from)) => copy(to, at, from, row),
            (Column::Date(to), Column::Date(from)) => copy(to, at, from, row),
            (Column::Flag(to), Column::Flag(from)) => copy(to, at, from, row),
            (Column::Text(to), Column::Text(from)) => {
                let word = to.index_of(from.get(row));
                copy(&mut to.index, at, &[word], 0);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Table {
        Table::new("t").with_text("item", ["a", "b", "a"]).with_number("n", [1.0, 2.0, 3.0])
    }

    #[test]
    fn rows_are_added_with_blanks_where_a_column_is_missing() {
        let more = Table::new("t").with_text("item", ["c"]).with_flag("new", [true]);
        let grown = shop().with_rows(&more);
        assert_eq!(grown.len(), 4);
        assert_eq!((grown.cell_text("item", 3), grown.cell_text("n", 3)), ("c".to_owned(), String::new()));
        assert_eq!((grown.cell_text("new", 0), grown.cell_text("new", 3)), (String::new(), "yes".to_owned()));
        assert_eq!(grown.row_number(3), 5);
    }

    #[test]
    fn picked_rows_keep_their_numbers_and_added_ones_follow() {
        let mut picked = shop().picked(&[2, 0]);
        assert_eq!(picked.number("n"), Some(&[3.0, 1.0][..]));
        assert_eq!((picked.row_number(0), picked.row_number(1)), (4, 2));
        assert_eq!(shop().filtered(&[false, true, true]), shop().picked(&[1, 2]));
        picked.append(&shop().picked(&[1]));
        assert_eq!((picked.len(), picked.row_number(2)), (3, 3));
    }

    #[test]
    fn a_replaced_row_keeps_what_the_new_one_does_not_tell() {
        let mut table = shop();
        table.replace_row(1, &Table::new("t").with_text("item", ["z"]).with_text("note", ["new"]), 0);
        assert_eq!((table.cell_text("item", 1), table.cell_text("n", 1)), ("z".to_owned(), "2".to_owned()));
        assert_eq!(
            (table.cell_text("note", 0), table.cell_text("note", 1)),
            (String::new(), "new".to_owned())
        );
    }
}
