//! `purvey models`: the decisions and their contracts.

use clap::Args;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use purvey::data::schema::{ColumnSchema, Range, Schema, Term};
use purvey::decide::DECISIONS;

use super::exit::{self, Failure};
use super::options::Talk;
use super::{console, input};

/// List the decisions, or show one's tables, settings, costs and constraints.
#[derive(Debug, Args)]
pub struct Models {
    /// Decision to show
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    talk: Talk,
}

impl Models {
    /// Lists or shows.
    pub fn run(self) -> Result<u8, Failure> {
        match &self.name {
            Some(name) => self.show(name),
            None => self.list(),
        }
    }

    fn list(&self) -> Result<u8, Failure> {
        let schemas =
            DECISIONS.iter().map(|&decision| input::schema(decision)).collect::<Result<Vec<_>, _>>()?;
        if self.talk.json {
            let list: Vec<_> = schemas
                .iter()
                .map(|schema| serde_json::json!({ "name": schema.name, "title": schema.title, "summary": schema.summary }))
                .collect();
            console::say_json(&serde_json::json!({ "models": list }));
            return Ok(exit::OK);
        }
        let mut table = plain_table();
        for schema in &schemas {
            table.add_row([schema.name.as_str(), schema.summary.trim()]);
        }
        console::say(&table.to_string());
        Ok(exit::OK)
    }

    fn show(&self, name: &str) -> Result<u8, Failure> {
        let decision = input::decision(name)?;
        if self.talk.json {
            let document: serde_json::Value =
                toml::from_str(decision.schema()).map_err(|error| Failure::Internal(error.to_string()))?;
            console::say_json(&document);
            return Ok(exit::OK);
        }
        console::say(describe(&input::schema(decision)?).trim_end());
        Ok(exit::OK)
    }
}

fn describe(schema: &Schema) -> String {
    let mut text = format!("{}\n\n{}\n", schema.title, schema.summary.trim());
    for table in &schema.tables {
        let need = if table.required { "required" } else { "optional" };
        text += &format!("\nTABLE {} ({need})\n  {}\n", table.name, table.meaning.trim());
        if !table.key.is_empty() {
            text += &format!("  key: {}\n", table.key.join(", "));
        }
        text += &columns(&table.columns);
    }
    if !schema.settings.is_empty() {
        text += "\nSETTINGS\n";
        let mut rows = plain_table();
        for setting in &schema.settings {
            let range =
                Range { min: setting.min, above: setting.above, max: setting.max, below: setting.below };
            rows.add_row([
                setting.name.clone(),
                unit(setting.kind.as_str(), &setting.unit),
                rules(false, setting.default.as_deref(), &range, &setting.values, None),
                setting.meaning.trim().to_owned(),
            ]);
        }
        text += &format!("{rows}\n");
    }
    text += &terms("COSTS", &schema.costs);
    text += &terms("CONSTRAINTS", &schema.constraints);
    for output in &schema.outputs {
        text += &format!("\nOUTPUT {}.csv\n  {}\n", output.name, output.meaning.trim());
        text += &columns(&output.columns);
    }
    text
}

fn columns(columns: &[ColumnSchema]) -> String {
    let mut rows = plain_table();
    for column in columns {
        let range = Range { min: column.min, above: column.above, max: column.max, below: column.below };
        rows.add_row([
            column.name.clone(),
            unit(column.kind.as_str(), &column.unit),
            rules(
                column.required,
                column.default.as_deref(),
                &range,
                &column.values,
                column.references.as_deref(),
            ),
            column.meaning.trim().to_owned(),
        ]);
    }
    format!("{rows}\n")
}

fn terms(title: &str, terms: &[Term]) -> String {
    if terms.is_empty() {
        return String::new();
    }
    let mut rows = plain_table();
    for term in terms {
        let source = if term.source.is_empty() { String::new() } else { format!("\n[{}]", term.source) };
        rows.add_row([
            term.name.clone(),
            format!("{}\n{}{source}", term.formula.trim(), term.meaning.trim()),
            term.input.join("\n"),
        ]);
    }
    format!("\n{title}\n{rows}\n")
}

fn unit(kind: &str, unit: &str) -> String {
    if unit.is_empty() { kind.to_owned() } else { format!("{kind}, {unit}") }
}

fn rules(
    required: bool,
    default: Option<&str>,
    range: &Range,
    values: &[String],
    references: Option<&str>,
) -> String {
    let mut parts = Vec::new();
    if required {
        parts.push("required".to_owned());
    }
    if let Some(default) = default {
        parts.push(format!("default {default}"));
    }
    if !range.is_open() {
        parts.push(range.to_string());
    }
    if !values.is_empty() {
        parts.push(values.join(" | "));
    }
    if let Some(references) = references {
        parts.push(format!("in {references}"));
    }
    parts.join("; ")
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        table.set_width(110);
    }
    table
}
