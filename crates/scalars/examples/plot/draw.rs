//! Draws charts side by side, as TensorBoard's page has them: one a tag, all runs in each.

use crate::Options;
use flowdeck_scalars::{
    Aggregate, Axis, Band, Colours, Columns, Domain, Label, Line, Middle, Notation, PALETTE, Run, Scale, Smoothing,
    Spread, Tick, UTC, XAxis, aggregate, axis, domain, extent, group_by, nice, smooth, tick_count, time_nice,
    time_tick_text, without_overlap,
};
use plotters::prelude::*;

type Failed = Box<dyn std::error::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// All lengths are doubled, because plotters' SVG has whole pixels only.
const ZOOM: i32 = 2;
const CARD: (i32, i32) = (400 * ZOOM, 280 * ZOOM);
const LEFT: i32 = 56 * ZOOM;
const TOP: i32 = 30 * ZOOM;
const RIGHT: i32 = 10 * ZOOM;
const BOTTOM: i32 = 24 * ZOOM;
const LEGEND: i32 = 18 * ZOOM;
const CHARTS_A_ROW: usize = 3;
const FONT: f64 = 11.0 * ZOOM as f64;
const GREY: RGBColor = RGBColor(110, 110, 110);
const GRID: RGBColor = RGBColor(225, 225, 225);

/// A line of a chart: the pale one behind it, itself, its band, its colour.
struct Curve {
    raw: Option<Line>,
    line: Line,
    band: Option<Aggregate>,
    colour: RGBColor,
}

pub(crate) fn charts(runs: &[&Run], tags: &[&str], options: &Options) -> Result<(), Failed> {
    let columns = tags.len().clamp(1, CHARTS_A_ROW);
    let rows = tags.len().div_ceil(columns).max(1);
    let names = names(runs, options);
    let width = CARD.0 * columns as i32;
    let height = CARD.1 * rows as i32 + LEGEND * (names.len() as i32 + 1);
    let root = SVGBackend::new(&options.out, (width as u32, height as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    for (at, tag) in tags.iter().enumerate() {
        let (left, top) = (CARD.0 * (at % columns) as i32, CARD.1 * (at / columns) as i32);
        let card = root.clone().shrink((left, top), (CARD.0, CARD.1));
        chart(&card, tag, &curves(runs, tag, options), options)?;
    }
    let mut colours = Colours::default();
    for (at, name) in names.iter().enumerate() {
        let y = CARD.1 * rows as i32 + LEGEND * at as i32 + LEGEND / 2;
        let colour = colour(colours.index(name, PALETTE.len()));
        root.draw(&Rectangle::new(
            [(10 * ZOOM, y), (22 * ZOOM, y + 8 * ZOOM)],
            colour.filled(),
        ))?;
        text(&root, name, (28 * ZOOM, y - 2 * ZOOM), &GREY, FONT)?;
    }
    root.present()?;
    Ok(())
}

fn colour(at: usize) -> RGBColor {
    let part = |from: usize| u8::from_str_radix(&PALETTE[at][from..from + 2], 16).unwrap_or_default();
    RGBColor(part(1), part(3), part(5))
}

/// What a pattern captures, or all of what it finds.
fn captured<'a>(pattern: &regex::Regex, run: &'a str) -> Option<&'a str> {
    let found = pattern.captures(run)?;
    found.get(1).or(found.get(0)).map(|part| part.as_str())
}

/// The names in the legend: of runs, or of groups.
fn names(runs: &[&Run], options: &Options) -> Vec<String> {
    let Some(pattern) = &options.group else {
        return runs.iter().map(|run| run.name().to_owned()).collect();
    };
    let groups = group_by(runs, |run| captured(pattern, run.name()));
    groups
        .into_iter()
        .map(|(name, members)| format!("{name} ({} runs)", members.len()))
        .collect()
}

