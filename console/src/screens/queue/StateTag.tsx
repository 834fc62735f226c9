import type { Incident } from "../../api/types";
import { useSpeech } from "../../i18n/context";

export function StateTag({ incident }: { incident: Incident }) {
  const { t } = useSpeech();
  const reason = incident.state === "closed" && incident.close_reason ? incident.close_reason : null;
  return (
    <span className={`state state-${incident.state}`}>
      {t.state[incident.state] ?? incident.state}
      {reason && <span className="state-reason"> · {t.reason[reason]}</span>}
    </span>
  );
}
