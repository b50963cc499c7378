//! The report as a page, read as a browser reads it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lwp_loom_tests::faults::{Catch, FaultReport, FaultRow};
use lwp_loom_tests::job::{Finding, LockEdge, Verdict};
use lwp_loom_tests::report::{
    Bounded, Break, Difference, Environment, LeftOut, OrderingRow, Outcomes, Phase, Report, Run, Shard, Spent,
};
use lwp_loom_tests::timeline::{Step, Thread, Timeline, What};
use scraper::{ElementRef, Html, Selector};

const LOST: &str = "lwp/1.62/as-written/2-cpus/lost-continue";

fn run(name: &str, engine: &str, verdict: Verdict, declared: Option<&str>) -> Run {
    Run {
        name: name.into(),
        system: "netbsd-1.62".into(),
        variant: "repaired".into(),
        engine: engine.into(),
        lwps: 2,
        programs: 3,
        executions: 1234,
        distinct: 7,
        digest: 0,
        unreached: 0,
        verdict,
        blocked: 5,
        known: 0,
        states: None,
        overflowed: 0,
        steps: 0,
        bound: (verdict == Verdict::Bounded).then(|| "1 preemption in an execution".into()),
        declared: declared.map(String::from),
        seconds: 0.5,
    }
}

/// A timeline of one step.
fn timeline(program: &str, schedule: &str) -> Timeline {
    let step = |what| Step { thread: 1, file: "suspend.rs".into(), line: 1, taken: 1, what };
    Timeline {
        program: program.into(),
        engine: "complete".into(),
        failure: "deadlock: nobody can go on".into(),
        schedule: Some(schedule.into()),
        threads: vec![Thread { name: "main".into(), lid: 1 }],
        steps: vec![step(What::Begins("suspend b".into())), step(What::Fails)],
        ..Timeline::default()
    }
}

fn failing(program: &str, verdict: Verdict) -> Finding {
    Finding {
        message: Some("wait b gave EDEADLK, not <b>".into()),
        schedule: Some("lwp1-0-a-0".into()),
        timeline: Some(Box::new(timeline(program, "lwp1-0-a-0"))),
        lock_edges: vec![LockEdge {
            held: "spc_mutex".into(),
            taken: "p_smutex".into(),
            place: "lwp-core/src/netbsd/wait.rs:1".into(),
        }],
        transitions: vec![("LSRUN".into(), "LSONPROC".into())],
        ..Finding::of(program, "complete", verdict)
    }
}

/// Where the fake check ran.
fn environment() -> Environment {
    Environment {
        shard: Some(Shard { index: 1, count: 1 }),
        machine: "an-os a-processor".into(),
        cores: 2,
        jobs: 1,
        compiler: "rustc 9.9".into(),
        loom: "0.7".into(),
        shuttle: "0.9".into(),
        seconds: 1.5,
        phases: vec![
            Spent { phase: Phase::Build, seconds: 9.0 },
            Spent { phase: Phase::Engine("loom".into()), seconds: 1.25 },
        ],
    }
}

/// A report in which there is something of everything.
fn report() -> Report {
    let declared = Some("at most 1 preemption");
    let defect = failing(LOST, Verdict::Defect);
    let failure = failing("lwp/1.62/repaired/2-cpus/wait-exit", Verdict::Failed);
    let mut report = Report {
        commit: "0123456789abcdef".into(),
        selection: vec!["lost continue".into(), "--cpus 2".into()],
        shard: Some(Shard { index: 1, count: 1 }),
        runs: vec![
            run("whole", "loom", Verdict::Complete, None),
            run("shows", "loom", Verdict::Defect, None),
            run("as-declared", "loom", Verdict::Bounded, declared),
            run("cut", "loom", Verdict::Bounded, None),
            run("broken", "complete", Verdict::Failed, None),
        ],
        slowest: Some(("p".into(), "loom".into(), 0.5)),
        failures: vec![failure.clone()],
        outcomes: vec![Outcomes {
            program: LOST.into(),
            engine: "complete".into(),
            verdict: "defect shown".into(),
            executions: 2,
            states: None,
            outcomes: vec!["b = 0".into()],
        }],
        compared: 4,
        differences: vec![Difference { program: "p".into(), outcome: "o".into(), weak_memory: true }],
        bounded: vec![Bounded { program: "q".into(), seen: 1, of: 2, alone: vec![] }],
        left_out: vec![LeftOut { name: "f".into(), programs: 1, why: "too large".into() }],
        orderings: vec![OrderingRow {
            site: "lwp_lock.look".into(),
            declared: "acquire".into(),
            weakest: "acquire".into(),
            source: "a barrier".into(),
            breaks: vec![Break {
                ordering: "relaxed".into(),
                program: "p".into(),
                how: "a data race".into(),
            }],
        }],
        environments: vec![environment()],
        ..Report::default()
    };
    for finding in [&defect, &failure] {
        report.transitions.add(finding);
        report.lock_order.add(finding);
        report.defects.add(finding);
    }
    report
}

