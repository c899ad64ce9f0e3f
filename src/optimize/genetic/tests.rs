#![allow(clippy::unwrap_used)]
use super::testbed::TestProblem;
use super::*;
use crate::control::Control;
use crate::solution::Termination;

fn control(seed: u64) -> Control {
    Control::default().with_seed(seed).with_threads(1)
}

fn flat(front: &Front) -> Vec<f64> {
    front.members.iter().flat_map(|member| member.objectives.clone()).collect()
}

#[test]
fn searches_come_near_the_true_fronts() {
    let options = Evolution { generations: 200, ..Evolution::default() };
    // zdt6 crowds its points at one end, and a hundred points cover less of a sphere than of a line.
    let floors =
        [("zdt1", 0.985), ("zdt2", 0.985), ("zdt3", 0.985), ("zdt6", 0.95), ("dtlz2", 0.93), ("wfg4", 0.97)];
    for (name, least) in floors {
        let problem = TestProblem::named(name).unwrap();
        let (m, reference) = (problem.objectives(), problem.reference());
        let best = hypervolume(&problem.front(if m == 2 { 2000 } else { 900 }), m, &reference);
        let found = nsga2(&problem, &options, &control(1)).unwrap();
        let share = hypervolume(&flat(&found), m, &reference) / best;
        assert!(share > least && share < 1.02, "{name}: {share}");
        assert_eq!(found.evaluations, 20_100);
    }
}

#[test]
fn many_goals_are_nsga3s() {
    let problem = TestProblem::named("dtlz2").unwrap().sized(14, 5).unwrap();
    let options = Evolution { population: 126, generations: 100, ..Evolution::default() };
    let volume = |front: Front| hypervolume(&flat(&front), 5, &problem.reference());
    let by_niches = volume(nsga3(&problem, &options, &control(1)).unwrap());
    let by_crowding = volume(nsga2(&problem, &options, &control(1)).unwrap());
    assert!(by_niches > by_crowding, "{by_niches} {by_crowding}");
}

#[test]
fn the_same_seed_gives_the_same_front_on_any_number_of_threads() {
    let problem = TestProblem::named("wfg2").unwrap();
    let options = Evolution { generations: 30, runs: 2, ..Evolution::default() };
    let one = nsga2(&problem, &options, &control(5)).unwrap();
    let two = nsga2(&problem, &options, &control(5).with_threads(2)).unwrap();
    assert_eq!(one, two);
    assert_ne!(one, nsga2(&problem, &options, &control(6)).unwrap());
    assert_eq!(one.evaluations, 2 * 31 * 100);
}

/// A problem slow enough that its evaluations are spread over threads.
struct Slow(TestProblem);

impl Problem for Slow {
    fn space(&self) -> &Space {
        self.0.space()
    }

    fn objectives(&self) -> usize {
        self.0.objectives()
    }

    fn evaluate(&self, genes: &Genes, objectives: &mut [f64]) -> f64 {
        std::thread::sleep(std::time::Duration::from_micros(50));
        self.0.evaluate(genes, objectives)
    }
}

#[test]
fn slow_evaluations_on_two_threads_give_the_front_of_one() {
    let problem = TestProblem::named("zdt1").unwrap();
    let options = Evolution { population: 40, generations: 10, ..Evolution::default() };
    let one = nsga2(&problem, &options, &control(5)).unwrap();
    let two = nsga2(&Slow(problem), &options, &control(5).with_threads(2)).unwrap();
    assert_eq!(one, two);
}

/// A valley whose left half has no known violation and whose far right has no known goal.
struct Murky(Space);

impl Problem for Murky {
    fn space(&self) -> &Space {
        &self.0
    }

    fn objectives(&self) -> usize {
        1
    }

    fn evaluate(&self, genes: &Genes, objectives: &mut [f64]) -> f64 {
        let x = genes.numbers[0];
        objectives[0] = if x > 0.9 { f64::NAN } else { x * x };
        if x < 0.5 { f64::NAN } else { -1.0 }
    }
}

