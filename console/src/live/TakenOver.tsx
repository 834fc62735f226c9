/** Tells an operator at once that somebody has taken over what they had: by whom, and why. */
import { App, Button } from "antd";
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { client } from "../api/client";
import { useViewer } from "../api/session";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { useIncidents } from "./LiveProvider";
import { lostOf, ownOf, takingOf } from "./taken";

export function TakenOver() {
  const { t } = useSpeech();
  const viewer = useViewer();
  const navigate = useNavigate();
  const { notification } = App.useApp();
  const incidents = useIncidents();
  const own = useRef<ReadonlyMap<number, number>>(new Map());

  const tell = async (incident: Incident, since: number) => {
    const detail = await client.incident(incident.id);
    const row = detail.kind === "ok" ? takingOf(detail.value.history, since) : undefined;
    if (!row?.actor) return;
    const key = `taken-${incident.id}`;
    const open = () => {
      notification.destroy(key);
      navigate(`/incidents/${incident.id}`);
    };
    notification.warning({
      key,
      title: `#${incident.number} ${t.desk.who.taken(row.actor.name)}`,
      description: row.note,
      duration: 0,
      actions: (
        <Button size="small" data-act="open-taken" onClick={open}>
          {t.keys.open}
        </Button>
      ),
    });
  };
  const telling = useRef(tell);
  telling.current = tell;

  useEffect(() => {
    for (const incident of lostOf(own.current, incidents, viewer.id)) {
      void telling.current(incident, own.current.get(incident.id) ?? incident.version);
    }
    own.current = ownOf(incidents, viewer.id);
  }, [incidents, viewer.id]);
  return null;
}
