/** The rows of a long list that are known, how many are not, and the way to them. */
import { useState } from "react";
import { type Answer, need } from "../../api/client";
import { Parts } from "./parts";

interface Source<Row> {
  /** The first row and the newest ones, as they came with the incident. */
  head: readonly Row[];
  /** How many there are. */
  total: number;
  key: (row: Row) => number;
  /** Keys are 1, 2, 3 …. */
  dense?: boolean;
  /** The page before a row, the newest first. */
  load: (before: number) => Promise<Answer<readonly Row[]>>;
}

export function useParts<Row>({ head, total, key, dense = false, load }: Source<Row>) {
  const [parts] = useState(() => new Parts(key, dense));
  const [, setLoaded] = useState(0);
  const [loading, setLoading] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  parts.head(head);
  const rows = parts.rows();
  const more = async () => {
    const before = parts.before();
    if (before === undefined || loading) return;
    setLoading(true);
    setError(undefined);
    try {
      parts.add(await need(load(before)));
      setLoaded((n) => n + 1);
    } catch (problem) {
      setError(problem);
    }
    setLoading(false);
  };
  return { rows, before: parts.before(), missing: Math.max(0, total - rows.length), more, loading, error };
}