#[test]
fn what_is_no_number_is_the_worst_to_every_search() {
    let problem = Murky(Space::default().with_reals(1, 0.0, 1.0));
    let at = |x: f64| {
        let mut goal = [0.0];
        (evaluated(&problem, &Genes { numbers: vec![x], orders: Vec::new() }, &mut goal), goal[0])
    };
    assert_eq!((at(0.2).0, at(0.7).0, at(0.95)), (f64::INFINITY, 0.0, (0.0, f64::INFINITY)));
    let options = Evolution { population: 20, generations: 40, ..Evolution::default() };
    let evolved = nsga2(&problem, &options, &control(1)).unwrap().members[0].clone();
    let effort = SearchEffort { population: 20, rounds: 60, ..SearchEffort::default() };
    let moved = differential_evolution(&problem, &effort, &control(1)).unwrap().candidate;
    for best in [evolved, moved] {
        assert_eq!(best.violation, 0.0);
        assert!((best.genes.numbers[0] - 0.5).abs() < 1e-2, "{best:?}");
    }
}

#[test]
fn sizes_that_a_test_problem_does_not_have_are_told() {
    for name in TestProblem::NAMES {
        let problem = TestProblem::named(name).unwrap();
        for (genes, objectives) in [(0, 2), (10, 0), (10, 1), (0, 0)] {
            assert!(problem.clone().sized(genes, objectives).is_none(), "{name} {genes} {objectives}");
        }
    }
}

/// A tour over points on a circle, a whole number and a real one, with a constraint.
struct Mixed {
    space: Space,
    points: Vec<[f64; 2]>,
}

impl Mixed {
    fn new(count: usize) -> Self {
        let angle = |i: usize| std::f64::consts::TAU * i as f64 / count as f64;
        let points = (0..count).map(|i| [angle(i).cos(), angle(i).sin()]).collect();
        let space = Space::default().with_order(count).with_integers(1, -20.0, 20.0).with_reals(1, -3.0, 3.0);
        Mixed { space, points }
    }
}

impl Problem for Mixed {
    fn space(&self) -> &Space {
        &self.space
    }

    fn objectives(&self) -> usize {
        1
    }

    fn evaluate(&self, genes: &Genes, objectives: &mut [f64]) -> f64 {
        let order = &genes.orders[0];
        let point = |i: usize| self.points[order[i % order.len()] as usize];
        let leg = |i: usize| (point(i)[0] - point(i + 1)[0]).hypot(point(i)[1] - point(i + 1)[1]);
        let tour: f64 = (0..order.len()).map(leg).sum();
        let (whole, real) = (genes.numbers[0], genes.numbers[1]);
        objectives[0] = tour + (whole - 7.0).powi(2) + (real - 2.0).powi(2);
        // The whole number must be 9 or more.
        (9.0 - whole).max(0.0)
    }
}

#[test]
fn orders_whole_and_real_numbers_are_searched_together_under_a_constraint() {
    let problem = Mixed::new(9);
    let options = Evolution { population: 60, generations: 300, runs: 2, ..Evolution::default() };
    let found = nsga2(&problem, &options, &control(3)).unwrap();
    let best = &found.members[0];
    let circle = 9.0 * 2.0 * (std::f64::consts::PI / 9.0).sin();
    assert_eq!((best.violation, best.genes.numbers[0]), (0.0, 9.0));
    assert!((best.objectives[0] - (circle + 4.0)).abs() < 1e-3, "{best:?} {circle}");
}

/// Rosenbrock's valley, with its optimum at ones.
struct Valley(Space);

impl Problem for Valley {
    fn space(&self) -> &Space {
        &self.0
    }

    fn objectives(&self) -> usize {
        1
    }

    fn evaluate(&self, genes: &Genes, objectives: &mut [f64]) -> f64 {
        let pairs = genes.numbers.windows(2);
        objectives[0] =
            pairs.map(|p| 100.0 * (p[1] - p[0] * p[0]).powi(2) + (1.0 - p[0]).powi(2)).sum::<f64>();
        0.0
    }
}

