//! A step in words.

use lwp_core::netbsd::flag;

use super::step::{Timeline, What};

/// A step, as said of whoever did it.
pub fn of(timeline: &Timeline, what: &What) -> String {
    let lwp = |lid: &usize| timeline.lwp(*lid);
    let thread = |thread: &usize| timeline.name(*thread).to_string();
    match what {
        What::Born { lid, state, lock, cpu } => {
            format!("makes {}: {state}, on cpu{cpu}, under {lock}", lwp(lid))
        }
        What::Begins(operation) => format!("> {operation}"),
        What::Ends(result) => format!("< {result}"),
        What::State { lid, from, to } => format!("{}: {from} -> {to}", lwp(lid)),
        What::Pointer { lid, lock } => format!("{}'s l_mutex -> {lock}", lwp(lid)),
        What::Flags { lid, set, cleared } => {
            let all = |verb: &str, flags: &[String]| {
                (!flags.is_empty()).then(|| format!("{verb} {} of {}", flags.join(" and "), lwp(lid)))
            };
            [all("sets", set), all("clears", cleared)].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        What::Counted { lid, changes } => {
            let whose = if *lid == 0 { String::new() } else { format!("{}'s ", lwp(lid)) };
            let change = |(name, from, to): &(String, usize, usize)| match name.as_str() {
                "l_waiter" | "l_waitingfor" => {
                    format!("{name} {} -> {}", nobody(timeline, *from), nobody(timeline, *to))
                }
                "l_lcpage" | "l_lwpctl" => format!("{name} {} -> {}", pointer(*from), pointer(*to)),
                "p_sflag" => format!("{name} {} -> {}", flags(*from), flags(*to)),
                "p_stat" => format!("{name} {} -> {}", process(*from), process(*to)),
                _ => format!("{name} {from} -> {to}"),
            };
            whose + &changes.iter().map(change).collect::<Vec<_>>().join(", ")
        }
        What::Wants { lock, holder } => format!("wants {lock}, which {} holds", thread(holder)),
        What::Takes { lock, after: Some(holder) } => format!("takes {lock}, which {} held", thread(holder)),
        What::Takes { lock, after: None } => format!("takes {lock}"),
        What::Releases { lock } => format!("releases {lock}"),
        What::Sees { lid, word, value, from, .. } => {
            let value = by_name(timeline, value);
            let whose = if *lid == 0 { word.clone() } else { format!("{}'s {word}", lwp(lid)) };
            let by = from.as_ref().map(|from| format!(", stored by {}", thread(from))).unwrap_or_default();
            format!("sees {whose} = {value}{by}")
        }
        What::Stores { lid, word, value } => match lid {
            0 => format!("{word} = {}", by_name(timeline, value)),
            lid => format!("{}'s {word} = {value}", lwp(lid)),
        },
        What::Blocks { for_cpu: true, .. } => "is off its CPU".into(),
        What::Blocks { for_cpu: false, .. } => "runs in user mode until an AST".into(),
        What::GoesOn { for_cpu: true, .. } => "runs on its CPU".into(),
        What::GoesOn { for_cpu: false, .. } => "has an AST: enters the kernel".into(),
        What::LetsGo { lid, for_cpu: true } => format!("{} gets its CPU", lwp(lid)),
        What::LetsGo { lid, for_cpu: false } => format!("posts an AST to {}", lwp(lid)),
        What::Spins => "spins until that changes".into(),
        What::Sleeps { on, .. } => format!("goes on the sleep queue of {on}"),
        What::Wakes { lid, on } => format!("takes {} off the sleep queue of {on}", lwp(lid)),
        What::Broadcasts { on } => format!("broadcasts {on}"),
        What::Freed { lid } => format!("frees {}", lwp(lid)),
        What::Fails => "FAILS".into(),
    }
}

fn flags(p_sflag: usize) -> String {
    let names: Vec<&str> = u32::try_from(p_sflag).map(flag::process_names).into_iter().flatten().collect();
    if names.is_empty() { "0".into() } else { names.join("|") }
}

fn pointer(set: usize) -> &'static str {
    if set == 0 { "NULL" } else { "set" }
}

fn process(p_stat: usize) -> &'static str {
    ["SACTIVE", "SSTOP", "SZOMB"].get(p_stat).unwrap_or(&"?")
}

/// An LWP's name for its number.
fn by_name(timeline: &Timeline, value: &str) -> String {
    let lid = value.strip_prefix("LWP ").and_then(|lid| lid.parse().ok());
    lid.map_or(value.into(), |lid: usize| timeline.lwp(lid))
}

fn nobody(timeline: &Timeline, lid: usize) -> String {
    if lid == 0 { "nobody".into() } else { timeline.lwp(lid) }
}
