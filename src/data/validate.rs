//! Checks tables, whatever their source, against a decision's schema.
//!
//! Cells: type, blanks, range, words; defaults are filled in. `relations.rs`
//! checks what holds between rows and between tables. Contradictions that need
//! arithmetic are the decision's to find.
//! Cost: O(cells) time.

use super::cell::{Flaw, Format, Rule, check_date, date_text, shown};
use super::csv::missing_column;
use super::fault::{Code, Fault, Faults};
use super::near::{did_you_mean, near_miss};
use super::relations::check_relations;
use super::schema::{ColumnSchema, ExtraRule, Kind, Schema, TableSchema};
use super::settings::{Settings, SettingsValues};
use super::table::{Column, Table, Tables, TextColumn};

/// Tables and settings that keep their schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Valid {
    /// The tables, defaults filled in.
    pub tables: Tables,
    /// The settings, defaults filled in.
    pub settings: SettingsValues,
    /// Warnings and notices.
    pub notices: Faults,
}

/// Checks named tables and settings in memory against `schema` and fills in defaults.
///
/// ```
/// use purvey::data::{Schema, Settings, Table, Tables, validate};
/// let schema = Schema::parse(
///     "name = 'm'\ntitle = 'M'\nsummary = 's'\n\
///      [[table]]\nname = 'items'\nrequired = true\nmeaning = 'Items.'\nkey = ['item']\n\
///      [[table.column]]\nname = 'item'\ntype = 'code'\nrequired = true\nmeaning = 'Code.'\n\
///      [[table.column]]\nname = 'price'\ntype = 'number'\nmin = 0\nmeaning = 'Price.'",
/// )?;
/// let items = Table::new("items").with_text("item", ["soap", "soap"]).with_number("price", [2.0, -1.0]);
/// let faults = validate(Tables::default().with(items), &Settings::default(), &schema).unwrap_err();
/// assert_eq!(faults.to_string(), "\
/// items:3: price is \"-1\": must be at least 0 [out-of-range]
///   help: write a value that is at least 0
/// items:3: item \"soap\" stands in row 2 already [duplicate-key]
///   help: delete one of the two rows");
/// # Ok::<(), purvey::data::SchemaError>(())
/// ```
///
/// # Errors
/// Every fault at once, warnings and notices included.
pub fn validate(mut tables: Tables, settings: &Settings, schema: &Schema) -> Result<Valid, Faults> {
    let mut faults = tables.take_notices();
    for table in tables.as_slice() {
        if schema.table(table.name()).is_none() {
            faults.push(unknown_table(table.file(), table.name(), schema));
        }
    }
    for table in tables.as_mut_slice() {
        if let Some(wanted) = schema.table(table.name()) {
            check_columns(table, wanted, &mut faults);
        }
    }
    check_relations(&tables, schema, "", &mut faults);
    let settings = settings.typed(schema).unwrap_or_else(|more| {
        faults.extend(more);
        SettingsValues::default()
    });
    faults.sort();
    let notices = faults.into_result()?;
    Ok(Valid { tables, settings, notices })
}

/// A table that the decision does not have.
pub(crate) fn unknown_table(file: &str, name: &str, schema: &Schema) -> Fault {
    let near = near_miss(name, schema.tables.iter().map(|table| table.name.as_str()));
    let otherwise = format!("`purvey models {}` lists the tables", schema.name);
    Fault::error(Code::UnknownTable, file, format!("{} is no table of {}", shown(name), schema.name))
        .with_help(did_you_mean(near, otherwise))
}

/// Fills a column that is not there with its default.
pub(crate) fn fill_missing(table: &mut Table, wanted: &TableSchema) {
    let rows = table.len();
    for column in &wanted.columns {
        if column.default.is_some() && table.column(&column.name).is_none() {
            table.set(&column.name, filled(column, rows));
        }
    }
}

