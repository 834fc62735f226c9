import { Button } from "antd";
import { ActionButtons } from "../../actions/ActionButtons";
import { active } from "../../actions/lifecycle";
import type { Actions } from "../../actions/useActions";
import { useCentre } from "../../actions/useCentre";
import type { Incident } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { LowTrust } from "../../components/LowTrust";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, seenAt, whereOf, whyOf } from "../../i18n/format";
import { Marks } from "../incident/Marks";
import { Thumb } from "./QueueRow";
import { StateTag } from "./StateTag";

interface Props {
  incident: Incident | undefined;
  actions: Actions;
  onOpen: (id: number) => void;
}

/** The selected incident, large enough to decide most cases without opening it. */
export function Preview({ incident, actions, onOpen }: Props) {
  const { t, time } = useSpeech();
  const now = useNow();
  const { classOf } = useCentre();
  if (!incident) {
    return (
      <aside className="preview card">
        <p className="preview-none muted">
          {t.queue.select}
          <br />
          <kbd>J</kbd> <kbd>K</kbd>
        </p>
      </aside>
    );
  }
  const units = active(incident.units);
  return (
    <aside className="preview card" data-preview={incident.id}>
      {incident.thumbnail && (
        <button
          type="button"
          className="preview-still"
          onClick={() => onOpen(incident.id)}
          aria-label={t.act.open}
        >
          <Thumb incident={incident} className="preview-thumb" />
        </button>
      )}
      <div className="preview-body">
        <div className="preview-head">
          <LevelBadge level={incident.level} long />
          <b>{classOf(incident.class)}</b>
          <StateTag incident={incident} />
          <Marks incident={incident} />
        </div>
        <p className="preview-why">
          {whyOf(t, incident)} {incident.evidence && <LowTrust evidence={incident.evidence} />}
        </p>
        {incident.description && <p className="preview-text">{incident.description}</p>}
        <dl className="facts">
          <dt>{t.incident.camera}</dt>
          <dd>{seenAt(incident) || t.common.none}</dd>
          <dt>{t.incident.area}</dt>
          <dd>{whereOf(t, incident)}</dd>
          <dt>{t.incident.began}</dt>
          <dd>
            {time.stamp(incident.opened_ms)} · {age(t, now - incident.opened_ms)}
          </dd>
          {incident.alarms > 1 && (
            <>
              <dt>{t.incident.alarms}</dt>
              <dd>{incident.alarms}</dd>
            </>
          )}
          {incident.due_ms !== undefined && (
            <>
              <dt>{t.desk.facts.due}</dt>
              <dd>{time.stamp(incident.due_ms).slice(0, -3)}</dd>
            </>
          )}
          {units.length > 0 && (
            <>
              <dt>{t.desk.unit.title}</dt>
              <dd>{units.map((one) => one.unit_name).join("、")}</dd>
            </>
          )}
          <dt>{t.incident.owner}</dt>
          <dd>{incident.owner?.name ?? t.queue.nobody}</dd>
        </dl>
        <ActionButtons incident={incident} actions={actions} brief />
        <Button type="link" className="preview-open" onClick={() => onOpen(incident.id)}>
          {t.act.open} <kbd>Enter</kbd>
        </Button>
      </div>
    </aside>
  );
}
