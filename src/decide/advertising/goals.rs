//! What a split can be good for: goals in words, and what a spend is worth in each.

use super::check::response;
use super::problem::Channel;
use crate::data::{Code, Fault, Faults, near_miss};

/// One thing that a split is to make large or small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Response,
    Spend,
    Profit,
    NewCustomers,
    Risk,
}

impl Goal {
    pub const ALL: [Goal; 5] = [Goal::Response, Goal::Spend, Goal::Profit, Goal::NewCustomers, Goal::Risk];

    pub fn name(self) -> &'static str {
        match self {
            Goal::Response => "response",
            Goal::Spend => "spend",
            Goal::Profit => "profit",
            Goal::NewCustomers => "new_customers",
            Goal::Risk => "risk",
        }
    }

    /// The name in a sentence.
    pub fn words(self) -> &'static str {
        if self == Goal::NewCustomers { "new customers" } else { self.name() }
    }

    /// Whether more of it is better.
    pub fn is_gain(self) -> bool {
        !matches!(self, Goal::Spend | Goal::Risk)
    }

    /// Whether it is an amount of money.
    pub fn is_money(self) -> bool {
        matches!(self, Goal::Spend | Goal::Profit)
    }

    /// What spends are worth in this goal.
    pub fn value(self, channels: &[Channel], spend: &[f64]) -> f64 {
        let each = channels.iter().zip(spend);
        match self {
            Goal::Spend => spend.iter().sum(),
            Goal::Profit => each.map(|(c, &x)| c.margin * response(c, x) - x).sum(),
            Goal::Risk => each.map(|(c, &x)| (c.error * response(c, x)).powi(2)).sum::<f64>().sqrt(),
            Goal::Response | Goal::NewCustomers => {
                each.map(|(c, &x)| self.weight(c).unwrap_or(0.0) * response(c, x)).sum()
            }
        }
    }

    /// What a unit of a channel's response counts for in it; none where it is no sum of responses.
    pub fn weight(self, channel: &Channel) -> Option<f64> {
        match self {
            Goal::Response => Some(1.0),
            Goal::Profit => Some(channel.margin),
            Goal::NewCustomers => Some(channel.new_share),
            Goal::Spend | Goal::Risk => None,
        }
    }

    /// The column that it needs.
    fn column(self) -> Option<&'static str> {
        match self {
            Goal::NewCustomers => Some("new_share"),
            Goal::Risk => Some("error"),
            Goal::Response | Goal::Spend | Goal::Profit => None,
        }
    }

    /// Whether a channel has what it needs.
    fn is_known(self, channel: &Channel) -> bool {
        match self {
            Goal::NewCustomers => !channel.new_share.is_nan(),
            Goal::Risk => !channel.error.is_nan(),
            Goal::Response | Goal::Spend | Goal::Profit => true,
        }
    }
}

/// Which point of the front becomes the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The one farthest below the plane through the best of each goal.
    Knee,
    /// The best of one goal.
    Best(Goal),
    /// This one, counted from 1.
    Point(usize),
}

/// Several goals at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Goals {
    /// Two or more.
    pub list: Vec<Goal>,
    pub choice: Choice,
    /// Most points of the front.
    pub points: usize,
}

/// Reads the settings `goals` and `choice`; none where one goal or none is named.
pub(super) fn read(
    goals: &str,
    choice: &str,
    points: usize,
    channels: &[Channel],
    faults: &mut Faults,
) -> Option<Goals> {
    let words: Vec<&str> = goals.split([',', ' ']).filter(|word| !word.is_empty()).collect();
    if matches!(words.as_slice(), [] | ["response"]) {
        if choice != "knee" {
            let text =
                format!("`{choice}` chooses a point of a front, and there is one with several goals only");
            faults.push(fault("choice", text).with_help("name two or more goals, or leave choice out"));
        }
        return None;
    }
    let mut list = Vec::new();
    for word in words {
        match goal_of(word) {
            Some(goal) if list.contains(&goal) => {
                faults.push(fault("goals", format!("{word} is named twice")))
            }
            Some(goal) => list.push(goal),
            None => faults.push(unknown("goals", word)),
        }
    }
    if list.len() == 1 {
        let text = "one goal other than response was named";
        faults.push(fault("goals", text.to_owned()).with_help("name two or more, or set objective = profit"));
    }
    for goal in &list {
        if let Some(column) = goal.column()
            && !channels.iter().all(|channel| goal.is_known(channel))
        {
            let text = format!("the goal {} needs {column} in every row of response_curves", goal.name());
            faults.push(
                fault("goals", text).with_help(format!("fill the column {column}, or leave the goal out")),
            );
        }
    }
    let choice = match choice {
        "knee" => Some(Choice::Knee),
        text => match text.parse::<usize>() {
            Ok(point) => (1..=points).contains(&point).then_some(Choice::Point(point)),
            Err(_) => goal_of(text).filter(|goal| list.contains(goal)).map(Choice::Best),
        },
    };
    if choice.is_none() {
        let help = format!("write knee, one of the goals, or the number of a point up to {points}");
        faults.push(fault("choice", "there is no such point of the front".to_owned()).with_help(help));
    }
    choice.map(|choice| Goals { list, choice, points })
}

fn goal_of(word: &str) -> Option<Goal> {
    Goal::ALL.into_iter().find(|goal| goal.name() == word)
}

fn fault(setting: &str, text: String) -> Fault {
    Fault::error(Code::Contradiction, "instance.toml", format!("{setting}: {text}"))
}

fn unknown(setting: &str, word: &str) -> Fault {
    let names = Goal::ALL.map(Goal::name);
    let help = match near_miss(word, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("name some of {}", names.join(", ")),
    };
    fault(setting, format!("there is no goal `{word}`")).with_help(help)
}