fn filled(column: &ColumnSchema, rows: usize) -> Column {
    match column.kind {
        Kind::Number | Kind::Integer => Column::Number(vec![column.default_number(); rows]),
        Kind::Date => Column::Date(vec![column.default_date(); rows]),
        Kind::Flag => Column::Flag(vec![column.default_flag(); rows]),
        Kind::Code | Kind::Text | Kind::Choice | Kind::Weekdays => {
            let word = column.default.as_deref().unwrap_or("");
            Column::Text((0..rows).map(|_| word).collect())
        }
    }
}

fn check_columns(table: &mut Table, wanted: &TableSchema, faults: &mut Faults) {
    let rows = table.len();
    for (title, column) in table.columns() {
        if column.len() != rows {
            let message = format!("column {title} has {} cells and the table {rows} rows", column.len());
            let help = "give all columns the same length";
            faults.push(
                Fault::error(Code::WrongFieldCount, table.file(), message)
                    .in_column(title, "")
                    .with_help(help),
            );
            return;
        }
    }
    report_unused(table, wanted, faults);
    for column in &wanted.columns {
        let titles = table.columns().iter().map(|(title, _)| title.as_str());
        if column.required && table.column(&column.name).is_none() {
            faults.push(missing_column(table.file(), &column.name, near_miss(&column.name, titles)));
        }
    }
    fill_missing(table, wanted);
    for column in &wanted.columns {
        check_column(table, column, faults);
    }
}

fn report_unused(table: &Table, wanted: &TableSchema, faults: &mut Faults) {
    for (title, column) in table.columns() {
        let extra = wanted.extra == ExtraRule::Number && matches!(column, Column::Number(_));
        if wanted.column(title).is_none() && !extra && !table.carried().contains(title) {
            let open =
                wanted.columns.iter().map(|c| c.name.as_str()).filter(|name| table.column(name).is_none());
            faults.push(super::csv::unused_column(table.file(), title, near_miss(title, open)));
        }
    }
}

/// Checks the cells of one column and fills blanks with the default.
fn check_column(table: &mut Table, wanted: &ColumnSchema, faults: &mut Faults) {
    let rule = Rule::from(wanted);
    let Some(mut column) = table.take_column(&wanted.name) else { return };
    let flaws: Vec<(usize, Flaw, String)> = match (&mut column, wanted.kind) {
        (Column::Number(numbers), Kind::Number | Kind::Integer) => {
            check_numbers(numbers, &rule, wanted.default_number())
        }
        (Column::Date(dates), Kind::Date) => check_dates(dates, &rule, wanted.default_date()),
        (Column::Flag(flags), Kind::Flag) => check_flags(flags, &rule, wanted.default_flag()),
        (Column::Text(text), Kind::Code | Kind::Text | Kind::Choice | Kind::Weekdays) => {
            check_words(text, &rule, wanted.default.as_deref().unwrap_or(""))
        }
        (column, kind) => {
            let message = format!(
                "column {} holds {} where {} should be",
                wanted.name,
                type_name(column),
                kind.as_str()
            );
            let help = format!("hand it in as a column of {}", kind.as_str());
            faults.push(
                Fault::error(Code::WrongType, table.file(), message)
                    .in_column(&wanted.name, "")
                    .with_help(help),
            );
            Vec::new()
        }
    };
    table.set(&wanted.name, column);
    for (index, flaw, text) in flaws {
        let (code, message, help) = rule.tell(flaw, &text, &Format::default());
        faults.push(
            Fault::error(code, table.file(), message)
                .at_row(table.row_number(index))
                .in_column(&wanted.name, shown(&text))
                .with_help(help),
        );
    }
}

type Flaws = Vec<(usize, Flaw, String)>;

fn check_numbers(numbers: &mut [f64], rule: &Rule<'_>, default: f64) -> Flaws {
    let mut flaws = Vec::new();
    for (index, number) in numbers.iter_mut().enumerate() {
        if number.is_nan() {
            *number = default;
            if rule.required {
                flaws.push((index, Flaw::Blank, String::new()));
            }
        } else if let Err(flaw) = rule.check_number(*number) {
            flaws.push((index, flaw, number.to_string()));
        }
    }
    flaws
}

