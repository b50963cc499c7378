//! How a cost grows with the number of LWPs: in words, and as a picture.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use plotters::prelude::*;

/// What was measured among so many LWPs.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub lwps: u32,
    /// Finding one of them.
    pub find: Duration,
    /// Creating one more and waiting for any.
    pub wait_any: Duration,
}

type Cost = fn(&Point) -> f64;

const COSTS: [(&str, Cost); 2] = [
    ("find one", |point| point.find.as_secs_f64()),
    ("create one, wait for any", |point| point.wait_any.as_secs_f64()),
];

/// Says how each cost grows.
pub fn describe(points: &[Point]) {
    for (name, cost) in COSTS {
        if let Some(exponent) = exponent(points, cost) {
            println!("{name}: grows as n^{exponent:.2}, {}", growth(exponent));
        }
    }
}

/// The slope of the straight line through the points, each axis by its logarithm.
fn exponent(points: &[Point], cost: Cost) -> Option<f64> {
    let logs: Vec<(f64, f64)> =
        points.iter().map(|point| (f64::from(point.lwps).ln(), cost(point).ln())).collect();
    let n = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), log| (x + log.0 / n, y + log.1 / n));
    let across: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
    let along: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
    (logs.len() > 2).then_some(across / along)
}

fn growth(exponent: f64) -> &'static str {
    match exponent {
        ..0.1 => "constant",
        0.1..0.8 => "less than linear",
        0.8..1.2 => "linear",
        _ => "more than linear",
    }
}

/// Draws both costs into an SVG file.
pub fn plot(points: &[Point], file: &Path) -> Result<(), Box<dyn Error>> {
    let us = |cost: Cost| move |point: &Point| (f64::from(point.lwps), cost(point) * 1e6);
    let all: Vec<f64> =
        COSTS.iter().flat_map(|(_, cost)| points.iter().map(us(*cost))).map(|p| p.1).collect();
    let (least, most) = all.iter().fold((f64::MAX, 0.0_f64), |(low, high), t| (low.min(*t), high.max(*t)));
    let root = SVGBackend::new(file, (720, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .caption("What LWPs cost among others", ("sans-serif", 20))
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d((8.0..12_500.0).log_scale(), (least / 2.0..most * 2.0).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("LWPs")
        .y_desc("microseconds")
        .x_label_formatter(&|n| format!("{n}"))
        .y_label_formatter(&|t| format!("{t}"))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for ((name, cost), color) in COSTS.into_iter().zip([BLUE, RED]) {
        let label = match exponent(points, cost) {
            Some(exponent) => format!("{name}: n^{exponent:.2}"),
            None => name.into(),
        };
        chart
            .draw_series(LineSeries::new(points.iter().map(us(cost)), color.stroke_width(2)).point_size(4))?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .border_style(BLACK)
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}
