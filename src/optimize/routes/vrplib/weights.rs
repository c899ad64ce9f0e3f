//! Distances of a VRPLIB file: from coordinates by a formula, or a matrix in one of its layouts.

use std::sync::Arc;

use super::super::file::{FileError, RoundingRule};
use super::super::problem::Matrix;
use super::Text;

/// Most nodes whose distances are held as a table (3.2 GB).
const MOST_TABLE_NODES: usize = 20_000;

/// Distances of all pairs of nodes.
pub(super) fn matrix(
    text: &Text<'_>,
    points: &[[f64; 2]],
    nodes: usize,
    rounding: RoundingRule,
) -> Result<Matrix, FileError> {
    let kind = text.word("EDGE_WEIGHT_TYPE");
    let line = text.line_of("EDGE_WEIGHT_TYPE");
    if kind == "EXPLICIT" {
        return explicit(text, nodes);
    }
    if points.is_empty() {
        let found = "there are neither coordinates nor a matrix";
        return Err(FileError::new(line, found, "add a NODE_COORD_SECTION or an EDGE_WEIGHT_SECTION"));
    }
    if kind == "EUC_2D" {
        let rounding = rounding.of(text.word("TYPE"));
        return Ok(Matrix::Plane { points: Arc::new(points.to_vec()), rounding });
    }
    let Some(formula) = formula(kind) else {
        let help = "use EXPLICIT, EUC_2D, CEIL_2D, FLOOR_2D, MAN_2D, MAX_2D, ATT or GEO";
        return Err(FileError::new(line, format!("EDGE_WEIGHT_TYPE \"{kind}\" is not supported"), help));
    };
    refuse_table_of(nodes, line)?;
    // At its full size at once: a list that grows would hold up to twice the table.
    let mut values = Vec::with_capacity(nodes * nodes);
    points.iter().for_each(|&a| values.extend(points.iter().map(|&b| formula(a, b))));
    Ok(Matrix::Table { places: nodes, values: Arc::new(values) })
}

/// A distance of two points.
type Formula = fn([f64; 2], [f64; 2]) -> f64;

/// The formulas of TSPLIB whose rounding is their own.
fn formula(kind: &str) -> Option<Formula> {
    match kind {
        "CEIL_2D" => Some(|a, b| (a[0] - b[0]).hypot(a[1] - b[1]).ceil()),
        "FLOOR_2D" => Some(|a, b| (a[0] - b[0]).hypot(a[1] - b[1]).floor()),
        "MAN_2D" => Some(|a, b| ((a[0] - b[0]).abs() + (a[1] - b[1]).abs()).round()),
        "MAX_2D" => Some(|a, b| (a[0] - b[0]).abs().round().max((a[1] - b[1]).abs().round())),
        "ATT" => Some(|a, b| (((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)) / 10.0).sqrt().ceil()),
        "GEO" => Some(geographic),
        _ => None,
    }
}

/// Kilometres between two points of degrees and minutes (`DDD.MM`) on TSPLIB's idealised sphere.
fn geographic(a: [f64; 2], b: [f64; 2]) -> f64 {
    const RADIUS: f64 = 6378.388;
    // TSPLIB fixes pi at this value.
    #[allow(clippy::approx_constant)]
    const PI: f64 = 3.141592;
    if a == b {
        return 0.0;
    }
    let radians = |value: f64| {
        let degrees = value.trunc();
        PI * (degrees + 5.0 * (value - degrees) / 3.0) / 180.0
    };
    let ([lat_a, lon_a], [lat_b, lon_b]) = (a.map(radians), b.map(radians));
    let (q1, q2, q3) = ((lon_a - lon_b).cos(), (lat_a - lat_b).cos(), (lat_a + lat_b).cos());
    (RADIUS * (0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)).clamp(-1.0, 1.0).acos() + 1.0).trunc()
}

/// The matrix of an `EDGE_WEIGHT_SECTION`.
fn explicit(text: &Text<'_>, nodes: usize) -> Result<Matrix, FileError> {
    let Some((start, rows)) = text.sections.get("EDGE_WEIGHT") else {
        let line = text.line_of("EDGE_WEIGHT_TYPE");
        return Err(FileError::new(line, "there is no EDGE_WEIGHT_SECTION", "add the matrix"));
    };
    let format = text.word("EDGE_WEIGHT_FORMAT");
    let Some(layout) = Layout::of(format) else {
        let help = "use FULL_MATRIX, or LOWER_, UPPER_ ROW or COL, with or without DIAG";
        let found = format!("EDGE_WEIGHT_FORMAT \"{format}\" is not supported");
        return Err(FileError::new(text.line_of("EDGE_WEIGHT_FORMAT"), found, help));
    };
    let given = rows.iter().map(|row| row.values.len()).sum::<usize>();
    let wanted = layout.count(nodes);
    if given != wanted {
        let found = format!("the matrix has {given} numbers, {format} of {nodes} nodes has {wanted}");
        return Err(FileError::new(*start, found, "correct the matrix, its format or DIMENSION"));
    }
    refuse_table_of(nodes, *start)?;
    let mut values = vec![0.0; nodes * nodes];
    let stream = rows.iter().flat_map(|row| row.values.iter().map(move |&value| (row.line, value)));
    for ((line, value), (from, to)) in stream.zip(layout.cells(nodes)) {
        if value < 0.0 {
            return Err(FileError::new(
                line,
                format!("the matrix has {value}"),
                "write distances of 0 or more",
            ));
        }
        values[from * nodes + to] = value;
        if format != "FULL_MATRIX" {
            values[to * nodes + from] = value;
        }
    }
    Ok(Matrix::Table { places: nodes, values: Arc::new(values) })
}

/// Refuses a table of distances that would take memory out of proportion.
fn refuse_table_of(nodes: usize, line: usize) -> Result<(), FileError> {
    if nodes <= MOST_TABLE_NODES {
        return Ok(());
    }
    let found = format!("a table of distances of {nodes} nodes is too large");
    let help = format!("give coordinates and EUC_2D, or at most {MOST_TABLE_NODES} nodes");
    Err(FileError::new(line, found, help))
}

/// Which cells of a matrix are listed, and in which order.
///
/// A column of one triangle is a row of the other, as such a matrix is symmetric.
#[derive(Clone, Copy)]
enum Layout {
    Full,
    /// The lower triangle row by row, with so many cells of the diagonal in each row.
    Lower(usize),
    Upper(usize),
}

impl Layout {
    fn of(format: &str) -> Option<Self> {
        match format {
            "FULL_MATRIX" => Some(Layout::Full),
            "LOWER_ROW" | "UPPER_COL" => Some(Layout::Lower(0)),
            "LOWER_DIAG_ROW" | "UPPER_DIAG_COL" => Some(Layout::Lower(1)),
            "UPPER_ROW" | "LOWER_COL" => Some(Layout::Upper(0)),
            "UPPER_DIAG_ROW" | "LOWER_DIAG_COL" => Some(Layout::Upper(1)),
            _ => None,
        }
    }

    /// How many cells a matrix of `n` nodes lists.
    fn count(self, n: usize) -> usize {
        match self {
            Layout::Full => n * n,
            Layout::Lower(diagonal) | Layout::Upper(diagonal) => n * (n - 1) / 2 + n * diagonal,
        }
    }

    /// Row and column of each cell.
    fn cells(self, n: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..n).flat_map(move |row| {
            let columns = match self {
                Layout::Full => 0..n,
                Layout::Lower(diagonal) => 0..row + diagonal,
                Layout::Upper(diagonal) => row + 1 - diagonal..n,
            };
            columns.map(move |column| (row, column))
        })
    }
}
