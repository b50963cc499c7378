//! The transitions of each revision as a picture, in which what is missing and what should not be there stand out.
//!
//! The states stand on a circle, in places of their own: most transitions run both ways, and renderers that lay a graph
//! out in ranks draw the two over each other.

use std::f64::consts::TAU;
use std::fmt::Write;

use crate::coverage::Coverage;
use crate::job::Transition;

/// The states around the circle, from the top, so that few transitions cross.
const AROUND: [&str; 7] = ["LSIDL", "LSRUN", "LSONPROC", "LSZOMB", "LSSLEEP", "LSSUSPENDED", "LSSTOP"];
type Point = (f64, f64);

/// A revision's panel.
const PANEL: (f64, f64) = (620.0, 640.0);
const CENTRE: Point = (310.0, 345.0);
/// The circle on which the states stand, and that of each state.
const RADIUS: f64 = 230.0;
const STATE: f64 = 49.0;
/// How far a transition bends away from the straight line, as a share of its length.
const BEND: f64 = 0.14;
/// What an entry of the legend takes: four of them in a line under two panels, two under one.
const ENTRY: (f64, f64) = (265.0, 34.0);
/// Room around the legend.
const ROOM: f64 = 16.0;

/// How a transition is drawn.
#[derive(Clone, Copy)]
struct Style {
    class: &'static str,
    colour: &'static str,
    width: f64,
    dashes: &'static str,
    means: &'static str,
}

impl Style {
    /// How long the arrow's head is.
    fn head(self) -> f64 {
        8.0 + 2.0 * self.width
    }
}

const UNSEEN: Style =
    Style { class: "unseen", colour: "#a0a0a0", width: 1.5, dashes: "6 5", means: "not seen" };
const NEVER: Style = Style {
    class: "never",
    colour: "#9db7d9",
    width: 1.5,
    dashes: "2 5",
    means: "documented, made by no function",
};
const SEEN: Style = Style { class: "seen", colour: "#202020", width: 1.8, dashes: "none", means: "seen" };
const UNDOCUMENTED: Style = Style {
    class: "undocumented",
    colour: "#d40000",
    width: 5.0,
    dashes: "none",
    means: "seen, and should not be",
};

const STYLES: [Style; 4] = [SEEN, NEVER, UNSEEN, UNDOCUMENTED];

/// The picture, as the text of an SVG file: a panel for each revision.
pub fn svg(coverages: &[Coverage]) -> String {
    let panels = coverages.len().max(1);
    let across = if panels == 1 { 2 } else { STYLES.len() };
    let legend_height = ENTRY.1 * STYLES.len().div_ceil(across) as f64 + ROOM;
    let (width, height) = (PANEL.0 * panels as f64, PANEL.1 + legend_height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" text-anchor=\"middle\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (n, coverage) in coverages.iter().enumerate() {
        panel(&mut svg, PANEL.0 * n as f64, coverage);
    }
    legend(&mut svg, width, across);
    svg + "</svg>\n"
}

fn panel(svg: &mut String, left: f64, coverage: &Coverage) {
    let _ = writeln!(
        svg,
        "<g transform=\"translate({left} 0)\">\n<text x=\"{}\" y=\"36\" font-size=\"17\">netbsd {}: {} of {} \
         transitions seen, {} that should not be</text>",
        CENTRE.0,
        coverage.revision,
        coverage.seen.len(),
        coverage.made_by_some(),
        coverage.undocumented.len() + coverage.contradicted.len(),
    );
    // What stands out most comes last, and so on top.
    let never: Vec<Transition> = coverage.never.iter().map(|(transition, _)| transition.clone()).collect();
    let layers = [
        (&never, NEVER),
        (&coverage.unseen, UNSEEN),
        (&coverage.seen, SEEN),
        (&coverage.undocumented, UNDOCUMENTED),
        (&coverage.contradicted, UNDOCUMENTED),
    ];
    for (transitions, style) in layers {
        transitions.iter().for_each(|transition| arrow(svg, transition, style));
    }
    for name in AROUND {
        let (x, y) = place(name);
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{STATE}\" fill=\"#eef3fb\" stroke=\"#38507a\" \
             stroke-width=\"1.5\"/>\n<text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"11.5\">{name}</text>",
            y + 4.0
        );
    }
    svg.push_str("</g>\n");
}

/// Where a state stands. One that nobody knows stands in the middle, where it cannot be overlooked.
fn place(state: &str) -> Point {
    let Some(n) = AROUND.iter().position(|name| *name == state) else { return CENTRE };
    let angle = TAU * n as f64 / AROUND.len() as f64;
    (CENTRE.0 + RADIUS * angle.sin(), CENTRE.1 - RADIUS * angle.cos())
}

/// An arrow's line, and the two ends of its head. The head is drawn and no marker: renderers turn markers differently.
struct Arrow {
    line: String,
    base: Point,
    tip: Point,
}

