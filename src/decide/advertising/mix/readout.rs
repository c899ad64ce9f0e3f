//! What the fit says: curves for the decision, and tables for the reader.

use super::geo::{GeoReadout, read_tests};
use super::paced::Paced;
use super::read::{History, Limit};
use super::{is_blank, warning};
use crate::data::{Code, Faults, Settings, Table, Tables, date_of, validate};
use crate::decide::advertising::problem::{Channel, Problem};
use crate::predict::mix::{
    Decomposition, Estimate, Fitted, Hill, Identified, PlanWindow, ResponseBand, fit_hill,
};

/// Points of a curve; the report draws as many.
pub(super) const POINTS: usize = 60;
/// Standard deviations from the mean to the end of an interval of 90 %.
const NINETY: f64 = 1.6449;
/// Scale reduction above which the chains did not agree.
const AGREEMENT: f64 = 1.1;

/// One channel's readout.
#[derive(Debug, Clone)]
pub(super) struct ChannelReadout {
    pub name: String,
    pub identified: Identified,
    /// Money spent in the periods with sales.
    pub spent: f64,
    pub contribution: Estimate,
    pub carry_over: Estimate,
    /// Periods until most of the effect of a spend comes, and how probable it is that carry-over is Weibull.
    pub peak: Estimate,
    pub weibull: f64,
    pub half_saturation: Estimate,
    pub shape: Estimate,
    /// Response by spend of the window.
    pub band: ResponseBand,
    pub curve: Hill,
    pub limit: Limit,
    /// Greatest spend of the window.
    pub most: f64,
    /// Spend of the window at the usual rate.
    pub current: f64,
    /// Greatest spend of a period.
    pub greatest: f64,
    /// The curve of one period and how spend works on, where spend is planned period by period.
    paced: Option<Paced>,
}

/// What the history says.
#[derive(Debug, Clone)]
pub(in crate::decide::advertising) struct Readout {
    pub(super) channels: Vec<ChannelReadout>,
    pub(super) parts: Option<Parts>,
    pub(super) geo: Vec<GeoReadout>,
    window: usize,
    file: String,
    notices: Faults,
    /// Draws of the fit, where it was cut short.
    cut_to: Option<usize>,
    /// First days of the plan's periods.
    days: Vec<i32>,
}

/// The decomposition with its names and days.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub days: Vec<i32>,
    pub outcome: Vec<f64>,
    pub channels: Vec<String>,
    pub controls: Vec<String>,
    pub values: Decomposition,
    pub r2: f64,
}

impl Readout {
    /// Regional experiments beside given curves are read out all the same.
    pub(super) fn of_tests(tables: &Tables, settings: &Settings) -> Result<Option<Self>, Faults> {
        if is_blank(tables, "geo_tests") {
            return Ok(None);
        }
        let valid = validate(tables.clone(), settings, &Problem::schema()?)?;
        let mut faults = Faults::default();
        let geo =
            valid.tables.get("geo_tests").map(|table| read_tests(table, &mut faults)).unwrap_or_default();
        let notices = faults.into_result()?;
        Ok(Some(Readout {
            channels: Vec::new(),
            parts: None,
            geo,
            window: 1,
            file: String::new(),
            notices,
            cut_to: None,
            days: Vec::new(),
        }))
    }