fn curves(runs: &[&Run], tag: &str, options: &Options) -> Vec<Curve> {
    let x = match options.x.as_str() {
        "relative" => XAxis::Relative,
        "wall" => XAxis::Wall,
        _ => XAxis::Step,
    };
    let mut colours = Colours::default();
    let lines: Vec<(&str, usize, Line)> = runs
        .iter()
        .filter_map(|run| {
            let index = colours.index(run.name(), PALETTE.len());
            Some((run.name(), index, run.series(tag)?.line(x)))
        })
        .collect();
    if let Some(pattern) = &options.group {
        let groups = group_by(&lines, |(run, _, _)| captured(pattern, run));
        let grouped = groups.into_iter().enumerate().map(|(at, (_, members))| {
            let smoothed: Vec<Line> = members
                .into_iter()
                .map(|member| smoothed(&lines[member].2, options.smooth))
                .collect();
            let band = aggregate(&smoothed.iter().collect::<Vec<_>>(), Middle::Mean, Band::MinMax);
            Curve {
                raw: None,
                line: middle(&band),
                band: Some(band),
                colour: colour(at % PALETTE.len()),
            }
        });
        return grouped.collect();
    }
    let curve = |(_, index, line): (&str, usize, Line)| {
        let smoothed = smoothed(&line, options.smooth);
        let raw = (options.smooth > 0.0).then_some(line);
        Curve {
            raw,
            line: smoothed,
            band: None,
            colour: colour(index),
        }
    };
    lines.into_iter().map(curve).collect()
}

/// The line in the middle of a band, with a gap where no run is.
fn middle(band: &Aggregate) -> Line {
    let points = (0..band.x.len()).flat_map(|at| {
        let gap = band.is_broken[at].then_some((band.x[at], f64::NAN));
        gap.into_iter().chain([(band.x[at], band.middle[at])])
    });
    points.collect()
}

fn smoothed(line: &Line, weight: f64) -> Line {
    let values: Vec<f64> = line.points().map(|point| point.1).collect();
    let values = smooth(Smoothing::Classic { weight }, line.x(), &values);
    line.x().iter().copied().zip(values).collect()
}

fn chart(card: &Area<'_>, tag: &str, curves: &[Curve], options: &Options) -> Result<(), Failed> {
    text(card, tag, (LEFT, 8 * ZOOM), &BLACK, FONT * 1.15)?;
    let scale = if options.log { Scale::Log10 } else { Scale::Linear };
    let points = || curves.iter().flat_map(|curve| curve.line.points());
    let seen: Domain = domain(points(), Scale::Linear, scale, !options.outliers);
    let (Some(x), Some(y)) = (seen.x, seen.y) else {
        return Ok(());
    };
    let x = match (options.x.as_str(), extent(points(), Scale::Linear, scale, false).x) {
        // Times have no padding, only ends that begin a unit.
        ("wall", Some((low, high))) => time_nice(&UTC, low, high),
        ("relative", Some((low, high))) => nice(Scale::Linear, low, high),
        _ => x,
    };
    let plot = Plot {
        x,
        y,
        scale,
        width: CARD.0 - LEFT - RIGHT,
        height: CARD.1 - TOP - BOTTOM,
    };
    let across = tick_count(f64::from(plot.width / ZOOM), 10);
    let below = match options.x.as_str() {
        "wall" => Axis::of_times(&UTC, x.0, x.1, across),
        "relative" => axis(Scale::Linear, Notation::Relative, x.0, x.1, across),
        _ => axis(Scale::Linear, Notation::Si, x.0, x.1, across),
    };
    let beside = axis(
        scale,
        Notation::Number,
        y.0,
        y.1,
        tick_count(f64::from(plot.height / ZOOM), 6),
    );
    plot.grid(card, &below, &beside)?;
    for curve in curves {
        if let Some(band) = &curve.band {
            plot.band(card, band, curve.colour)?;
        }
        if let Some(raw) = &curve.raw {
            plot.line(
                card,
                &raw.window(x.0..x.1, (plot.width / ZOOM) as usize, Spread::Linear),
                curve.colour.mix(0.25),
            )?;
        }
        let columns = curve
            .line
            .window(x.0..x.1, (plot.width / ZOOM) as usize, Spread::Linear);
        plot.line(card, &columns, curve.colour.to_rgba())?;
        if curve.band.is_none() {
            plot.marks(card, &columns, curve.colour)?;
        }
    }
    Ok(())
}

