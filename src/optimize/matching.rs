//! Given what each row costs with each column, give every row a column of its own at least cost.
//!
//! Method: shortest augmenting paths with prices, Jonker and Volgenant (1987), "A shortest augmenting
//! path algorithm for dense and sparse linear assignment problems", doi:10.1007/BF02278710.
//! Cost: time O(r² c), memory O(r + c), with r rows and c columns, costs asked for when needed.
//! Use [`super::milp`] instead where side conditions hold.
//! Not for: costs that are infinite or no numbers.
//! Same input gives the same answer: yes.

/// Column of each row in the cheapest assignment; rows beyond the number of columns get none and are
/// not in the answer.
///
/// ```
/// use purvey::optimize::matching::assignment;
/// let costs = [[4.0, 1.0], [2.0, 3.0]];
/// assert_eq!(assignment(2, 2, |row, column| costs[row][column]), [1, 0]);
/// ```
#[must_use]
pub fn assignment(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let rows = rows.min(columns);
    let mut owner: Vec<Option<usize>> = vec![None; columns];
    let mut chosen = vec![usize::MAX; rows];
    let (mut row_price, mut column_price) = (vec![0.0; rows], vec![0.0; columns]);
    for start in 0..rows {
        // Shortest path in reduced costs from the new row to a column without owner.
        let mut distance = vec![f64::INFINITY; columns];
        let mut from = vec![start; columns];
        let mut done = vec![false; columns];
        let (mut row, mut reached) = (start, 0.0);
        let end = loop {
            for column in (0..columns).filter(|&column| !done[column]) {
                let longer = reached + cost(row, column) - row_price[row] - column_price[column];
                if longer < distance[column] {
                    (distance[column], from[column]) = (longer, row);
                }
            }
            let open = (0..columns).filter(|&column| !done[column]);
            let Some(nearest) = open.min_by(|&a, &b| distance[a].total_cmp(&distance[b])) else { break None };
            (done[nearest], reached) = (true, distance[nearest]);
            match owner[nearest] {
                Some(next) => row = next,
                None => break Some(nearest),
            }
        };
        let Some(end) = end else { break };
        for column in (0..columns).filter(|&column| done[column] && column != end) {
            let step = reached - distance[column];
            column_price[column] -= step;
            if let Some(row) = owner[column] {
                row_price[row] += step;
            }
        }
        row_price[start] += reached;
        let mut column = end;
        loop {
            let row = from[column];
            owner[column] = Some(row);
            let before = std::mem::replace(&mut chosen[row], column);
            if row == start {
                break;
            }
            column = before;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::assignment;

    /// All ways, for few rows.
    fn brute(rows: usize, columns: usize, cost: &dyn Fn(usize, usize) -> f64, row: usize, used: u32) -> f64 {
        if row == rows {
            return 0.0;
        }
        let free = (0..columns).filter(|column| used & (1 << column) == 0);
        free.map(|column| cost(row, column) + brute(rows, columns, cost, row + 1, used | (1 << column)))
            .fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn it_is_as_cheap_as_the_best_of_all() {
        let mut state = 7_u64;
        for case in 0..200 {
            let (rows, columns) = (1 + case % 5, 1 + case % 5 + case % 3);
            let costs: Vec<f64> = (0..rows * columns)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 33) as f64 % 97.0
                })
                .collect();
            let cost = |row: usize, column: usize| costs[row * columns + column];
            let chosen = assignment(rows, columns, cost);
            let mut distinct = chosen.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), rows);
            let found: f64 = chosen.iter().enumerate().map(|(row, &column)| cost(row, column)).sum();
            assert_eq!(found, brute(rows, columns, &cost, 0, 0), "case {case}");
        }
    }
}