    pub(super) fn new(history: History, fitted: &Fitted, mut faults: Faults) -> Result<Self, Faults> {
        let contributions = fitted.contributions();
        let (peaks, weibull) = (fitted.peak(), fitted.weibull_share());
        let (carry_over, half, shape) = (fitted.carry_over(), fitted.half_saturation(), fitted.shape());
        let weights = if history.is_paced { fitted.carry_weights() } else { Vec::new() };
        let mut channels = Vec::new();
        for (c, channel) in history.mix.channels.iter().enumerate() {
            let (current, greatest) = (history.usual(c), history.greatest(c));
            let limit = history.limits[c];
            let most = history.most(c, current);
            // The curve reaches to what is spent now, whatever may be spent from now on.
            let reach = most.max(current);
            let grid: Vec<f64> = (0..=POINTS).map(|i| reach * i as f64 / POINTS as f64).collect();
            let window = PlanWindow { periods: history.window };
            let band = fitted.response(c, window, &grid).map_err(|error| history.refused(&error))?;
            let points: Vec<(f64, f64)> =
                grid.iter().copied().zip(band.response.iter().map(|estimate| estimate.mean)).collect();
            let known = history.mix.outcome.iter().zip(&history.money[c]).filter(|(y, _)| y.is_finite());
            let Some(curve) = fit_hill(&points).filter(|_| fitted.identified[c] != Identified::NeverSpent)
            else {
                continue;
            };
            channels.push(ChannelReadout {
                name: channel.name.clone(),
                identified: fitted.identified[c],
                spent: known.map(|(_, money)| money).sum(),
                contribution: contributions[c],
                carry_over: carry_over[c],
                peak: peaks[c],
                weibull: weibull[c],
                half_saturation: half[c],
                shape: shape[c],
                band,
                curve,
                limit,
                most,
                current,
                greatest,
                paced: match history.is_paced {
                    true => history.paced(fitted, c, &weights[c]).map_err(|error| history.refused(&error))?,
                    false => None,
                },
            });
        }
        if fitted.scale_reduction > AGREEMENT {
            let message = format!(
                "the chains of draws do not agree (scale reduction {:.2}): channels move together, intervals are rough",
                fitted.scale_reduction
            );
            let told = warning(Code::OutOfRange, &history.spend_file, message);
            faults.push(
                told.with_help("give lift_tests or priors of channels that are spent on at the same time"),
            );
        }
        let cut_to = fitted.is_cut_short.then(|| fitted.draws());
        if let Some(draws) = cut_to {
            let message = format!("the fit was cut short: its intervals rest on {draws} draws");
            let told = warning(Code::OutOfRange, &history.spend_file, message);
            faults.push(told.with_help("allow more time"));
        }
        let days = if history.is_paced { history.days_ahead() } else { Vec::new() };
        let parts = Parts {
            days: history.periods.starts.clone(),
            outcome: history.mix.outcome.clone(),
            channels: history.mix.channels.iter().map(|channel| channel.name.clone()).collect(),
            controls: history.mix.controls.iter().map(|control| control.name.clone()).collect(),
            values: fitted.decomposition(&history.mix).map_err(|error| history.refused(&error))?,
            r2: fitted.r2,
        };
        Ok(Readout {
            channels,
            parts: Some(parts),
            window: history.window,
            file: history.spend_file,
            geo: history.geo,
            notices: faults,
            cut_to,
            days,
        })
    }

    /// What was found amiss in the history.
    pub(in crate::decide::advertising) fn notices(&self) -> Faults {
        self.notices.clone()
    }

    /// The table `response_curves` that the history gives: of the window, or of a period where spend is planned by period.
    pub(super) fn curves(&self) -> Table {
        let paced: Option<Vec<(&ChannelReadout, &Paced)>> = self
            .channels
            .iter()
            .map(|channel| channel.paced.as_ref().map(|paced| (channel, paced)))
            .collect();
        let Some(paced) = paced.filter(|paced| !paced.is_empty()) else { return self.window_curves() };
        let each = |of: &dyn Fn(&ChannelReadout, &Paced) -> f64| -> Vec<f64> {
            paced.iter().map(|(channel, paced)| of(channel, paced)).collect()
        };
        Table::new("response_curves")
            .from_file(format!("{} (fitted)", self.file))
            .with_text("channel", paced.iter().map(|(channel, _)| &channel.name))
            .with_number("a", each(&|_, paced| paced.curve.a))
            .with_number("k", each(&|_, paced| paced.curve.k))
            .with_number("s", each(&|_, paced| paced.curve.s))
            .with_number("max", each(&|_, paced| paced.most))
            .with_number("step", each(&|channel, _| channel.limit.step))
            .with_number("current", each(&|_, paced| paced.current))
            .with_number("error", each(&|channel, _| channel.error()))
            .with_number("total_min", each(&|channel, _| channel.limit.min))
            .with_number("total_max", each(&|channel, _| channel.limit.max))
    }