fn faults() -> FaultReport {
    let row = |name: &str, caught: bool| FaultRow {
        name: name.into(),
        what: "does nothing".into(),
        caught: caught.then(|| Catch {
            program: "p".into(),
            engine: "loom".into(),
            how: "a hang".into(),
            executions: 9,
        }),
        equivalent: None,
        programs: 1,
        passed_over: 0,
        cut_short: 0,
        seconds: 0.1,
    };
    FaultReport {
        commit: "another".into(),
        rows: vec![row("lwp_exit.a", true), row("lwp_exit.b", false)],
        ..FaultReport::default()
    }
}

/// A folder of the test's own.
fn dir(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page").join(test);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn ci(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let ci = Command::new(env!("CARGO_BIN_EXE_ci")).args(args).current_dir(dir).stdin(Stdio::null()).output();
    let Output { status, stderr, .. } = ci.unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// The page that is made of a report.
fn page_of(test: &str, report: &Report, faults: Option<&FaultReport>) -> Html {
    let dir = dir(test);
    fs::write(dir.join("report.json"), serde_json::to_vec(report).unwrap()).unwrap();
    let mut args = vec!["merge", "report.json", "--html", "page.html"];
    if let Some(faults) = faults {
        fs::write(dir.join("faults.json"), serde_json::to_vec(faults).unwrap()).unwrap();
        args.extend(["--faults", "faults.json"]);
    }
    let (status, stderr) = ci(&dir, &args);
    assert_eq!(status, Some(1), "the report is not green: {stderr}");
    Html::parse_document(&fs::read_to_string(dir.join("page.html")).unwrap())
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

/// What an element says, with a space wherever another element begins or ends.
fn text(element: ElementRef<'_>) -> String {
    element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The one element with this id.
fn by_id<'a>(page: &'a Html, id: &str) -> ElementRef<'a> {
    let with_id = all(page, "[id]").into_iter().filter(|element| element.attr("id") == Some(id));
    let [element] = with_id.collect::<Vec<_>>()[..] else { panic!("not one element has the id `{id}`") };
    element
}

fn said(page: &Html, id: &str) -> String {
    text(by_id(page, id))
}

/// Nothing on the page is fetched, every link leads to a place on it, and no place has two names or one name two places.
fn assert_stands_alone(page: &Html) {
    for element in all(page, "*") {
        let name = element.value().name();
        assert!(!["script", "link", "iframe", "object", "embed", "base", "form"].contains(&name), "<{name}>");
        for (attribute, value) in element.value().attrs() {
            assert!(
                !["src", "srcset", "action", "data", "poster", "background"].contains(&attribute),
                "{attribute}"
            );
            assert!(!attribute.starts_with("on"), "{attribute}");
            // A namespace has the form of an address, and is none.
            assert!(attribute.starts_with("xmlns") || !value.contains("://"), "{attribute}={value}");
        }
    }
    for style in all(page, "style").into_iter().map(|style| style.text().collect::<String>()) {
        assert!(!style.contains("@import") && !style.contains("url("), "{style}");
    }
    for link in all(page, "[href]") {
        by_id(page, link.attr("href").unwrap().strip_prefix('#').expect("a place on the page"));
    }
    let ids: Vec<&str> = all(page, "[id]").into_iter().filter_map(|element| element.attr("id")).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{ids:?}");
}

// A part that is left out silently would be taken for one with nothing to say.
#[test]
fn a_page_has_every_part_and_its_contents_lead_to_each() {
    let page = page_of("parts", &report(), Some(&faults()));
    assert_stands_alone(&page);
    let parts = [
        ("verdicts", "bounded: at most 1 preemption"),
        ("failures", "✗ lwp/1.62/repaired/2-cpus/wait-exit, complete"),
        ("outcomes", "b = 0"),
        ("defects", "lost-continue"),
        ("engines", "4 programs were explored by both"),
        ("transitions", "1 of 15 documented transitions were made"),
        ("orderings", "a data race"),
        ("lock-order", "✗ netbsd 1.62 does not keep its declared order in 1 place, 1 of them not recorded"),
        ("faults", "1 of 2 caught"),
        ("environment", "rustc 9.9"),
    ];
    let contents = all(&page, "nav a").into_iter().filter_map(|link| link.attr("href")?.strip_prefix('#'));
    assert_eq!(contents.collect::<Vec<_>>(), parts.map(|(id, _)| id));
    for (id, says) in parts {
        let section = by_id(&page, id);
        assert_eq!(section.select(&Selector::parse("h2").unwrap()).count(), 1, "{id}");
        assert!(said(&page, id).contains(says), "{id}: {}", said(&page, id));
    }
    let phases = text(all(&page, "#environment table")[1]);
    for row in ["programs under loom 1.2", "other 0.3", "total 1.5", "build, before that 9.0"] {
        assert!(phases.contains(row), "{phases}");
    }
    let captions = all(&page, "table").len() - all(&page, ".timeline table").len();
    assert_eq!(all(&page, "table > caption").len(), captions, "a table has no caption");
    assert_eq!(all(&page, "h1").len(), 1);
}

// Whoever sees no colours must not take what is bounded, or failed, for what is complete.
#[test]
fn verdicts_differ_in_words_and_signs_and_nothing_but_a_green_check_is_called_green() {
    let page = page_of("verdicts", &report(), None);
    for (row, says) in [
        ("run-loom-whole", "✓ complete"),
        ("run-loom-shows", "⚑ defect shown"),
        ("run-loom-as-declared", "◐ bounded: at most 1 preemption"),
        ("run-loom-cut", "! bounded by 1 preemption in an execution"),
        ("run-complete-broken", "✗ failed"),
    ] {
        assert!(said(&page, row).contains(says), "{}", said(&page, row));
    }
    assert!(said(&page, "run-loom-whole").contains("1,234"), "a number is hard to read");
    let sum = said(&page, "sum");
    assert!(sum.starts_with("✗ not green"), "{sum}");
    for answer in [
        "✗ fails the lock pointer : C11: ",
        "✗ fails the protocol, repaired : C11: not explored; SC: 1 failed; all others: not explored cargo ci explain lwp/",
        "◐ not explored the protocol, as written : ",
        "◐ in part the sources' barriers : ",
        "✗ not kept the lock order : netbsd 1.62 does not keep its declared order",
        "◐ in part the engines : 5 programs compared; ",
        "Not claimed: anything of programs that were not asked for here",
    ] {
        assert!(sum.contains(answer), "{answer}: {sum}");
    }
}

// A report for machines without the answers makes each of them ask the questions again, and differently.
#[test]
fn a_report_for_machines_has_the_answers_and_is_read_again_without_them() {
    let dir = dir("json");
    fs::write(dir.join("report.json"), serde_json::to_vec(&report()).unwrap()).unwrap();
    assert_eq!(ci(&dir, &["merge", "report.json", "--json", "merged.json"]).0, Some(1));
    let merged = fs::read(dir.join("merged.json")).unwrap();
    let answers: serde_json::Value = serde_json::from_slice(&merged).unwrap();
    assert_eq!(answers["answers"][1]["about"], "the protocol, repaired");
    assert_eq!(answers["answers"][1]["standing"], "fails");
    assert!(answers["not_claimed"].as_array().is_some_and(|limits| limits.len() > 3), "{answers}");
    let again: Report = serde_json::from_slice(&merged).unwrap();
    assert_eq!(again, Report { shard: None, ..report() });
}

#[test]
fn a_defect_leads_to_the_timeline_of_a_failing_execution_and_a_failure_has_one_too() {
    let page = page_of("timelines", &report(), None);
    let links = all(&page, "#defects td a");
    assert_eq!(links.len(), 1, "only the defect that was shown has a timeline");
    let article = by_id(&page, links[0].attr("href").unwrap().trim_start_matches('#'));
    assert_eq!(links[0].attr("href"), Some("#timeline-lost-continue"));
    assert!(said(&page, "defect-lost-continue").contains("L1109"), "the source's lines are not there");
    for (article, program) in
        [(article, LOST), (all(&page, "#failures article")[0], "lwp/1.62/repaired/2-cpus/wait-exit")]
    {
        let steps = article.select(&Selector::parse(".timeline tbody tr").unwrap()).count();
        assert_eq!(steps, 2, "{}", text(article));
        let again = format!("cargo ci explain {program} lwp1-0-a-0");
        assert!(text(article).contains(&again), "{}", text(article));
        assert!(text(article).contains("wait b gave EDEADLK, not <b>"), "{}", text(article));
    }
    let table = text(all(&page, "#defects table")[0]);
    assert!(table.contains("1 under complete"), "{table}");
    assert!(table.contains("none in this run") && table.contains("no program can"), "{table}");
}

// A number that nobody counted must not be there, nor one that was counted elsewhere without a word on it.
#[test]
fn what_was_not_measured_is_said_not_to_be_with_the_command_that_measures_it() {
    let bare = Report {
        skipped: Some("programs fail without it".into()),
        shard: Some(Shard { index: 1, count: 1 }),
        commit: "a".into(),
        environments: vec![environment()],
        ..Report::default()
    };
    let page = page_of("bare", &bare, None);
    assert_stands_alone(&page);
    let shown = format!("0 of {} were shown", lwp_loom_tests::defects::all().unwrap().len());
    for (id, says) in [
        ("sum", "nothing was explored"),
        ("defects", shown.as_str()),
        ("defect-stale-page", "Shown by: cargo ci check lwpctl-exec"),
        ("defect-unwired-page", "Shown by: cargo test -p lwp-core"),
        ("engines", "No program was explored by both"),
        ("transitions", "None of the programs of this run"),
        ("orderings", "Not searched in this run, because programs fail without it"),
        ("lock-order", "None of the programs of this run"),
        ("faults", "Not measured in this run. Measured by: cargo ci faults --json faults.json"),
    ] {
        assert!(said(&page, id).contains(says), "{id}: {}", said(&page, id));
    }
    assert!(all(&page, "#failures, #outcomes, .timeline").is_empty());
    let page = page_of("elsewhere", &report(), Some(&faults()));
    assert!(said(&page, "faults").contains("! Measured at another commit: another"));
    assert!(said(&page, "faults").contains("2 of the "), "{}", said(&page, "faults"));
}

#[test]
fn what_cannot_be_read_or_written_is_bad_input_before_anything_runs() {
    let dir = dir("refused");
    fs::write(dir.join("no-faults.json"), "{}").unwrap();
    fs::write(dir.join("report.json"), serde_json::to_vec(&report()).unwrap()).unwrap();
    let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/worker.sh");
    for (args, says) in [
        (&["--html", "no/such/folder/page.html"][..], "cannot write no/such/folder/page.html"),
        (&["--html", "same", "--json", "same"], "--json and --html name the same file"),
        (&["--html", "page.html", "--faults", "none"], "cannot read none"),
        (&["--html", "page.html", "--faults", "no-faults.json"], "it is no report"),
        (&["--faults", "no-faults.json"], "--html <FILE>"),
    ] {
        for command in [&["check", "spin", "--worker", worker][..], &["merge", "report.json"]] {
            let (status, stderr) = ci(&dir, &[command, args].concat());
            assert_eq!(status, Some(2), "{args:?}: {stderr}");
            assert!(stderr.contains(says), "{args:?}: {stderr}");
            assert!(!dir.join("page.html").exists(), "{args:?}");
        }
    }
}

/// The whole way: a worker that is built, a defect that it shows, and the page on which somebody reads how.
#[test]
fn a_check_of_a_defect_writes_a_page_that_shows_how_it_goes_wrong() {
    let dir = dir("check");
    let args = ["check", "lost-continue", "--engine", "complete", "--html", "page.html", "--jobs", "1"];
    let (status, stderr) = ci(&dir, &args);
    assert_eq!(status, Some(0), "{stderr}");
    let page = Html::parse_document(&fs::read_to_string(dir.join("page.html")).unwrap());
    assert_stands_alone(&page);
    assert!(
        said(&page, "sum").starts_with("✓ green: all that was explored is as recorded"),
        "{}",
        said(&page, "sum")
    );
    assert!(said(&page, "defects").contains("under complete"));
    let article = said(&page, "timeline-lost-continue");
    assert!(article.contains("LW_WSUSPEND") && article.contains("cargo ci explain lwp/"), "{article}");
    assert!(all(&page, "#timeline-lost-continue tr.failure").len() == 1, "{article}");
    let environment = said(&page, "environment");
    for says in ["rustc ", "programs under complete", "build, before that"] {
        assert!(environment.contains(says), "{environment}");
    }
}
