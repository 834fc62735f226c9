/**
 * A long list of which one first has the first row, some others and the newest ones, and then page by page the rows
 * between. Rows that were ever there stay: as new ones come, the newest ones of the gateway move on, and no hole may open
 * behind them.
 */
export class Parts<Row> {
  readonly #rows = new Map<number, Row>();
  readonly #key: (row: Row) => number;
  readonly #dense: boolean;

  /** `dense`: keys are 1, 2, 3 …, so that a hole can be seen. Without, only the first row may stand apart. */
  constructor(key: (row: Row) => number, dense: boolean) {
    this.#key = key;
    this.#dense = dense;
  }

  /** As it comes with the incident, in its order. What has no newest row in common with what is known begins anew. */
  head(rows: readonly Row[]): void {
    const newest = rows.slice(1);
    const meets = this.#rows.size <= 1 || newest.some((row) => this.#rows.has(this.#key(row)));
    if (!meets) this.#rows.clear();
    this.add(rows);
  }

  /** Rows of a page. */
  add(rows: readonly Row[]): void {
    for (const row of rows) this.#rows.set(this.#key(row), row);
  }

  /** All that is known, the first one first. */
  rows(): Row[] {
    return [...this.#rows.values()].sort((a, b) => this.#key(a) - this.#key(b));
  }

  /** The oldest of the newest rows: the next page ends before it. */
  before(): number | undefined {
    const keys = this.rows().map(this.#key);
    if (!this.#dense) return keys[1];
    let at = keys.length - 1;
    while (at > 0 && keys[at] === (keys[at - 1] ?? 0) + 1) at -= 1;
    return keys[at];
  }
}
