//! What the report comes to, and what is not claimed.

use maud::{Markup, html};

use crate::answer::text::MODELS;
use crate::answer::{Answer, Row, Tone};

/// The answers, each told from the others by its sign and its words.
pub fn answers(answer: &Answer) -> Markup {
    html! {
        dl.answers { @for row in &answer.answers { (one(row)) } }
        p { "Not claimed:" }
        ul { @for limit in &answer.not_claimed { li { (limit) } } }
        p.faint { (MODELS) }
    }
}

fn one(row: &Row) -> Markup {
    let tone = row.standing.tone();
    let class = match tone {
        Tone::Good => "complete",
        Tone::Finding => "defect",
        Tone::Open => "declared",
        Tone::Bad => "failed",
    };
    html! {
        dt { span.verdict.(class) { span aria-hidden="true" { (tone.sign()) } (row.standing.words()) } }
        dd { b { (row.about) } ": " (row.counts) " " code { (row.more) } }
    }
}
