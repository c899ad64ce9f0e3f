//! `purvey learn`: learns to predict one column of a table from the others.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use purvey::control::Control;
use purvey::data::{
    Code, Declaration, Fault, Faults, Severity, Table, Tables, Wanted, read_open, read_text, replace_file,
};
use purvey::decide::learn::{self, Answer, LearnFailure, Lesson};
use purvey::predict::tabular::{LearnOptions, Method, Metric, Model};

use super::exit::{self, Failure};
use super::options::{Talk, Work};
use super::{console, input, write};

/// Learn to predict one column of a table from the others.
#[derive(Debug, Args)]
pub struct Learn {
    /// Table to learn from; with --with, rows to predict
    #[arg(value_name = "TRAIN.csv", required_unless_present = "test")]
    train: Option<PathBuf>,
    /// Column to predict
    #[arg(long, value_name = "COLUMN", required_unless_present = "with", conflicts_with = "with")]
    target: Option<String>,
    /// Rows to predict, and to score where they have the target [default: rows held out in learning]
    #[arg(long, value_name = "TEST.csv")]
    test: Option<PathBuf>,
    /// Columns to leave out
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', conflicts_with = "with")]
    drop: Vec<String>,
    /// How to learn
    #[arg(long, value_enum, default_value = "auto", value_name = "NAME", conflicts_with = "with")]
    method: MethodName,
    /// Which error to make small
    #[arg(long, value_enum, default_value = "auto", value_name = "NAME", conflicts_with = "with")]
    metric: MetricName,
    /// File to save the model in
    #[arg(long, value_name = "MODEL")]
    save: Option<PathBuf>,
    /// Saved model to predict with
    #[arg(long, value_name = "MODEL")]
    with: Option<PathBuf>,
    /// Rows to explain column by column
    #[arg(long, value_name = "N", default_value_t = 20)]
    explain: usize,
    /// What stands between cells, one sign or \t
    #[arg(long, value_name = "SIGN", default_value = ",", value_parser = parse_sign)]
    delimiter: u8,
    /// Decimal sign
    #[arg(long, value_name = "SIGN", default_value = ".", value_parser = parse_decimal)]
    decimal: u8,
    /// Folder for predictions.csv and the page [default: STEM.out-learn/ here]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

/// How to learn.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodName {
    /// Whichever is best on rows held out, or a mixture
    Auto,
    /// Straight lines with a penalty
    Linear,
    /// Random forest
    Forest,
    /// Boosted trees
    Boosted,
}

/// Which error to make small.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricName {
    /// mape where the target is positive and wide, else rmse
    Auto,
    /// Mean of |error| / |truth|
    Mape,
    /// Mean of |error|
    Mae,
    /// Root of the mean squared error
    Rmse,
}

impl MethodName {
    fn chosen(self) -> Option<Method> {
        match self {
            MethodName::Auto => None,
            MethodName::Linear => Some(Method::Linear),
            MethodName::Forest => Some(Method::Forest),
            MethodName::Boosted => Some(Method::Boosted),
        }
    }
}

impl MetricName {
    fn chosen(self) -> Option<Metric> {
        match self {
            MetricName::Auto => None,
            MetricName::Mape => Some(Metric::Mape),
            MetricName::Mae => Some(Metric::Mae),
            MetricName::Rmse => Some(Metric::Rmse),
        }
    }
}

