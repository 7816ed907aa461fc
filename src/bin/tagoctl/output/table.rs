//! Tables for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use console::{Alignment, Term, measure_text_width, pad_str, style};
use serde_json::Value;

use super::cell::{text_of, visible};

/// A list: a header and a line for each row, numbers to the right. On a terminal it is as wide as that at most.
pub(super) fn rows(columns: &[String], numbers: &[bool], rows: &[Vec<String>]) -> String {
    let mut table = empty();
    table.set_header(columns.iter().map(|column| heading(column)));
    for (column, _) in table.column_iter_mut().zip(numbers).filter(|(_, is_numbers)| **is_numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| visible(cell)));
    }
    let text = lines(table);
    // The colours come last: they have no width.
    match text.split_once('\n') {
        Some((header, rest)) => format!("{}\n{rest}", style(header).bold()),
        None => text,
    }
}

/// One thing: a line for each field.
pub(super) fn fields(fields: &[(String, Value)]) -> String {
    let mut table = empty();
    for (path, value) in fields {
        table.add_row([visible(path), visible(&text_of(value, ", "))]);
    }
    lines(table)
}

/// A list that is written line by line, with a header before the first one.
pub(super) struct Lines {
    headings: Vec<String>,
    /// How wide the columns are: as wide as what is known to come, or what came.
    widths: Vec<usize>,
    begun: bool,
}

impl Lines {
    pub(super) fn new(columns: &[String], known: &[(&'static str, usize)]) -> Self {
        let width = |column: &String| known.iter().find(|(name, _)| name == column).map_or(0, |(_, width)| *width);
        let headings = columns.iter().map(|column| heading(column)).collect();
        Self { headings, widths: columns.iter().map(width).collect(), begun: false }
    }

    /// The text of one more line.
    pub(super) fn add(&mut self, cells: &[String]) -> String {
        let cells: Vec<String> = cells.iter().map(|cell| visible(cell)).collect();
        let mut text = String::new();
        if !std::mem::replace(&mut self.begun, true) {
            self.widen(&cells);
            let headings = self.headings.clone();
            text = style(self.line(&headings)).bold().to_string() + "\n";
        }
        text + &self.line(&cells) + "\n"
    }

    fn line(&mut self, cells: &[String]) -> String {
        self.widen(cells);
        let padded = cells.iter().zip(&self.widths).map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }

    fn widen(&mut self, cells: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(cells) {
            *width = measure_text_width(cell).max(*width);
        }
    }
}

fn heading(column: &str) -> String {
    visible(&column.replace(['_', '.'], " ").to_uppercase())
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    // Only a terminal has a width; what is piped is never wrapped.
    if let (true, Some((_, width))) = (Term::stdout().is_term(), Term::stdout().size_checked()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table
}

fn lines(mut table: Table) -> String {
    // Two spaces between columns, none before the first: its cells may begin with spaces of their own.
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    let mut text: String = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    if text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_in_line_where_the_first_is_empty_or_a_number() {
        let columns = ["n".to_owned(), "name".to_owned()];
        let cells = |n: &str, name: &str| vec![n.to_owned(), name.to_owned()];
        let text = rows(&columns, &[true, false], &[cells("10", "a"), cells("", "b"), cells("5", "c")]);
        assert_eq!(console::strip_ansi_codes(&text), " N  NAME\n10  a\n    b\n 5  c\n");
        let text = rows(&columns, &[false, false], &[cells("10", "a"), cells("", "b")]);
        assert_eq!(console::strip_ansi_codes(&text), "N   NAME\n10  a\n    b\n");
    }

    #[test]
    fn lines_that_come_one_by_one_stay_in_line_as_well_as_can_be() {
        let columns = ["n", "who", "what_was"].map(str::to_owned);
        let mut lines = Lines::new(&columns, &[("who", 4)]);
        let mut said = String::new();
        for cells in [["1", "ann", "here"], ["2", "barbara", "there\n"], ["3", "cy", ""]] {
            said += &lines.add(&cells.map(str::to_owned));
        }
        let expected = "N  WHO   WHAT WAS\n1  ann   here\n2  barbara  there\n3  cy\n";
        assert_eq!(console::strip_ansi_codes(&said), expected);
    }
}
