//! The picture of `tagoctl` in the README shows what it prints: commands are run at a terminal, and their screens drawn as
//! `docs/tagoctl.svg`. `SNAPSHOTS=overwrite` draws it anew.

use std::fmt::Write as _;
use std::path::Path;

use crate::terminal::Terminal;
use crate::world::World;

/// Duarte is in TagoRUN already.
const USERS: &str = "email,name,timezone,tag:site,generate_password\n\
    duarte.fonseca@example.com,,,porto,\n\
    ana.reis@example.com,Ana Reis,Europe/Lisbon,porto,yes\n";

const COMMANDS: [&str; 4] = [
    "run user list --tag site=lisbon --columns name,email,active",
    "run user import users.csv --dry-run",
    "run user import users.csv",
    "profile usage --service input --from 2026-01-26 --to 2026-01-31 --period day --per-period --chart",
];

const COLUMNS: u16 = 112;

#[test]
fn the_picture_in_the_readme_shows_what_is_printed() {
    let world = World::new();
    world.file("users.csv", USERS);
    let mut lines = Vec::new();
    for command in COMMANDS {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.push(vec![Run::of("$ ", GREEN, true), Run::of("tagoctl ", INK, true), Run::of(command, INK, false)]);
        let screen = Terminal::run_in(COLUMNS, &world, command, &[]).screen();
        let mut shown: Vec<Line> = (0..screen.size().0).map(|row| runs(&screen, row)).collect();
        while shown.last().is_some_and(Vec::is_empty) {
            shown.pop();
        }
        assert!(!shown.is_empty(), "{command}");
        lines.append(&mut shown);
    }
    let drawn = svg(&lines);

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tagoctl.svg");
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        std::fs::write(&path, drawn).unwrap();
    } else {
        snapbox::assert_data_eq!(drawn, snapbox::Data::read_from(&path, None).raw());
    }
}

type Line = Vec<Run>;

/// Characters of a line that look alike.
struct Run {
    text: String,
    colour: &'static str,
    bold: bool,
}

impl Run {
    fn of(text: &str, colour: &'static str, bold: bool) -> Self {
        Self { text: text.to_owned(), colour, bold }
    }
}

fn runs(screen: &vt100::Screen, row: u16) -> Line {
    let mut runs: Line = Vec::new();
    for column in 0..screen.size().1 {
        let cell = screen.cell(row, column).expect("it is on the screen");
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let (colour, bold) = (colour(cell.fgcolor()), cell.bold());
        match runs.last_mut() {
            Some(run) if (run.colour, run.bold) == (colour, bold) => run.text.push_str(text),
            _ => runs.push(Run::of(text, colour, bold)),
        }
    }
    while let Some(run) = runs.last_mut() {
        run.text.truncate(run.text.trim_end().len());
        if !run.text.is_empty() {
            break;
        }
        runs.pop();
    }
    runs
}

const INK: &str = "#d6dde6";
const GREEN: &str = "#8ecf7e";

/// The colours that `tagoctl` uses, as they look on a dark ground.
fn colour(colour: vt100::Color) -> &'static str {
    match colour {
        vt100::Color::Default => INK,
        vt100::Color::Idx(1) => "#f2777a",
        vt100::Color::Idx(2) => GREEN,
        vt100::Color::Idx(3) => "#f0c674",
        vt100::Color::Idx(4) => "#79aef2",
        vt100::Color::Idx(6) => "#6fd0d0",
        other => panic!("{other:?} has no colour in the picture"),
    }
}

/// A character's width and a line's height.
const CELL: (f32, f32) = (7.8, 18.0);
const FONT_SIZE: f32 = 13.0;
/// Where the first character's cell begins: below the title bar.
const ORIGIN: (f32, f32) = (18.0, 46.0);
/// From the top of a line to the feet of its letters.
const ASCENT: f32 = 13.5;

