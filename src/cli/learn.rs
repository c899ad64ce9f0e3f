//! `purvey learn`: learns to predict one column of a table from the others.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use purvey::control::Control;
use purvey::data::{
    Code, Declaration, Fault, Faults, Severity, Table, Tables, Wanted, read_open, read_text, replace_file,
};
use purvey::decide::learn::{
    self, Answer, ClassAnswer, ClassLesson, LearnFailure, Lesson, Price, Task, TaskFound, Trade,
};
use purvey::predict::tabular::{LearnOptions, Method, Metric, Saved};

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
    /// Whether the target is a number or a class
    #[arg(long, value_enum, default_value = "auto", value_name = "NAME", conflicts_with = "with")]
    task: TaskName,
    /// Columns of very many words (ids, keywords) to know by a hash of the word only
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', conflicts_with = "with")]
    hash: Vec<String>,
    /// Buckets of hashed words, 1 to 16777216 [default: 262144]
    #[arg(long, value_name = "N", conflicts_with = "with")]
    buckets: Option<u32>,
    /// Which error of a number to make small
    #[arg(long, value_enum, default_value = "auto", value_name = "NAME", conflicts_with = "with")]
    metric: MetricName,
    /// File to save the model in
    #[arg(long, value_name = "MODEL")]
    save: Option<PathBuf>,
    /// Saved model to predict with
    #[arg(long, value_name = "MODEL")]
    with: Option<PathBuf>,
    /// Let the saved model learn on from the rows, and save it again (in --save, else where it was)
    #[arg(long, requires = "with", conflicts_with = "test")]
    update: bool,
    /// Price at which a row can be bought: a column, which is not learned from, or one number
    #[arg(long, value_name = "COLUMN|PRICE")]
    asked: Option<String>,
    /// Price at which a row can be sold: a column, which is not learned from, or one number
    #[arg(long, value_name = "COLUMN|PRICE")]
    offered: Option<String>,
    /// Cost of a trade: a share of its price (2%), a fee (15), or both (2%+15)
    #[arg(long, value_name = "COST", default_value = "0", value_parser = parse_cost)]
    cost: Cost,
    /// Least expected gain of a trade as a share of its price [default: what gained most on rows held out]
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    margin: Option<f64>,
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
    /// Hashed weights, row after row; for two classes, can learn on with --update
    Online,
    /// Hashed weights and products of pairs; for two classes, can learn on with --update
    Factors,
}

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TaskName {
    /// Classes where the column holds words or few different whole numbers, else a number
    Auto,
    /// A number
    Regression,
    /// A class
    Classification,
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
            MethodName::Online => Some(Method::Online),
            MethodName::Factors => Some(Method::Factors),
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

/// What was learned, or read.
enum Taught {
    Number(Box<Lesson>),
    Classes(Box<ClassLesson>),
}

/// What came of it.
enum Told {
    Number(Box<Answer>),
    Classes(Box<ClassAnswer>),
}

impl Learn {
    /// Reads, learns, predicts, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?.started();
        let mut notices = Faults::default();
        let taught = match self.taught(&mut notices, &control)? {
            Ok(taught) => taught,
            Err(stopped) => {
                console::error(&stopped.to_string());
                return Ok(if control.cancel.is_requested() { exit::INTERRUPTED } else { exit::NO_PLAN });
            }
        };
        let mut told = self.told(taught, &mut notices, &control)?;
        let of_rows = std::mem::take(told.notices());
        notices.extend(of_rows);
        *told.notices() = notices;
        self.tell_notices(told.notices());
        let saved = self.save.as_ref().or(self.with.as_ref().filter(|_| self.update));
        if let Some(path) = saved {
            save(path, &told)?;
        }
        self.finish(&told, &control)
    }

    /// What is learned or read; the inner error is a stop before there was a model.
    fn taught(
        &self,
        notices: &mut Faults,
        control: &Control,
    ) -> Result<Result<Taught, LearnFailure>, Failure> {
        if let Some(path) = &self.with {
            return Ok(Ok(match read_model(path)? {
                Saved::Number(model) => Taught::Number(Box::new(Lesson::of(model))),
                Saved::Classes(model) => Taught::Classes(Box::new(ClassLesson::of(model))),
            }));
        }
        // clap takes --target, which conflicts with --with, for an excuse from needing it.
        if self.update {
            return Err(Failure::Usage("--update needs a saved model: give it in --with".to_owned()));
        }
        let (Some(train), Some(target)) = (&self.train, &self.target) else {
            return Err(Failure::Usage("give a table to learn from, and --target".to_owned()));
        };
        for (list, name) in [(&self.drop, "--drop"), (&self.hash, "--hash")] {
            if list.contains(target) {
                return Err(Failure::Usage(format!("{target} is the target and stands in {name}")));
            }
        }
        let trade = self.trade();
        let (table, found) = self.read_training(train, target, trade.as_ref(), notices)?;
        let options = LearnOptions {
            method: self.method.chosen(),
            metric: self.metric.chosen(),
            hash: self.hash.clone(),
            buckets: self.buckets.unwrap_or(LearnOptions::default().buckets),
        };
        self.check_use_of_options(target, found.task)?;
        let taught = match found.task {
            Task::Regression => match trade {
                Some(trade) => Lesson::learn_to_trade(&table, target, trade, &options, control),
                None => Lesson::learn(&table, target, &options, control),
            }
            .map(|lesson| Taught::Number(Box::new(lesson))),
            Task::Classification if trade.is_some() => return Err(no_trade(target)),
            Task::Classification => ClassLesson::learn(&table, target, &found, &options, control)
                .map(|lesson| Taught::Classes(Box::new(lesson))),
        };
        match taught {
            Err(LearnFailure::Input(faults)) => Err(faults.into()),
            taught => Ok(taught),
        }
    }

    /// Options that the task would leave unread.
    fn check_use_of_options(&self, target: &str, task: Task) -> Result<(), Failure> {
        let is_class = task == Task::Classification;
        if is_class && self.metric.chosen().is_some() {
            let message = format!("--metric is for numbers; {target} is learned as classes by the log loss");
            return Err(Failure::Usage(message));
        }
        let may_hash = !self.hash.is_empty() || self.method.chosen().map_or(is_class, Method::takes_batches);
        if self.buckets.is_some() && !may_hash {
            return Err(Failure::Usage(
                "--buckets is for hashed words: name columns in --hash, or learn two classes by --method online or factors"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// The table to learn from, and what its target asks for; a number is read strictly.
    fn read_training(
        &self,
        train: &Path,
        target: &str,
        trade: Option<&Trade>,
        notices: &mut Faults,
    ) -> Result<(Table, TaskFound), Failure> {
        let mut open = learn::open_columns(target, &self.drop, &self.hash);
        open.known.extend(trade.into_iter().flat_map(Trade::known_columns));
        let found = if self.task == TaskName::Regression {
            TaskFound { task: Task::Regression, because: "--task says so".to_owned() }
        } else {
            let mut told = Faults::default();
            let table = self.read(train, &open, &mut told)?;
            let found = match self.task {
                TaskName::Classification => {
                    TaskFound { task: Task::Classification, because: "--task says so".to_owned() }
                }
                TaskName::Auto | TaskName::Regression => learn::task_of(&table, target),
            };
            let of_target = |fault: &&Fault| fault.column.as_deref() == Some(target);
            let is_clean = table.number(target).is_none() || !told.as_slice().iter().any(|f| of_target(&f));
            if is_clean && (found.task == Task::Classification || table.number(target).is_some()) {
                notices.extend(told);
                return Ok((table, found));
            }
            found
        };
        let strict = learn::strict_columns(target, open);
        Ok((self.read(train, &strict, notices)?, found))
    }

    /// The answer for the rows given, or for those held out.
    fn told(&self, taught: Taught, notices: &mut Faults, control: &Control) -> Result<Told, Failure> {
        let rows = self.rows()?;
        match taught {
            Taught::Number(_) if self.update => Err(Failure::Usage(
                "--update is for classes learned with --method online or factors; this model predicts a number"
                    .to_owned(),
            )),
            Taught::Number(lesson) => {
                let trade = self.trade();
                let mut columns = learn::model_columns(lesson.model());
                columns.known.extend(trade.iter().flat_map(Trade::known_columns));
                let test = rows.map(|path| self.read(path, &columns, notices)).transpose()?;
                drop(columns);
                let lesson = match (trade, &self.with) {
                    (Some(trade), Some(_)) => lesson.trading(trade),
                    _ => *lesson,
                };
                Ok(Told::Number(Box::new(lesson.answer(test.as_ref(), self.explain, control)?)))
            }
            Taught::Classes(lesson) if self.trade().is_some() => Err(no_trade(lesson.model().target())),
            Taught::Classes(lesson) => {
                let columns = learn::class_columns(lesson.model(), self.update);
                let test = rows.map(|path| self.read(path, &columns, notices)).transpose()?;
                drop(columns);
                let answer = match (&test, self.update) {
                    (Some(table), true) => lesson.update(table, self.explain, control)?,
                    (test, _) => lesson.answer(test.as_ref(), self.explain, control)?,
                };
                Ok(Told::Classes(Box::new(answer)))
            }
        }
    }

    /// The terms of trades, where prices are given.
    fn trade(&self) -> Option<Trade> {
        let price = |text: &Option<String>| {
            text.as_ref().map(|text| text.parse().map_or_else(|_| Price::Column(text.clone()), Price::Same))
        };
        let (asked, offered) = (price(&self.asked), price(&self.offered));
        let Cost { share, fee } = self.cost;
        let trade = Trade { asked, offered, cost_share: share, fee, margin: self.margin };
        (trade.asked.is_some() || trade.offered.is_some()).then_some(trade)
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
    fn tell_notices(&self, notices: &Faults) {
        let worth = |fault: &&Fault| fault.severity > Severity::Notice;
        if !self.talk.quiet {
            let warnings = notices.as_slice().iter().filter(worth).cloned().collect();
            console::print_faults(&warnings);
        }
    }

    fn finish(&self, told: &Told, control: &Control) -> Result<u8, Failure> {
        let named = self.train.as_ref().or(self.test.as_ref());
        let path = named.map_or_else(|| Path::new("rows"), PathBuf::as_path);
        let folder = self.output.clone().unwrap_or_else(|| input::default_output(path, "out-learn"));
        let title = input::title(path);
        let (document, presentation, [predictions, effects]) = match told {
            Told::Number(answer) => {
                (answer.document(), answer.present(&title), [&answer.predictions, &answer.effects])
            }
            Told::Classes(answer) => {
                (answer.document(), answer.present(&title), [&answer.predictions, &answer.effects])
            }
        };
        let tables = Tables::default().with(predictions.clone()).with(effects.clone());
        write::Answer {
            folder,
            name: "learn.json",
            document,
            tables: &tables,
            presentation: &presentation,
            next: ("Predictions", "predictions.csv"),
        }
        .finish(&self.talk, control)
    }
}

impl Told {
    fn notices(&mut self) -> &mut Faults {
        match self {
            Told::Number(answer) => &mut answer.notices,
            Told::Classes(answer) => &mut answer.notices,
        }
    }
}

fn read_model(path: &Path) -> Result<Saved, Failure> {
    Saved::from_json(&read_text(path)?).map_err(|error| {
        let fault = Fault::error(Code::BrokenFormat, path.display().to_string(), error.to_string());
        Faults::from(fault.with_help("save the model again with `purvey learn --save`")).into()
    })
}

fn save(path: &Path, told: &Told) -> Result<(), Failure> {
    let text = match told {
        Told::Number(answer) => answer.model.to_json(),
        Told::Classes(answer) => answer.model.to_json(),
    };
    let text = text.map_err(|error| Failure::Internal(error.to_string()))?;
    replace_file(path, &text).map_err(|error| Failure::Output(error.to_string()))
}

fn no_trade(target: &str) -> Failure {
    Failure::Usage(format!("--asked and --offered are for numbers; {target} is learned as classes"))
}

/// Cost of a trade.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cost {
    share: f64,
    fee: f64,
}

fn parse_cost(text: &str) -> Result<Cost, String> {
    let refused = || format!("`{text}` is no cost; write a share (2%), a fee (15), or both (2%+15)");
    let mut cost = Cost { share: 0.0, fee: 0.0 };
    for part in text.split('+') {
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| refused());
        match part.trim().strip_suffix('%') {
            Some(percent) => cost.share += number(percent)? / 100.0,
            None => cost.fee += number(part)?,
        }
    }
    let is_sound = (0.0..1.0).contains(&cost.share) && cost.fee >= 0.0 && cost.fee.is_finite();
    if is_sound { Ok(cost) } else { Err(refused()) }
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
