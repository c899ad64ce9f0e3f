//! Given a program that cannot be satisfied, find a set of its limits that cannot be
//! satisfied together while every smaller set can: an irreducible infeasible set.
//!
//! Method: deletion filter, Chinneck and Dravnieks (1991), "Locating minimal
//! infeasible constraint sets in linear programs", doi:10.1287/ijoc.3.2.157,
//! sped up by the proofs that the simplex method leaves: the limits with a
//! multiplier in a proof of infeasibility (Farkas' lemma; Gleeson and Ryan
//! (1990), doi:10.1287/ijoc.2.1.61) are infeasible by themselves, so all
//! others go at once. The filter starts from such a proof, or from HiGHS's own
//! set where the proof is long and that set is smaller. Where integers matter, limits are tried in blocks that
//! are halved, each by a mixed-integer solve.
//! Cost: one linear program for each limit of the starting set at most, warm;
//! with integers, one search for each limit of the result and for each block.
//! Use [`relax`](super::relax) instead when the question is what to give up,
//! not what collides.
//! Not for: programs with integers that take long to decide; there the limits
//! of the control stop the filter, and the answer says so.
//! Same input, seed and work limit give the same answer: yes, where no time
//! limit strikes.
//! Differs from the paper: the answer is verified at the end by fresh solves,
//! once as a whole and once without each member; what does not stand the
//! verification is filtered again.

use super::highs_api::{Highs, OptionValue};
use super::subsystem::{Active, Subsystem, Verdict, members_of};
use super::{ColumnKind, Member, MilpError, Program, Side};
use crate::control::Control;

/// Nodes that one question about a part with integers may take where the caller sets no work limit.
const NODES_PER_QUESTION: u64 = 50_000;
/// Longest time for HiGHS's own set, in seconds; a proof is used where it takes longer.
const HIGHS_SECONDS: f64 = 5.0;
/// A proof that uses no more limits than this is filtered at once, without asking for HiGHS's own set.
const SMALL_SEED: usize = 50;
/// Rounds of filtering and verification before a doubtful answer is given as it is.
const ROUNDS: usize = 4;

/// Limits that cannot be satisfied together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfeasibleSet {
    /// The limits, in the order of rows, then columns.
    pub members: Vec<Member>,
    /// Whether it was verified that the set is infeasible and becomes
    /// feasible when any one member is dropped. False only where a limit of
    /// the control or the arithmetic stopped the filter.
    pub irreducible: bool,
    /// Solves that it took.
    pub solves: usize,
}

/// Groups of limits that cannot be satisfied together with the limits outside all groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfeasibleGroups {
    /// Indices of the groups, ascending; empty where the limits outside the
    /// groups collide by themselves.
    pub groups: Vec<usize>,
    /// As [`InfeasibleSet::irreducible`], over groups.
    pub irreducible: bool,
    /// Solves that it took.
    pub solves: usize,
}

/// An irreducible infeasible set of a program; `None` where the program can
/// be satisfied, or its state could not be found out within the limits.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::milp::{ColumnKind, Member, Program, Side, infeasible_set};
/// let inf = f64::INFINITY;
/// let mut program = Program::minimise();
/// let x = program.add_column(0.0, 0.0, 3.0, ColumnKind::Continuous);
/// let y = program.add_column(0.0, 0.0, inf, ColumnKind::Continuous);
/// program.add_row(4.0, inf, &[(x, 1.0)]); // collides with the bound of x
/// program.add_row(1.0, 9.0, &[(x, 1.0), (y, 1.0)]);
/// let set = infeasible_set(&program, &Control::default())?.expect("infeasible");
/// assert!(set.irreducible);
/// assert_eq!(
///     set.members,
///     [Member::Row { row: 0, side: Side::Lower }, Member::Bound { column: 0, side: Side::Upper }],
/// );
/// # Ok::<(), purvey::optimize::milp::MilpError>(())
/// ```
///
/// # Errors
/// When the program holds a number that cannot be used, or the solver refuses it.
pub fn infeasible_set(program: &Program, control: &Control) -> Result<Option<InfeasibleSet>, MilpError> {
    program.check()?;
    let items: Vec<Vec<Member>> = members_of(program).into_iter().map(|member| vec![member]).collect();
    let mut filter = Filter::new(program, items, &[], control);
    let Some(()) = filter.start()? else { return Ok(None) };
    let irreducible = filter.run()?;
    let mut members: Vec<Member> =
        filter.kept().flat_map(|item| filter.items[item].iter().copied()).collect();
    members.sort_unstable();
    Ok(Some(InfeasibleSet { members, irreducible, solves: filter.solves }))
}