#[test]
fn one_goal_is_found_by_differences_and_approached_by_the_swarm() {
    let problem = Valley(Space::default().with_reals(4, -5.0, 5.0));
    let effort = SearchEffort { rounds: 1000, ..SearchEffort::default() };
    let found = differential_evolution(&problem, &effort, &control(2)).unwrap();
    assert!(found.candidate.objectives[0] < 1e-8, "{found:?}");
    let swarm = particle_swarm(&problem, &effort, &control(2)).unwrap();
    assert!(swarm.candidate.objectives[0] < 1.0, "{swarm:?}");
    assert_eq!((found.evaluations, swarm.evaluations), (40_040, 40_040));
    let again = differential_evolution(&problem, &effort, &control(2).with_threads(2)).unwrap();
    assert_eq!(again, found);
}

#[test]
fn limits_and_requests_stop_a_search() {
    let problem = TestProblem::named("zdt1").unwrap();
    let found = nsga2(&problem, &Evolution::default(), &control(1).with_work(1000)).unwrap();
    assert_eq!((found.evaluations, found.termination), (1000, Termination::WorkLimit));
    let stopped = control(1);
    stopped.cancel.request();
    let found = nsga2(&problem, &Evolution::default(), &stopped).unwrap();
    assert_eq!((found.evaluations, found.termination), (100, Termination::Interrupted));
}

#[test]
fn given_candidates_stay_while_nobody_beats_them() {
    let problem = TestProblem::named("zdt4").unwrap();
    let mut optimum = vec![0.0; 10];
    optimum[0] = 0.25;
    let start = vec![Genes { numbers: optimum, orders: Vec::new() }];
    let options = Evolution { generations: 5, start, ..Evolution::default() };
    let found = nsga2(&problem, &options, &control(1)).unwrap();
    // On the true front: 1 - sqrt(0.25); with it in the population all far from the front are gone.
    assert!(found.members.iter().any(|member| member.objectives == [0.25, 0.5]), "{found:?}");
}

#[test]
fn what_cannot_be_searched_is_said() {
    let problem = TestProblem::named("zdt1").unwrap();
    let with = |change: &dyn Fn(&mut Evolution)| {
        let mut options = Evolution::default();
        change(&mut options);
        nsga2(&problem, &options, &control(1)).unwrap_err()
    };
    assert!(matches!(with(&|o| o.population = 3), GeneticError::Option { option: "population", .. }));
    assert!(matches!(with(&|o| o.runs = 0), GeneticError::Option { option: "runs", .. }));
    let nan = |o: &mut Evolution| o.variation.mutation_index = f64::NAN;
    assert!(matches!(with(&nan), GeneticError::Option { option: "mutation_index", .. }));
    let strange = |o: &mut Evolution| o.start = vec![Genes { numbers: vec![2.0; 30], orders: Vec::new() }];
    assert_eq!(with(&strange), GeneticError::Start { start: 0 });
    let empty = Valley(Space::default());
    assert_eq!(nsga2(&empty, &Evolution::default(), &control(1)).unwrap_err(), GeneticError::NoGenes);
    let torn = Valley(Space::default().with_reals(1, 2.0, 1.0));
    let error = nsga2(&torn, &Evolution::default(), &control(1)).unwrap_err();
    assert_eq!(error, GeneticError::Range { gene: 0, lower: 2.0, upper: 1.0 });
    let one = Valley(Space::default().with_reals(3, 0.0, 1.0));
    assert!(matches!(nsga3(&one, &Evolution::default(), &control(1)), Err(GeneticError::Objectives { .. })));
    let ordered = differential_evolution(&Mixed::new(4), &SearchEffort::default(), &control(1));
    assert_eq!(ordered.unwrap_err(), GeneticError::Orders { orders: 1 });
    assert!(differential_evolution(&problem, &SearchEffort::default(), &control(1)).is_err());
}