    /// Gives a plan by period what history says of carry-over and days.
    pub(in crate::decide::advertising) fn pace(&self, problem: &mut Problem) {
        let Some(pacing) = &mut problem.pacing else { return };
        if self.days.len() == pacing.periods {
            pacing.days.clone_from(&self.days);
        }
        for (channel, carry) in problem.channels.iter().zip(&mut pacing.carries) {
            let own = self.channels.iter().find(|readout| readout.name == channel.name);
            if let Some(paced) = own.and_then(|readout| readout.paced.as_ref()) {
                carry.clone_from(&paced.carry);
            }
        }
    }

    /// The curves of the window.
    fn window_curves(&self) -> Table {
        let each =
            |of: &dyn Fn(&ChannelReadout) -> f64| -> Vec<f64> { self.channels.iter().map(of).collect() };
        Table::new("response_curves")
            .from_file(format!("{} (fitted)", self.file))
            .with_text("channel", self.channels.iter().map(|channel| &channel.name))
            .with_number("a", each(&|channel| channel.curve.a))
            .with_number("k", each(&|channel| channel.curve.k))
            .with_number("s", each(&|channel| channel.curve.s))
            .with_number("max", each(&|channel| channel.most))
            .with_number("min", each(&|channel| channel.limit.min))
            .with_number("step", each(&|channel| channel.limit.step))
            .with_number("current", each(&|channel| channel.current))
            .with_number("error", each(&ChannelReadout::error))
    }

