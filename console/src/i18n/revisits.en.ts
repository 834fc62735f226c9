/** Revisits: English. */
import type { revisitWords as words } from "./revisits.zh";

export const revisitWords: typeof words = {
  revisits: {
    waiting: (n) => `To revisit ${n}`,
    done: "Revisited",
    overdue: (n) => `${n} overdue`,
    discontent: (n) => `${n} not content, to decide`,
    due: (span) => `${span} left`,
    late: (span) => `${span} overdue`,
    decide: "Not content: to decide",
    keys: "Arrows choose; V and a digit write down the answer. Who is not content leads on to reopening (O); what stays as it is is archived (Z).",
    empty: "Nothing waits for a revisit",
    emptyDone: "Nobody was revisited yet",
    failed: "The revisits could not be read",
    select: "Choose an incident",
    reporter: "Reported by",
    noReporter: "Nobody to call was named",
    settled: "What was done",
    settledAt: "Closed",
    units: "Units",
    result: "Answer",
    by: (name, at) => `${name} · ${at}`,
    note: "Note",
  },
};
