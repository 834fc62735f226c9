/** Words of shadow models: English. */
import type { shadowWords as zh } from "./shadow.zh";

export const shadowWords: typeof zh = {
  shadowModel: {
    title: (model) => `Shadow model ${model} beside the live one`,
    hint: "Only written down: no alarm, no incident. It gives way first when the machine is short of time.",
    span: "Time",
    spans: { "1": "24 hours", "3": "3 days", "7": "7 days" },
    both: (n) => `both ${n}`,
    onlyShadow: (n) => `only shadow ${n}`,
    onlyLive: (n) => `only live ${n}`,
    looked: (seen, percent) => `looked at ${seen} pictures, ${percent} % of those it should have`,
    neverLooked: "it looked at nothing in this time",
    shadow: "Would have been raised by the shadow model",
    live: "Raised by the live model",
    met: "both",
    alone: "this one only",
    unseen: "the shadow model did not look then",
    since: (time) => `too many alarms: compared from ${time} on`,
    failed: "The shadow model does not run",
  },
};
