//! The cheapest one-to-one assignment: the Hungarian method with potentials, O(rows² · (rows + columns)).
//!
//! Greedy would be shorter, but where two people cross it gives the nearer box to whoever is asked first and leaves the
//! other the wrong one; both ids swap and every dwell time with them. The sizes here (tens of boxes) cost microseconds.

/// For each row the column it got, so that the sum is least: a pair costs `cost(row, column)`, a row without a column
/// costs `alone`, and a column without a row costs nothing. A pair that is `None` or NaN is never made, nor is one that
/// costs more than `alone`. Without that price everything would be paired that may be, and one box that the detector
/// misses would shift the ids of a whole row of people.
pub(super) fn assign(
    n_rows: usize,
    n_columns: usize,
    alone: f32,
    cost: impl Fn(usize, usize) -> Option<f32>,
) -> Vec<Option<usize>> {
    let alone = f64::from(alone);
    // Each row has a column of its own for staying alone, so what is forbidden need only be dearer than that.
    let forbidden = alone + 1.0;
    let width = n_columns + n_rows;
    let table: Vec<f64> = (0..n_rows)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .map(|(row, column)| {
            if column >= n_columns {
                return if column - n_columns == row { alone } else { forbidden };
            }
            cost(row, column).map(f64::from).filter(|c| *c <= alone).unwrap_or(forbidden)
        })
        .collect();
    let owner = shortest_paths(n_rows, width, |row, column| table[row * width + column]);
    let mut rows = vec![None; n_rows];
    for (column, row) in owner.into_iter().enumerate().take(n_columns) {
        if let Some(row) = row.filter(|&row| table[row * width + column] <= alone) {
            rows[row] = Some(column);
        }
    }
    rows
}

/// Row of each column; `n_rows <= n_columns` and every cost is finite.
/// Index 0 of the working arrays is the virtual start, so rows and columns count from 1 inside.
fn shortest_paths(n_rows: usize, n_columns: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<Option<usize>> {
    let mut row_potential = vec![0.0_f64; n_rows + 1];
    let mut column_potential = vec![0.0_f64; n_columns + 1];
    let mut owner = vec![0_usize; n_columns + 1];
    for row in 1..=n_rows {
        owner[0] = row;
        let mut here = 0;
        let mut best = vec![f64::INFINITY; n_columns + 1];
        let mut from = vec![0_usize; n_columns + 1];
        let mut done = vec![false; n_columns + 1];
        while owner[here] != 0 {
            done[here] = true;
            let current = owner[here];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for column in (1..=n_columns).filter(|&column| !done[column]) {
                let reduced =
                    cost(current - 1, column - 1) - row_potential[current] - column_potential[column];
                if reduced < best[column] {
                    best[column] = reduced;
                    from[column] = here;
                }
                if best[column] < delta {
                    delta = best[column];
                    next = column;
                }
            }
            for column in 0..=n_columns {
                if done[column] {
                    row_potential[owner[column]] += delta;
                    column_potential[column] -= delta;
                } else {
                    best[column] -= delta;
                }
            }
            here = next;
        }
        while here != 0 {
            owner[here] = owner[from[here]];
            here = from[here];
        }
    }
    owner.into_iter().skip(1).map(|row| row.checked_sub(1)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn solve(table: &[&[f32]]) -> Vec<Option<usize>> {
        let n_columns = table.first().map_or(0, |row| row.len());
        assign(table.len(), n_columns, 5.0, |r, c| table[r][c].is_finite().then_some(table[r][c]))
    }

    #[test]
    fn the_sum_decides_and_not_the_nearest() {
        let no = f32::INFINITY;
        assert_eq!(solve(&[&[1.0, 2.0], &[1.1, 4.0]]), [Some(1), Some(0)]);
        assert_eq!(solve(&[&[1.0, 2.0, 3.0]]), [Some(0)]);
        assert_eq!(solve(&[&[3.0], &[1.0], &[2.0]]), [None, Some(0), None]);
        assert_eq!(solve(&[&[no, no], &[1.0, no]]), [None, Some(0)]);
        assert_eq!(solve(&[&[0.1, no], &[0.2, no]]), [Some(0), None]);
        assert_eq!(solve(&[]), []);
        assert_eq!(assign(2, 0, 1.0, |_, _| Some(1.0)), [None, None]);
        assert_eq!(assign(1, 1, 1.0, |_, _| Some(f32::NAN)), [None]);
    }

    #[test]
    fn one_missing_box_does_not_shift_a_row_of_people() {
        // Three people side by side, the first not found: pairing all that may be paired would give 4.5 + 4.5.
        assert_eq!(solve(&[&[4.5, f32::INFINITY], &[0.1, 4.5], &[4.5, 0.1]]), [None, Some(0), Some(1)]);
        assert_eq!(solve(&[&[6.0]]), [None], "worse than being alone");
    }

    /// The lowest sum, by trying everything.
    fn brute(table: &[Vec<Option<f32>>], row: usize, used: &mut Vec<bool>) -> f64 {
        if row == table.len() {
            return 0.0;
        }
        let mut best = 5.0 + brute(table, row + 1, used);
        for column in 0..used.len() {
            if let (false, Some(c)) = (used[column], table[row][column]) {
                used[column] = true;
                best = best.min(f64::from(c) + brute(table, row + 1, used));
                used[column] = false;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn it_equals_trying_everything(
            n_columns in 1usize..6,
            cells in prop::collection::vec(prop::option::weighted(0.7, 0.0f32..10.0), 0..30),
        ) {
            let table: Vec<Vec<Option<f32>>> = cells.chunks_exact(n_columns).map(<[_]>::to_vec).collect();
            let got = assign(table.len(), n_columns, 5.0, |r, c| table[r][c]);
            let mut used = vec![false; n_columns];
            let mut sum = 0.0;
            for (row, column) in got.iter().enumerate() {
                let Some(column) = *column else { sum += 5.0; continue };
                prop_assert!(!std::mem::replace(&mut used[column], true), "a column twice");
                sum += f64::from(table[row][column].unwrap());
            }
            let best = brute(&table, 0, &mut vec![false; n_columns]);
            prop_assert!((sum - best).abs() < 1e-3, "{} instead of {}", sum, best);
        }
    }
}