impl Learn {
    /// Reads, learns, predicts, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?.started();
        let mut notices = Faults::default();
        let lesson = match self.lesson(&mut notices, &control)? {
            Ok(lesson) => lesson,
            Err(stopped) => {
                console::error(&stopped.to_string());
                return Ok(if control.cancel.is_requested() { exit::INTERRUPTED } else { exit::NO_PLAN });
            }
        };
        let test = match self.rows()? {
            Some(path) => Some(self.read(path, &learn::model_columns(lesson.model()), &mut notices)?),
            None => None,
        };
        let mut answer = lesson.answer(test.as_ref(), self.explain, &control)?;
        notices.extend(answer.notices);
        answer.notices = notices;
        self.tell_notices(&answer);
        if let Some(path) = &self.save {
            save(path, &answer)?;
        }
        self.finish(&answer, &control)
    }

    /// The model, learned or read; the inner error is a stop before there was one.
    fn lesson(
        &self,
        notices: &mut Faults,
        control: &Control,
    ) -> Result<Result<Lesson, LearnFailure>, Failure> {
        if let Some(path) = &self.with {
            return Ok(Ok(Lesson::of(read_model(path)?)));
        }
        let (Some(train), Some(target)) = (&self.train, &self.target) else {
            return Err(Failure::Usage("give a table to learn from, and --target".to_owned()));
        };
        if self.drop.contains(target) {
            return Err(Failure::Usage(format!("{target} is the target and stands in --drop")));
        }
        let table = self.read(train, &learn::training_columns(target, &self.drop), notices)?;
        let options = LearnOptions { method: self.method.chosen(), metric: self.metric.chosen() };
        match Lesson::learn(&table, target, &options, control) {
            Err(LearnFailure::Input(faults)) => Err(faults.into()),
            learned => Ok(learned),
        }
    }

    /// The file of rows to predict.
    fn rows(&self) -> Result<Option<&PathBuf>, Failure> {
        match (&self.with, &self.train, &self.test) {
            (Some(_), Some(_), Some(_)) => {
                Err(Failure::Usage("with --with, give one file of rows to predict".to_owned()))
            }
            (Some(_), train, test) => Ok(test.as_ref().or(train.as_ref())),
            (None, _, test) => Ok(test.as_ref()),
        }
    }

    fn read(&self, path: &Path, wanted: &Wanted<'_>, notices: &mut Faults) -> Result<Table, Failure> {
        let declaration =
            Declaration { delimiter: self.delimiter, decimal: self.decimal, ..Declaration::default() };
        let (table, faults) = read_open(path, &path.display().to_string(), wanted, &declaration)?;
        notices.extend(faults);
        Ok(table)
    }

    /// Warnings go to stderr, so that none is missed where stdout is a document.
    fn tell_notices(&self, answer: &Answer) {
        let worth = |fault: &&Fault| fault.severity > Severity::Notice;
        if !self.talk.quiet {
            let warnings = answer.notices.as_slice().iter().filter(worth).cloned().collect();
            console::print_faults(&warnings);
        }
    }

    fn finish(&self, answer: &Answer, control: &Control) -> Result<u8, Failure> {
        let named = self.train.as_ref().or(self.test.as_ref());
        let path = named.map_or_else(|| Path::new("rows"), PathBuf::as_path);
        let folder = self.output.clone().unwrap_or_else(|| input::default_output(path, "out-learn"));
        let tables = Tables::default().with(answer.predictions.clone()).with(answer.effects.clone());
        write::Answer {
            folder,
            name: "learn.json",
            document: answer.document(),
            tables: &tables,
            presentation: &answer.present(&input::title(path)),
            next: ("Predictions", "predictions.csv"),
        }
        .finish(&self.talk, control)
    }
}

fn read_model(path: &Path) -> Result<Model, Failure> {
    Model::from_json(&read_text(path)?).map_err(|error| {
        let fault = Fault::error(Code::BrokenFormat, path.display().to_string(), error.to_string());
        Faults::from(fault.with_help("save the model again with `purvey learn --save`")).into()
    })
}

fn save(path: &Path, answer: &Answer) -> Result<(), Failure> {
    let text = answer.model.to_json().map_err(|error| Failure::Internal(error.to_string()))?;
    replace_file(path, &text).map_err(|error| Failure::Output(error.to_string()))
}

fn parse_sign(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [sign] if sign.is_ascii() && !sign.is_ascii_alphanumeric() && !b"\"\n\r ".contains(sign) => Ok(*sign),
        _ => Err(format!("`{text}` cannot stand between cells; write one sign such as ; or \\t")),
    }
}

fn parse_decimal(text: &str) -> Result<u8, String> {
    match text {
        "." | "," => Ok(text.as_bytes()[0]),
        _ => Err(format!("`{text}` is no decimal sign; write . or ,")),
    }
}
