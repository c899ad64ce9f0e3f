//! The commands, one file each, and what they share: options that mean the
//! same everywhere, exit codes, output on the right stream.

mod backtest;
mod bench;
mod bid;
mod check;
mod check_plan;
mod console;
mod diff;
mod dispatch;
mod exit;
mod explain;
mod forecast;
mod input;
mod learn;
mod matrix;
mod models;
mod new;
mod options;
mod progress;
mod report;
mod route;
mod solve;
mod what_if;
mod write;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Failure;

/// Forecasts in, decisions out.
#[derive(Parser)]
#[command(name = "purvey", version, about, long_about = LONG_ABOUT, max_term_width = 100)]
struct Arguments {
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", global = true)]
    color: options::Color,
    #[command(subcommand)]
    command: Command,
}

const LONG_ABOUT: &str =
    "Forecasts in, decisions out: reads a folder of ordinary tables, predicts what they do \
not say yet, decides what to do about it, checks the decision and shows it to a person.

Exit status: 0 a plan, or nothing to report; 1 internal error; 2 usage; 3 the input is invalid; \
4 infeasible or unbounded, or check-plan found a violation; 5 a limit was reached without a plan; \
6 a gate failed; 130 interrupted, best plan written.";

#[derive(Subcommand)]
enum Command {
    /// Write a small folder that solves as it is, to be filled with your own rows
    New(new::New),
    /// List the decisions, or show one's tables, settings, costs and constraints
    Models(models::Models),
    /// Validate the input: every error and warning at once
    Check(check::Check),
    /// Forecast only
    Forecast(forecast::Forecast),
    /// Decide: plan tables, solution.json and report.html
    Solve(solve::Solve),
    /// Replay history: what the decisions would have cost
    Backtest(backtest::Backtest),
    /// Solve variants of the input side by side and compare them
    WhatIf(what_if::WhatIf),
    /// Why it is infeasible, or which limits bind and what one more unit is worth
    Explain(explain::Explain),
    /// Price and verify anyone's plan
    CheckPlan(check_plan::CheckPlan),
    /// What changed between two plans
    Diff(diff::Diff),
    /// Replay a day on which orders come while vehicles are on the road
    Dispatch(dispatch::Dispatch),
    /// Draw the HTML report of an output folder again
    Report(report::Report),
    /// Learn to predict one column of a table from the others
    Learn(learn::Learn),
    /// Shortest paths on a road map
    Route(route::Route),
    /// All distances between nodes of a road map
    Matrix(matrix::Matrix),
    /// Bid in a stream of auctions under one budget: a log replayed, or auctions simulated
    Bid(bid::Bid),
    /// Solve instances and compare with what is known of them
    Bench(bench::Bench),
}

/// Parses the arguments, runs the command and turns its end into an exit code.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::OK });
        }
    };
    console::choose(arguments.color);
    let result = match arguments.command {
        Command::New(command) => command.run(),
        Command::Models(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Forecast(command) => command.run(),
        Command::Solve(command) => command.run(),
        Command::Backtest(command) => command.run(),
        Command::WhatIf(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::CheckPlan(command) => command.run(),
        Command::Diff(command) => command.run(),
        Command::Dispatch(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Route(command) => command.run(),
        Command::Learn(command) => command.run(),
        Command::Matrix(command) => command.run(),
        Command::Bid(command) => command.run(),
        Command::Bench(command) => command.run(),
    };
    ExitCode::from(result.unwrap_or_else(Failure::report))
}
