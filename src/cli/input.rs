//! What a command is given: an instance folder or a standard file, an earlier plan.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use purvey::data::{
    Declaration, Faults, OutputSchema, Recognised, Schema, Settings, Table, Tables, read_csv, read_folder,
    read_text, recognise,
};
use purvey::decide::diff::WrittenPlan;
use purvey::decide::{self, DECISIONS, Decision, Input, ObjectiveWords, Prepared};
use purvey::presentation::{Measure, Presentation};

use super::exit::Failure;
use super::options::Source;

/// An input with the decision that takes it.
pub struct Loaded {
    pub name: String,
    pub decision: &'static dyn Decision,
    pub input: Input,
}

/// Reads the instance folder or names the standard file of `source`.
pub fn load(source: &Source) -> Result<Loaded, Failure> {
    let sets = parse_sets(&source.set)?;
    if is_file(&source.path) {
        return load_file(&source.path, sets);
    }
    let schema_of =
        |name: &str| decide::find(name).and_then(|decision| Schema::parse(decision.schema()).ok());
    let instance = read_folder(&source.path, &sets, schema_of)?;
    let decision = decision(&instance.schema.name)?;
    let name = instance.name.clone();
    let input = Input::Tables { name: name.clone(), tables: instance.tables, settings: instance.settings };
    Ok(Loaded { name, decision, input })
}

/// Whether `path` means a file: one that is there, or a name with an ending that is not.
fn is_file(path: &Path) -> bool {
    if path.exists() { !path.is_dir() } else { path.extension().is_some() }
}

fn load_file(path: &Path, sets: Vec<(String, String)>) -> Result<Loaded, Failure> {
    let refuse = |reason: &str| Failure::Usage(format!("{} {reason}", path.display()));
    let format = match recognise(path)? {
        Recognised::Standard(format) => format,
        Recognised::LongTable => {
            return Err(refuse("is a long table of series; `purvey forecast` takes it"));
        }
        Recognised::Folder => return Err(refuse("is a folder")),
    };
    let takes = |decision: &&dyn Decision| {
        decision.file_endings().iter().any(|ending| format.endings().contains(ending))
    };
    let decision = DECISIONS.iter().copied().find(takes);
    let decision = decision.ok_or_else(|| refuse("is of a format that no decision takes"))?;
    let mut settings = purvey::data::Settings { file: "--set".to_owned(), ..Default::default() };
    settings.values.extend(sets);
    Ok(Loaded { name: stem(path), decision, input: Input::File { path: path.to_owned(), settings } })
}

/// The decision called `name`, with near misses offered.
pub fn decision(name: &str) -> Result<&'static dyn Decision, Failure> {
    decide::find(name).ok_or_else(|| {
        let names: Vec<&str> = DECISIONS.iter().map(|decision| decision.name()).collect();
        let near = purvey::data::near_miss(name, names.iter().copied());
        let hint = near.map_or(String::new(), |near| format!(" — did you mean `{near}`?"));
        Failure::Usage(format!("there is no decision `{name}`{hint}; there are: {}", names.join(", ")))
    })
}

/// A decision's contract.
pub fn schema(decision: &dyn Decision) -> Result<Schema, Failure> {
    Schema::parse(decision.schema())
        .map_err(|error| Failure::Internal(format!("contract of `{}`: {error}", decision.name())))
}

fn parse_sets(sets: &[String]) -> Result<Vec<(String, String)>, Failure> {
    sets.iter()
        .map(|set| {
            let (key, value) = set
                .split_once('=')
                .ok_or_else(|| Failure::Usage(format!("--set {set}: write --set NAME=VALUE")))?;
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

/// Where a command writes when it is not told: `name` in an instance folder,
/// `STEM.name` in the current folder for a file.
pub fn default_output(path: &Path, name: &str) -> PathBuf {
    if path.is_file() { PathBuf::from(format!("{}.{name}", stem(path))) } else { path.join(name) }
}

fn stem(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    plain.rsplit_once('.').map_or(plain, |(stem, _)| stem).to_owned()
}

/// A plan of a decision: an output folder, one plan table, or a standard file that holds plans.
pub fn plan_for(path: &Path, decision: &dyn Decision, prepared: &dyn Prepared) -> Result<Tables, Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let ending = plain.rsplit_once('.').map_or("", |(_, ending)| ending);
    if decision.plan_endings().contains(&ending) && !path.is_dir() {
        return Ok(prepared.read_plan(&path.display().to_string(), &read_text(path)?)?);
    }
    plan(path, &schema(decision)?)
}

/// A plan of `schema`'s decision: all plan tables of an output folder, or one table's file.
pub fn plan(path: &Path, schema: &Schema) -> Result<Tables, Failure> {
    let mut faults = Faults::default();
    let mut tables = Tables::default();
    if path.is_dir() {
        for output in &schema.outputs {
            let file = path.join(format!("{}.csv", output.name));
            if file.is_file() {
                tables.insert(plan_table(&file, output, &mut faults));
            }
        }
    } else {
        let stem = stem(path);
        let named = schema.outputs.iter().find(|output| output.name == stem);
        let output = named.or(schema.outputs.first()).ok_or_else(|| {
            Failure::Usage(format!("`{}` has no plan tables to read {} as", schema.name, path.display()))
        })?;
        tables.insert(plan_table(path, output, &mut faults));
    }
    if tables.as_slice().is_empty() {
        return Err(Failure::Usage(format!("{} holds no plan of `{}`", path.display(), schema.name)));
    }
    faults.into_result()?;
    Ok(tables)
}

fn plan_table(path: &Path, output: &OutputSchema, faults: &mut Faults) -> Table {
    let (table, found) =
        read_csv(path, &path.display().to_string(), &output.as_table(), &Declaration::default());
    faults.extend(found);
    table
}

/// A plan as its output folder holds it, to be compared with another.
pub fn written_plan(folder: &Path) -> Result<WrittenPlan, Failure> {
    let path = folder.join("solution.json");
    let text = fs::read_to_string(&path).map_err(|error| cannot_read(&path, &error))?;
    let document: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    let model = document.get("model").and_then(|model| model.as_str()).unwrap_or_default();
    let tables = plan(folder, &schema(decision(model)?)?)?;
    let table = decide::diff::main_table(&tables, &document)
        .ok_or_else(|| Failure::Usage(format!("{} holds no plan table", folder.display())))?;
    Ok(WrittenPlan { table, document })
}

/// How a written plan's objective is written and called.
pub fn objective(plan: &WrittenPlan) -> (Measure, ObjectiveWords) {
    let of = |key: &str| plan.document.get(key);
    let decision = of("model").and_then(|model| model.as_str()).and_then(decide::find);
    let measure = of("objective_measure").and_then(|measure| Measure::deserialize(measure).ok());
    let usual = || decision.map(|decision| decision.objective_measure(&Settings::default()));
    (
        measure.or_else(usual).unwrap_or_else(Measure::number),
        decision.map_or_else(ObjectiveWords::default, Decision::objective_words),
    )
}

/// The presentation of an output folder.
pub fn presentation(folder: &Path) -> Result<Presentation, Failure> {
    let path = folder.join("presentation.json");
    let text = fs::read_to_string(&path).map_err(|error| cannot_read(&path, &error))?;
    Presentation::from_json(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Usage(format!("cannot read {}: {error}", path.display()))
}

/// What to call an input in a title: its folder's name or its file's.
pub fn title(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if full.is_file() {
        return stem(&full);
    }
    full.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
