//! What is wrong with a text, and where.

use std::ops::Range;

/// Bytes of the text.
pub type Span = Range<usize>;

/// Something that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub span: Span,
    /// What, in a sentence.
    pub message: String,
    /// What is said beside the place.
    pub label: String,
    /// What to do about it, where that can be guessed.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(super) fn new(span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic { span, message: message.into(), label: label.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self }
    }

    /// An unknown word, with the known one that it is most like, or with all of them where they are few.
    pub(super) fn unknown<'a>(
        span: Span,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Diagnostic {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.dedup();
        let diagnostic =
            Diagnostic::new(span, format!("there is no {what} `{word}`"), format!("unknown {what}"));
        match nearest(word, &known) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => diagnostic,
            None => diagnostic.help(format!("expected one of: {}", known.join(", "))),
        }
    }
}

/// The word that is most like `word`, if any is alike.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let likeness = |known: &&str| strsim::jaro_winkler(&lower, &known.to_lowercase());
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= 0.8 || best.to_lowercase().contains(&lower) && lower.len() > 2).then_some(best)
}
