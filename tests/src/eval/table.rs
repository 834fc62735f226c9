//! Plain tables for standard output.

use std::fmt::Write as _;

use super::{counting::Count, tracking::Row};

/// Columns as wide as what stands in them; the first is flush left, the others flush right.
#[must_use]
pub fn table(title: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|cell| cell.len())).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = format!("{title}\n");
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        for (column, cell) in cells.enumerate() {
            let width = widths.get(column).copied().unwrap_or_default();
            let _ =
                if column == 0 { write!(text, "  {cell:width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text += "\n";
    };
    line(&mut head.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text + "\n"
}

/// A figure, or a dash where there is none.
#[must_use]
pub fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// People in zones.
#[must_use]
pub fn counting(model: &str, counts: &[Count]) -> String {
    let row = |count: &Count| {
        let figures = [count.mean_true, count.mae, count.bias].map(|value| format!("{value:.2}"));
        [vec![count.clip.clone(), count.rule.clone(), count.pictures.to_string()], figures.to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = counts.iter().map(row).collect();
    let title = format!("Counting people in a zone, {model}, full");
    table(&title, &["clip", "rule", "pictures", "true mean", "MAE", "bias"], &rows)
}

/// Ours beside the published tracker, on the same detections.
#[must_use]
pub fn tracking(rows: &[Row]) -> String {
    let ours = rows.iter().filter(|row| row.tracker == "ours");
    let line = |ours: &Row| {
        let is_twin = |row: &&Row| {
            (&row.model, &row.origin, &row.group, row.rate)
                == (&ours.model, &ours.origin, &ours.group, ours.rate)
                && row.tracker != ours.tracker
        };
        let other = rows.iter().find(is_twin);
        let of_other = |value: fn(&Row) -> f64| figure(other.map(value), 3);
        vec![
            format!("{} {}, {}", ours.origin, ours.group, ours.model),
            ours.rate.to_string(),
            ours.clips.to_string(),
            ours.truth.to_string(),
            format!("{:.3}", ours.idf1),
            of_other(|row| row.idf1),
            format!("{:.3}", ours.mota),
            of_other(|row| row.mota),
            ours.switches.to_string(),
            other.map_or_else(String::new, |row| row.switches.to_string()),
        ]
    };
    let lines: Vec<Vec<String>> = ours.map(line).collect();
    let head = ["clips", "fps", "n", "boxes", "IDF1", "(BT)", "MOTA", "(BT)", "switches", "(BT)"];
    table("Tracking: ours, and (BT) a published ByteTrack on the same detections", &head, &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a".to_owned(), "1.00".to_owned()], vec!["long".to_owned(), "–".to_owned()]];
        let text = table("T", &["x", "y"], &rows);
        assert_eq!(text, "T\n  x        y\n  a     1.00\n  long     –\n\n");
        assert_eq!((figure(None, 2), figure(Some(0.5), 2)), ("–".to_owned(), "0.50".to_owned()));
    }
}
