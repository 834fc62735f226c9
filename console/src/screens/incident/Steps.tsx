import { stepOf } from "../../actions/lifecycle";
import type { Incident } from "../../api/types";
import { useSpeech } from "../../i18n/context";

/** The seven steps, and which one it is at. */
export function Steps({ incident }: { incident: Incident }) {
  const { t } = useSpeech();
  const at = stepOf(incident);
  if (at === undefined) return null;
  return (
    <ol className="steps" aria-label={t.desk.stepsLabel}>
      {t.desk.steps.map((name, step) => (
        <li
          key={name}
          className={step < at ? "step-done" : step === at ? "step-now" : ""}
          aria-current={step === at ? "step" : undefined}
        >
          <i aria-hidden="true">{step < at ? "✓" : step + 1}</i>
          {name}
        </li>
      ))}
    </ol>
  );
}
