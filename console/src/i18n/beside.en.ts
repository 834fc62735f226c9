/** What stands beside the queue while one watches it: English. */
import type { besideWords as words } from "./beside.zh";

export const besideWords: typeof words = {
  beside: {
    and: ", ",
    deaf: {
      title: (n) => (n === 1 ? "1 console would not be heard" : `${n} consoles would not be heard`),
      header: (n) => `${n} unheard`,
      why: { muted: "muted", off: "sound not on", silent: "lost" },
      whyHint: {
        muted: "The alarm is muted; it comes back by itself at that time",
        off: "Browsers want a click before they play anything: nobody has clicked, or it was switched off",
        silent: "Its page went without a word: switched off, asleep, or cut off",
      },
      since: (span) => `for ${span}`,
      until: (at) => `until ${at}`,
    },
    blind: {
      title: (n) => (n === 1 ? "1 red camera is blind" : `${n} red cameras are blind`),
      hint: "A camera that may raise red alarms has failed: what happens there, the centre does not see",
      ticket: (id) => `ticket #${id}`,
      since: (span) => `for ${span}`,
      known: (who) => `${who} is on it`,
      unknown: "nobody has taken it",
      more: (n) => `and ${n} more`,
      look: "View",
    },
    forYou: {
      title: (n) => (n === 1 ? "Escalated to you" : `${n} incidents escalated to you`),
      step: (n, at) => `step ${n}, ${at}`,
      seen: "I have seen it",
      open: "Open",
    },
    escalation: {
      title: "Next escalation",
      next: (to, span) => `${to} in ${span}`,
      short: (to, span) => `↑ ${to} in ${span}`,
      now: (to) => `${to} now`,
      shortNow: (to) => `↑ ${to} now`,
      ifLate: "only if it is not done by then",
      step: (n) => `step ${n}`,
      none: "No clock runs: nobody will be told",
      nobody: "(nobody named)",
    },
    handover: {
      range: "Filter by the day of hand-over",
      from: "From",
      to: "To",
      older: "Older",
      none: "No hand-overs in that time",
    },
  },
};
