//! Tests of `schema.rs`.
#![allow(clippy::unwrap_used)]
use super::*;

const HEAD: &str = "name = 'm'\ntitle = 'M'\nsummary = 's'\n";

fn parse(tail: &str) -> Result<Schema, SchemaError> {
    Schema::parse(&format!("{HEAD}{tail}"))
}

#[test]
fn a_contract_without_tables_is_one() {
    assert_eq!(parse("").unwrap().tables, []);
}

#[test]
fn defaults_of_any_toml_type_become_text() {
    let schema = parse(
        "[[setting]]\nname='a'\ntype='integer'\nmeaning=''\ndefault=3\n\
         [[setting]]\nname='b'\ntype='flag'\nmeaning=''\ndefault=true\n\
         [[setting]]\nname='c'\ntype='date'\nmeaning=''\ndefault=2024-01-02\n\
         [[setting]]\nname='d'\ntype='weekdays'\nmeaning=''\ndefault=['mon','thu']",
    )
    .unwrap();
    let defaults: Vec<_> = schema.settings.iter().map(|s| s.default.clone().unwrap()).collect();
    assert_eq!(defaults, ["3", "true", "2024-01-02", "mon,thu"]);
}

#[test]
fn names_that_are_not_defined_are_refused() {
    let table = "[[table]]\nname='t'\nmeaning=''\n";
    for tail in [
        format!("{table}key=['x']"),
        format!("{table}[[table.column]]\nname='c'\ntype='code'\nmeaning=''\nreferences='u.c'"),
        format!("{table}example='a,b'"),
        "[[cost]]\nname='c'\nformula=''\nmeaning=''\ninput=['settings.x']".to_owned(),
    ] {
        assert!(matches!(parse(&tail), Err(SchemaError::Undefined { .. })), "{tail}");
    }
}

#[test]
fn types_and_bounds_must_fit() {
    for tail in [
        "type='choice'",
        "type='number'\nvalues=['a']",
        "type='code'\nmin=0",
        "type='number'\nmin=0\ndefault=-1",
        "type='date'\ndefault='soon'",
    ] {
        let tail = format!("[[setting]]\nname='s'\nmeaning=''\n{tail}");
        assert!(matches!(parse(&tail), Err(SchemaError::Misfit { .. })), "{tail}");
    }
    assert!(matches!(parse("[[tabel]]\nname='t'"), Err(SchemaError::Form { .. })));
    let twice = "[[table]]\nname='t'\nmeaning=''\n".repeat(2);
    assert!(matches!(parse(&twice), Err(SchemaError::Duplicate { .. })));
}