fn svg(lines: &[Line]) -> String {
    let width = 2.0 * ORIGIN.0 + f32::from(COLUMNS) * CELL.0;
    let height = ORIGIN.1 + 16.0 + CELL.1 * f32::from(u16::try_from(lines.len()).expect("they are few"));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"tagoctl at a terminal\">\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"9\" fill=\"#16202c\" stroke=\"#3b4a5c\"/>\n\
         <circle cx=\"20\" cy=\"19\" r=\"5.5\" fill=\"#f2777a\"/><circle cx=\"39\" cy=\"19\" r=\"5.5\" \
         fill=\"#f0c674\"/><circle cx=\"58\" cy=\"19\" r=\"5.5\" fill=\"#8ecf7e\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"{FONT_SIZE}\" shape-rendering=\"crispEdges\">\n",
        width - 1.0,
        height - 1.0,
    );
    for (line, top) in lines.iter().zip((0_u16..).map(|at| ORIGIN.1 + f32::from(at) * CELL.1)) {
        let mut begin = 0;
        for run in line {
            for (before, piece) in pieces(&run.text) {
                let left = ORIGIN.0 + width_of(begin + before);
                if piece.starts_with(is_drawn) {
                    draw(&mut svg, piece, left, top, run);
                } else {
                    draw_text(&mut svg, piece, left, top, run);
                }
            }
            begin += run.text.chars().count();
        }
    }
    svg + "</g>\n</svg>\n"
}

fn width_of(characters: usize) -> f32 {
    CELL.0 * f32::from(u16::try_from(characters).expect("they fit into a line"))
}

/// Texts and what is drawn, each with the number of characters before it: whatever the font, all begin where they have to. A single
/// blank is part of a text.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let (mut rest, mut before) = (text, 0);
    loop {
        let trimmed = rest.trim_start_matches(' ');
        before += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return pieces;
        }
        let end = if trimmed.starts_with(is_drawn) {
            trimmed.find(|c| !is_drawn(c))
        } else {
            [trimmed.find("  "), trimmed.find(is_drawn)].into_iter().flatten().min()
        };
        let (piece, after) = trimmed.split_at(end.unwrap_or(trimmed.len()));
        pieces.push((before, piece.trim_end()));
        before += piece.chars().count();
        rest = after;
    }
}

/// Characters that have to meet, which those of a font don't do everywhere.
fn is_drawn(c: char) -> bool {
    eighths(c).is_some() || arms(c).is_some()
}

/// How high a bar is.
fn eighths(c: char) -> Option<u16> {
    ('▁'..='█').zip(1..).find_map(|(bar, eighths)| (bar == c).then_some(eighths))
}

/// Whether a line goes from the middle to the left, right, top and bottom.
fn arms(c: char) -> Option<[bool; 4]> {
    Some(match c {
        '─' => [true, true, false, false],
        '│' => [false, false, true, true],
        '┤' => [true, false, true, true],
        '┬' => [true, true, false, true],
        '┼' => [true, true, true, true],
        _ => return None,
    })
}

fn draw(svg: &mut String, characters: &str, left: f32, top: f32, run: &Run) {
    let mut rest = characters;
    let mut at = 0;
    while let Some(c) = rest.chars().next() {
        let is_wide = c == '─' || eighths(c).is_some();
        let same = if is_wide { rest.chars().take_while(|other| *other == c).count() } else { 1 };
        rest = &rest[c.len_utf8() * same..];
        let (left, width) = (left + width_of(at), width_of(same));
        at += same;
        if let Some(eighths) = eighths(c) {
            let height = CELL.1 * f32::from(eighths) / 8.0;
            rectangle(svg, (left, top + CELL.1 - height), (width, height), run);
        }
        let Some([to_left, to_right, to_top, to_bottom]) = arms(c) else { continue };
        let middle = (left + CELL.0 / 2.0, top + CELL.1 / 2.0);
        if to_left || to_right {
            let begin = if to_left { left } else { middle.0 };
            let end = if to_right { left + width } else { middle.0 };
            rectangle(svg, (begin, middle.1 - 0.5), (end - begin, 1.0), run);
        }
        if to_top || to_bottom {
            let begin = if to_top { top } else { middle.1 };
            let end = if to_bottom { top + CELL.1 } else { middle.1 };
            rectangle(svg, (middle.0 - 0.5, begin), (1.0, end - begin), run);
        }
    }
}

fn rectangle(svg: &mut String, (x, y): (f32, f32), (width, height): (f32, f32), run: &Run) {
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.2}\" width=\"{width:.1}\" height=\"{height:.2}\" fill=\"{}\"/>",
        run.colour
    );
}

fn draw_text(svg: &mut String, text: &str, left: f32, top: f32, run: &Run) {
    let weight = if run.bold { " font-weight=\"bold\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}>{}\
         </text>",
        top + ASCENT,
        width_of(text.chars().count()),
        run.colour,
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
    );
}
