/** Words of noisy sources: English. */
import type { noiseWords as words } from "./noise.zh";

export const noiseWords: typeof words = {
  noise: {
    title: "Noisy sources",
    failed: "What sources raise could not be loaded",
    hint: "A source is one rule of one camera. One that is over its budget is marked and gets a ticket; no incident is hidden for it, and red ones stay on top.",
    empty: "No camera has raised an alarm in this time",
    search: "Filter by camera or rule",
    counted: (from, at) => `Counted from ${from} to ${at}`,
    centre: (n, budget) => `${n} new incidents of cameras in the last hour, budget ${budget}`,
    over: "Over budget",
    source: "Source",
    lastHour: "Last hour",
    budget: (n) => `budget ${n}`,
    alarms: "Alarms",
    incidents: "Incidents",
    repeats: "Repeats",
    falseShare: "False",
    decided: (n, of) => `${n}/${of}`,
    shelved: "Shelved for",
    excess: { rate: "too many", false_share: "mostly false" },
    ticket: "Ticket",
    what: "What to do",
    tune: "Try the rule",
    incidentsOf: "Its incidents",
    sources: (n) => (n === 1 ? "1 noisy source" : `${n} noisy sources`),
    mark: "noisy",
    markHint: "From a source over its budget: shelve it for a while, and have a technician tune the rule",
  },
};