fn text(area: &Area<'_>, what: &str, at: (i32, i32), colour: &RGBColor, size: f64) -> Result<(), Failed> {
    area.draw(&Text::new(
        what.to_owned(),
        at,
        ("sans-serif", size).into_font().color(colour),
    ))?;
    Ok(())
}

/// The inner rectangle of a chart, and what it shows.
struct Plot {
    x: (f64, f64),
    y: (f64, f64),
    scale: Scale,
    width: i32,
    height: i32,
}

impl Plot {
    fn down(&self, y: f64) -> f64 {
        let place = self.scale.place(self.y, y);
        f64::from(TOP) + f64::from(self.height) * (1.0 - place)
    }

    fn across(&self, x: f64) -> f64 {
        f64::from(LEFT) + f64::from(self.width) * Scale::Linear.place(self.x, x)
    }

    fn grid(&self, card: &Area<'_>, below: &Axis, beside: &Axis) -> Result<(), Failed> {
        let words = |tick: &Tick| match &tick.label {
            Label::Text(text) => text.clone(),
            Label::DateTime(at) => time_tick_text(&UTC, *at),
        };
        let (bottom, right) = (TOP + self.height, LEFT + self.width);
        let places: Vec<(f64, f64)> = below
            .minor
            .iter()
            .map(|tick| (self.across(tick.at), words(tick).chars().count() as f64 * FONT * 0.55))
            .collect();
        for ((tick, (place, width)), shown) in below
            .minor
            .iter()
            .zip(&places)
            .zip(without_overlap(&places, false, 5.0))
        {
            let x = *place as i32;
            card.draw(&PathElement::new(vec![(x, TOP), (x, bottom)], GRID))?;
            if shown {
                text(
                    card,
                    &words(tick),
                    (x - (*width / 2.0) as i32, bottom + 5 * ZOOM),
                    &GREY,
                    FONT,
                )?;
            }
        }
        let rows: Vec<(f64, f64)> = beside
            .minor
            .iter()
            .map(|tick| (self.down(tick.at), FONT * 0.8))
            .collect();
        for (tick, shown) in beside.minor.iter().zip(without_overlap(&rows, true, 5.0)) {
            let (y, label) = (self.down(tick.at) as i32, words(tick));
            card.draw(&PathElement::new(vec![(LEFT, y), (right, y)], GRID))?;
            let width = (label.chars().count() as f64 * FONT * 0.55) as i32;
            if shown {
                text(card, &label, (LEFT - width - 5 * ZOOM, y - 6 * ZOOM), &GREY, FONT)?;
            }
        }
        for tick in &beside.major {
            text(
                card,
                &words(tick),
                (2 * ZOOM, self.down(tick.at) as i32 - 6 * ZOOM),
                &BLACK,
                FONT,
            )?;
        }
        card.draw(&Rectangle::new([(LEFT, TOP), (right, bottom)], GREY.stroke_width(1)))?;
        Ok(())
    }

    fn line(&self, card: &Area<'_>, columns: &Columns, colour: RGBAColor) -> Result<(), Failed> {
        let mut path: Vec<(f64, f64)> = Vec::new();
        let to = |x: f64, y: f64| (f64::from(LEFT) + x * f64::from(ZOOM), self.down(y));
        path.extend(columns.before.map(|(x, y)| to(x, y)));
        for at in 0..columns.x.len() {
            if columns.is_broken[at] {
                self.stroke(card, &path, colour)?;
                path.clear();
            }
            let x = columns.x[at];
            path.push(to(x, columns.first[at]));
            if columns.min[at] < columns.max[at] {
                path.extend([to(x, columns.min[at]), to(x, columns.max[at]), to(x, columns.last[at])]);
            }
        }
        path.extend(columns.after.map(|(x, y)| to(x, y)));
        self.stroke(card, &path, colour)
    }

