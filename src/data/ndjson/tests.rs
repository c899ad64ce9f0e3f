#![allow(clippy::unwrap_used)]
use super::*;
use crate::data::Schema;

const SCHEMA: &str = r#"
name = "shop"
title = "Shop"
summary = "A shop."
[[table]]
name = "items"
required = true
meaning = "What is sold."
key = ["item"]
[[table.column]]
name = "item"
type = "code"
required = true
meaning = "Code."
[[table.column]]
name = "price"
type = "number"
min = 0
meaning = "Money per unit."
[[table.column]]
name = "fresh"
type = "flag"
meaning = "Whether it spoils."
"#;

fn both(text: &str) -> (Table, Faults) {
    read_with(text, &Declaration::default())
}

#[test]
fn lines_are_rows_and_members_columns() {
    let (table, faults) = both(
        "{\"item\": \"a, \\\"b\\\"\", \"price\": 1.5}\n\n{\"fresh\": true, \"item\": 12, \"price\": null}\n",
    );
    assert!(faults.is_empty(), "{faults}");
    assert_eq!(
        (table.cell_text("item", 0), table.cell_text("item", 1)),
        ("a, \"b\"".to_owned(), "12".to_owned())
    );
    assert_eq!((table.cell_text("price", 0), table.cell_text("price", 1)), ("1.5".to_owned(), String::new()));
    assert_eq!((table.cell_text("fresh", 0), table.cell_text("fresh", 1)), (String::new(), "yes".to_owned()));
    assert_eq!((table.row_number(0), table.row_number(1)), (1, 3));
}

#[test]
fn faults_are_those_of_a_csv_file_with_the_line() {
    let (table, faults) = both(
        "{\"item\": \"a\", \"price\": -1}\n{\"item\": \"b\", \"price\": [2]}\n{\"item\"\n7\n{\"price\": 3}\n",
    );
    let told: Vec<String> = faults.as_slice().iter().map(|fault| fault.to_string()).collect();
    assert_eq!(told.len(), 5, "{told:?}");
    for (fault, begins) in told.iter().zip([
        "items.ndjson:1: price is \"-1\": must be at least 0",
        "items.ndjson:2: price is a list or an object [wrong-type]",
        "items.ndjson:3: column 7 breaks the JSON object of the line [broken-format]",
        "items.ndjson:4: column 1 breaks the JSON object of the line [broken-format]",
        "items.ndjson:5: item",
    ]) {
        assert!(fault.starts_with(begins), "{fault}");
    }
    assert_eq!(table.len(), 3);
    let (_, empty) = both("\n\n");
    assert!(empty.to_string().starts_with("items.ndjson: the file is empty [missing-header]"), "{empty}");
}

fn read_with(text: &str, declaration: &Declaration) -> (Table, Faults) {
    let schema = Schema::parse(SCHEMA).unwrap();
    read(text.as_bytes(), "items.ndjson", schema.table("items").unwrap(), declaration)
}

fn told(faults: &Faults) -> Vec<String> {
    faults.as_slice().iter().map(|fault| fault.to_string()).collect()
}

#[test]
fn members_that_nothing_reads_cost_no_cells() {
    let mut text = String::new();
    for line in 0..20_000 {
        text.push_str(&format!("{{\"item\": \"i{line}\", \"m{line}\": \"{line}\"}}\n"));
    }
    let (table, faults) = both(&text);
    assert_eq!((table.len(), table.cell_text("item", 19_999)), (20_000, "i19999".to_owned()));
    let wide: Vec<String> = told(&faults).into_iter().filter(|told| told.contains("[too-large]")).collect();
    assert_eq!(wide.len(), 1, "{wide:?}");
    let begins = "items.ndjson:1000: the lines have more than 1000 different members, or";
    assert!(wide[0].starts_with(begins), "{wide:?}");
    let unused = told(&faults).into_iter().filter(|told| told.contains("is not used")).count();
    assert_eq!(unused, MOST_TITLES - 1, "all others but item");
}

