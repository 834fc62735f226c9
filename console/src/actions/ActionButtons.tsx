import { Button } from "antd";
import { mayAct, useViewer } from "../api/session";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { isOpen } from "../live/book";
import type { Actions } from "./useActions";

/** The verbs as buttons, each with its key. */
export function ActionButtons({ incident, actions }: { incident: Incident; actions: Actions }) {
  const { t } = useSpeech();
  const viewer = useViewer();
  if (!mayAct(viewer.role)) return <p className="muted">{t.act.readOnly}</p>;
  const busy = actions.busy === incident.id;
  const mine = incident.owner?.id === viewer.id;

  if (!isOpen(incident)) {
    return (
      <div className="actions">
        <Button
          disabled={!actions.can(incident, "reopen")}
          loading={busy}
          onClick={() => actions.askReopen(incident)}
        >
          {t.act.reopen}
        </Button>
      </div>
    );
  }
  const closable = actions.can(incident, "close");
  return (
    <div className="actions">
      {incident.state === "claimed" && mine ? (
        <Button loading={busy} onClick={() => actions.release(incident)}>
          {t.act.release} <kbd>U</kbd>
        </Button>
      ) : (
        <Button
          type="primary"
          loading={busy}
          disabled={!actions.can(incident, "claim")}
          onClick={() => actions.claim(incident)}
        >
          {t.act.claim} <kbd>C</kbd>
        </Button>
      )}
      <Button disabled={!closable} onClick={() => actions.askClose(incident)}>
        {t.act.close} <kbd>X</kbd>
      </Button>
      <Button disabled={!closable} onClick={() => actions.askFalse(incident)}>
        {t.act.falseAlarm} <kbd>F</kbd>
      </Button>
    </div>
  );
}
