//! Reader of the DIMACS shortest-path format: `a FROM TO WEIGHT` lines, places
//! as `v NODE X Y`.
//!
//! Comments (`c`) are skipped. With a line `p sp NODES ARCS` the nodes are 1 to
//! NODES and must not lie outside; without one they are those that arcs name.

use super::graph::Arc;
use super::map::{Draft, MapError};

pub(crate) fn parse(text: &str) -> Result<Draft, MapError> {
    let mut draft = Draft::default();
    let mut stated = None;
    for (at, line) in text.lines().enumerate() {
        let fault = |text: String| MapError { line: at + 1, text };
        let mut fields = line.split_ascii_whitespace();
        match fields.next() {
            None | Some("c") => {}
            Some("p") => {
                let nodes = fields.nth(1).and_then(|field| field.parse::<u32>().ok());
                let nodes = nodes.ok_or_else(|| fault(format!("`{line}`: wanted `p sp NODES ARCS`")))?;
                (1..=nodes).for_each(|node| {
                    draft.node(&node.to_string());
                });
                stated = Some(nodes as usize);
            }
            Some("a") => {
                let mut next = || fields.next().unwrap_or("");
                let (from, to, weight) = (next(), next(), next());
                let value = weight.parse::<f64>().ok().filter(|weight| *weight >= 0.0);
                let whole =
                    |field: &str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
                let Some(value) = value.filter(|_| whole(from) && whole(to)) else {
                    return Err(fault(format!(
                        "`{line}`: wanted `a FROM TO WEIGHT` with whole node numbers and a weight of 0 or more"
                    )));
                };
                let arc = Arc::new(draft.node(from), draft.node(to), value);
                if let Some(nodes) = stated.filter(|nodes| draft.names.len() > *nodes) {
                    return Err(fault(format!("`{line}`: the `p` line states the nodes 1 to {nodes}")));
                }
                draft.arcs.push(arc);
            }
            Some(other) => {
                return Err(fault(format!("a line that begins with `{other}`: wanted `c`, `p` or `a`")));
            }
        }
    }
    if draft.arcs.is_empty() {
        return Err(MapError { line: 1, text: "no arc: wanted lines `a FROM TO WEIGHT`".to_owned() });
    }
    Ok(draft)
}

pub(crate) fn parse_places(text: &str, draft: &mut Draft) -> Result<(), MapError> {
    for (at, line) in text.lines().enumerate() {
        let mut fields = line.split_ascii_whitespace();
        if fields.next() != Some("v") {
            continue;
        }
        let node = fields.next().and_then(|name| draft.index.get(name).copied());
        let mut number =
            || fields.next().and_then(|field| field.parse::<f64>().ok()).filter(|x| x.is_finite());
        match (node, number(), number()) {
            (Some(node), Some(x), Some(y)) => draft.coordinates[node as usize] = Some((x, y)),
            _ => {
                let text = format!("`{line}`: wanted `v NODE X Y` with a node of the graph");
                return Err(MapError { line: at + 1, text });
            }
        }
    }
    Ok(())
}
