/** Words for a row of who has looked. A gateway newer than this console says things that it has no word for. */
import type { Words } from "../../i18n/zh";

export const actOf = (t: Words, action: string): string => t.looks.action[action] ?? t.looks.otherAction;

/** Nothing where it was allowed. */
export const outcomeOf = (t: Words, outcome: string): string | undefined =>
  outcome === "allowed" ? undefined : (t.looks.outcome[outcome] ?? t.looks.otherOutcome);