    /// Draws what lies within the rectangle, piece by piece; a point between two gaps as a circle.
    fn stroke(&self, card: &Area<'_>, path: &[(f64, f64)], colour: RGBAColor) -> Result<(), Failed> {
        if let [only] = *path
            && self.clip(only, only).is_some()
        {
            card.draw(&Circle::new((only.0 as i32, only.1 as i32), 4 * ZOOM, colour.filled()))?;
        }
        let mut piece: Vec<(i32, i32)> = Vec::new();
        for pair in path.windows(2) {
            let Some((from, to)) = self.clip(pair[0], pair[1]) else {
                continue;
            };
            let whole = |(x, y): (f64, f64)| (x.round() as i32, y.round() as i32);
            if piece.last() != Some(&whole(from)) {
                self.flush(card, &mut piece, colour)?;
                piece.push(whole(from));
            }
            piece.push(whole(to));
        }
        self.flush(card, &mut piece, colour)
    }

    fn flush(&self, card: &Area<'_>, piece: &mut Vec<(i32, i32)>, colour: RGBAColor) -> Result<(), Failed> {
        let piece = std::mem::take(piece);
        if piece.len() > 1 {
            card.draw(&PathElement::new(piece, colour.stroke_width(ZOOM as u32)))?;
        }
        Ok(())
    }

    /// The part of a segment within the rectangle (Liang and Barsky).
    fn clip(&self, from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (left, top) = (f64::from(LEFT), f64::from(TOP));
        let (right, bottom) = (left + f64::from(self.width), top + f64::from(self.height));
        let (mut begin, mut end) = (0.0_f64, 1.0_f64);
        for (speed, room) in [
            (-dx, from.0 - left),
            (dx, right - from.0),
            (-dy, from.1 - top),
            (dy, bottom - from.1),
        ] {
            if speed == 0.0 && room < 0.0 {
                return None;
            }
            if speed < 0.0 {
                begin = begin.max(room / speed);
            } else if speed > 0.0 {
                end = end.min(room / speed);
            }
        }
        let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
        (begin <= end).then(|| (at(begin), at(end)))
    }

    fn band(&self, card: &Area<'_>, band: &Aggregate, colour: RGBColor) -> Result<(), Failed> {
        let starts = (1..band.x.len()).filter(|at| band.is_broken[*at]);
        let starts: Vec<usize> = std::iter::once(0).chain(starts).chain([band.x.len()]).collect();
        for stretch in starts.windows(2) {
            self.stretch(card, band, stretch[0]..stretch[1], colour)?;
        }
        Ok(())
    }

    /// The band from one gap to the next.
    fn stretch(
        &self,
        card: &Area<'_>,
        band: &Aggregate,
        range: std::ops::Range<usize>,
        colour: RGBColor,
    ) -> Result<(), Failed> {
        let edge = |values: &[f64]| -> Vec<(i32, i32)> {
            let points = band.x[range.clone()].iter().zip(&values[range.clone()]);
            let inside = |y: f64| self.down(y).clamp(f64::from(TOP), f64::from(TOP + self.height));
            points
                .map(|(x, y)| (self.across(*x) as i32, inside(*y) as i32))
                .collect()
        };
        let (mut outline, mut back) = (edge(&band.high), edge(&band.low));
        back.reverse();
        outline.append(&mut back);
        card.draw(&Polygon::new(outline, colour.mix(0.2).filled()))?;
        Ok(())
    }

    /// Triangles where values are not finite, as TensorBoard has them: 12 pixels wide.
    fn marks(&self, card: &Area<'_>, columns: &Columns, colour: RGBColor) -> Result<(), Failed> {
        for mark in &columns.marks {
            let Some(y) = mark.y else { continue };
            let at = (f64::from(LEFT) + mark.x * f64::from(ZOOM), self.down(y));
            if self.clip(at, at).is_some() {
                let at = (at.0 as i32, at.1 as i32);
                card.draw(&TriangleMarker::new(at, 6 * ZOOM, colour.filled()))?;
            }
        }
        Ok(())
    }
}
