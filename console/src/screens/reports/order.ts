/** In which order reports name things. No words here. */

interface Share {
  n: number;
  of: number;
}

/** Units that were late at all, by the share of what they were told; of equal ones the one with more. */
export function worstFirst<Row extends { tally: { overdue?: Share } }>(units: readonly Row[]): Row[] {
  const late = ({ tally }: Row) => tally.overdue?.n ?? 0;
  const share = (row: Row) => late(row) / Math.max(1, row.tally.overdue?.of ?? 0);
  return units.filter((row) => late(row) > 0).sort((a, b) => share(b) - share(a) || late(b) - late(a));
}
