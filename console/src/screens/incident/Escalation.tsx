/** Whom the escalation chain tells next, and when, if nothing happens until then. */
import type { NextStep } from "../../api/types";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";

/** On the incident's page, with the clocks. */
export function Escalation({ step }: { step: NextStep | undefined }) {
  const { t, time } = useSpeech();
  const now = useNow();
  const words = t.beside.escalation;
  if (step === undefined) {
    return (
      <p className="escalation escalation-none" data-testid="escalation">
        <b>{words.title}</b> <span>{words.none}</span>
      </p>
    );
  }
  const left = step.at_ms - now;
  const to = step.to === "" ? words.nobody : step.to;
  return (
    <p
      className={step.begun ? "escalation escalation-begun" : "escalation escalation-none"}
      data-testid="escalation"
    >
      <b>{words.title}</b> <span>{left > 0 ? words.next(to, age(t, left)) : words.now(to)}</span>{" "}
      <span className="escalation-more">
        {words.step(step.number)} · {time.stamp(step.at_ms).slice(0, -3)}
        {!step.begun && ` · ${words.ifLate}`}
      </span>
    </p>
  );
}

/** In a row of the queue. */
export function NextEscalation({ step }: { step: NextStep }) {
  const { t } = useSpeech();
  const left = step.at_ms - useNow();
  const to = step.to === "" ? t.beside.escalation.nobody : step.to;
  return (
    <span className={step.begun ? "row-escalation row-escalation-begun" : "row-escalation"}>
      {left > 0 ? t.beside.escalation.short(to, age(t, left)) : t.beside.escalation.shortNow(to)}
    </span>
  );
}