fn arrow(svg: &mut String, (from, to): &Transition, style: Style) {
    let Style { class, colour, width, dashes, means } = style;
    let Arrow { line, base, tip } = if from == to {
        onto_itself(place(from), style.head())
    } else {
        curve(place(from), place(to), style.head())
    };
    let _ = writeln!(
        svg,
        "<g class=\"{class}\"><title>{from} to {to}: {means}</title><path fill=\"none\" stroke=\"{colour}\" \
         stroke-width=\"{width}\" stroke-dasharray=\"{dashes}\" d=\"{line}\"/>{}</g>",
        head(base, tip, colour)
    );
}

fn head(base: Point, tip: Point, colour: &str) -> String {
    let (dx, dy) = (0.4 * (tip.0 - base.0), 0.4 * (tip.1 - base.1));
    format!(
        "<path fill=\"{colour}\" d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}z\"/>",
        tip.0,
        tip.1,
        base.0 - dy,
        base.1 + dx,
        base.0 + dy,
        base.1 - dx
    )
}

/// A curve that keeps to its own side, so that the way back does not cover it.
fn curve(a: Point, b: Point, head: f64) -> Arrow {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let bend = ((a.0 + b.0) / 2.0 - BEND * dy, (a.1 + b.1) / 2.0 + BEND * dx);
    // It leaves and arrives in the direction of its bend.
    let from_centre = |centre: Point, far: f64| {
        let (dx, dy) = (bend.0 - centre.0, bend.1 - centre.1);
        let share = far / dx.hypot(dy);
        (centre.0 + share * dx, centre.1 + share * dy)
    };
    let (start, base, tip) = (from_centre(a, STATE), from_centre(b, STATE + head), from_centre(b, STATE));
    let line =
        format!("M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}", start.0, start.1, bend.0, bend.1, base.0, base.1);
    Arrow { line, base, tip }
}

/// A loop on the side that is away from the others.
fn onto_itself(at: Point, head: f64) -> Arrow {
    let out = (at.0 - CENTRE.0).atan2(CENTRE.1 - at.1);
    let point = |by: f64, far: f64| (at.0 + far * (out + by).sin(), at.1 - far * (out + by).cos());
    let (start, a, b) = (point(-0.4, STATE), point(-0.7, 2.0 * STATE), point(0.6, 2.0 * STATE));
    let (base, tip) = (point(0.4, STATE + head), point(0.4, STATE));
    let line = format!(
        "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
        start.0, start.1, a.0, a.1, b.0, b.1, base.0, base.1
    );
    Arrow { line, base, tip }
}

/// What the lines mean, `across` of them in a row.
fn legend(svg: &mut String, width: f64, across: usize) {
    // The longest of the texts is shorter than its place.
    let left = (width - ENTRY.0 * across as f64) / 2.0 + ROOM;
    for (n, style) in STYLES.into_iter().enumerate() {
        let Style { colour, width: thick, dashes, means, .. } = style;
        let x = left + ENTRY.0 * (n % across) as f64;
        let y = PANEL.1 + ENTRY.1 * ((n / across) as f64 + 0.5);
        let _ = writeln!(
            svg,
            "<path stroke=\"{colour}\" stroke-width=\"{thick}\" stroke-dasharray=\"{dashes}\" \
             d=\"M{x} {y}h35\"/>{}\n<text x=\"{}\" y=\"{}\" font-size=\"12\" \
             text-anchor=\"start\">{means}</text>",
            head((x + 35.0, y), (x + 35.0 + style.head(), y), colour),
            x + 58.0,
            y + 4.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::tests::coverage;

    fn drawn(svg: &str, class: &str) -> usize {
        svg.matches(&format!("<g class=\"{class}\"")).count()
    }

    #[test]
    fn every_transition_is_drawn_as_what_it_is() {
        let coverage = coverage(&[("LSRUN", "LSONPROC"), ("LSZOMB", "LSRUN"), ("LSSLEEP", "LSSLEEP")]);
        let svg = svg(std::slice::from_ref(&coverage));
        assert_eq!((drawn(&svg, "seen"), drawn(&svg, "undocumented")), (1, 2));
        assert_eq!(drawn(&svg, "unseen"), coverage.unseen.len());
        assert!(svg.contains("LSZOMB to LSRUN: seen, and should not be"), "{svg}");
        assert_eq!(drawn(&svg, "never"), coverage.never.len());
    }

    #[test]
    fn every_state_has_a_place_of_its_own() {
        for state in lwp_core::netbsd::State::ALL {
            assert!(AROUND.contains(&state.name()), "{}", state.name());
        }
    }

    #[test]
    fn the_way_back_is_another() {
        let (a, b) = (place("LSRUN"), place("LSSTOP"));
        let bend =
            |arrow: Arrow| arrow.line.split(['Q', ' ']).skip(2).take(2).map(String::from).collect::<Vec<_>>();
        assert_ne!(bend(curve(a, b, 0.0)), bend(curve(b, a, 0.0)));
    }
}
