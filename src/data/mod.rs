//! Tables and their schemas, dates and buckets, and every error that a user's
//! data can cause.
//!
//! The road in: a source (a folder, or tables made in memory) gives
//! [`Tables`] and settings; a schema (one `models/*.toml`) says what must hold
//! of them; every breach becomes a [`Fault`] with file, row, column, value and
//! fix, all of them at once.

pub mod buckets;
pub mod fault;
pub mod schema;
pub mod table;

pub use buckets::{Bucket, Buckets};
pub use fault::{Code, Fault, Faults, Severity};
pub use schema::{
    ColumnSchema, ExtraRule, Kind, OutputSchema, Range, RowRule, Schema, SchemaError, SettingSchema,
    TableSchema, Term,
};
pub use table::{Column, Table, Tables, TextColumn};
