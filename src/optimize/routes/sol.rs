//! Solution files in CVRPLIB form: `Route #1: 4 7 2`, one line a route, and `Cost 123.4`.
//!
//! A node is named by its number in the problem file less one, so that the depot of a file with one
//! depot is 0 and is not written.

use std::fmt::Write;

use super::file::FileError;

/// One line of a solution file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRoute {
    /// Its number.
    pub number: u32,
    /// Line of the file.
    pub line: usize,
    /// Numbers of its nodes.
    pub nodes: Vec<u32>,
}

/// What a solution file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileSolution {
    /// Its routes, as they stand there; those without nodes are left out.
    pub routes: Vec<FileRoute>,
    /// The cost that it states.
    pub cost: Option<f64>,
}

/// Reads the text of a `.sol` file.
///
/// ```
/// use purvey::optimize::routes::{read_sol, write_sol};
/// let text = "Route #1: 4 7\nRoute #2: 2\nCost 12.5\n";
/// let solution = read_sol(text)?;
/// assert_eq!(solution.routes[0].nodes, [4, 7]);
/// assert_eq!(write_sol(&solution), text);
/// # Ok::<(), purvey::optimize::routes::FileError>(())
/// ```
///
/// # Errors
/// [`FileError`] with the line that is no route and no cost.
pub fn read_sol(text: &str) -> Result<FileSolution, FileError> {
    let mut solution = FileSolution::default();
    for (at, raw) in text.lines().enumerate() {
        let (line, words) = (at + 1, raw.trim());
        let lower = words.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("route") {
            let route = route(line, rest)?;
            if !route.nodes.is_empty() {
                solution.routes.push(route);
            }
        } else if let Some(rest) = lower.strip_prefix("cost") {
            let value = rest.trim_start_matches([':', ' ', '\t']).trim();
            let cost = value.parse::<f64>().ok().filter(|cost| cost.is_finite());
            solution.cost = Some(cost.ok_or_else(|| {
                FileError::new(line, format!("the cost \"{value}\" is not a number"), "write Cost 123.4")
            })?);
        } else if words.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(FileError::new(
                line,
                "numbers without the name of their route",
                "write Route #1: 4 7 2",
            ));
        }
    }
    if solution.routes.is_empty() {
        return Err(FileError::new(
            text.lines().count().max(1),
            "there is no route",
            "write Route #1: 4 7 2",
        ));
    }
    Ok(solution)
}

fn route(line: usize, rest: &str) -> Result<FileRoute, FileError> {
    let help = "write Route #1: 4 7 2";
    let (number, nodes) = rest
        .split_once(':')
        .ok_or_else(|| FileError::new(line, "the route has no colon after its number", help))?;
    let number = number.trim().trim_start_matches('#').trim();
    let whole = |word: &str| {
        word.parse::<u32>()
            .map_err(|_| FileError::new(line, format!("\"{word}\" is not a whole number"), help))
    };
    let nodes = nodes.split_whitespace().map(whole).collect::<Result<_, _>>()?;
    Ok(FileRoute { number: whole(number)?, line, nodes })
}

/// The text of a solution file.
#[must_use]
pub fn write_sol(solution: &FileSolution) -> String {
    let mut text = String::new();
    for route in &solution.routes {
        let nodes: Vec<String> = route.nodes.iter().map(u32::to_string).collect();
        let _ = writeln!(text, "Route #{}: {}", route.number, nodes.join(" "));
    }
    if let Some(cost) = solution.cost {
        let _ = writeln!(text, "Cost {}", (cost * 1e6).round() / 1e6);
    }
    text
}
