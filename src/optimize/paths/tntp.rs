//! Reader of the TNTP format of transportation test networks: link lines with
//! free-flow times, places as `NODE X Y`.
//!
//! Nodes below `<FIRST THRU NODE>` are zones: ways start and end there, and
//! pass through none of them.

use super::graph::Arc;
use super::map::{Draft, MapError};

/// Whether the text begins with metadata of the format.
pub(crate) fn is_tntp(text: &str) -> bool {
    text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.trim_start().starts_with('<'))
}

/// Column of the free-flow time in a link line.
const FREE_FLOW_TIME: usize = 4;

pub(crate) fn parse(text: &str) -> Result<Draft, MapError> {
    let mut draft = Draft::default();
    let mut first_through = 1_u32;
    for (at, line) in text.lines().enumerate() {
        let fault = |text: String| MapError { line: at + 1, text };
        let line = line.split('~').next().unwrap_or("").trim();
        if let Some(rest) = line.strip_prefix('<') {
            let (key, value) = rest.split_once('>').unwrap_or((rest, ""));
            let number = || {
                value
                    .trim()
                    .parse::<u32>()
                    .map_err(|_| fault(format!("<{key}> is `{}`: wanted a number", value.trim())))
            };
            match key.trim().to_ascii_uppercase().as_str() {
                "NUMBER OF NODES" => (1..=number()?).for_each(|node| {
                    draft.node(&node.to_string());
                }),
                "FIRST THRU NODE" => first_through = number()?,
                _ => {}
            }
            continue;
        }
        let fields: Vec<&str> = line.trim_end_matches(';').split_ascii_whitespace().collect();
        let (Some(&from), Some(&to)) = (fields.first(), fields.get(1)) else { continue };
        let weight = fields.get(FREE_FLOW_TIME).and_then(|field| field.parse::<f64>().ok());
        let Some(weight) = weight.filter(|weight| *weight >= 0.0) else {
            return Err(fault(format!(
                "`{line}`: wanted from, to, capacity, length and free-flow time (0 or more), parted by blanks"
            )));
        };
        let arc = Arc::new(draft.node(from), draft.node(to), weight);
        draft.arcs.push(arc);
    }
    for (name, terminal) in draft.names.iter().zip(&mut draft.terminal) {
        *terminal = name.parse::<u32>().is_ok_and(|node| node < first_through);
    }
    if draft.arcs.is_empty() {
        return Err(MapError { line: 1, text: "no link lines after the metadata".to_owned() });
    }
    Ok(draft)
}

pub(crate) fn parse_places(text: &str, draft: &mut Draft) -> Result<(), MapError> {
    for (at, line) in text.lines().enumerate() {
        let mut fields = line.trim_end_matches(';').split_ascii_whitespace();
        let Some(node) = fields.next().and_then(|name| draft.index.get(name).copied()) else { continue };
        let mut number =
            || fields.next().and_then(|field| field.parse::<f64>().ok()).filter(|x| x.is_finite());
        match (number(), number()) {
            (Some(x), Some(y)) => draft.coordinates[node as usize] = Some((x, y)),
            _ => {
                let text = format!("`{}`: wanted `NODE X Y`", line.trim());
                return Err(MapError { line: at + 1, text });
            }
        }
    }
    Ok(())
}