#[test]
fn memory_goes_with_the_cells_that_are_read() {
    let schema = Schema::parse(SCHEMA).unwrap();
    let declaration = Declaration::default();
    let mut lines = Lines {
        label: "items.ndjson",
        schema: schema.table("items").unwrap(),
        declaration: &declaration,
        titles: Vec::new(),
        title_bytes: 0,
        at: HashMap::new(),
        rows: Rows::default(),
        lost: false,
        is_wide: false,
        faults: Faults::default(),
    };
    let text: String = (0..900).map(|line| format!("{{\"item\": \"i\", \"m{line}\": 1}}\n")).collect();
    lines.take(text.as_bytes());
    lines.rows.end_header(["m0"].into_iter());
    let mut csv = String::new();
    lines.rows.csv().read_to_string(&mut csv).unwrap();
    assert_eq!(csv, "\"item\",\"m0\"\n".to_owned() + &"\"i\"\n".repeat(900));
}

#[test]
fn no_member_is_lost_in_silence() {
    let (table, faults) = both("{\"item\": \"a\", \"item\": \"b\"}\n{}\n{\"item\": null}\n");
    let all = told(&faults);
    assert_eq!((all.len(), table.len()), (3, 3), "{all:?}");
    for (fault, begins) in all.iter().zip([
        "items.ndjson:1: item is there twice in the line [duplicate-column]",
        "items.ndjson:2: item is blank [missing-value]",
        "items.ndjson:3: item is blank [missing-value]",
    ]) {
        assert!(fault.starts_with(begins), "{fault}");
    }
    let (_, none) = both("{}\n");
    assert!(none.to_string().starts_with("items.ndjson: no line has a member [missing-header]"), "{none}");
    let (_, blanks) = both("{\"item\": \"a\", \" item\": \"b\"}\n");
    assert!(blanks.to_string().contains("item is there twice in the line"), "{blanks}");
    // A member that nothing reads may come twice.
    let (_, unread) = both("{\"item\": \"a\", \"note\": 1, \"note\": 2}\n");
    assert!(!unread.has_errors(), "{unread}");
}

#[test]
fn cells_stay_as_they_are_written() {
    let (table, faults) = both(
        "{\"item\": 12345678901234567890123, \"price\": 1e2}\n{\"item\": 1.50}\n{\"item\": \"two\\nlines, \\\"2\\\"\"}\n{\"item\": \"d\"}\n",
    );
    assert!(faults.is_empty(), "{faults}");
    let cell = |row| table.cell_text("item", row);
    assert_eq!((cell(0).as_str(), cell(1).as_str()), ("12345678901234567890123", "1.50"));
    assert_eq!((cell(2).as_str(), cell(3).as_str()), ("two\nlines, \"2\"", "d"));
    assert_eq!(table.cell_text("price", 0), "100");
    assert_eq!((table.row_number(2), table.row_number(3)), (3, 4));
}

#[test]
fn declared_signs_hold_for_numbers_in_texts() {
    let declared = Declaration { decimal: b',', thousands: Some('.'), ..Declaration::default() };
    let text = "{\"item\": 1.5, \"price\": \"1.234,5\"}\n{\"item\": \"b\", \"price\": 1234.5}\n";
    let (table, faults) = read_with(text, &declared);
    assert!(faults.is_empty(), "{faults}");
    assert_eq!(table.number("price").unwrap(), [1234.5, 1234.5]);
    assert_eq!(table.cell_text("item", 0), "1.5", "a code is no number");
    let odd = Declaration { delimiter: b';', ..Declaration::default() };
    let (_, faults) = read_with("{\"item\": \"a\"}\n", &odd);
    assert!(faults.to_string().contains("[bad-declaration]"), "{faults}");
}

#[test]
fn a_line_that_is_too_long_is_told_and_the_next_is_read() {
    let long = "x".repeat(LONGEST_ROW);
    let (table, faults) = both(&format!("{{\"item\": \"{long}\"}}\n{{\"item\": \"b\"}}\n"));
    assert_eq!((table.len(), table.row_number(0), table.cell_text("item", 0)), (1, 2, "b".to_owned()));
    assert!(told(&faults)[0].starts_with("items.ndjson:1: the line is longer than"), "{faults}");
}

#[test]
fn what_a_broken_file_holds_before_its_break_is_read() {
    struct Broken(&'static [u8]);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
                count => Ok(count),
            }
        }
    }
    let schema = Schema::parse(SCHEMA).unwrap();
    let table = schema.table("items").unwrap();
    let (table, faults) =
        read(Broken(b"{\"item\": \"a\"}\n{"), "items.ndjson.gz", table, &Declaration::default());
    assert_eq!((table.len(), table.lost_rows()), (1, true));
    assert!(faults.to_string().contains("[broken-compression]"), "{faults}");
}