    /// The tables that go with the plan.
    pub(in crate::decide::advertising) fn tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        if let Some(parts) = &self.parts {
            tables.extend([self.contributions(), parts.table(), self.curve_points(), self.fitted_curves()]);
        }
        if !self.geo.is_empty() {
            tables.push(self.geo_readout());
        }
        tables
    }

    fn contributions(&self) -> Table {
        let each =
            |of: &dyn Fn(&ChannelReadout) -> f64| -> Vec<f64> { self.channels.iter().map(of).collect() };
        let sold: f64 = self.parts.iter().flat_map(|p| &p.outcome).filter(|y| y.is_finite()).sum();
        Table::new("contributions")
            .with_text("channel", self.channels.iter().map(|channel| &channel.name))
            .with_number("spend", each(&|channel| channel.spent))
            .with_number("contribution", each(&|channel| channel.contribution.mean))
            .with_number("low", each(&|channel| channel.contribution.low))
            .with_number("high", each(&|channel| channel.contribution.high))
            .with_number("share", each(&|channel| channel.contribution.mean / sold))
            .with_number("roas", each(&|channel| channel.contribution.mean / channel.spent))
            .with_number("mroi", each(&ChannelReadout::mroi))
            .with_number("carry_over", each(&|channel| channel.carry_over.mean))
            .with_number("peak", each(&|channel| channel.peak.mean))
            .with_number("weibull", each(&|channel| channel.weibull))
            .with_number("half_saturation", each(&|channel| channel.half_saturation.mean))
            .with_number("shape", each(&|channel| channel.shape.mean))
            .with_number("carried_in", each(&|channel| channel.band.carried_in))
            .with_number("carried_out", each(&|channel| channel.band.carried_out))
            .with_text("identified", self.channels.iter().map(|channel| channel.identified_words()))
    }

    fn curve_points(&self) -> Table {
        let points = || self.channels.iter().flat_map(|c| (0..=POINTS).map(move |i| (c, i)));
        let each = |of: &dyn Fn(&ResponseBand, usize) -> f64| -> Vec<f64> {
            points().map(|(channel, i)| of(&channel.band, i)).collect()
        };
        Table::new("response_bands")
            .with_text("channel", points().map(|(channel, _)| &channel.name))
            .with_number("spend", each(&|band, i| band.spend[i]))
            .with_number("response", each(&|band, i| band.response[i].mean))
            .with_number("low", each(&|band, i| band.response[i].low))
            .with_number("high", each(&|band, i| band.response[i].high))
    }

    /// The curves under a name of their own, so that a later folder can give them.
    fn fitted_curves(&self) -> Table {
        let curves = self.window_curves();
        let number = |name: &str| curves.number(name).unwrap_or_default().to_vec();
        Table::new("fitted_curves")
            .with_text("channel", self.channels.iter().map(|channel| &channel.name))
            .with_number("a", number("a"))
            .with_number("k", number("k"))
            .with_number("s", number("s"))
            .with_number("max", number("max"))
            .with_number("min", number("min"))
            .with_number("step", number("step"))
            .with_number("current", number("current"))
            .with_number("error", number("error"))
    }

    fn geo_readout(&self) -> Table {
        let each = |of: &dyn Fn(&GeoReadout) -> f64| -> Vec<f64> { self.geo.iter().map(of).collect() };
        Table::new("geo_readout")
            .with_text("test", self.geo.iter().map(|test| &test.name))
            .with_text("channel", self.geo.iter().map(|test| &test.channel))
            .with_number("effect", each(&|test| test.effect.relative()))
            .with_number("low", each(&|test| test.effect.interval.0.exp_m1()))
            .with_number("high", each(&|test| test.effect.interval.1.exp_m1()))
            .with_number("error", each(&|test| test.effect.error))
            .with_number("treated", each(&|test| test.effect.treated as f64))
            .with_number("others", each(&|test| test.effect.others as f64))
    }

    /// Spend that history does not reach, and channels that it says nothing of.
    pub(in crate::decide::advertising) fn warnings(&self, problem: &Problem, spend: &[f64]) -> Vec<String> {
        let mut warnings = Vec::new();
        for (channel, &x) in problem.channels.iter().zip(spend) {
            let Some(readout) = self.channels.iter().find(|readout| readout.name == channel.name) else {
                continue;
            };
            let rate = x / self.window as f64;
            if rate > readout.greatest * (1.0 + 1e-9) {
                warnings.push(format!(
                    "{}: {} a period is beyond the greatest spend of history, {}; there its curve is a guess",
                    channel.name,
                    problem.money(rate),
                    problem.money(readout.greatest)
                ));
            }
        }
        for readout in self.channels.iter().filter(|readout| readout.identified == Identified::Weakly) {
            warnings.push(format!(
                "{}: the history hardly tells what it brings; a lift test would",
                readout.name
            ));
        }
        warnings
    }

    /// The fit in sentences.
    pub(in crate::decide::advertising) fn sentences(&self, problem: &Problem) -> Vec<String> {
        let number = |value: f64| problem.style.number(value, &crate::presentation::Measure::number());
        let mut sentences = Vec::new();
        if let Some(parts) = &self.parts {
            let known = parts.outcome.iter().filter(|y| y.is_finite()).count();
            let brought: f64 = self.channels.iter().map(|channel| channel.contribution.mean).sum();
            sentences.push(format!(
                "Over {known} periods of history the channels brought {} {}; the fit explains {} of the ups and downs.",
                number(brought),
                problem.response_unit,
                problem.style.percent(parts.r2)
            ));
        }
        for channel in
            self.channels.iter().filter(|channel| channel.weibull > 0.5 && channel.peak.mean >= 0.5)
        {
            let Estimate { mean, low, high } = channel.peak;
            sentences.push(format!(
                "{}: its effect is greatest {} periods after the spend ({} to {}).",
                channel.name,
                number(mean),
                number(low),
                number(high)
            ));
        }
        if let Some(draws) = self.cut_to {
            sentences.push(format!("The time limit cut the fit short: it rests on {draws} draws only."));
        }
        for test in &self.geo {
            let percent = |value: f64| problem.style.percent(value);
            sentences.push(format!(
                "Test {} on {}: sales of treated regions changed by {} ({} to {}).",
                test.name,
                test.channel,
                percent(test.effect.relative()),
                percent(test.effect.interval.0.exp_m1()),
                percent(test.effect.interval.1.exp_m1())
            ));
        }
        sentences
    }
}