fn check_dates(dates: &mut [i32], rule: &Rule<'_>, default: i32) -> Flaws {
    let mut flaws = Vec::new();
    for (index, date) in dates.iter_mut().enumerate() {
        if *date == Table::NO_DATE {
            *date = default;
            if rule.required {
                flaws.push((index, Flaw::Blank, String::new()));
            }
        } else if let Err(flaw) = check_date(*date) {
            flaws.push((index, flaw, date_text(*date)));
        }
    }
    flaws
}

fn check_flags(flags: &mut [u8], rule: &Rule<'_>, default: u8) -> Flaws {
    let mut flaws = Vec::new();
    for (index, flag) in flags.iter_mut().enumerate() {
        if *flag == Table::BLANK_FLAG {
            *flag = default;
            if rule.required {
                flaws.push((index, Flaw::Blank, String::new()));
            }
        } else if *flag > 1 {
            flaws.push((index, Flaw::NotAFlag, flag.to_string()));
        }
    }
    flaws
}

fn check_words(text: &mut TextColumn, rule: &Rule<'_>, default: &str) -> Flaws {
    let read: Vec<Result<String, Flaw>> = text
        .words()
        .iter()
        .map(|word| match word.trim() {
            "" if rule.required => Err(Flaw::Blank),
            "" => Ok(default.to_owned()),
            word => rule.word(word).map(std::borrow::Cow::into_owned),
        })
        .collect();
    let same =
        text.words().iter().zip(&read).all(|(word, read)| read.as_ref().is_ok_and(|read| read == word));
    if same {
        return Vec::new();
    }
    let mut flaws = Vec::new();
    let mut mended = TextColumn::default();
    for (index, &word) in text.index().iter().enumerate() {
        match &read[word as usize] {
            Ok(word) => mended.push(word),
            Err(flaw) => {
                flaws.push((index, *flaw, text.words()[word as usize].clone()));
                mended.push("");
            }
        }
    }
    *text = mended;
    flaws
}

