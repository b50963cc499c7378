//! What the reference allows and a search has not come to.
#![cfg(shuttle)]

use lwp_loom_tests::litmus::Case;
use lwp_loom_tests::subject::Subject;

// A list that is always empty says that the reference allows no more than there is.
#[test]
fn what_was_not_reached_is_what_the_reference_allows_and_no_more() {
    let text = "lwp a { suspend b; continue b }\nlwp b { exit }";
    let case = Case::of_text("lwp/1.69.2.6/repaired/2-cpus/unreached", text).expect("a case's name").unwrap();
    let subject = Subject::Litmus(case);
    let allowed = subject.unreached(&[]);
    assert!(allowed.len() > 1, "{allowed:?}");
    assert_eq!(subject.unreached(&allowed), Vec::<String>::new());
    for missing in &allowed {
        let others: Vec<String> = allowed.iter().filter(|outcome| *outcome != missing).cloned().collect();
        assert_eq!(subject.unreached(&others), std::slice::from_ref(missing));
    }
    let none = ["no such outcome".to_owned()];
    assert_eq!(subject.unreached(&none), allowed);
}