/// An irreducible infeasible set over groups of limits; what is in no group
/// always holds. `None` as for [`infeasible_set`].
///
/// A group is dropped or kept as a whole, so that a collision can be told in
/// the caller's own terms ("the budget of May", "the storage of one site").
///
/// # Errors
/// As [`infeasible_set`]; also when a group names a row or column that does not exist.
pub fn infeasible_groups(
    program: &Program,
    groups: &[Vec<Member>],
    control: &Control,
) -> Result<Option<InfeasibleGroups>, MilpError> {
    program.check()?;
    check_groups(program, groups)?;
    let mut is_grouped = Active::none(program);
    for &member in groups.iter().flatten() {
        is_grouped.set(member, true);
    }
    let hard: Vec<Member> =
        members_of(program).into_iter().filter(|&member| !is_grouped.has(member)).collect();
    let mut filter = Filter::new(program, groups.to_vec(), &hard, control);
    let Some(()) = filter.start()? else { return Ok(None) };
    let irreducible = filter.run()?;
    Ok(Some(InfeasibleGroups { groups: filter.kept().collect(), irreducible, solves: filter.solves }))
}

fn check_groups(program: &Program, groups: &[Vec<Member>]) -> Result<(), MilpError> {
    for &member in groups.iter().flatten() {
        let exists = match member {
            Member::Row { row, .. } => row < program.rows(),
            Member::Bound { column, .. } | Member::Integrality { column } => column < program.columns(),
        };
        if !exists {
            return Err(MilpError::Model {
                reason: format!("a group names {member:?}, which does not exist"),
            });
        }
    }
    Ok(())
}

/// What is known of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Dropped,
    /// Still in, not tried yet.
    Open,
    /// Without it the rest can be satisfied.
    Needed,
    /// It could not be decided; kept.
    Doubtful,
}

struct Filter<'a> {
    program: &'a Program,
    items: Vec<Vec<Member>>,
    hard: Vec<Member>,
    state: Vec<State>,
    control: Control,
    solves: usize,
}

impl<'a> Filter<'a> {
    fn new(program: &'a Program, items: Vec<Vec<Member>>, hard: &[Member], control: &Control) -> Self {
        let mut control = control.started().with_progress(|_| {});
        control.limits.gap = 0.0;
        control.limits.work = Some(control.limits.work.unwrap_or(NODES_PER_QUESTION));
        let state = vec![State::Open; items.len()];
        Filter { program, items, hard: hard.to_vec(), state, control, solves: 0 }
    }

