/** Looks at an incident: English. */
import type { lookWords as words } from "./looks.zh";

export const lookWords: typeof words = {
  looks: {
    title: "Who has looked",
    hint: "who looked, took away or was refused, and when",
    empty: "Nobody has looked at its clip, pictures or files",
    failed: "The looks could not be read",
    outcome: { denied: "refused", failed: "did not succeed" },
    otherOutcome: "not completed",
    otherAction: "something else",
    action: {
      "clip.view": "the clip",
      "thumbnail.view": "the picture",
      "trace.view": "the boxes",
      "incident.view": "a file",
      "recording.view": "the recording",
      "bulletin.make": "made a flash report",
      "statistics.read": "read a flash report",
      "hold.manage": "kept the footage",
      "live.view": "the live picture",
      "recording.list": "when it was recorded",
      "incident.list": "the list of incidents",
      "incident.act": "a decision on it",
      "incident.work": "a unit's work on it",
      "incident.report": "a report of it",
    },
  },
};
