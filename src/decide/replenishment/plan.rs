//! The plan in the planner's terms.

/// What to order: one plan for all scenarios.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// Order lines in order of pair, bucket and source, none empty, none twice.
    pub lines: Vec<OrderLine>,
}

/// One order line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderLine {
    /// Index of the pair.
    pub pair: usize,
    /// Index into the pair's sources.
    pub source: usize,
    /// Bucket of the horizon in which it is ordered.
    pub bucket: usize,
    /// Quantity, stock units, above 0.
    pub quantity: f64,
}

impl Plan {
    /// A plan of these lines: sorted, lines of the same pair, bucket and source added up,
    /// empty ones left out.
    #[must_use]
    pub fn new(mut lines: Vec<OrderLine>) -> Self {
        lines.sort_by_key(|line| (line.pair, line.bucket, line.source));
        lines.dedup_by(|next, line| {
            let same = (next.pair, next.bucket, next.source) == (line.pair, line.bucket, line.source);
            if same {
                line.quantity += next.quantity;
            }
            same
        });
        lines.retain(|line| line.quantity > 0.0);
        Plan { lines }
    }

    /// The lines of one pair.
    #[must_use]
    pub fn of_pair(&self, pair: usize) -> &[OrderLine] {
        let from = self.lines.partition_point(|line| line.pair < pair);
        let until = self.lines.partition_point(|line| line.pair <= pair);
        &self.lines[from..until]
    }
}
