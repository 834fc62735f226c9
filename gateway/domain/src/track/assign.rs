//! The cheapest one-to-one assignment: the Hungarian method with potentials, O(rows² · columns).
//!
//! Greedy would be shorter, but where two people cross it gives the nearer box to whoever is asked first and leaves the
//! other the wrong one; both ids swap and every dwell time with them. The sizes here (tens of boxes) cost microseconds.

/// For each row the column it got. `cost(row, column)` is `None` where the pair must not be made; as many pairs as
/// possible are made, and among those the cheapest. NaN counts as forbidden.
pub(super) fn assign(
    n_rows: usize,
    n_columns: usize,
    cost: impl Fn(usize, usize) -> Option<f32>,
) -> Vec<Option<usize>> {
    // Forbidden pairs cost more than any sum of allowed ones, so they are taken only when nothing else is left.
    let table: Vec<Option<f64>> = (0..n_rows)
        .flat_map(|row| (0..n_columns).map(move |column| (row, column)))
        .map(|(row, column)| cost(row, column).map(f64::from).filter(|c| c.is_finite()))
        .collect();
    let forbidden = 1.0 + 2.0 * table.iter().flatten().map(|c| c.abs()).sum::<f64>();
    // Columns beyond the real ones are for rows that get nothing.
    let at =
        |row: usize, column: usize| if column < n_columns { table[row * n_columns + column] } else { None };
    let owner =
        shortest_paths(n_rows, n_columns.max(n_rows), |row, column| at(row, column).unwrap_or(forbidden));
    let mut rows = vec![None; n_rows];
    for (column, row) in owner.into_iter().enumerate() {
        if let Some(row) = row.filter(|&row| at(row, column).is_some()) {
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
        assign(table.len(), n_columns, |r, c| table[r][c].is_finite().then_some(table[r][c]))
    }

    #[test]
    fn the_sum_decides_and_not_the_nearest() {
        let no = f32::INFINITY;
        assert_eq!(solve(&[&[1.0, 2.0], &[1.1, 9.0]]), [Some(1), Some(0)]);
        assert_eq!(solve(&[&[1.0, 2.0, 3.0]]), [Some(0)]);
        assert_eq!(solve(&[&[3.0], &[1.0], &[2.0]]), [None, Some(0), None]);
        assert_eq!(solve(&[&[no, no], &[1.0, no]]), [None, Some(0)]);
        assert_eq!(solve(&[&[0.1, no], &[0.2, no]]), [Some(0), None]);
        assert_eq!(solve(&[]), []);
        assert_eq!(assign(2, 0, |_, _| Some(1.0)), [None, None]);
        assert_eq!(assign(1, 1, |_, _| Some(f32::NAN)), [None]);
    }

    /// Most pairs first, then the lowest sum, by trying everything.
    fn brute(table: &[Vec<Option<f32>>], row: usize, used: &mut Vec<bool>) -> (usize, f64) {
        if row == table.len() {
            return (0, 0.0);
        }
        let mut best = brute(table, row + 1, used);
        for column in 0..used.len() {
            if let (false, Some(c)) = (used[column], table[row][column]) {
                used[column] = true;
                let (pairs, sum) = brute(table, row + 1, used);
                used[column] = false;
                let found = (pairs + 1, sum + f64::from(c));
                if found.0 > best.0 || (found.0 == best.0 && found.1 < best.1) {
                    best = found;
                }
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
            let got = assign(table.len(), n_columns, |r, c| table[r][c]);
            let mut used = vec![false; n_columns];
            let mut sum = 0.0;
            for (row, column) in got.iter().enumerate() {
                if let Some(column) = *column {
                    prop_assert!(!std::mem::replace(&mut used[column], true), "a column twice");
                    sum += f64::from(table[row][column].unwrap());
                }
            }
            let pairs = got.iter().flatten().count();
            let (best_pairs, best_sum) = brute(&table, 0, &mut vec![false; n_columns]);
            prop_assert_eq!(pairs, best_pairs);
            prop_assert!((sum - best_sum).abs() < 1e-3, "{} instead of {}", sum, best_sum);
        }
    }
}