fn type_name(column: &Column) -> &'static str {
    match column {
        Column::Text(_) => "text",
        Column::Number(_) => "numbers",
        Column::Date(_) => "dates",
        Column::Flag(_) => "flags",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn schema() -> Schema {
        Schema::parse(
            "name='m'\ntitle='M'\nsummary='s'\n\
             [[table]]\nname='a'\nmeaning='Rows of a. More.'\nrequired=true\nkey=['k','d']\n\
             [[table.column]]\nname='k'\ntype='code'\nmeaning=''\nrequired=true\nreferences='b.k'\n\
             [[table.column]]\nname='d'\ntype='date'\nmeaning=''\n\
             [[table.column]]\nname='n'\ntype='integer'\nmeaning=''\ndefault=7\nmax=9\n\
             [[table.column]]\nname='f'\ntype='flag'\nmeaning=''\ndefault='yes'\n\
             [[table.column]]\nname='w'\ntype='weekdays'\nmeaning=''\n\
             [[table.column]]\nname='c'\ntype='choice'\nvalues=['x','y']\nmeaning=''\n\
             [[table]]\nname='b'\nmeaning=''\nkey=['k']\n\
             [[table.column]]\nname='k'\ntype='code'\nmeaning=''\nrequired=true",
        )
        .unwrap()
    }

    fn faults(tables: Tables) -> String {
        validate(tables, &Settings::default(), &schema()).unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_filled_in_and_words_made_canonical() {
        let a = Table::new("a")
            .with_text("k", ["p", "q"])
            .with_number("n", [f64::NAN, 2.0])
            .with_text("w", ["Thu mon", ""])
            .with_text("c", ["X", "y"]);
        let valid = validate(Tables::default().with(a), &Settings::default(), &schema()).unwrap();
        let a = valid.tables.get("a").unwrap();
        assert_eq!((a.number("n").unwrap(), a.flag("f").unwrap()), (&[7.0, 2.0][..], &[1, 1][..]));
        assert_eq!((a.text("w").unwrap().get(0), a.text("c").unwrap().get(0)), ("mon,thu", "x"));
        assert_eq!(a.column("d"), None);
    }

    #[test]
    fn every_cell_that_breaks_a_rule_is_told() {
        let a = Table::new("a")
            .with_text("k", ["p", "", "p"])
            .with("d", Column::Date(vec![0, Table::NO_DATE, 1_000_000]))
            .with_number("n", [1.5, f64::INFINITY, 10.0])
            .with("f", Column::Flag(vec![0, Table::BLANK_FLAG, 5]))
            .with_text("w", ["someday", "", "all"])
            .with_text("z", ["1", "2", "3"]);
        let b = Table::new("b").with_text("k", ["q"]);
        let expected = "\
a: notice: column z is not used [unused-column]
a:2: n is \"1.5\": not a whole number [not-whole]
  help: write it without a fraction
a:2: w is \"someday\": not a list of weekdays [not-a-weekday]
  help: write weekdays such as mon,thu, or all
a:2: k is \"p\": not in b (first of 2 rows) [unknown-reference]
  help: add it to b, or mend the code
a:3: k is blank [missing-value]
  help: fill in the code
a:3: n is \"inf\": not a finite number [not-finite]
  help: write a number, or leave the cell empty
a:4: d is \"4707-11-29\": not between 1900 and 2199 [out-of-range]
  help: check the year
a:4: n is \"10\": must be at most 9 [out-of-range]
  help: write a value that is at most 9
a:4: f is \"5\": neither yes nor no [not-a-flag]
  help: write yes or no";
        assert_eq!(faults(Tables::default().with(a).with(b)), expected);
    }

    #[test]
    fn tables_and_columns_of_the_wrong_kind_are_told() {
        let a = Table::new("a").with_number("k", [1.0]);
        let expected = "\
bb: bb is no table of m [unknown-table]
  help: did you mean \"b\"?
a: column k holds numbers where code should be [wrong-type]
  help: hand it in as a column of code";
        assert_eq!(faults(Tables::default().with(a).with(Table::new("bb"))), expected);
        let uneven = Table::new("a").with_text("k", ["p", "q"]).with_number("n", [1.0]);
        let told = faults(Tables::default().with(uneven));
        assert!(
            told.starts_with("a: column n has 1 cells and the table 2 rows [wrong-field-count]"),
            "{told}"
        );
        assert_eq!(
            faults(Tables::default()),
            "a: the table is missing [missing-table]\n  help: add it: Rows of a"
        );
    }

    #[test]
    fn a_blank_is_a_value_of_a_key_and_zero_has_no_sign() {
        let a = Table::new("a").with_text("k", ["p", "p"]).with("d", Column::Date(vec![Table::NO_DATE; 2]));
        let told = faults(Tables::default().with(a));
        assert!(told.starts_with("a:3: k \"p\", d \"\" stands in row 2 already [duplicate-key]"), "{told}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..Default::default() })]
        #[test]
        fn duplicates_are_those_of_comparing_all_pairs(rows in prop::collection::vec((0_u8..4, 0_i32..4), 0..20)) {
            let a = Table::new("a")
                .with_text("k", rows.iter().map(|(k, _)| k.to_string()))
                .with("d", Column::Date(rows.iter().map(|(_, d)| *d).collect()));
            let twice = (0..rows.len()).filter(|&i| rows[..i].contains(&rows[i])).count() as u64;
            let found = validate(Tables::default().with(a), &Settings::default(), &schema()).err();
            prop_assert_eq!(found.map_or(0, |faults| faults.len()), twice);
        }
    }
}