impl ChannelReadout {
    /// What one more unit of money would bring at the current spend.
    pub(super) fn mroi(&self) -> f64 {
        let Hill { a, k, s } = self.curve;
        let channel = Channel {
            name: String::new(),
            a,
            k,
            s,
            min: 0.0,
            max: f64::INFINITY,
            step: 0.0,
            margin: 1.0,
            new_share: f64::NAN,
            error: f64::NAN,
            current: self.current,
            row: 0,
        };
        crate::decide::advertising::model::marginal_response(&channel, self.current)
    }

    /// Standard error of the response as a share of it, at the current spend or, where that is none, at the greatest.
    fn error(&self) -> f64 {
        let reach = self.band.spend.last().copied().unwrap_or(0.0);
        let place = if reach > 0.0 { (self.current / reach * POINTS as f64).round() as usize } else { 0 };
        let place = if place == 0 { POINTS } else { place.min(POINTS) };
        let Estimate { mean, low, high } = self.band.response[place];
        if mean > 0.0 { ((high - low) / (2.0 * NINETY) / mean).min(100.0) } else { 0.0 }
    }

    fn identified_words(&self) -> &'static str {
        match self.identified {
            Identified::Yes => "yes",
            Identified::Weakly => "weakly",
            Identified::Constant => "no: constant spend",
            Identified::NeverSpent => "no: never spent",
        }
    }
}

impl Parts {
    /// Every part by name, in the order in which they add up.
    pub(super) fn named(&self) -> Vec<(String, &[f64])> {
        let values = &self.values;
        let mut named: Vec<(String, &[f64])> =
            vec![("baseline".to_owned(), &values.baseline), ("season".to_owned(), &values.season)];
        if values.week.iter().any(|value| *value != 0.0) {
            named.push(("weekday".to_owned(), &values.week));
        }
        named.extend(self.controls.iter().cloned().zip(values.controls.iter().map(Vec::as_slice)));
        named.extend(self.channels.iter().cloned().zip(values.channels.iter().map(Vec::as_slice)));
        named.push(("unexplained".to_owned(), &values.unexplained));
        named
    }

    fn table(&self) -> Table {
        let named = self.named();
        let known: Vec<usize> = (0..self.days.len()).filter(|&t| self.outcome[t].is_finite()).collect();
        let rows = || known.iter().flat_map(|&t| named.iter().map(move |part| (t, part)));
        Table::new("decomposition")
            .with_date("date", rows().filter_map(|(t, _)| date_of(self.days[t])))
            .with_text("part", rows().map(|(_, part)| &part.0))
            .with_number("value", rows().map(|(t, part)| part.1[t]))
    }
}

impl History {
    /// Spend of the plan's window at the mean rate of the last year, unless it is given.
    pub(super) fn usual(&self, channel: usize) -> f64 {
        let given = self.limits[channel].current;
        if !given.is_nan() {
            return given;
        }
        let money = &self.money[channel];
        let year = (self.mix.season_length.round() as usize).clamp(1, money.len());
        money[money.len() - year..].iter().sum::<f64>() / year as f64 * self.window as f64
    }

    /// Greatest spend of a period.
    pub(super) fn greatest(&self, channel: usize) -> f64 {
        self.money[channel].iter().copied().fold(0.0, f64::max)
    }

    /// Greatest spend of the window.
    pub(super) fn most(&self, channel: usize, current: f64) -> f64 {
        let Limit { min, max, .. } = self.limits[channel];
        if !max.is_nan() {
            return max;
        }
        (self.reach * self.greatest(channel) * self.window as f64).max(current).max(min)
    }
}
