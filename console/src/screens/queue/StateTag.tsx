import type { Incident } from "../../api/types";
import { useSpeech } from "../../i18n/context";

/** `brief`: of a closed incident only the reason, where it is plain that it is closed. */
export function StateTag({ incident, brief = false }: { incident: Incident; brief?: boolean }) {
  const { t } = useSpeech();
  const reason = incident.state === "closed" && incident.close_reason ? incident.close_reason : null;
  const state = t.state[incident.state] ?? incident.state;
  const why = reason === null ? null : (t.reason[reason] ?? reason);
  return (
    <span className={`state state-${incident.state}`}>
      {why === null ? state : brief ? why : `${state} · ${why}`}
    </span>
  );
}