    /// Items that are in.
    fn kept(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.items.len()).filter(|&item| self.state[item] != State::Dropped)
    }

    fn active(&self) -> Active {
        let members = self.kept().flat_map(|item| self.items[item].iter().copied());
        Active::of(self.program, members.chain(self.hard.iter().copied()))
    }

    /// A fresh solve of what is in, without item `without`.
    ///
    /// Where the first solve fails, a second one without presolve decides.
    fn fresh(&mut self, without: Option<usize>) -> Result<Verdict, MilpError> {
        let mut active = self.active();
        if let Some(item) = without {
            self.items[item].iter().for_each(|&member| active.set(member, false));
            // A limit may stand in a second item, or among the hard ones.
            let others = self.kept().filter(|&other| other != item).flat_map(|other| &self.items[other]);
            let others: Vec<Member> = others.chain(&self.hard).copied().collect();
            others.into_iter().for_each(|member| active.set(member, true));
        }
        self.solves += 1;
        let verdict = Subsystem::new(self.program, active.clone(), false)?.verdict(&self.control)?;
        if verdict != Verdict::Unknown || self.control.should_stop() {
            return Ok(verdict);
        }
        self.solves += 1;
        Subsystem::new(self.program, active, true)?.verdict(&self.control)
    }

    /// Finds out whether there is anything to explain, and a small set to start from.
    fn start(&mut self) -> Result<Option<()>, MilpError> {
        if self.fresh(None)? != Verdict::Infeasible {
            return Ok(None);
        }
        let mut relaxation = self.relaxation()?;
        self.solves += 1;
        if relaxation.verdict(&self.control)? != Verdict::Infeasible {
            return Ok(Some(()));
        }
        let of_proof = relaxation.proof().map(|members| self.items_with(&members));
        drop(relaxation);
        let size = |seed: &[bool]| seed.iter().filter(|&&is_in| is_in).count();
        let mut best = match of_proof {
            Some(seed) if self.is_seed_infeasible(&seed)? => Some(seed),
            _ => None,
        };
        if best.as_ref().is_none_or(|best| size(best) > SMALL_SEED)
            && let Some(seed) = self.seed_of_highs()?
            && best.as_ref().is_none_or(|best| size(&seed) < size(best))
            && self.is_seed_infeasible(&seed)?
        {
            best = Some(seed);
        }
        if let Some(best) = best {
            self.keep_only(&best);
        }
        Ok(Some(()))
    }

    fn keep_only(&mut self, seed: &[bool]) {
        for (state, &is_in) in self.state.iter_mut().zip(seed) {
            if !is_in {
                *state = State::Dropped;
            }
        }
    }

    fn is_seed_infeasible(&mut self, seed: &[bool]) -> Result<bool, MilpError> {
        let before = self.state.clone();
        self.keep_only(seed);
        let verdict = self.fresh(None)?;
        self.state = before;
        Ok(verdict == Verdict::Infeasible)
    }

    /// Items that hold one of the members.
    fn items_with(&self, members: &[Member]) -> Vec<bool> {
        let wanted = Active::of(self.program, members.iter().copied());
        (0..self.items.len())
            .map(|item| {
                self.state[item] != State::Dropped
                    && self.items[item].iter().any(|&member| wanted.has(member))
            })
            .collect()
    }

    /// The whole program without integrality.
    fn relaxation(&self) -> Result<Subsystem<'a>, MilpError> {
        let mut active = self.active();
        active.drop_integrality();
        Subsystem::new(self.program, active, true)
    }

    /// HiGHS's own set for the relaxation of the whole program.
    fn seed_of_highs(&mut self) -> Result<Option<Vec<bool>>, MilpError> {
        let mut relaxation = self.program.clone();
        relaxation.kinds.fill(ColumnKind::Continuous);
        for (column, kind) in self.program.kinds.iter().enumerate() {
            if kind.is_semi() {
                relaxation.column_lower[column] = relaxation.column_lower[column].min(0.0);
                relaxation.column_upper[column] = relaxation.column_upper[column].max(0.0);
            }
        }
        let seconds =
            self.control.time_left().map_or(HIGHS_SECONDS, |left| left.as_secs_f64().min(HIGHS_SECONDS));
        let mut highs = Highs::new()?;
        highs.pass(&relaxation)?;
        highs.set_option(c"iis_strategy", OptionValue::Whole(6))?;
        highs.set_option(c"iis_time_limit", OptionValue::Number(seconds))?;
        let found = highs.iis();
        self.solves += 1;
        let mut members = Vec::new();
        for (row, sides) in found.rows {
            let both = [(sides.lower, Side::Lower), (sides.upper, Side::Upper)];
            members.extend(both.into_iter().filter(|side| side.0).map(|(_, side)| Member::Row { row, side }));
        }
        for (column, sides) in found.columns {
            let both = [(sides.lower, Side::Lower), (sides.upper, Side::Upper)];
            members.extend(
                both.into_iter().filter(|side| side.0).map(|(_, side)| Member::Bound { column, side }),
            );
        }
        Ok((!members.is_empty()).then(|| self.items_with(&members)))
    }

    /// Filters and verifies; returns whether the result is irreducible.
    fn run(&mut self) -> Result<bool, MilpError> {
        for _ in 0..ROUNDS {
            self.filter()?;
            match self.verify()? {
                Verified::Yes => return Ok(true),
                Verified::Stopped => return Ok(false),
                Verified::Changed => {}
            }
        }
        Ok(false)
    }

    fn open(&self) -> Vec<usize> {
        (0..self.items.len()).filter(|&item| self.state[item] == State::Open).collect()
    }

    /// Tries to drop every open item.
    fn filter(&mut self) -> Result<(), MilpError> {
        let mut part = Subsystem::new(self.program, self.active(), true)?;
        if part.is_mip() {
            let open = self.open();
            return self.filter_blocks(&open);
        }
        let mut size = self.kept().count();
        while let Some(item) = (0..self.items.len()).find(|&item| self.state[item] == State::Open) {
            if self.control.should_stop() {
                break;
            }
            self.try_one(&mut part, item)?;
            if self.kept().count() * 2 < size {
                size = self.kept().count();
                self.solves += part.solves;
                part = Subsystem::new(self.program, self.active(), true)?;
            }
        }
        self.solves += part.solves;
        Ok(())
    }

    /// Members of an item that are in no other item that is in, nor hard.
    fn own_members(&self, item: usize) -> Vec<Member> {
        let others = self.kept().filter(|&other| other != item).flat_map(|other| &self.items[other]);
        let held = Active::of(self.program, others.chain(&self.hard).copied());
        self.items[item].iter().copied().filter(|&member| !held.has(member)).collect()
    }

    /// Drops an item where the rest stays infeasible, and with it what the proof does not use.
    fn try_one(&mut self, part: &mut Subsystem<'_>, item: usize) -> Result<(), MilpError> {
        let own = self.own_members(item);
        part.switch(&own, false)?;
        match part.verdict(&self.control)? {
            Verdict::Infeasible => {
                self.state[item] = State::Dropped;
                if let Some(members) = part.proof() {
                    self.shrink_to(part, &members)?;
                }
            }
            verdict => {
                part.switch(&own, true)?;
                self.state[item] = if verdict == Verdict::Feasible { State::Needed } else { State::Doubtful };
            }
        }
        Ok(())
    }

    /// Drops all open items that a proof does not use, when that is confirmed by a solve.
    fn shrink_to(&mut self, part: &mut Subsystem<'_>, members: &[Member]) -> Result<(), MilpError> {
        let used = self.items_with(members);
        let unused: Vec<usize> = self.open().into_iter().filter(|&item| !used[item]).collect();
        if unused.is_empty() {
            return Ok(());
        }
        let before = self.state.clone();
        unused.iter().for_each(|&item| self.state[item] = State::Dropped);
        let mut off: Vec<Member> = unused.iter().flat_map(|&item| self.items[item].iter().copied()).collect();
        let held = self.active();
        off.retain(|&member| !held.has(member));
        part.switch(&off, false)?;
        if part.verdict(&self.control)? != Verdict::Infeasible {
            part.switch(&off, true)?;
            self.state = before;
        }
        Ok(())
    }

    /// Drops items in blocks; a block that is needed is halved.
    fn filter_blocks(&mut self, block: &[usize]) -> Result<(), MilpError> {
        if block.is_empty() || self.control.should_stop() {
            return Ok(());
        }
        let before = self.state.clone();
        block.iter().for_each(|&item| self.state[item] = State::Dropped);
        match self.fresh(None)? {
            Verdict::Infeasible => return Ok(()),
            verdict => {
                self.state = before;
                if let [item] = block[..] {
                    self.state[item] =
                        if verdict == Verdict::Feasible { State::Needed } else { State::Doubtful };
                    return Ok(());
                }
            }
        }
        let (first, second) = block.split_at(block.len() / 2);
        self.filter_blocks(first)?;
        self.filter_blocks(second)
    }

    /// Solves the set once as a whole and once without each item, afresh.
    fn verify(&mut self) -> Result<Verified, MilpError> {
        if self.control.should_stop() {
            return Ok(Verified::Stopped);
        }
        if self.fresh(None)? != Verdict::Infeasible {
            // The filter's warm solves went too far; begin again from all items, afresh.
            self.state.fill(State::Open);
            let open = self.open();
            self.filter_blocks(&open)?;
        }
        let mut verified = Verified::Yes;
        for item in self.kept().collect::<Vec<_>>() {
            if self.control.should_stop() {
                return Ok(Verified::Stopped);
            }
            match self.fresh(Some(item))? {
                Verdict::Feasible => self.state[item] = State::Needed,
                Verdict::Infeasible => {
                    self.state[item] = State::Dropped;
                    verified = Verified::Changed;
                }
                Verdict::Unknown => {
                    self.state[item] = State::Doubtful;
                    verified = if verified == Verified::Changed { verified } else { Verified::Stopped };
                }
            }
        }
        Ok(verified)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verified {
    Yes,
    /// An item turned out not to be needed: verify once more.
    Changed,
    /// A limit, or an item that could not be decided.
    Stopped,
}
