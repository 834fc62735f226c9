/** How many columns so many panes take: one, two by two, three by three. */
export function columnsFor(panes: number): number {
  if (panes <= 1) return 1;
  return panes <= 4 ? 2 : 3;
}

export function rowsFor(panes: number): number {
  return Math.max(1, Math.ceil(panes / columnsFor(panes)));
}
